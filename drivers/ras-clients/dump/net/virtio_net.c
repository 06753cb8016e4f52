// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: virtio-net over PCI, polled.
 *
 * Virtual I/O Device (VIRTIO) 1.2, 5.1 network device.  Without any feature of its own the
 * device has one pair of queues, takes and gives frames whole, and receives everything, frames
 * to groups among it: a filter is set by VIRTIO_NET_F_CTRL_RX only (5.1.6.5.1).
 */
#include <linux/errno.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>

#include "../virtio.h"
#include "card.h"

#define DUMP_VIRTIO_TRANSITIONAL	0x1000
#define DUMP_VIRTIO_MODERN		(0x1040 + VIRTIO_ID_NET)

/* 5.1.2 */
#define DUMP_VIRTIO_RECEIVEQ		0
#define DUMP_VIRTIO_TRANSMITQ		1

/* Before each frame, in both directions (5.1.6). */
#define DUMP_VIRTIO_HEADER		sizeof(struct virtio_net_hdr_v1)

/**
 * struct dump_virtio_net - a virtio-net device
 * @virtio: the device
 * @receive: the queue of frames that it has received; a descriptor each
 * @transmit: the queue of frames that it is to send; the descriptor is the tag
 * @received: the descriptor of the frame that is being looked at
 * @refilled: @receive was given memory that the device was not told of
 */
struct dump_virtio_net {
	struct dump_virtio	virtio;
	struct dump_virtqueue	receive;
	struct dump_virtqueue	transmit;
	u32			received;
	bool			refilled;
};

static bool dump_virtio_net_matches(const struct pci_dev *pdev)
{
	return pdev->vendor == PCI_VENDOR_ID_REDHAT_QUMRANET &&
	       (pdev->device == DUMP_VIRTIO_TRANSITIONAL || pdev->device == DUMP_VIRTIO_MODERN);
}

static void dump_virtio_net_disarm(struct dump_card *card)
{
	struct dump_virtio_net *net = card->priv;

	dump_virtqueue_free(&net->virtio, &net->transmit);
	dump_virtqueue_free(&net->virtio, &net->receive);
	dump_virtio_disarm(&net->virtio);
	kfree(net);
}

static int dump_virtio_net_arm(struct dump_card *card, struct net_device *netdev)
{
	struct dump_virtio_net *net = kzalloc(sizeof(*net), GFP_KERNEL);
	int ret;

	BUILD_BUG_ON(DUMP_CARD_TAGS > DUMP_VIRTQUEUE_MAX);
	BUILD_BUG_ON(DUMP_CARD_RECEIVES > DUMP_VIRTQUEUE_MAX);
	BUILD_BUG_ON(DUMP_VIRTIO_HEADER > DUMP_CARD_HEADROOM);
	if (!net)
		return -ENOMEM;
	ret = dump_virtio_arm(&net->virtio, &card->device, netdev->dev.parent);
	if (ret) {
		kfree(net);
		return ret;
	}
	card->priv = net;
	ret = dump_virtqueue_alloc(&net->virtio, &net->receive, DUMP_CARD_RECEIVES) ?:
	      dump_virtqueue_alloc(&net->virtio, &net->transmit, DUMP_CARD_TAGS);
	if (ret)
		dump_virtio_net_disarm(card);
	return ret;
}

static void dump_virtio_net_start_receiving(struct dump_card *card, struct dump_virtio_net *net)
{
	unsigned int i;

	for (i = 0; i < DUMP_CARD_RECEIVES; i++) {
		dump_virtqueue_desc(&net->receive, i,
				    card->received_addr + i * DUMP_CARD_RECEIVE_BYTES,
				    DUMP_CARD_RECEIVE_BYTES, VRING_DESC_F_WRITE);
		dump_virtqueue_add(&net->receive, i);
	}
	dump_virtqueue_kick(&net->receive);
}

static int dump_virtio_net_start(struct dump_card *card)
{
	struct dump_virtio_net *net = card->priv;
	u64 features = 0;
	int ret = dump_virtio_reset(&net->virtio, DUMP_CARD_TIMEOUT_NS) ?:
		  dump_virtio_negotiate(&net->virtio, &features) ?:
		  dump_virtqueue_start(&net->virtio, &net->receive, DUMP_VIRTIO_RECEIVEQ) ?:
		  dump_virtqueue_start(&net->virtio, &net->transmit, DUMP_VIRTIO_TRANSMITQ);

	if (ret)
		return ret;
	net->received = DUMP_CARD_RECEIVES;
	net->refilled = false;
	dump_virtio_go(&net->virtio);
	dump_virtio_net_start_receiving(card, net);
	return 0;
}

static void dump_virtio_net_send(struct dump_card *card, unsigned int tag, size_t bytes)
{
	struct dump_virtio_net *net = card->priv;

	/* No offload: a header of zeros. */
	memset(dump_card_frame(card, tag) - DUMP_VIRTIO_HEADER, 0, DUMP_VIRTIO_HEADER);
	dump_virtqueue_desc(&net->transmit, tag,
			    dump_card_frame_addr(card, tag) - DUMP_VIRTIO_HEADER,
			    DUMP_VIRTIO_HEADER + bytes, 0);
	dump_virtqueue_add(&net->transmit, tag);
}

static void dump_virtio_net_kick(struct dump_card *card)
{
	struct dump_virtio_net *net = card->priv;

	dump_virtqueue_kick(&net->transmit);
}

static int dump_virtio_net_sent(struct dump_card *card, unsigned int *tag)
{
	struct dump_virtio_net *net = card->priv;
	u32 bytes;

	while (dump_virtqueue_get(&net->transmit, tag, &bytes))
		/* Nonsense of a broken device is left alone; its frame is missed by time. */
		if (*tag < DUMP_CARD_TAGS)
			return 0;
	return -EAGAIN;
}

static void *dump_virtio_net_receive(struct dump_card *card, size_t *bytes)
{
	struct dump_virtio_net *net = card->priv;
	u32 size;

	while (dump_virtqueue_get(&net->receive, &net->received, &size)) {
		if (net->received >= DUMP_CARD_RECEIVES)
			continue;
		size = clamp_t(u32, size, DUMP_VIRTIO_HEADER, DUMP_CARD_RECEIVE_BYTES);
		*bytes = size - DUMP_VIRTIO_HEADER;
		return card->received + net->received * DUMP_CARD_RECEIVE_BYTES +
		       DUMP_VIRTIO_HEADER;
	}
	/* A device whose queue has run empty does not look at it again by itself. */
	if (net->refilled)
		dump_virtqueue_kick(&net->receive);
	net->refilled = false;
	return NULL;
}

static void dump_virtio_net_received(struct dump_card *card)
{
	struct dump_virtio_net *net = card->priv;

	dump_virtqueue_add(&net->receive, net->received);
	net->refilled = true;
}

static void dump_virtio_net_stop(struct dump_card *card)
{
	struct dump_virtio_net *net = card->priv;

	dump_virtio_reset(&net->virtio, DUMP_CARD_TIMEOUT_NS);
}

const struct dump_card_ops dump_virtio_net_ops = {
	.name		= "virtio-net",
	.matches	= dump_virtio_net_matches,
	.arm		= dump_virtio_net_arm,
	.disarm		= dump_virtio_net_disarm,
	.start		= dump_virtio_net_start,
	.send		= dump_virtio_net_send,
	.kick		= dump_virtio_net_kick,
	.sent		= dump_virtio_net_sent,
	.receive	= dump_virtio_net_receive,
	.received	= dump_virtio_net_received,
	.stop		= dump_virtio_net_stop,
};
