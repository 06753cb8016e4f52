/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target net: what a polled driver of a network card has to do.
 *
 * The crashed kernel's own driver may be in the middle of anything, and hold any lock.  So
 * the engine takes the card from it: it resets it, and drives it with rings of its own,
 * without interrupts, from memory that was allocated when the target was armed.  The card is
 * never given back; that happens in a crash only.
 */
#ifndef _RAS_DUMP_CARD_H
#define _RAS_DUMP_CARD_H

#include <linux/bitmap.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "../device.h"

struct dump_card;
struct net_device;
struct pci_dev;

/* Frames that the card may be sending. */
#define DUMP_CARD_TAGS			64
/* Frames that it may have received, and how long they may be, in bytes; the longer are lost. */
#define DUMP_CARD_RECEIVES		64
#define DUMP_CARD_RECEIVE_BYTES		2048
/* Before each frame that is sent, for what a card wants there, in bytes. */
#define DUMP_CARD_HEADROOM		64
/* How long a card may take to be reset, in ns. */
#define DUMP_CARD_TIMEOUT_NS		(5 * (u64)NSEC_PER_SEC)

/**
 * struct dump_card_ops - a polled driver
 * @name: of the kind of card, for messages
 * @matches: is this device of the kind?  By what the PCI core has read, no register access
 * @arm: map the registers, allocate the rings.  Process context, the kernel's driver is at
 *	work; must not disturb it.  Sets dump_card.priv.  Return: 0 or an errno, and what was
 *	allocated is freed
 * @disarm: undo @arm.  Process context
 * @start: take the card: reset it, have it receive what is for dump_card.mac, for all, and,
 *	if dump_card.takes_groups, for groups.  Polls, with %DUMP_CARD_TIMEOUT_NS as the
 *	limit for all of it.  May be called again.  Return: 0; %-ENODEV if the card is gone
 *	(all ones); %-ETIMEDOUT; %-EIO
 * @send: put a frame, dump_card_frame() of @tag with @bytes, into the ring, which has room
 * @kick: have the card look at the ring
 * @sent: look for a frame that the card is done with, do not wait.  Return: 0 and *@tag;
 *	%-EAGAIN; %-ENODEV if the card is gone or has given up
 * @receive: the next frame that was received, and its size, with or without a checksum behind
 *	it; %NULL if there is none.  It may be read until @received
 * @received: give the memory of that frame back to the card
 * @stop: leave the card so that it does not touch memory any more.  Bounded like @start; need
 *	not succeed
 *
 * All but @matches, @arm and @disarm run on the owner in a stop: no allocation, no lock, no
 * access to PCI configuration space (pci_lock), each wait bounded by ras_poll().  The
 * function may be left at any point by a longjmp, if the guard abandons the dump.
 */
struct dump_card_ops {
	const char	*name;
	bool		(*matches)(const struct pci_dev *pdev);
	int		(*arm)(struct dump_card *card, struct net_device *netdev);
	void		(*disarm)(struct dump_card *card);
	int		(*start)(struct dump_card *card);
	void		(*send)(struct dump_card *card, unsigned int tag, size_t bytes);
	void		(*kick)(struct dump_card *card);
	int		(*sent)(struct dump_card *card, unsigned int *tag);
	void		*(*receive)(struct dump_card *card, size_t *bytes);
	void		(*received)(struct dump_card *card);
	void		(*stop)(struct dump_card *card);
};

/**
 * struct dump_card - a card that the engine can take
 * @ops: its driver
 * @device: the PCI device; @ops->arm sets its bypasses_iommu
 * @name: of the interface when it was armed, for messages
 * @mac: the address of frames that are for this host
 * @takes_groups: it has to receive frames to groups as well
 * @frames: memory of frames to be sent, with headroom, %DUMP_CARD_TAGS times @frame_bytes
 * @frames_addr: the same, as the card sees it
 * @frame_bytes: of a frame, with headroom
 * @received: memory of %DUMP_CARD_RECEIVES frames
 * @received_addr: the same, as the card sees it
 * @busy: tags that the card is sending
 * @waits: there are frames in the ring that the card was not told of
 * @priv: the driver's own
 */
struct dump_card {
	const struct dump_card_ops	*ops;
	struct dump_device		device;
	char				name[16];
	u8				mac[ETH_ALEN];
	bool				takes_groups;
	void				*frames;
	dma_addr_t			frames_addr;
	size_t				frame_bytes;
	void				*received;
	dma_addr_t			received_addr;
	DECLARE_BITMAP(busy, DUMP_CARD_TAGS);
	bool				waits;
	void				*priv;
};

extern const struct dump_card_ops dump_virtio_net_ops;
extern const struct dump_card_ops dump_e1000_ops;

/* In process context. */
struct dump_card *dump_card_arm(struct net_device *netdev, unsigned int mtu);
void dump_card_disarm(struct dump_card *card);
size_t dump_card_memory(const struct dump_card *card);

/* In a stop. */
int dump_card_start(struct dump_card *card, const u8 *mac, bool takes_groups);
void dump_card_send(struct dump_card *card, unsigned int tag, size_t bytes);
void dump_card_kick(struct dump_card *card);
int dump_card_reap(struct dump_card *card);

/* Where a frame that is to be sent begins. */
static inline void *dump_card_frame(const struct dump_card *card, unsigned int tag)
{
	return card->frames + tag * card->frame_bytes + DUMP_CARD_HEADROOM;
}

/* The same, as the card sees it. */
static inline dma_addr_t dump_card_frame_addr(const struct dump_card *card, unsigned int tag)
{
	return card->frames_addr + tag * card->frame_bytes + DUMP_CARD_HEADROOM;
}

/* The longest packet that a frame has room for, in bytes. */
static inline size_t dump_card_room(const struct dump_card *card)
{
	return card->frame_bytes - DUMP_CARD_HEADROOM - VLAN_ETH_HLEN;
}

/* Is the card still sending this frame?  Then it must be left as it is. */
static inline bool dump_card_is_sending(const struct dump_card *card, unsigned int tag)
{
	return test_bit(tag, card->busy);
}

#endif /* _RAS_DUMP_CARD_H */
