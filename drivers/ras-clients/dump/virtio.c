// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine: virtio over PCI, polled.
 *
 * Virtual I/O Device (VIRTIO) 1.2: 2.7 split virtqueues, 3.1.1 initialization, 4.1 PCI.  A
 * device that has the legacy interface only is not supported.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/pci.h>
#include <linux/ras.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>

#include "device.h"
#include "virtio.h"

/* Nobody is to be interrupted. */
#define DUMP_VIRTIO_NO_VECTOR	0xffff

/*
 * Map the structure of @type that a capability tells of (4.1.4), of at least @size.  Leaves
 * its size in *@bytes, and the number behind the capability, which only that for notifications
 * has, in *@extra.
 */
static void __iomem *dump_virtio_map(struct pci_dev *pdev, u8 type, size_t size, u32 *bytes,
				     u32 *extra)
{
	int at;

	for (at = pci_find_capability(pdev, PCI_CAP_ID_VNDR); at;
	     at = pci_find_next_capability(pdev, at, PCI_CAP_ID_VNDR)) {
		u32 offset, length;
		u8 kind, bar;

		pci_read_config_byte(pdev, at + offsetof(struct virtio_pci_cap, cfg_type), &kind);
		pci_read_config_byte(pdev, at + offsetof(struct virtio_pci_cap, bar), &bar);
		pci_read_config_dword(pdev, at + offsetof(struct virtio_pci_cap, offset), &offset);
		pci_read_config_dword(pdev, at + offsetof(struct virtio_pci_cap, length), &length);
		/* A BAR of ports is left to a later capability of the same type. */
		if (kind != type || bar >= PCI_STD_NUM_BARS ||
		    !(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) || length < size ||
		    offset > pci_resource_len(pdev, bar) ||
		    length > pci_resource_len(pdev, bar) - offset)
			continue;
		*bytes = length;
		if (extra)
			pci_read_config_dword(pdev, at + sizeof(struct virtio_pci_cap), extra);
		return ioremap(pci_resource_start(pdev, bar) + offset, length);
	}
	return NULL;
}

/**
 * dump_virtio_disarm() - undo dump_virtio_arm()
 * @virtio: the device
 *
 * Context: Process context.
 */
void dump_virtio_disarm(struct dump_virtio *virtio)
{
	if (virtio->notify)
		iounmap(virtio->notify);
	if (virtio->common)
		iounmap(virtio->common);
}

/**
 * dump_virtio_arm() - map the registers of a virtio device
 * @virtio: set up
 * @device: its PCI device; whether it bypasses an IOMMU is set
 * @dev: the virtio device that the kernel's driver has
 *
 * Context: Process context; does not disturb the kernel's driver.
 * Return: 0; %-EOPNOTSUPP if the device has the legacy interface only.
 */
int dump_virtio_arm(struct dump_virtio *virtio, struct dump_device *device, struct device *dev)
{
	struct pci_dev *pdev = device->pdev;
	u32 bytes;

	virtio->device = device;
	/*
	 * What the kernel's driver has agreed on, because asking the device disturbs it.
	 * virtio_has_feature() is not ours to call: it may be in a module.
	 */
	device->bypasses_iommu = !__virtio_test_bit(dev_to_virtio(dev), VIRTIO_F_ACCESS_PLATFORM);
	virtio->common = dump_virtio_map(pdev, VIRTIO_PCI_CAP_COMMON_CFG, sizeof(*virtio->common),
					 &bytes, NULL);
	virtio->notify = dump_virtio_map(pdev, VIRTIO_PCI_CAP_NOTIFY_CFG, sizeof(u16),
					 &virtio->notify_bytes, &virtio->notify_step);
	if (virtio->common && virtio->notify)
		return 0;
	dump_virtio_disarm(virtio);
	return -EOPNOTSUPP;
}

/**
 * dump_virtqueue_alloc() - allocate a queue
 * @virtio: the device
 * @queue: set up
 * @size: how many descriptors it has
 *
 * Context: Process context.
 * Return: 0 or %-ENOMEM.
 */
