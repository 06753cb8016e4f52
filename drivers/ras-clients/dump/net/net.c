// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: a server that speaks netdump(4), over a card with
 * a polled driver.
 *
 * The engine writes bytes anywhere in the front of the file, where headers, bitmaps and page
 * descriptors are, and appends pages behind that.  Packets arrive in any order.  So what goes
 * to the front is held back, and sent when the server has all the pages that it tells of: a
 * dump is good up to where it ended, however it ended.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/if.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/kmsg_dump.h>
#include <linux/netdevice.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/neighbour.h>
#include <net/netevent.h>

#include "../dump.h"
#include "card.h"
#include "net.h"
#include "route.h"
#include "transfer.h"
#include "wire.h"

/* What is held back of the front of the file. */
#define DUMP_HELD_BYTES		(64 * 1024)
/* How long arming waits for the hop's address, in ms. */
#define DUMP_RESOLVE_MS		1000
/* A packet that has all that any server takes. */
#define DUMP_NET_MTU_MAX	(RAS_NETDUMP_BYTES_MAX + 128)
/* How often the way is looked up again, besides when the kernel tells of a change. */
#define DUMP_REFRESH		(10 * HZ)
/* A line of the log at the most, and what is read of it at a time. */
#define DUMP_LOG_LINE		1024
#define DUMP_LOG_BYTES		8192
/* The server takes more than that. */
#define DUMP_LOG_MAX		SZ_32M
/* A server may be silent for %DUMP_SILENCE_NS. */
#define DUMP_NET_DEADLINE_MS	15000

/**
 * struct dump_held - bytes for the front of the file; they follow
 * @offset: where in the file they go
 * @size: how many there are
 */
struct dump_held {
	u64	offset;
	u32	size;
};

/**
 * struct dump_net - a target
 * @target: as the engine sees it
 * @word: its name, as dump_net_new() has it
 * @port: of the server, for heralds
 * @interface: by which to go, or ""
 * @card: the card; NULL while not armed
 * @way: to the server, whose address is in both: one of them is written while the other one
 *	may be read
 * @way_nr: which one may be read
 * @trouble: why the server cannot be reached now, or NULL
 * @refresh: looks up the way
 * @events: tells when a neighbour changes
 * @interfaces: tells when an interface changes
 * @session: part of what makes the next dump another one than the last
 * @transfer: of the dump
 * @log: which lines of the kernel's log were sent
 * @log_at: how many bytes of it were sent
 * @text: some of them
 * @front: size of the front of the file, in bytes
 * @end: size of the file so far, in bytes
 * @slot: of the packet that is being filled, if @data
 * @data: its bytes; NULL: there is none
 * @filled: how many of them there are
 * @held: what is held back
 * @held_bytes: how much that is
 * @held_end: nothing of it is behind that, in bytes of the file
 * @last: the one of it that came last, or NULL
 */
struct dump_net {
	struct dump_target		target;
	char				*word;
	u16				port;
	char				interface[IFNAMSIZ];
	struct dump_card		*card;
	struct dump_way			way[2];
	unsigned int			way_nr;
	const char			*trouble;
	struct delayed_work		refresh;
	struct notifier_block		events;
	struct notifier_block		interfaces;
	u8				session[RAS_NETDUMP_SESSION_BYTES];
	struct dump_transfer		transfer;
	struct kmsg_dump_iter		log;
	u64				log_at;
	char				text[DUMP_LOG_BYTES];
	u64				front;
	u64				end;
	unsigned int			slot;
	void				*data;
	size_t				filled;
	u8				held[DUMP_HELD_BYTES];
	size_t				held_bytes;
	u64				held_end;
	struct dump_held		*last;
};

static struct dump_net *dump_net_of(struct dump_target *target)
{
	return container_of(target, struct dump_net, target);
}

/* Send the packet that is being filled. */
static void dump_net_post(struct dump_net *n)
{
	if (!n->data)
		return;
	n->data = NULL;
	dump_transfer_post(&n->transfer, n->slot, RAS_NETDUMP_DATA, n->end - n->filled,
			   n->filled);
}

