// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target block: ATA disks behind AHCI, polled.
 *
 * Serial ATA AHCI 1.3.1: 3 registers, 4.2 memory, 6.2.2.1 errors, 10.3 start and stop of a
 * port, 10.4 resets.  Comments name its sections.  ATA/ATAPI Command Set 3 (ACS-3): commands.
 *
 * The commands are not queued by the disk (no NCQ): the HBA runs one after the other, and an
 * error needs no log page to be read.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <asm/unaligned.h>
#include <linux/ata.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/libata.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/ras.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_device.h>

#include "disk.h"

#define AHCI_BAR		5
/* What a register reads when the HBA is gone; none that is read here can hold it. */
#define AHCI_GONE		U32_MAX

/* Registers of the HBA (3.1). */
#define AHCI_CAP		0x00
#define AHCI_CAP_NCS		GENMASK(12, 8)
#define AHCI_CAP_SCLO		BIT(24)
#define AHCI_GHC		0x04
#define AHCI_GHC_HR		BIT(0)
#define AHCI_GHC_IE		BIT(1)
#define AHCI_GHC_AE		BIT(31)

/* Registers of a port (3.3). */
#define AHCI_PORT(nr)		(0x100 + (nr) * AHCI_PORT_BYTES)
#define AHCI_PORT_BYTES		0x80
#define AHCI_PXCLB		0x00
#define AHCI_PXCLBU		0x04
#define AHCI_PXFB		0x08
#define AHCI_PXFBU		0x0c
#define AHCI_PXIS		0x10
#define AHCI_PXIS_PCS		BIT(6)
#define AHCI_PXIS_OFS		BIT(24)
#define AHCI_PXIS_IFS		BIT(27)
#define AHCI_PXIS_HBDS		BIT(28)
#define AHCI_PXIS_HBFS		BIT(29)
#define AHCI_PXIS_TFES		BIT(30)
#define AHCI_PXIE		0x14
#define AHCI_PXCMD		0x18
#define AHCI_PXCMD_ST		BIT(0)
#define AHCI_PXCMD_SUD		BIT(1)
#define AHCI_PXCMD_POD		BIT(2)
#define AHCI_PXCMD_CLO		BIT(3)
#define AHCI_PXCMD_FRE		BIT(4)
#define AHCI_PXCMD_CCS		GENMASK(12, 8)
#define AHCI_PXCMD_FR		BIT(14)
#define AHCI_PXCMD_CR		BIT(15)
#define AHCI_PXCMD_ALPE		BIT(26)
#define AHCI_PXCMD_ASP		BIT(27)
#define AHCI_PXCMD_ICC		GENMASK(31, 28)
#define AHCI_PXCMD_ICC_ACTIVE	BIT(28)
#define AHCI_PXTFD		0x20
#define AHCI_PXSSTS		0x28
#define AHCI_PXSSTS_DET		GENMASK(3, 0)
#define AHCI_PXSSTS_DET_UP	3
#define AHCI_PXSCTL		0x2c
#define AHCI_PXSCTL_DET_INIT	1
#define AHCI_PXSCTL_SPD		GENMASK(7, 4)
/* The link goes neither to Partial nor to Slumber. */
#define AHCI_PXSCTL_IPM_NONE	(3 << 8)
#define AHCI_PXSERR		0x30
#define AHCI_PXCI		0x38

/* After these the port runs nothing more (6.1, 6.2.2); PCS: the disk has reset itself. */
#define AHCI_PXIS_FATAL		(AHCI_PXIS_TFES | AHCI_PXIS_HBFS | AHCI_PXIS_HBDS | \
				 AHCI_PXIS_IFS | AHCI_PXIS_OFS | AHCI_PXIS_PCS)

/* 10.1.2: how long CR and FR may take to clear.  10.4.3: HR.  10.4.2: at least 1 ms. */
#define AHCI_HALT_NS		(500 * (u64)NSEC_PER_MSEC)
#define AHCI_RESET_NS		(1000 * (u64)NSEC_PER_MSEC)
#define AHCI_COMRESET_NS	(2 * (u64)NSEC_PER_MSEC)
/* A disk answers a COMRESET within ms; libata gives it 2 s at the most. */
#define AHCI_LINK_NS		(2000 * (u64)NSEC_PER_MSEC)