int dump_virtqueue_alloc(struct dump_virtio *virtio, struct dump_virtqueue *queue, u16 size)
{
	queue->size = size;
	queue->shared = dump_device_alloc(virtio->device, sizeof(*queue->shared), &queue->addr);
	return queue->shared ? 0 : -ENOMEM;
}

/**
 * dump_virtqueue_free() - free a queue
 * @virtio: the device
 * @queue: the queue, which need not have been allocated
 *
 * Context: Process context.
 */
void dump_virtqueue_free(struct dump_virtio *virtio, struct dump_virtqueue *queue)
{
	dump_device_free(virtio->device, sizeof(*queue->shared), queue->shared, queue->addr);
}

static u8 dump_virtio_status(const struct dump_virtio *virtio)
{
	return ioread8(&virtio->common->device_status);
}

/* Has the device given up?  All ones, one that is gone, has the bit as well. */
bool dump_virtio_is_broken(const struct dump_virtio *virtio)
{
	return dump_virtio_status(virtio) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

/**
 * dump_virtio_reset() - reset a device: it does not touch memory any more
 * @virtio: the device
 * @timeout_ns: how long that may take, in ns
 *
 * Context: A handler.
 * Return: 0; %-ENODEV if it is gone; %-ETIMEDOUT.
 */
int dump_virtio_reset(struct dump_virtio *virtio, u64 timeout_ns)
{
	if (dump_virtio_status(virtio) == 0xff)
		return -ENODEV;
	/* 3.1.1, 1: it reads 0 when the reset is done (4.1.4.3.2). */
	iowrite8(0, &virtio->common->device_status);
	return ras_poll(!dump_virtio_status(virtio), timeout_ns) ? 0 : -ETIMEDOUT;
}

/**
 * dump_virtio_negotiate() - agree on features with a device that was reset
 * @virtio: the device
 * @features: those that are wanted, besides what any device needs; set to those that it has
 *
 * Context: A handler.
 * Return: 0; %-EIO if the device refuses.
 */
int dump_virtio_negotiate(struct dump_virtio *virtio, u64 *features)
{
	struct virtio_pci_common_cfg __iomem *common = virtio->common;
	u64 wanted = *features | BIT_ULL(VIRTIO_F_VERSION_1);
	u8 status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	/* 3.1.1, 3 to 6. */
	if (!virtio->device->bypasses_iommu)
		wanted |= BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);
	iowrite8(status, &common->device_status);
	iowrite32(0, &common->device_feature_select);
	*features = ioread32(&common->device_feature);
	iowrite32(1, &common->device_feature_select);
	*features |= (u64)ioread32(&common->device_feature) << 32;
	*features &= wanted;
	iowrite32(0, &common->guest_feature_select);
	iowrite32(lower_32_bits(*features), &common->guest_feature);
	iowrite32(1, &common->guest_feature_select);
	iowrite32(upper_32_bits(*features), &common->guest_feature);
	iowrite16(DUMP_VIRTIO_NO_VECTOR, &common->msix_config);
	iowrite8(status | VIRTIO_CONFIG_S_FEATURES_OK, &common->device_status);
	return dump_virtio_status(virtio) & VIRTIO_CONFIG_S_FEATURES_OK ? 0 : -EIO;
}

static void dump_virtio_write64(u64 value, __le32 __iomem *low, __le32 __iomem *high)
{
	iowrite32(lower_32_bits(value), low);
	iowrite32(upper_32_bits(value), high);
}

/**
 * dump_virtqueue_start() - give a device an empty queue
 * @virtio: the device, of which features were negotiated
 * @queue: the queue
 * @index: which of the device's it is to be
 *
 * Context: A handler.
 * Return: 0; %-EIO if the device has no queue of that size.
 */