/* Send bytes of a part of the dump, in packets of their own. */
static int dump_net_send(struct dump_net *n, enum ras_netdump_type type, u64 offset,
			 const void *bytes, size_t size)
{
	while (size) {
		size_t part = min(size, n->transfer.payload);
		unsigned int slot;
		void *data;
		int ret = dump_transfer_slot(&n->transfer, &slot, &data);

		if (ret)
			return ret;
		memcpy(data, bytes, part);
		dump_transfer_post(&n->transfer, slot, type, offset, part);
		offset += part;
		bytes += part;
		size -= part;
	}
	return 0;
}

/*
 * Send what was held back, after all that it tells of.  Before there is a page it tells of
 * nothing; @settle: what was sent before may be for the same place.
 */
static int dump_net_drain(struct dump_net *n, bool settle)
{
	size_t at = 0;
	int ret = 0;

	if (!n->held_bytes)
		return 0;
	dump_net_post(n);
	if (settle || n->end > n->front)
		ret = dump_transfer_settle(&n->transfer);
	while (!ret && at < n->held_bytes) {
		const struct dump_held *held = (const void *)n->held + at;

		ret = dump_net_send(n, RAS_NETDUMP_DATA, held->offset, held + 1, held->size);
		at += ALIGN(sizeof(*held) + held->size, sizeof(u64));
	}
	n->held_bytes = 0;
	n->held_end = 0;
	n->last = NULL;
	return ret;
}

/* Can bytes go behind those that came last, into the same packet? */
static bool dump_held_fits(const struct dump_net *n, u64 offset, size_t size)
{
	const struct dump_held *last = n->last;

	return last && last->offset + last->size == offset &&
	       last->size + size <= n->transfer.payload &&
	       (void *)(last + 1) + last->size + size <= (void *)n->held + sizeof(n->held);
}

/* Is something held back for a part of this place? */
static bool dump_held_has(const struct dump_net *n, u64 offset, size_t size)
{
	size_t at = 0;

	while (offset < n->held_end && at < n->held_bytes) {
		const struct dump_held *held = (const void *)n->held + at;

		if (offset < held->offset + held->size && held->offset < offset + size)
			return true;
		at += ALIGN(sizeof(*held) + held->size, sizeof(u64));
	}
	return false;
}

/* Hold back bytes of the front, of which a packet has room for all. */
static int dump_net_hold(struct dump_net *n, u64 offset, const void *bytes, size_t size)
{
	int ret = 0;

	if (!dump_held_fits(n, offset, size)) {
		/* Of two for one place, as the header is, the later one has to come later. */
		const bool back = dump_held_has(n, offset, size);

		if (back || n->held_bytes + sizeof(*n->last) + size > sizeof(n->held))
			ret = dump_net_drain(n, back);
		n->last = (void *)n->held + n->held_bytes;
		n->last->offset = offset;
		n->last->size = 0;
	}
	memcpy((void *)(n->last + 1) + n->last->size, bytes, size);
	n->last->size += size;
	n->held_end = max(n->held_end, offset + size);
	n->held_bytes = ALIGN((u8 *)(n->last + 1) + n->last->size - n->held, sizeof(u64));
	return ret;
}

static int dump_net_change(struct dump_net *n, u64 offset, const void *bytes, size_t size)
{
	int ret = 0;

	while (size && !ret) {
		size_t part = min(size, n->transfer.payload);

		ret = dump_net_hold(n, offset, bytes, part);
		offset += part;
		bytes += part;
		size -= part;
	}
	return ret;
}

static int dump_net_append(struct dump_net *n, const void *bytes, size_t size)
{
	while (size) {
		size_t part;

		if (!n->data) {
			int ret = dump_transfer_slot(&n->transfer, &n->slot, &n->data);

			if (ret) {
				n->data = NULL;
				return ret;
			}
			n->filled = 0;
		}
		part = min(size, n->transfer.payload - n->filled);
		memcpy(n->data + n->filled, bytes, part);
		n->filled += part;
		n->end += part;
		bytes += part;
		size -= part;
		if (n->filled == n->transfer.payload)
			dump_net_post(n);
	}
	return n->transfer.error;
}