/* 4.2.2: command header */
#define AHCI_SLOTS		32
#define AHCI_HEADER_WRITE	BIT(6)
#define AHCI_HEADER_PRDTL	BIT(16)

/* Serial ATA: Register FIS, host to device */
#define AHCI_FIS_H2D		0x27
#define AHCI_FIS_COMMAND	BIT(7)
#define AHCI_FIS_DWORDS		5

/* A command header (4.2.2). */
struct dump_ahci_header {
	__le32			options;
	__le32			transferred;
	__le32			table;
	__le32			table_high;
	__le32			reserved[4];
};

/* A command table (4.2.3) with one entry of the PRDT. */
struct dump_ahci_table {
	u8			fis[64];
	u8			packet[16];
	u8			reserved[48];
	__le32			data;
	__le32			data_high;
	__le32			zero;
	__le32			bytes_less_1;
} __aligned(128);

/* What the HBA reads and writes. */
struct dump_ahci_shared {
	struct dump_ahci_header	header[AHCI_SLOTS];
	u8			received[256];
	struct dump_ahci_table	table[DUMP_DISK_TAGS];
};

/**
 * struct dump_ahci - a port of an HBA, and the disk at it
 * @hba: registers of the HBA
 * @port: registers of the port
 * @shared: see struct dump_ahci_shared
 * @addr: the same, as the HBA sees it
 * @begin_ns: when the start or stop in progress has begun
 * @works: it was started, and has not failed since
 * @slots: how many are used, since the last start
 * @busy: slots in flight
 * @tag: of the command in each
 * @flushing: what is in flight is a flush
 */
struct dump_ahci {
	void __iomem			*hba;
	void __iomem			*port;
	struct dump_ahci_shared		*shared;
	dma_addr_t			addr;
	u64				begin_ns;
	bool				works;
	unsigned int			slots;
	u32				busy;
	u8				tag[DUMP_DISK_TAGS];
	bool				flushing;
};

static bool dump_ahci_matches(const struct pci_dev *pdev)
{
	return IS_ENABLED(CONFIG_SATA_AHCI) && pdev->class == PCI_CLASS_STORAGE_SATA_AHCI;
}

/*
 * The port as libata knows it, or NULL.  SCSI and libata may be modules, so names tell what
 * the devices are, not symbols: below the driver ahci, each SCSI device is libata's.
 */
static struct ata_port *dump_ahci_find(struct pci_dev *pdev, struct block_device *bdev)
{
	struct device *dev = disk_to_dev(bdev->bd_disk)->parent;

	if (!dev || !dev->type || !dev->type->name || strcmp(dev->type->name, "scsi_device") ||
	    strcmp(dev_driver_string(&pdev->dev), "ahci"))
		return NULL;
	return ata_shost_to_port(to_scsi_device(dev)->host);
}

/* Is the disk one that the commands here are for, with nothing between it and the port? */
static bool dump_ahci_suits(struct ata_port *ap)
{
	const struct ata_device *dev = ap->link.device;

	return !sata_pmp_attached(ap) && dev->class == ATA_DEV_ATA &&
	       !(dev->flags & ATA_DFLAG_PIO) && ata_id_has_lba48(dev->id) &&
	       ata_id_has_flush_ext(dev->id) &&
	       ata_id_logical_sector_size(dev->id) == DUMP_SECTOR;
}

static void dump_ahci_disarm(struct dump_disk *disk)
{
	struct dump_ahci *ahci = disk->priv;

	dump_device_free(&disk->device, sizeof(*ahci->shared), ahci->shared, ahci->addr);
	if (ahci->hba)
		iounmap(ahci->hba);
	kfree(ahci);
}

