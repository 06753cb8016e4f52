// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: Intel's 8254x and 82574L, polled; the cards that
 * QEMU calls e1000 and e1000e.
 *
 * Comments name sections of the PCI/PCI-X Family of Gigabit Ethernet Controllers Software
 * Developer's Manual, 317453.  "Datasheet" is the 82574 GbE Controller Family Datasheet, for
 * what the 82574L has beyond it.
 *
 * The card is not reset: link and flow control stay as the kernel's driver has set them.  It is
 * halted, and gets rings of its own, of the legacy format, which it always knows.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/ras.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/unaligned.h>

#include "card.h"

/* Those that QEMU has: e1000, e1000-82544gc, e1000-82545em; e1000e. */
#define E1000_82540EM		0x100e
#define E1000_82544GC		0x100c
#define E1000_82545EM		0x100f
#define E1000_82574L		0x10d3

#define E1000_BAR		0
#define E1000_BAR_BYTES		SZ_128K
/* What a register reads when the card is gone; none that is tested for it can hold it. */
#define E1000_GONE		U32_MAX

/* Registers (13.4, 13.5). */
#define E1000_CTRL		0x0000
#define E1000_CTRL_VME		BIT(30)
#define E1000_STATUS		0x0008
#define E1000_IMC		0x00d8
#define E1000_RCTL		0x0100
#define E1000_RCTL_EN		BIT(1)
#define E1000_RCTL_MPE		BIT(4)
#define E1000_RCTL_BAM		BIT(15)
#define E1000_RCTL_SECRC	BIT(26)
#define E1000_TCTL		0x0400
#define E1000_TCTL_EN		BIT(1)
#define E1000_TCTL_PSP		BIT(3)
#define E1000_TCTL_CT		GENMASK(11, 4)
#define E1000_TCTL_COLD		GENMASK(21, 12)
#define E1000_RDTR		0x2820
#define E1000_RXCSUM		0x5000
#define E1000_RAL		0x5400
#define E1000_RAH		0x5404
#define E1000_RAH_AV		BIT(31)
/* The 82574L alone has these. */
#define E1000_RFCTL		0x5008
#define E1000_RFCTL_EXSTEN	BIT(15)
#define E1000_MRQC		0x5818

/* The manual recommends: tries after collisions; the distance, in bytes, of full duplex. */
#define E1000_TCTL_TRIES	15
#define E1000_TCTL_DISTANCE	64

/* Where the registers of a ring begin, how far a second one is, and what they are. */
#define E1000_RECEIVE		0x2800
#define E1000_TRANSMIT		0x3800
#define E1000_SECOND		0x0100
#define E1000_BASE_LOW		0x00
#define E1000_BASE_HIGH		0x04
#define E1000_BYTES		0x08
#define E1000_HEAD		0x10
#define E1000_TAIL		0x18
#define E1000_DCTL		0x28
#define E1000_DCTL_WTHRESH	GENMASK(21, 16)
#define E1000_DCTL_COUNT	BIT(22)
#define E1000_DCTL_GRAN		BIT(24)

/* A descriptor that was received (3.2.3): status, errors.  CXE, SEQ and SE are not everywhere. */
#define E1000_RXD_DD		BIT(0)
#define E1000_RXD_EOP		BIT(1)
#define E1000_RXD_CE		BIT(8)
#define E1000_RXD_SE		BIT(9)
#define E1000_RXD_SEQ		BIT(10)
#define E1000_RXD_CXE		BIT(12)
#define E1000_RXD_RXE		BIT(15)
#define E1000_RXD_ERRORS	(E1000_RXD_CE | E1000_RXD_SE | E1000_RXD_SEQ | \
				 E1000_RXD_CXE | E1000_RXD_RXE)

/* One that is to be sent (3.3.3): command; status. */
#define E1000_TXD_EOP		BIT(24)
#define E1000_TXD_IFCS		BIT(25)
#define E1000_TXD_RS		BIT(27)
#define E1000_TXD_DD		BIT(0)