static int dump_net_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	struct dump_net *n = dump_net_of(target);

	if (offset < n->front) {
		size_t part = min_t(u64, size, n->front - offset);
		int ret = dump_net_change(n, offset, data, part);

		if (ret)
			return ret;
		offset += part;
		data += part;
		size -= part;
	}
	/* Pages are appended, and nothing else is behind the front. */
	if (size && offset != n->end)
		return -EINVAL;
	return size ? dump_net_append(n, data, size) : n->transfer.error;
}

static u64 dump_net_room(struct dump_target *target)
{
	return U64_MAX;
}

static int dump_net_flush(struct dump_target *target)
{
	struct dump_net *n = dump_net_of(target);

	dump_net_post(n);
	return dump_net_drain(n, true) ?: dump_transfer_flush(&n->transfer);
}

/* Send what there is of the kernel's log and was not sent. */
static int dump_net_log(struct dump_net *n)
{
	struct kmsg_dump_iter all;
	size_t filled, size;
	int ret = 0;

	/* Another server has no place for it, and finds it in the memory. */
	if (!n->transfer.is_ours)
		return 0;
	/* No more than there is now: a CPU that is missing may go on to print. */
	kmsg_dump_rewind(&all);
	do {
		filled = 0;
		while (filled + DUMP_LOG_LINE <= sizeof(n->text) && n->log_at < DUMP_LOG_MAX &&
		       n->log.cur_seq < all.next_seq &&
		       kmsg_dump_get_line(&n->log, true, n->text + filled, DUMP_LOG_LINE, &size))
			filled += size;
		ret = dump_net_send(n, RAS_NETDUMP_LOG, n->log_at, n->text, filled);
		n->log_at += filled;
	} while (!ret && filled);
	return ret;
}

static void dump_net_hello(struct dump_net *n, const struct dump_session *s,
			   const struct dump_layout *layout)
{
	struct ras_netdump_hello *hello = &n->transfer.hello;
	__be32 *stop = (__be32 *)&hello->session[RAS_NETDUMP_SESSION_BYTES - sizeof(*stop)];
	/* Each page as it is, with what a sealed log adds, and room for what tells of them. */
	const u64 bytes = s->layout.data + s->layout.nr_pages * (PAGE_SIZE + 256) + SZ_16M;

	memcpy(hello->magic, RAS_NETDUMP_HELLO_MAGIC, sizeof(hello->magic));
	hello->version = cpu_to_be32(RAS_NETDUMP_VERSION);
	memcpy(hello->session, n->session, sizeof(hello->session));
	*stop ^= cpu_to_be32(s->stop->sequence);
	hello->bytes = cpu_to_be64(layout->data + bytes);
	hello->payload = cpu_to_be32(min_t(size_t, RAS_NETDUMP_BYTES_MAX,
					   dump_wire_payload_max(&n->transfer.way) -
					   sizeof(struct ras_netdump_head)));
	strscpy(hello->host, init_utsname()->nodename, sizeof(hello->host));
}

static int dump_net_start(struct dump_target *target, const struct dump_session *s,
			  const struct dump_layout *layout)
{
	struct dump_net *n = dump_net_of(target);
	struct dump_transfer *t = &n->transfer;
	int ret;

	BUILD_BUG_ON(DUMP_NET_DEADLINE_MS * NSEC_PER_MSEC <= DUMP_SILENCE_NS);
	/* The kernel's own driver would not find its card again. */
	if (s->stop->resumable) {
		pr_warn("%s: is sent in a crash only\n", n->word);
		return -EBUSY;
	}
	memset(t, 0, sizeof(*t));
	t->card = n->card;
	/* Pairs with the release in dump_net_refresh(). */
	t->way = n->way[smp_load_acquire(&n->way_nr)];
	t->stop = s->stop;
	t->name = n->word;
	t->server_port = n->port;
	dump_net_hello(n, s, layout);
	n->front = layout->data;
	n->end = layout->data;
	n->data = NULL;
	n->held_bytes = 0;
	n->held_end = 0;
	n->last = NULL;
	n->log_at = 0;
	kmsg_dump_rewind(&n->log);
	ret = dump_transfer_begin(t) ?: dump_net_log(n);
	if (ret && ret != -ENODEV)
		n->card->ops->stop(n->card);
	return ret;
}