static int dump_ahci_arm(struct dump_disk *disk, struct block_device *bdev)
{
	struct ata_port *ap = dump_ahci_find(disk->device.pdev, bdev);
	struct dump_ahci *ahci;

	BUILD_BUG_ON(offsetof(struct dump_ahci_shared, received) != 1024);
	if (!ap || !dump_ahci_suits(ap)) {
		pr_warn("%pg: no disk of 512-byte sectors, 48-bit addresses and DMA at a port\n",
			bdev);
		return -EOPNOTSUPP;
	}
	/* A few HBAs have their registers elsewhere. */
	if (!(pci_resource_flags(disk->device.pdev, AHCI_BAR) & IORESOURCE_MEM) ||
	    pci_resource_len(disk->device.pdev, AHCI_BAR) < AHCI_PORT(ap->port_no + 1))
		return -EOPNOTSUPP;
	ahci = kzalloc(sizeof(*ahci), GFP_KERNEL);
	if (!ahci)
		return -ENOMEM;
	disk->priv = ahci;
	ahci->hba = ioremap(pci_resource_start(disk->device.pdev, AHCI_BAR),
			    AHCI_PORT(ap->port_no + 1));
	ahci->port = ahci->hba + AHCI_PORT(ap->port_no);
	ahci->shared = dump_device_alloc(&disk->device, sizeof(*ahci->shared), &ahci->addr);
	if (ahci->hba && ahci->shared)
		return 0;
	dump_ahci_disarm(disk);
	return -ENOMEM;
}

/* What is left of the time for a start or stop, @most_ns at the most. */
static u64 dump_ahci_left(const struct dump_ahci *ahci, u64 most_ns)
{
	u64 spent = ras_clock_ns() - ahci->begin_ns;

	return spent < DUMP_DISK_TIMEOUT_NS ? min(most_ns, DUMP_DISK_TIMEOUT_NS - spent) : 0;
}

/* Wait until the bits @mask of a register are @value. */
static int dump_ahci_wait(const struct dump_ahci *ahci, const void __iomem *reg, u32 mask,
			  u32 value, u64 most_ns)
{
	u32 now = 0;
	bool met = ras_poll(((now = readl(reg)) & mask) == value || now == AHCI_GONE,
			    dump_ahci_left(ahci, most_ns));

	if (now == AHCI_GONE)
		return -ENODEV;
	return met ? 0 : -ETIMEDOUT;
}

static void dump_ahci_change(void __iomem *reg, u32 clear, u32 set)
{
	writel((readl(reg) & ~clear) | set, reg);
}

static bool dump_ahci_set_mode(struct dump_ahci *ahci)
{
	dump_ahci_change(ahci->hba + AHCI_GHC, AHCI_GHC_HR | AHCI_GHC_IE, AHCI_GHC_AE);
	return readl(ahci->hba + AHCI_GHC) & AHCI_GHC_AE;
}

/* Have the HBA in AHCI mode, without interrupts, as soon as a reset in progress has ended. */
static int dump_ahci_enable(struct dump_ahci *ahci)
{
	int ret = dump_ahci_wait(ahci, ahci->hba + AHCI_GHC, AHCI_GHC_HR, 0, AHCI_RESET_NS);

	if (ret)
		return ret;
	/* Some HBAs have to be told several times after a reset, says libahci.c. */
	if (!ras_poll(dump_ahci_set_mode(ahci), dump_ahci_left(ahci, AHCI_HALT_NS)))
		return -ETIMEDOUT;
	return 0;
}

/* 10.3: the list of commands is halted first, then what is received. */
static int dump_ahci_halt(struct dump_ahci *ahci)
{
	void __iomem *cmd = ahci->port + AHCI_PXCMD;
	int ret;

	dump_ahci_change(cmd, AHCI_PXCMD_ST, 0);
	ret = dump_ahci_wait(ahci, cmd, AHCI_PXCMD_CR, 0, AHCI_HALT_NS);
	if (ret)
		return ret;
	dump_ahci_change(cmd, AHCI_PXCMD_FRE, 0);
	return dump_ahci_wait(ahci, cmd, AHCI_PXCMD_FR, 0, AHCI_HALT_NS);
}

/* 10.4.2: reset the port and the disk.  The limit of speed stays, the link may not sleep. */
static void dump_ahci_comreset(struct dump_ahci *ahci)
{
	void __iomem *sctl = ahci->port + AHCI_PXSCTL;
	u32 idle = (readl(sctl) & AHCI_PXSCTL_SPD) | AHCI_PXSCTL_IPM_NONE;

	writel(idle | AHCI_PXSCTL_DET_INIT, sctl);
	/* The time counts from when the HBA has it. */
	readl(sctl);
	ras_poll(false, AHCI_COMRESET_NS);
	writel(idle, sctl);
	readl(sctl);
}