/* For what is in progress to end; the kernel's drivers wait as long. */
#define E1000_SETTLE_NS		(10 * (u64)NSEC_PER_MSEC)
/* Every so many looks in vain, dump_e1000_sent() reads a register, which is slow. */
#define DUMP_E1000_LOOKS	1024
/*
 * Descriptors that send.  A ring has a multiple of 8 (13.4.38), and looks empty when it is
 * full (3.4): with twice as many as there are tags, it never is.
 */
#define DUMP_E1000_SENDS	(2 * DUMP_CARD_TAGS)

/* A descriptor of a frame that is received (3.2.3). */
struct dump_e1000_receive {
	__le64			addr;
	__le16			bytes;
	__le16			checksum;
	__le32			status;
};

/* A descriptor of a frame that is sent (3.3.3). */
struct dump_e1000_send {
	__le64			addr;
	__le32			command;
	__le32			status;
};

/*
 * What the card reads and writes.  It begins at a page and fits into one: nothing that the
 * first 82545 writes may cross 64 KB, says e1000_main.c of its errata 23.
 */
struct dump_e1000_shared {
	struct dump_e1000_receive	receive[DUMP_CARD_RECEIVES];
	struct dump_e1000_send		send[DUMP_E1000_SENDS];
};

static_assert(sizeof(struct dump_e1000_receive) == 16);
static_assert(sizeof(struct dump_e1000_send) == 16);
static_assert(sizeof(struct dump_e1000_shared) <= SZ_4K);
static_assert(DUMP_CARD_RECEIVES % 8 == 0 && DUMP_E1000_SENDS % 8 == 0);
/* RCTL.BSIZE, of which 0 is that. */
static_assert(DUMP_CARD_RECEIVE_BYTES == 2048);

/**
 * struct dump_e1000 - a card
 * @regs: its registers
 * @is_82574: it is an 82574L
 * @shared: see struct dump_e1000_shared
 * @addr: the same, as the card sees it
 * @received: the descriptor of the frame that is looked at, or comes next.  The card may use
 *	all but the one before it
 * @cut: that frame is the rest of one that did not fit into a descriptor
 * @refilled: descriptors were given back that the card was not told of
 * @head: the descriptor of the oldest frame that is being sent, if it is not @tail
 * @tail: the descriptor that the next frame goes to
 * @tag: of the frame in each descriptor
 * @looks: how often dump_e1000_sent() has found nothing
 */
struct dump_e1000 {
	void __iomem			*regs;
	bool				is_82574;
	struct dump_e1000_shared	*shared;
	dma_addr_t			addr;
	unsigned int			received;
	bool				cut;
	bool				refilled;
	unsigned int			head;
	unsigned int			tail;
	u8				tag[DUMP_E1000_SENDS];
	unsigned int			looks;
};

static bool dump_e1000_matches(const struct pci_dev *pdev)
{
	static const u16 devices[] = {
		E1000_82540EM, E1000_82544GC, E1000_82545EM, E1000_82574L,
	};
	unsigned int i;

	if (pdev->vendor != PCI_VENDOR_ID_INTEL)
		return false;
	for (i = 0; i < ARRAY_SIZE(devices); i++)
		if (pdev->device == devices[i])
			return true;
	return false;
}

static void dump_e1000_disarm(struct dump_card *card)
{
	struct dump_e1000 *e1000 = card->priv;

	dump_device_free(&card->device, sizeof(*e1000->shared), e1000->shared, e1000->addr);
	if (e1000->regs)
		iounmap(e1000->regs);
	kfree(e1000);
}

static int dump_e1000_arm(struct dump_card *card, struct net_device *netdev)
{
	struct pci_dev *pdev = card->device.pdev;
	struct dump_e1000 *e1000;

	if (!(pci_resource_flags(pdev, E1000_BAR) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, E1000_BAR) < E1000_BAR_BYTES)
		return -EOPNOTSUPP;
	e1000 = kzalloc(sizeof(*e1000), GFP_KERNEL);
	if (!e1000)
		return -ENOMEM;
	card->priv = e1000;
	e1000->is_82574 = pdev->device == E1000_82574L;
	e1000->regs = ioremap(pci_resource_start(pdev, E1000_BAR), E1000_BAR_BYTES);
	e1000->shared = dump_device_alloc(&card->device, sizeof(*e1000->shared), &e1000->addr);
	if (e1000->regs && e1000->shared)
		return 0;
	dump_e1000_disarm(card);
	return -ENOMEM;
}