static int dump_net_finish(struct dump_target *target, u64 size, bool whole)
{
	struct dump_net *n = dump_net_of(target);
	struct dump_transfer *t = &n->transfer;
	int ret = dump_net_flush(target) ?: dump_net_log(n) ?: dump_transfer_settle(t);

	/* Without that the server keeps what there is, and says that it is not all. */
	if (!ret && whole)
		ret = dump_transfer_finish(t);
	if (!ret)
		pr_info("%s: %llu packets, %llu of them sent again\n", n->word, t->packets,
			t->again);
	if (t->error != -ENODEV)
		n->card->ops->stop(n->card);
	return ret;
}

static const char *dump_net_not_ready(struct dump_target *target)
{
	const struct dump_net *n = dump_net_of(target);
	const struct dump_card *card;
	const char *reason;

	/* Pairs with synchronize_rcu() in dump_net_disarm(). */
	rcu_read_lock();
	card = READ_ONCE(n->card);
	if (!card)
		reason = "disabled";
	else if (dump_device_is_gone(&card->device))
		reason = "its device has lost its driver";
	else
		reason = READ_ONCE(n->trouble);
	rcu_read_unlock();
	return reason;
}

/* Is the way still by the card that was armed? */
static const char *dump_net_trouble(const struct dump_net *n, struct net_device *lower,
				    const struct dump_way *way)
{
	if (IS_ERR(lower))
		return dump_route_why(PTR_ERR(lower));
	if (dump_device_pci(lower->dev.parent) != n->card->device.pdev)
		return "its route goes by another interface than when it was armed";
	return NULL;
}

/* Look up the way, as it may have changed. */
static void dump_net_refresh(struct work_struct *work)
{
	struct dump_net *n = container_of(to_delayed_work(work), struct dump_net, refresh);
	const struct dump_way *old = &n->way[n->way_nr];
	struct dump_way *way = &n->way[!n->way_nr];
	struct net_device *lower = dump_route_find(n->interface, n->port, way);
	const char *trouble = dump_net_trouble(n, lower, way);

	if (!IS_ERR(lower))
		dev_put(lower);
	if (trouble != n->trouble)
		pr_info("%s: %s\n", n->word, trouble ?: "can be reached again");
	WRITE_ONCE(n->trouble, trouble);
	if (!trouble) {
		way->mtu = min_t(size_t, way->mtu, dump_card_room(n->card));
		/* What was known of the hop is better than nothing. */
		if (!way->has_hop && old->has_hop &&
		    !memcmp(&way->hop, &old->hop, sizeof(way->hop))) {
			ether_addr_copy(way->hop_mac, old->hop_mac);
			way->has_hop = true;
		}
		/* Pairs with the acquire in dump_net_start(). */
		smp_store_release(&n->way_nr, !n->way_nr);
	}
	/* Nobody tells of the end of some troubles: of the check of an address for duplicates. */
	schedule_delayed_work(&n->refresh, trouble ? HZ : DUMP_REFRESH);
}

/*
 * Has the hop told its address?  That it does not answer changes nothing, and looking for the
 * way would ask it again, without end.  The way may be changed meanwhile: then this is told of
 * too much, or too late.
 */
static bool dump_net_is_hop(const struct dump_net *n, const struct neighbour *neighbour)
{
	/* Pairs with the release in dump_net_refresh(). */
	const struct dump_way *way = &n->way[smp_load_acquire(&n->way_nr)];

	return READ_ONCE(neighbour->nud_state) & NUD_VALID &&
	       neighbour->tbl->family == way->family &&
	       !memcmp(neighbour->primary_key, &way->hop, neighbour->tbl->key_len);
}

static int dump_net_event(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_net *n = container_of(self, struct dump_net, events);

	if (event == NETEVENT_REDIRECT ||
	    (event == NETEVENT_NEIGH_UPDATE && dump_net_is_hop(n, data)))
		mod_delayed_work(system_wq, &n->refresh, 0);
	return NOTIFY_OK;
}

static int dump_net_interface(struct notifier_block *self, unsigned long event, void *data)
{
	struct dump_net *n = container_of(self, struct dump_net, interfaces);

	mod_delayed_work(system_wq, &n->refresh, 0);
	return NOTIFY_OK;
}

