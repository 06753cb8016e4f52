/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine, target block: what a polled driver of a disk has to do.
 *
 * The crashed kernel's own driver may be in the middle of anything, and hold any lock.  So
 * the engine takes the device from it: it resets it, and drives it with queues of its own,
 * without interrupts, from memory that was allocated when the target was armed.  The device
 * is never given back; that happens in a crash only.
 */
#ifndef _RAS_DUMP_DISK_H
#define _RAS_DUMP_DISK_H

#include <linux/types.h>

#include "../device.h"

struct block_device;
struct dump_disk;
struct pci_dev;

/* Commands in flight at a time. */
#define DUMP_DISK_TAGS		8
/* The most that a command transfers, in bytes; a buffer is a contiguous block for the device. */
#define DUMP_DISK_BYTES		(64 * 1024)
/* What a sector is here, whatever the device calls a block, in bytes. */
#define DUMP_SECTOR		512
/* How long a device may take to answer, be it reset or a command, in ns. */
#define DUMP_DISK_TIMEOUT_NS	(5 * (u64)NSEC_PER_SEC)

enum dump_disk_op {
	DUMP_DISK_READ,
	DUMP_DISK_WRITE,
	/* What writes that have ended before have written is durable; nothing else counts. */
	DUMP_DISK_FLUSH,
};

/**
 * struct dump_command - what the disk is to do
 * @op: see enum dump_disk_op
 * @sector: where, in units of %DUMP_SECTOR from the beginning of the disk, not of a partition
 * @addr: the buffer as the device sees it, aligned to 4 KiB
 * @bytes: how much; whole blocks of the device, %DUMP_DISK_BYTES at most
 */
struct dump_command {
	enum dump_disk_op	op;
	u64			sector;
	dma_addr_t		addr;
	size_t			bytes;
};

/**
 * struct dump_disk_ops - a polled driver
 * @name: of the kind of device, for messages
 * @matches: is this device of the kind?  By what the PCI core has read, no register access
 * @arm: map the registers, allocate the queues, find out which disk of the device @bdev is.
 *	Process context, the kernel's driver is at work; must not disturb it.  Sets
 *	dump_disk.priv.  Return: 0 or an errno, and what was allocated is freed
 * @disarm: undo @arm.  Process context
 * @start: take the device: reset it, make it ready for commands.  Polls, with
 *	%DUMP_DISK_TIMEOUT_NS as the limit for all of it.  May be called again after a failure.
 *	Return: 0; %-ENODEV if the device is gone (all ones); %-ETIMEDOUT; %-EIO
 * @submit: begin a command, do not wait.  Return: 0; %-EAGAIN if it cannot be taken before
 *	others have ended; %-EIO if the device has refused, or the driver has
 * @poll: look for the end of a command, do not wait.  Return: 0 and *@tag and *@error (0 or
 *	%-EIO) of a command that has ended; %-EAGAIN if none has; %-ENODEV if the device is
 *	gone or has given up
 * @stop: the last command has ended, or one has failed: leave the device so that it does not
 *	touch memory any more.  Bounded like @start; need not succeed
 *
 * All but @matches, @arm and @disarm run on the owner in a stop: no allocation, no lock, no
 * access to PCI configuration space (pci_lock), each wait bounded by ras_poll().  The
 * function may be left at any point by a longjmp, if the guard abandons the dump.
 */
struct dump_disk_ops {
	const char	*name;
	bool		(*matches)(const struct pci_dev *pdev);
	int		(*arm)(struct dump_disk *disk, struct block_device *bdev);
	void		(*disarm)(struct dump_disk *disk);
	int		(*start)(struct dump_disk *disk);
	int		(*submit)(struct dump_disk *disk, unsigned int tag,
				  const struct dump_command *command);
	int		(*poll)(struct dump_disk *disk, unsigned int *tag, int *error);
	void		(*stop)(struct dump_disk *disk);
};

/**
 * struct dump_disk - a disk that the engine can take
 * @ops: its driver
 * @device: the PCI device that it is behind; @ops->arm sets its bypasses_iommu
 * @max_bytes: the most that a command may transfer, a power of two of at least a page,
 *	%DUMP_DISK_BYTES unless @ops->arm makes it less
 * @priv: the driver's own
 */
struct dump_disk {
	const struct dump_disk_ops	*ops;
	struct dump_device		device;
	size_t				max_bytes;
	void				*priv;
};

extern const struct dump_disk_ops dump_virtio_blk_ops;
extern const struct dump_disk_ops dump_nvme_ops;
extern const struct dump_disk_ops dump_ahci_ops;

/* disk.c */
struct dump_disk *dump_disk_arm(struct block_device *bdev);
void dump_disk_disarm(struct dump_disk *disk);

#endif /* _RAS_DUMP_DISK_H */