static u32 dump_e1000_read(const struct dump_e1000 *e1000, unsigned int reg)
{
	return readl(e1000->regs + reg);
}

static void dump_e1000_write(const struct dump_e1000 *e1000, unsigned int reg, u32 value)
{
	writel(value, e1000->regs + reg);
}

static void dump_e1000_change(const struct dump_e1000 *e1000, unsigned int reg, u32 clear,
			      u32 set)
{
	dump_e1000_write(e1000, reg, (dump_e1000_read(e1000, reg) & ~clear) | set);
}

static bool dump_e1000_is_gone(const struct dump_e1000 *e1000)
{
	return dump_e1000_read(e1000, E1000_STATUS) == E1000_GONE;
}

/*
 * Have the card touch no memory.  No register tells when it does not any more: a frame that
 * is being sent or received goes on to its end.
 */
static int dump_e1000_halt(const struct dump_e1000 *e1000)
{
	if (dump_e1000_is_gone(e1000))
		return -ENODEV;
	/* 13.4.21 wants 1 in the reserved bits as well. */
	dump_e1000_write(e1000, E1000_IMC, U32_MAX);
	dump_e1000_change(e1000, E1000_RCTL, E1000_RCTL_EN, 0);
	dump_e1000_change(e1000, E1000_TCTL, E1000_TCTL_EN, 0);
	/* The time counts from when the card has it. */
	dump_e1000_read(e1000, E1000_STATUS);
	ras_poll(false, E1000_SETTLE_NS);
	return dump_e1000_is_gone(e1000) ? -ENODEV : 0;
}

/* Have descriptors written back one by one, and at once. */
static void dump_e1000_set_thresholds(const struct dump_e1000 *e1000, unsigned int second)
{
	/* 3.2.5.1: when one was used. */
	dump_e1000_write(e1000, E1000_RECEIVE + second + E1000_DCTL,
			 E1000_DCTL_GRAN | FIELD_PREP(E1000_DCTL_WTHRESH, 1));
	/* At once: WTHRESH is 0.  COUNT is what the kernel's driver sets on the 82574L. */
	dump_e1000_write(e1000, E1000_TRANSMIT + second + E1000_DCTL,
			 E1000_DCTL_GRAN | (e1000->is_82574 ? E1000_DCTL_COUNT : 0));
}

/*
 * Undo what the kernel's driver has set up beyond the legacy format.  TIDV and TADV stay: no
 * descriptor asks for a delay (IDE), and TIDV may not be 0 (13.4.41).
 */
static void dump_e1000_set_modes(const struct dump_e1000 *e1000)
{
	/* The tag of a VLAN stays in the frame. */
	dump_e1000_change(e1000, E1000_CTRL, E1000_CTRL_VME, 0);
	/* 13.4.30: no delay; with that, RADV has no effect (3.2.7.1.2). */
	dump_e1000_write(e1000, E1000_RDTR, 0);
	dump_e1000_write(e1000, E1000_RXCSUM, 0);
	dump_e1000_set_thresholds(e1000, 0);
	if (!e1000->is_82574)
		return;
	/*
	 * Datasheet: no extended descriptors, and one ring for all that is received.  That there
	 * is a second one for what is sent does not matter, as the kernel's driver leaves it
	 * empty; but e1000_configure_tx() has to keep the thresholds of both the same.
	 */
	dump_e1000_change(e1000, E1000_RFCTL, E1000_RFCTL_EXSTEN, 0);
	dump_e1000_write(e1000, E1000_MRQC, 0);
	dump_e1000_set_thresholds(e1000, E1000_SECOND);
}