static int dump_net_watch(struct dump_net *n)
{
	int ret = dump_device_watch(&n->card->device, n->word);

	if (ret)
		return ret;
	n->events.notifier_call = dump_net_event;
	n->interfaces.notifier_call = dump_net_interface;
	ret = register_netevent_notifier(&n->events);
	if (ret)
		goto unwatch;
	ret = register_netdevice_notifier(&n->interfaces);
	if (!ret) {
		schedule_delayed_work(&n->refresh, DUMP_REFRESH);
		return 0;
	}
	unregister_netevent_notifier(&n->events);
	cancel_delayed_work_sync(&n->refresh);
unwatch:
	dump_device_unwatch(&n->card->device);
	return ret;
}

static void dump_net_unwatch(struct dump_net *n)
{
	unregister_netdevice_notifier(&n->interfaces);
	unregister_netevent_notifier(&n->events);
	cancel_delayed_work_sync(&n->refresh);
	dump_device_unwatch(&n->card->device);
}

/* An address of the family of @way, as people write it. */
static void dump_net_print(const struct dump_way *way, const union dump_address *address,
			   char *text, size_t size)
{
	if (way->family == AF_INET6)
		snprintf(text, size, "%pI6c", &address->v6);
	else
		snprintf(text, size, "%pI4", &address->v4);
}

static void dump_net_tell_way(const struct dump_net *n, const struct dump_way *way)
{
	char here[INET6_ADDRSTRLEN], hop[INET6_ADDRSTRLEN], vlan[sizeof(", VLAN 4094")] = "";

	dump_net_print(way, &way->here, here, sizeof(here));
	dump_net_print(way, &way->hop, hop, sizeof(hop));
	if (way->vlan)
		snprintf(vlan, sizeof(vlan), ", VLAN %u", way->vlan);
	if (way->has_hop)
		pr_info("%s: from %s by %s%s, %s, %pM\n", n->word, here, n->card->name, vlan,
			n->card->ops->name, way->hop_mac);
	else
		pr_warn("%s: from %s by %s%s, %s, but %s does not answer to %s\n", n->word, here,
			n->card->name, vlan, n->card->ops->name, hop,
			way->family == AF_INET6 ? "neighbour discovery" : "ARP");
}

static int dump_net_arm(struct dump_target *target)
{
	struct dump_net *n = dump_net_of(target);
	struct dump_way *way = &n->way[0];
	struct net_device *lower;
	struct dump_card *card;
	int ret = dump_route_resolve(n->interface, n->port, way, DUMP_RESOLVE_MS);

	lower = ret ? ERR_PTR(ret) : dump_route_find(n->interface, n->port, way);
	if (IS_ERR(lower)) {
		pr_warn("%s: %s: %pe\n", n->word, dump_route_why(PTR_ERR(lower)), lower);
		return PTR_ERR(lower);
	}
	n->way_nr = 0;
	n->trouble = NULL;
	get_random_bytes(n->session, sizeof(n->session));
	way->mtu = min_t(size_t, way->mtu, DUMP_NET_MTU_MAX);
	card = dump_card_arm(lower, way->mtu);
	dev_put(lower);
	if (IS_ERR(card))
		return PTR_ERR(card);
	card->takes_groups = way->family == AF_INET6;
	n->card = card;
	ret = dump_net_watch(n);
	if (ret) {
		WRITE_ONCE(n->card, NULL);
		dump_card_disarm(card);
		return ret;
	}
	n->target.memory = sizeof(*n) + dump_card_memory(card);
	dump_net_tell_way(n, way);
	return 0;
}

static void dump_net_disarm(struct dump_target *target)
{
	struct dump_net *n = dump_net_of(target);
	struct dump_card *card = n->card;

	dump_net_unwatch(n);
	WRITE_ONCE(n->card, NULL);
	/* Pairs with rcu_read_lock() in dump_net_not_ready(). */
	synchronize_rcu();
	dump_card_disarm(card);
}

static void dump_net_release(struct dump_target *target)
{
	struct dump_net *n = dump_net_of(target);

	kfree(n->word);
	kvfree(n);
}

static const struct dump_target_ops dump_net_ops = {
	.arm		= dump_net_arm,
	.disarm		= dump_net_disarm,
	.release	= dump_net_release,
	.not_ready	= dump_net_not_ready,
	.start		= dump_net_start,
	.write		= dump_net_write,
	.room		= dump_net_room,
	.flush		= dump_net_flush,
	.finish		= dump_net_finish,
};

