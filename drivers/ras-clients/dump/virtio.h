/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAS client: the dump engine: what polled drivers of virtio devices over PCI share.
 */
#ifndef _RAS_DUMP_VIRTIO_H
#define _RAS_DUMP_VIRTIO_H

#include <linux/types.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

struct dump_device;

/* The most descriptors of a queue; a power of two. */
#define DUMP_VIRTQUEUE_MAX	64

/* What the device reads and writes. */
struct dump_virtqueue_shared {
	struct vring_desc		desc[DUMP_VIRTQUEUE_MAX];
	struct {
		__virtio16		flags;
		__virtio16		idx;
		__virtio16		ring[DUMP_VIRTQUEUE_MAX];
		__virtio16		used_event;
	} avail;
	struct {
		__virtio16		flags;
		__virtio16		idx;
		struct vring_used_elem	ring[DUMP_VIRTQUEUE_MAX];
		__virtio16		avail_event;
	} used __aligned(4);
};

/**
 * struct dump_virtqueue - a queue
 * @size: how many descriptors it has, a power of two
 * @shared: see struct dump_virtqueue_shared
 * @addr: the same, as the device sees it
 * @index: its number, since the last start
 * @doorbell: where the device is told of it, since then
 * @avail: chains that were given to the device since then
 * @used: those that it has given back
 */
struct dump_virtqueue {
	u16				size;
	struct dump_virtqueue_shared	*shared;
	dma_addr_t			addr;
	u16				index;
	void __iomem			*doorbell;
	u16				avail;
	u16				used;
};

/**
 * struct dump_virtio - a virtio device
 * @device: its PCI device
 * @common: its common configuration
 * @notify: where the device is told of queues
 * @notify_bytes: how much of that there is
 * @notify_step: distance of two queues there, in bytes
 */
struct dump_virtio {
	struct dump_device			*device;
	struct virtio_pci_common_cfg __iomem	*common;
	void __iomem				*notify;
	u32					notify_bytes;
	u32					notify_step;
};

/* In process context. */
int dump_virtio_arm(struct dump_virtio *virtio, struct dump_device *device, struct device *dev);
void dump_virtio_disarm(struct dump_virtio *virtio);
int dump_virtqueue_alloc(struct dump_virtio *virtio, struct dump_virtqueue *queue, u16 size);
void dump_virtqueue_free(struct dump_virtio *virtio, struct dump_virtqueue *queue);

/* In a stop. */
int dump_virtio_reset(struct dump_virtio *virtio, u64 timeout_ns);
int dump_virtio_negotiate(struct dump_virtio *virtio, u64 *features);
int dump_virtqueue_start(struct dump_virtio *virtio, struct dump_virtqueue *queue, u16 index);
void dump_virtio_go(struct dump_virtio *virtio);
bool dump_virtio_is_broken(const struct dump_virtio *virtio);
void dump_virtqueue_desc(struct dump_virtqueue *queue, unsigned int nr, u64 addr, u32 bytes,
			 u16 flags);
void dump_virtqueue_add(struct dump_virtqueue *queue, unsigned int head);
void dump_virtqueue_kick(struct dump_virtqueue *queue);
bool dump_virtqueue_get(struct dump_virtqueue *queue, u32 *head, u32 *bytes);

#endif /* _RAS_DUMP_VIRTIO_H */