int dump_virtqueue_start(struct dump_virtio *virtio, struct dump_virtqueue *queue, u16 index)
{
	struct virtio_pci_common_cfg __iomem *common = virtio->common;
	struct dump_virtqueue_shared *shared = queue->shared;
	u64 doorbell;

	memset(shared, 0, sizeof(*shared));
	shared->avail.flags = __cpu_to_virtio16(true, VRING_AVAIL_F_NO_INTERRUPT);
	queue->index = index;
	queue->avail = 0;
	queue->used = 0;

	/* 4.1.5.1.3 */
	iowrite16(index, &common->queue_select);
	if (ioread16(&common->queue_size) < queue->size)
		return -EIO;
	iowrite16(queue->size, &common->queue_size);
	iowrite16(DUMP_VIRTIO_NO_VECTOR, &common->queue_msix_vector);
	dump_virtio_write64(queue->addr + offsetof(struct dump_virtqueue_shared, desc),
			    &common->queue_desc_lo, &common->queue_desc_hi);
	dump_virtio_write64(queue->addr + offsetof(struct dump_virtqueue_shared, avail),
			    &common->queue_avail_lo, &common->queue_avail_hi);
	dump_virtio_write64(queue->addr + offsetof(struct dump_virtqueue_shared, used),
			    &common->queue_used_lo, &common->queue_used_hi);
	/* All ones of a device that is gone lead elsewhere. */
	doorbell = (u64)ioread16(&common->queue_notify_off) * virtio->notify_step;
	if (doorbell + sizeof(u16) > virtio->notify_bytes)
		return -EIO;
	queue->doorbell = virtio->notify + doorbell;
	iowrite16(1, &common->queue_enable);
	return 0;
}

/* The queues are ready: the device may work. */
void dump_virtio_go(struct dump_virtio *virtio)
{
	iowrite8(dump_virtio_status(virtio) | VIRTIO_CONFIG_S_DRIVER_OK,
		 &virtio->common->device_status);
}

/**
 * dump_virtqueue_desc() - write a descriptor, which leads to the next one if @flags say so
 * @queue: the queue
 * @nr: which descriptor
 * @addr: of memory, as the device sees it
 * @bytes: how much
 * @flags: VRING_DESC_F_*
 *
 * Context: A handler.
 */
void dump_virtqueue_desc(struct dump_virtqueue *queue, unsigned int nr, u64 addr, u32 bytes,
			 u16 flags)
{
	struct vring_desc *desc = &queue->shared->desc[nr];

	desc->addr = __cpu_to_virtio64(true, addr);
	desc->len = __cpu_to_virtio32(true, bytes);
	desc->flags = __cpu_to_virtio16(true, flags);
	desc->next = __cpu_to_virtio16(true, nr + 1);
}

/**
 * dump_virtqueue_add() - give the device a chain of descriptors
 * @queue: the queue
 * @head: the first of them
 *
 * Context: A handler.  The device may not look before dump_virtqueue_kick().
 */
void dump_virtqueue_add(struct dump_virtqueue *queue, unsigned int head)
{
	struct dump_virtqueue_shared *shared = queue->shared;

	shared->avail.ring[queue->avail & (queue->size - 1)] = __cpu_to_virtio16(true, head);
	/* The device sees the chain before the index. */
	dma_wmb();
	WRITE_ONCE(shared->avail.idx, __cpu_to_virtio16(true, ++queue->avail));
}

/* Have the device look at a queue. */
void dump_virtqueue_kick(struct dump_virtqueue *queue)
{
	/* It sees the index before the doorbell, and is asked then if it wants it (2.7.10). */
	mb();
	if (READ_ONCE(queue->shared->used.flags) & __cpu_to_virtio16(true, VRING_USED_F_NO_NOTIFY))
		return;
	iowrite16(queue->index, queue->doorbell);
}

/**
 * dump_virtqueue_get() - take a chain back that the device is done with
 * @queue: the queue
 * @head: set to the first descriptor; it may be nonsense of a broken device
 * @bytes: set to how much the device has written
 *
 * Context: A handler.
 * Return: there was one.
 */
bool dump_virtqueue_get(struct dump_virtqueue *queue, u32 *head, u32 *bytes)
{
	const struct vring_used_elem *elem =
		&queue->shared->used.ring[queue->used & (queue->size - 1)];

	const u16 ready = __virtio16_to_cpu(true, READ_ONCE(queue->shared->used.idx)) -
			  queue->used;

	/* More than there are is nonsense of a broken device. */
	if (!ready || ready > queue->size)
		return false;
	/* The element was written before the index. */
	dma_rmb();
	*head = __virtio32_to_cpu(true, elem->id);
	*bytes = __virtio32_to_cpu(true, elem->len);
	queue->used++;
	return true;
}