/* The address, and what is behind it: ADDRESS of IPv4, or [ADDRESS] of IPv6. */
static const char *dump_net_parse_address(struct dump_way *way, const char *text)
{
	const char *rest = text + strcspn(text, *text == '[' ? "]" : ":%"), *end;
	int good;

	if (*text != '[') {
		way->family = AF_INET;
		good = in4_pton(text, rest - text, (u8 *)&way->there.v4, -1, &end);
		return good && end == rest ? rest : NULL;
	}
	way->family = AF_INET6;
	good = in6_pton(text + 1, rest - text - 1, way->there.v6.s6_addr, -1, &end);
	/* Here, too, it takes what is only the beginning of what there is. */
	return *rest && good && end == rest ? rest + 1 : NULL;
}

/* ADDRESS[:PORT][%INTERFACE], or [ADDRESS][:PORT][%INTERFACE] */
static int dump_net_parse(struct dump_net *n, const char *text)
{
	const char *rest = dump_net_parse_address(&n->way[0], text);

	n->port = RAS_NETDUMP_PORT;
	if (!rest)
		return -EINVAL;
	if (*rest == ':') {
		const size_t digits = strcspn(++rest, "%");
		char number[6];

		if (digits >= sizeof(number))
			return -EINVAL;
		strscpy(number, rest, digits + 1);
		if (kstrtou16(number, 10, &n->port) || !n->port)
			return -EINVAL;
		rest += digits;
	}
	if (*rest && *rest != '%')
		return -EINVAL;
	/* No interface has a colon in its name: somebody has the port at the end. */
	if (*rest && (!rest[1] || strchr(rest, ':') ||
		      strscpy(n->interface, rest + 1, sizeof(n->interface)) < 0))
		return -EINVAL;
	n->way[1] = n->way[0];
	return 0;
}

/* Can a server have this address?  What is wrong with one of IPv4 its route tells. */
static int dump_net_check(const struct dump_net *n, const char *word)
{
	const struct dump_way *way = &n->way[0];
	int type;

	if (way->family != AF_INET6)
		return 0;
	type = ipv6_addr_type(&way->there.v6);
	/* To IPv4 in IPv6 clothes (::ffff:0:0/96) belongs no unicast, either. */
	if ((type & (IPV6_ADDR_UNICAST | IPV6_ADDR_LOOPBACK)) != IPV6_ADDR_UNICAST) {
		pr_warn("targets: \"%s\": no other machine has this address\n", word);
		return -EADDRNOTAVAIL;
	}
	if (type & IPV6_ADDR_LINKLOCAL && !*n->interface) {
		pr_warn("targets: \"%s\": a link-local address needs %%INTERFACE\n", word);
		return -EINVAL;
	}
	return 0;
}

/**
 * dump_net_new() - make a server a target
 * @word: net:ADDRESS[:PORT][%INTERFACE]; around an address of IPv6 are brackets
 *
 * Context: Process context.
 * Return: the target, which is to be armed; or an error pointer, with a line in the log.
 */
struct dump_target *dump_net_new(const char *word)
{
	struct dump_net *n = kvzalloc(sizeof(*n), GFP_KERNEL);
	int ret = n ? dump_net_parse(n, word + strlen(DUMP_NET_PREFIX)) : -ENOMEM;

	if (ret == -EINVAL)
		pr_warn("targets: \"%s\" is not net:ADDRESS[:PORT][%%INTERFACE], with [] around an address of IPv6\n",
			word);
	if (!ret)
		ret = dump_net_check(n, word);
	if (!ret)
		n->word = kstrdup(word, GFP_KERNEL);
	if (!ret && !n->word)
		ret = -ENOMEM;
	if (ret) {
		kvfree(n);
		return ERR_PTR(ret);
	}
	INIT_DELAYED_WORK(&n->refresh, dump_net_refresh);
	n->target.name = n->word;
	n->target.ops = &dump_net_ops;
	n->target.deadline_ms = DUMP_NET_DEADLINE_MS;
	return &n->target;
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "net_kunit.c"
#endif