/* Stop what the crashed kernel has begun. */
static int dump_ahci_take(struct dump_ahci *ahci)
{
	int ret = dump_ahci_enable(ahci);

	if (ret)
		return ret;
	writel(0, ahci->port + AHCI_PXIE);
	ret = dump_ahci_halt(ahci);
	if (ret != -ETIMEDOUT)
		return ret;
	/* The interface hangs, and may be reset in spite of CR (10.4.2). */
	dump_ahci_comreset(ahci);
	ret = dump_ahci_halt(ahci);
	if (ret != -ETIMEDOUT)
		return ret;
	/* 10.4.3: the last resort, because it resets the other ports as well. */
	dump_ahci_change(ahci->hba + AHCI_GHC, 0, AHCI_GHC_HR);
	return dump_ahci_enable(ahci);
}

/* Have a link to a disk that was reset. */
static int dump_ahci_connect(struct dump_ahci *ahci)
{
	/* Wake the link, let it not sleep again.  With CAP.SSS, a reset of the HBA clears SUD. */
	dump_ahci_change(ahci->port + AHCI_PXCMD,
			 AHCI_PXCMD_ICC | AHCI_PXCMD_ASP | AHCI_PXCMD_ALPE,
			 AHCI_PXCMD_ICC_ACTIVE | AHCI_PXCMD_POD | AHCI_PXCMD_SUD);
	dump_ahci_comreset(ahci);
	if (dump_ahci_wait(ahci, ahci->port + AHCI_PXSSTS, AHCI_PXSSTS_DET, AHCI_PXSSTS_DET_UP,
			   AHCI_LINK_NS))
		return -ENODEV;
	/* The HBA takes the disk's first FIS when DIAG.X is clear. */
	writel(U32_MAX, ahci->port + AHCI_PXSERR);
	return 0;
}

static dma_addr_t dump_ahci_table_addr(const struct dump_ahci *ahci, unsigned int slot)
{
	return ahci->addr + offsetof(struct dump_ahci_shared, table) +
	       slot * sizeof(struct dump_ahci_table);
}

/*
 * PxCI is clear when ST is (3.3.14), but QEMU before 8.2 lets it be, and runs what is left of
 * the crashed kernel's commands when ST is set.  So each slot leads to a table, and there is
 * no FIS in it.
 */
static void dump_ahci_prepare(struct dump_ahci *ahci)
{
	unsigned int slot;

	memset(ahci->shared, 0, sizeof(*ahci->shared));
	for (slot = 0; slot < AHCI_SLOTS; slot++) {
		struct dump_ahci_header *header = &ahci->shared->header[slot];
		dma_addr_t addr = dump_ahci_table_addr(ahci, slot % DUMP_DISK_TAGS);

		header->table = cpu_to_le32(lower_32_bits(addr));
		header->table_high = cpu_to_le32(upper_32_bits(addr));
	}
}

/* Give the port its memory.  An HBA without 64-bit addresses ignores their upper half. */
static void dump_ahci_point(struct dump_ahci *ahci)
{
	dma_addr_t received = ahci->addr + offsetof(struct dump_ahci_shared, received);

	dump_ahci_prepare(ahci);
	writel(lower_32_bits(ahci->addr), ahci->port + AHCI_PXCLB);
	writel(upper_32_bits(ahci->addr), ahci->port + AHCI_PXCLBU);
	writel(lower_32_bits(received), ahci->port + AHCI_PXFB);
	writel(upper_32_bits(received), ahci->port + AHCI_PXFBU);
}