/* Give the card, which is halted, a ring; it is empty. */
static int dump_e1000_point(const struct dump_e1000 *e1000, unsigned int ring, size_t offset,
			    size_t bytes)
{
	const u64 addr = e1000->addr + offset;

	dump_e1000_write(e1000, ring + E1000_BASE_LOW, lower_32_bits(addr));
	dump_e1000_write(e1000, ring + E1000_BASE_HIGH, upper_32_bits(addr));
	dump_e1000_write(e1000, ring + E1000_BYTES, bytes);
	dump_e1000_write(e1000, ring + E1000_HEAD, 0);
	dump_e1000_write(e1000, ring + E1000_TAIL, 0);
	/* 13.4.28 and 13.4.39 promise that a head can be written after a reset only. */
	return dump_e1000_read(e1000, ring + E1000_HEAD) ? -EIO : 0;
}

/* The descriptor before a frame's is kept from the card: if it had all, it had none. */
static void dump_e1000_refill(const struct dump_e1000 *e1000)
{
	/* The card sees the descriptors before it sees that they are there. */
	dma_wmb();
	dump_e1000_write(e1000, E1000_RECEIVE + E1000_TAIL,
			 (e1000->received + DUMP_CARD_RECEIVES - 1) % DUMP_CARD_RECEIVES);
}

/* Be ready for frames, in rings that are empty. */
static void dump_e1000_prepare(const struct dump_card *card, struct dump_e1000 *e1000)
{
	struct dump_e1000_shared *shared = e1000->shared;
	unsigned int i;

	memset(shared, 0, sizeof(*shared));
	for (i = 0; i < DUMP_CARD_RECEIVES; i++)
		shared->receive[i].addr = cpu_to_le64(card->received_addr +
						      i * DUMP_CARD_RECEIVE_BYTES);
	e1000->received = 0;
	e1000->cut = false;
	e1000->refilled = false;
	e1000->head = 0;
	e1000->tail = 0;
	e1000->looks = 0;
}

/*
 * Receive what is for this host or for all, without its checksum, of any VLAN, and nothing
 * that a descriptor has no room for.  If it is to take groups, it takes all of them (13.4.22:
 * MPE): the table of groups (MTA) is the kernel's, whose driver leaves it empty when it wants
 * all.  QEMU's e1000 begins to receive a second after RCTL was written; what comes before that
 * is not lost.
 */
static void dump_e1000_go(const struct dump_card *card, const struct dump_e1000 *e1000)
{
	/* 13.5.3: in this order. */
	dump_e1000_write(e1000, E1000_RAL, get_unaligned_le32(card->mac));
	dump_e1000_write(e1000, E1000_RAH, E1000_RAH_AV | get_unaligned_le16(card->mac + 4));
	dump_e1000_write(e1000, E1000_RCTL,
			 E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_SECRC |
			 (card->takes_groups ? E1000_RCTL_MPE : 0));
	dump_e1000_refill(e1000);
	/* The 82574L has other bits there, which have to stay. */
	dump_e1000_change(e1000, E1000_TCTL, E1000_TCTL_CT | E1000_TCTL_COLD,
			  E1000_TCTL_EN | E1000_TCTL_PSP |
			  FIELD_PREP(E1000_TCTL_CT, E1000_TCTL_TRIES) |
			  FIELD_PREP(E1000_TCTL_COLD, E1000_TCTL_DISTANCE));
}

static int dump_e1000_start(struct dump_card *card)
{
	struct dump_e1000 *e1000 = card->priv;
	int ret = dump_e1000_halt(e1000);

	if (ret)
		return ret;
	dump_e1000_set_modes(e1000);
	dump_e1000_prepare(card, e1000);
	ret = dump_e1000_point(e1000, E1000_RECEIVE, offsetof(struct dump_e1000_shared, receive),
			       sizeof(e1000->shared->receive)) ?:
	      dump_e1000_point(e1000, E1000_TRANSMIT, offsetof(struct dump_e1000_shared, send),
			       sizeof(e1000->shared->send));
	if (ret)
		return dump_e1000_is_gone(e1000) ? -ENODEV : ret;
	dump_e1000_go(card, e1000);
	return 0;
}

