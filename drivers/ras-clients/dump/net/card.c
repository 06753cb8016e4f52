// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: which polled driver a network card has.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "card.h"

static const struct dump_card_ops * const dump_card_kinds[] = {
	&dump_virtio_net_ops,
	&dump_e1000_ops,
};

static const struct dump_card_ops *dump_card_kind(const struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_card_kinds); i++)
		if (dump_card_kinds[i]->matches(pdev))
			return dump_card_kinds[i];
	return NULL;
}

static size_t dump_card_frames_bytes(const struct dump_card *card)
{
	return DUMP_CARD_TAGS * card->frame_bytes;
}

/* How much memory the frames take, in bytes. */
size_t dump_card_memory(const struct dump_card *card)
{
	return dump_card_frames_bytes(card) + DUMP_CARD_RECEIVES * DUMP_CARD_RECEIVE_BYTES;
}

static void dump_card_free_memory(struct dump_card *card)
{
	dump_device_free(&card->device, DUMP_CARD_RECEIVES * DUMP_CARD_RECEIVE_BYTES,
			 card->received, card->received_addr);
	dump_device_free(&card->device, dump_card_frames_bytes(card), card->frames,
			 card->frames_addr);
}

static int dump_card_alloc_memory(struct dump_card *card)
{
	card->frames = dump_device_alloc(&card->device, dump_card_frames_bytes(card),
					 &card->frames_addr);
	card->received = dump_device_alloc(&card->device,
					   DUMP_CARD_RECEIVES * DUMP_CARD_RECEIVE_BYTES,
					   &card->received_addr);
	if (card->frames && card->received)
		return 0;
	dump_card_free_memory(card);
	return -ENOMEM;
}

static int dump_card_take(struct dump_card *card, struct net_device *netdev,
			  struct pci_dev *pdev)
{
	int ret = dump_device_take(&card->device, pdev);

	if (ret)
		return ret;
	ret = card->ops->arm(card, netdev);
	if (ret)
		goto drop;
	ret = dump_card_alloc_memory(card);
	if (!ret)
		return 0;
	card->ops->disarm(card);
drop:
	dump_device_drop(&card->device);
	return ret;
}

/**
 * dump_card_arm() - get ready to take a card
 * @netdev: its interface
 * @mtu: the longest packet that is to be sent, in bytes
 *
 * Context: Process context.
 * Return: the card; %-ENODEV if it is not behind PCI, %-EOPNOTSUPP if it is of no kind that
 *	has a polled driver, or what the driver has refused with.  There is a line in the
 *	log then.
 */
struct dump_card *dump_card_arm(struct net_device *netdev, unsigned int mtu)
{
	struct pci_dev *pdev = dump_device_pci(netdev->dev.parent);
	const struct dump_card_ops *ops;
	struct dump_card *card;
	int ret;

	if (!pdev) {
		pr_warn("%s: not a card behind PCI\n", netdev->name);
		return ERR_PTR(-ENODEV);
	}
	ops = dump_card_kind(pdev);
	if (!ops) {
		pr_warn("%s: no polled driver for %s, %04x:%04x (virtio-net, e1000 and e1000e have one)\n",
			netdev->name, pci_name(pdev), pdev->vendor, pdev->device);
		return ERR_PTR(-EOPNOTSUPP);
	}
	card = kzalloc(sizeof(*card), GFP_KERNEL);
	if (!card)
		return ERR_PTR(-ENOMEM);
	card->ops = ops;
	card->frame_bytes = ALIGN(DUMP_CARD_HEADROOM + VLAN_ETH_HLEN + mtu, 64);
	strscpy(card->name, netdev->name, sizeof(card->name));
	ret = dump_card_take(card, netdev, pdev);
	if (!ret)
		return card;
	pr_warn("%s: %s refuses: %d\n", netdev->name, ops->name, ret);
	kfree(card);
	return ERR_PTR(ret);
}

/**
 * dump_card_disarm() - undo dump_card_arm()
 * @card: the card
 *
 * Context: Process context.
 */
void dump_card_disarm(struct dump_card *card)
{
	dump_card_free_memory(card);
	card->ops->disarm(card);
	dump_device_drop(&card->device);
	kfree(card);
}

/**
 * dump_card_start() - take the card from the kernel's driver
 * @card: the card
 * @mac: the address to receive frames to; that of a bond or a bridge may not be the card's own
 * @takes_groups: receive frames to groups as well
 *
 * Context: A handler.
 * Return: as dump_card_ops.start.
 */
int dump_card_start(struct dump_card *card, const u8 *mac, bool takes_groups)
{
	ether_addr_copy(card->mac, mac);
	card->takes_groups = takes_groups;
	bitmap_zero(card->busy, DUMP_CARD_TAGS);
	card->waits = false;
	return card->ops->start(card);
}

/**
 * dump_card_send() - send a frame
 * @card: the card
 * @tag: which frame; the card is not sending it
 * @bytes: its size
 *
 * Context: A handler.  dump_card_kick() has to follow.
 */
void dump_card_send(struct dump_card *card, unsigned int tag, size_t bytes)
{
	__set_bit(tag, card->busy);
	card->ops->send(card, tag, bytes);
	card->waits = true;
}

/* Tell the card of the frames that are in its ring. */
void dump_card_kick(struct dump_card *card)
{
	if (!card->waits)
		return;
	card->waits = false;
	card->ops->kick(card);
}

/**
 * dump_card_reap() - see which frames the card has sent
 * @card: the card
 *
 * Context: A handler.
 * Return: 0; %-ENODEV if the card is gone or has given up.
 */
int dump_card_reap(struct dump_card *card)
{
	unsigned int tag, i;
	int ret = 0;

	for (i = 0; i < DUMP_CARD_TAGS && !ret; i++) {
		ret = card->ops->sent(card, &tag);
		if (!ret)
			__clear_bit(tag, card->busy);
	}
	return ret == -EAGAIN ? 0 : ret;
}