/* Receive the disk's first FIS, which tells that it is ready (10.3.1, 10.3.2). */
static int dump_ahci_receive(struct dump_ahci *ahci)
{
	void __iomem *cmd = ahci->port + AHCI_PXCMD, *tfd = ahci->port + AHCI_PXTFD;
	u64 left = dump_ahci_left(ahci, DUMP_DISK_TIMEOUT_NS);
	int ret;

	dump_ahci_point(ahci);
	dump_ahci_change(cmd, 0, AHCI_PXCMD_FRE);
	ret = dump_ahci_wait(ahci, tfd, ATA_BUSY | ATA_DRQ, 0, left - min(left, AHCI_HALT_NS));
	if (ret != -ETIMEDOUT || !(readl(ahci->hba + AHCI_CAP) & AHCI_CAP_SCLO))
		return ret;
	/* Perhaps the FIS was lost only: have the HBA clear both (3.3.7). */
	dump_ahci_change(cmd, 0, AHCI_PXCMD_CLO);
	return dump_ahci_wait(ahci, cmd, AHCI_PXCMD_CLO, 0, AHCI_HALT_NS) ?:
	       dump_ahci_wait(ahci, tfd, ATA_BUSY | ATA_DRQ, 0, AHCI_HALT_NS);
}

/* Be ready for commands.  None of them is there; see dump_ahci_prepare(). */
static int dump_ahci_run(struct dump_ahci *ahci)
{
	int ret;

	writel(U32_MAX, ahci->port + AHCI_PXIS);
	dump_ahci_change(ahci->port + AHCI_PXCMD, 0, AHCI_PXCMD_ST);
	ret = dump_ahci_wait(ahci, ahci->port + AHCI_PXCI, U32_MAX, 0, AHCI_HALT_NS);
	if (ret)
		return ret;
	ahci->slots = min_t(u32, FIELD_GET(AHCI_CAP_NCS, readl(ahci->hba + AHCI_CAP)) + 1,
			    DUMP_DISK_TAGS);
	ahci->works = true;
	return 0;
}

static int dump_ahci_start(struct dump_disk *disk)
{
	struct dump_ahci *ahci = disk->priv;

	ahci->begin_ns = ras_clock_ns();
	ahci->works = false;
	ahci->busy = 0;
	return dump_ahci_take(ahci) ?: dump_ahci_connect(ahci) ?: dump_ahci_receive(ahci) ?:
	       dump_ahci_run(ahci);
}

/* ACS-3: 7.11 FLUSH CACHE EXT, 7.22 READ DMA EXT, 7.59 WRITE DMA EXT. */
static void dump_ahci_build(struct dump_ahci *ahci, unsigned int slot,
			    const struct dump_command *command)
{
	static const u8 codes[] = {
		[DUMP_DISK_READ]	= ATA_CMD_READ_EXT,
		[DUMP_DISK_WRITE]	= ATA_CMD_WRITE_EXT,
		[DUMP_DISK_FLUSH]	= ATA_CMD_FLUSH_EXT,
	};
	struct dump_ahci_header *header = &ahci->shared->header[slot];
	struct dump_ahci_table *table = &ahci->shared->table[slot];
	u32 options = AHCI_FIS_DWORDS;

	memset(table, 0, sizeof(*table));
	table->fis[0] = AHCI_FIS_H2D;
	table->fis[1] = AHCI_FIS_COMMAND;
	table->fis[2] = codes[command->op];
	if (command->op != DUMP_DISK_FLUSH) {
		put_unaligned_le24(command->sector, &table->fis[4]);
		table->fis[7] = ATA_LBA;
		put_unaligned_le24(command->sector >> 24, &table->fis[8]);
		put_unaligned_le16(command->bytes / DUMP_SECTOR, &table->fis[12]);
		table->data = cpu_to_le32(lower_32_bits(command->addr));
		table->data_high = cpu_to_le32(upper_32_bits(command->addr));
		table->bytes_less_1 = cpu_to_le32(command->bytes - 1);
		options |= AHCI_HEADER_PRDTL;
	}
	if (command->op == DUMP_DISK_WRITE)
		options |= AHCI_HEADER_WRITE;
	header->options = cpu_to_le32(options);
	header->transferred = 0;
}

/*
 * The HBA runs the slots in an order of its own.  So nothing else is in flight with a flush:
 * it would not be sure what is flushed.  An HBA may have fewer slots than there are tags.
 */