static void dump_e1000_send(struct dump_card *card, unsigned int tag, size_t bytes)
{
	struct dump_e1000 *e1000 = card->priv;
	struct dump_e1000_send *send = &e1000->shared->send[e1000->tail];

	/* All of the frame; the card adds the checksum, and says when it is done. */
	send->addr = cpu_to_le64(dump_card_frame_addr(card, tag));
	send->command = cpu_to_le32(E1000_TXD_EOP | E1000_TXD_IFCS | E1000_TXD_RS | bytes);
	send->status = 0;
	e1000->tag[e1000->tail] = tag;
	e1000->tail = (e1000->tail + 1) % DUMP_E1000_SENDS;
}

static void dump_e1000_kick(struct dump_card *card)
{
	struct dump_e1000 *e1000 = card->priv;

	/* The card sees the frames before it sees that they are there. */
	dma_wmb();
	dump_e1000_write(e1000, E1000_TRANSMIT + E1000_TAIL, e1000->tail);
}

/* The card is done with the frames in the order in which they were sent. */
static int dump_e1000_sent(struct dump_card *card, unsigned int *tag)
{
	struct dump_e1000 *e1000 = card->priv;
	const struct dump_e1000_send *send = &e1000->shared->send[e1000->head];

	if (e1000->head != e1000->tail &&
	    le32_to_cpu(READ_ONCE(send->status)) & E1000_TXD_DD) {
		*tag = e1000->tag[e1000->head];
		e1000->head = (e1000->head + 1) % DUMP_E1000_SENDS;
		return 0;
	}
	if (++e1000->looks % DUMP_E1000_LOOKS)
		return -EAGAIN;
	return dump_e1000_is_gone(e1000) ? -ENODEV : -EAGAIN;
}

static void dump_e1000_received(struct dump_card *card)
{
	struct dump_e1000 *e1000 = card->priv;

	/* The card sets it again; the address is still there. */
	WRITE_ONCE(e1000->shared->receive[e1000->received].status, 0);
	e1000->received = (e1000->received + 1) % DUMP_CARD_RECEIVES;
	e1000->refilled = true;
}

/* The card is done with the next descriptor: is that a frame, whole and without errors? */
static bool dump_e1000_accept(struct dump_e1000 *e1000, u32 status)
{
	const bool rest = e1000->cut;

	e1000->cut = !(status & E1000_RXD_EOP);
	return !rest && !e1000->cut && !(status & E1000_RXD_ERRORS);
}

static void *dump_e1000_receive(struct dump_card *card, size_t *bytes)
{
	struct dump_e1000 *e1000 = card->priv;

	/* It ends: before dump_e1000_refill() the card has no more than the ring. */
	for (;;) {
		const struct dump_e1000_receive *receive =
			&e1000->shared->receive[e1000->received];
		u32 status = le32_to_cpu(READ_ONCE(receive->status));

		if (!(status & E1000_RXD_DD))
			break;
		/* The rest, and the frame, were written before the bit. */
		dma_rmb();
		if (dump_e1000_accept(e1000, status)) {
			*bytes = min_t(size_t, le16_to_cpu(READ_ONCE(receive->bytes)),
				       DUMP_CARD_RECEIVE_BYTES);
			return card->received + e1000->received * DUMP_CARD_RECEIVE_BYTES;
		}
		dump_e1000_received(card);
	}
	if (e1000->refilled)
		dump_e1000_refill(e1000);
	e1000->refilled = false;
	return NULL;
}

static void dump_e1000_stop(struct dump_card *card)
{
	dump_e1000_halt(card->priv);
}

const struct dump_card_ops dump_e1000_ops = {
	.name		= "e1000",
	.matches	= dump_e1000_matches,
	.arm		= dump_e1000_arm,
	.disarm		= dump_e1000_disarm,
	.start		= dump_e1000_start,
	.send		= dump_e1000_send,
	.kick		= dump_e1000_kick,
	.sent		= dump_e1000_sent,
	.receive	= dump_e1000_receive,
	.received	= dump_e1000_received,
	.stop		= dump_e1000_stop,
};