static int dump_ahci_submit(struct dump_disk *disk, unsigned int tag,
			    const struct dump_command *command)
{
	struct dump_ahci *ahci = disk->priv;
	bool flush = command->op == DUMP_DISK_FLUSH;
	unsigned int slot;

	if (!ahci->works)
		return -EIO;
	slot = tag % ahci->slots;
	if (ahci->busy & BIT(slot) || (ahci->busy && (flush || ahci->flushing)))
		return -EAGAIN;
	/* ACS-3: 0 sectors would be 65536, and a larger address another one. */
	if (!flush && (command->bytes < DUMP_SECTOR || command->bytes > DUMP_DISK_BYTES ||
		       command->sector >> 48))
		return -EIO;
	dump_ahci_build(ahci, slot, command);
	ahci->tag[slot] = tag;
	ahci->flushing = flush;
	ahci->busy |= BIT(slot);
	/* The HBA sees the command before it sees that there is one. */
	dma_wmb();
	writel(BIT(slot), ahci->port + AHCI_PXCI);
	return 0;
}

/* Has a command failed?  @ended: slots that the HBA has cleared in PxCI before */
static bool dump_ahci_has_failed(const struct dump_ahci *ahci, u32 ended)
{
	u32 tfd;

	if (readl(ahci->port + AHCI_PXIS) & AHCI_PXIS_FATAL)
		return true;
	if (!ended)
		return false;
	/* DF alone does not set TFES.  With BSY the other bits say nothing. */
	tfd = readl(ahci->port + AHCI_PXTFD);
	return !(tfd & ATA_BUSY) && tfd & (ATA_ERR | ATA_DF);
}

static int dump_ahci_end(struct dump_ahci *ahci, unsigned int slot, unsigned int *tag)
{
	ahci->busy &= ~BIT(slot);
	*tag = ahci->tag[slot];
	return 0;
}

/*
 * 6.2.2.1: CCS tells which slot has failed.  But ASMedia's HBAs do not, says FreeBSD, and clear
 * its bit in PxCI as if all were well; so did QEMU.  So each command of which no end was told
 * fails with it.
 */
static int dump_ahci_fail(struct dump_ahci *ahci, unsigned int *tag, int *error)
{
	unsigned int slot = FIELD_GET(AHCI_PXCMD_CCS, readl(ahci->port + AHCI_PXCMD));

	ahci->works = false;
	/* No other slot is begun. */
	dump_ahci_change(ahci->port + AHCI_PXCMD, AHCI_PXCMD_ST, 0);
	if (!ahci->busy)
		return -ENODEV;
	if (!(ahci->busy & BIT(slot)))
		slot = __ffs(ahci->busy);
	*error = -EIO;
	return dump_ahci_end(ahci, slot, tag);
}

static int dump_ahci_poll(struct dump_disk *disk, unsigned int *tag, int *error)
{
	struct dump_ahci *ahci = disk->priv;
	/* Read before what tells of errors, so that no command that has failed is taken as done. */
	u32 ended = ahci->busy & ~readl(ahci->port + AHCI_PXCI);

	/* All ones, an HBA that is gone, is another value as well. */
	if ((readl(ahci->port + AHCI_PXSSTS) & AHCI_PXSSTS_DET) != AHCI_PXSSTS_DET_UP)
		return -ENODEV;
	if (!ahci->works || dump_ahci_has_failed(ahci, ended))
		return dump_ahci_fail(ahci, tag, error);
	if (!ended)
		return -EAGAIN;
	/* The data was there before the bit was clear. */
	dma_rmb();
	*error = 0;
	return dump_ahci_end(ahci, __ffs(ended), tag);
}

static void dump_ahci_stop(struct dump_disk *disk)
{
	struct dump_ahci *ahci = disk->priv;

	ahci->begin_ns = ras_clock_ns();
	ahci->works = false;
	dump_ahci_halt(ahci);
}

const struct dump_disk_ops dump_ahci_ops = {
	.name		= "AHCI",
	.matches	= dump_ahci_matches,
	.arm		= dump_ahci_arm,
	.disarm		= dump_ahci_disarm,
	.start		= dump_ahci_start,
	.submit		= dump_ahci_submit,
	.poll		= dump_ahci_poll,
	.stop		= dump_ahci_stop,
};
