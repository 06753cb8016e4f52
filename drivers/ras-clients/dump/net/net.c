// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine, target net: a server that speaks netdump(4), over a card with
 * a polled driver.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "../dump.h"
#include "card.h"
#include "file.h"
#include "net.h"
#include "proof.h"
#include "reach.h"

/* A server may be silent for %DUMP_SILENCE_NS. */
#define DUMP_NET_DEADLINE_MS	15000

/**
 * struct dump_net - a target
 * @target: as the engine sees it
 * @word: its name: net: and what dump_server_parse() reads
 * @reach: the way to the server, and the card
 * @session: part of what makes the next dump another one than the last
 * @file: of the dump
 */
struct dump_net {
	struct dump_target	target;
	char			*word;
	struct dump_reach	reach;
	u8			session[RAS_NETDUMP_SESSION_BYTES];
	struct dump_file	file;
};

static struct dump_net *dump_net_of(struct dump_target *target)
{
	return container_of(target, struct dump_net, target);
}

static int dump_net_write(struct dump_target *target, u64 offset, const void *data, size_t size)
{
	return dump_file_write(&dump_net_of(target)->file, offset, data, size);
}

static u64 dump_net_room(struct dump_target *target)
{
	return U64_MAX;
}

static int dump_net_flush(struct dump_target *target)
{
	return dump_file_flush(&dump_net_of(target)->file);
}

static void dump_net_hello(struct dump_net *n, const struct dump_session *s,
			   const struct dump_layout *layout)
{
	struct ras_netdump_hello *hello = &n->file.transfer.hello;
	__be32 *stop = (__be32 *)&hello->session[RAS_NETDUMP_SESSION_BYTES - sizeof(*stop)];
	/* Each page as it is, with what a sealed log adds, and room for what tells of them. */
	const u64 bytes = s->layout.data + s->layout.nr_pages * (PAGE_SIZE + 256) + SZ_16M;

	memcpy(hello->magic, RAS_NETDUMP_HELLO_MAGIC, sizeof(hello->magic));
	hello->version = cpu_to_be32(RAS_NETDUMP_VERSION);
	hello->flags = cpu_to_be32(n->file.transfer.proof ? RAS_NETDUMP_OFFERS : 0);
	memcpy(hello->session, n->session, sizeof(hello->session));
	*stop ^= cpu_to_be32(s->stop->sequence);
	hello->bytes = cpu_to_be64(layout->data + bytes);
	hello->payload = cpu_to_be32(min_t(size_t, RAS_NETDUMP_BYTES_MAX,
					   dump_transfer_most(&n->file.transfer)));
	strscpy(hello->host, init_utsname()->nodename, sizeof(hello->host));
}

/* The server takes no count twice, so counts go on if this dump has begun before. */
static void dump_net_begin(struct dump_net *n)
{
	struct dump_transfer *t = &n->file.transfer;
	const u32 heralds = t->heralds;
	const u64 order = t->order;

	memset(t, 0, sizeof(*t));
	t->proof = dump_proof_get();
	t->heralds = heralds;
	t->welcomes = heralds;
	t->welcome = heralds;
	t->order = order;
}

static int dump_net_start(struct dump_target *target, const struct dump_session *s,
			  const struct dump_layout *layout)
{
	struct dump_net *n = dump_net_of(target);
	const struct dump_path *path = dump_reach_path(&n->reach);
	struct dump_transfer *t = &n->file.transfer;
	int ret;

	BUILD_BUG_ON(DUMP_NET_DEADLINE_MS * NSEC_PER_MSEC <= DUMP_SILENCE_NS);
	/* The kernel's own driver would not find its card again. */
	if (s->stop->resumable) {
		pr_warn("%s: is sent in a crash only\n", n->word);
		return -EBUSY;
	}
	dump_net_begin(n);
	t->card = path->card;
	t->way = path->way;
	t->stop = s->stop;
	t->name = n->word;
	t->server_port = n->reach.server.port;
	dump_net_hello(n, s, layout);
	if (t->proof)
		dump_proof_begin(t->proof, t->hello.session);
	dump_file_begin(&n->file, layout->data);
	ret = dump_transfer_begin(t) ?: dump_file_log(&n->file);
	if (ret && ret != -ENODEV)
		t->card->ops->stop(t->card);
	return ret;
}

static int dump_net_finish(struct dump_target *target, u64 size, bool whole)
{
	struct dump_net *n = dump_net_of(target);
	struct dump_transfer *t = &n->file.transfer;
	int ret = dump_file_flush(&n->file) ?: dump_file_log(&n->file) ?: dump_transfer_settle(t);

	/* Without that the server keeps what there is, and says that it is not all. */
	if (!ret && whole)
		ret = dump_transfer_finish(t);
	if (!ret)
		pr_info("%s: %llu packets, %llu of them sent again\n", n->word, t->packets,
			t->again);
	if (t->error != -ENODEV)
		t->card->ops->stop(t->card);
	return ret;
}

static const char *dump_net_not_ready(struct dump_target *target)
{
	return dump_reach_not_ready(&dump_net_of(target)->reach);
}

/* An address, as people write it. */
static void dump_net_print(u16 family, const union dump_address *address, char *text, size_t size)
{
	if (family == AF_INET6)
		snprintf(text, size, "%pI6c", &address->v6);
	else
		snprintf(text, size, "%pI4", &address->v4);
}

static void dump_net_tell_way(const struct dump_net *n, const struct dump_path *path)
{
	const struct dump_way *way = &path->way;
	char here[INET6_ADDRSTRLEN], hop[INET6_ADDRSTRLEN], vlan[sizeof(", VLAN 4094")] = "";

	dump_net_print(way->family, &way->here, here, sizeof(here));
	dump_net_print(way->family, &way->hop, hop, sizeof(hop));
	if (way->vlan)
		snprintf(vlan, sizeof(vlan), ", VLAN %u", way->vlan);
	if (way->has_hop)
		pr_info("%s: from %s by %s%s, %s, %pM\n", n->word, here, path->card->name, vlan,
			path->card->ops->name, way->hop_mac);
	else
		pr_warn("%s: from %s by %s%s, %s, but %s does not answer to %s\n", n->word, here,
			path->card->name, vlan, path->card->ops->name, hop,
			way->family == AF_INET6 ? "neighbour discovery" : "ARP");
}

static int dump_net_arm(struct dump_target *target)
{
	struct dump_net *n = dump_net_of(target);
	const struct dump_path *path;
	int ret = dump_reach_begin(&n->reach);

	if (ret)
		return ret;
	get_random_bytes(n->session, sizeof(n->session));
	rcu_read_lock();
	path = dump_reach_path(&n->reach);
	/* A card that replaces this one gets as much. */
	n->target.memory = sizeof(*n) + dump_card_memory(path->card);
	dump_net_tell_way(n, path);
	rcu_read_unlock();
	return 0;
}

static void dump_net_disarm(struct dump_target *target)
{
	dump_reach_end(&dump_net_of(target)->reach);
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
	int ret = n ? dump_server_parse(&n->reach.server, word + strlen(DUMP_NET_PREFIX)) :
		      -ENOMEM;

	if (!ret)
		n->word = kstrdup(word, GFP_KERNEL);
	if (!ret && !n->word)
		ret = -ENOMEM;
	if (ret) {
		kvfree(n);
		return ERR_PTR(ret);
	}
	n->reach.name = n->word;
	n->target.name = n->word;
	n->target.ops = &dump_net_ops;
	n->target.deadline_ms = DUMP_NET_DEADLINE_MS;
	return &n->target;
}

#ifdef CONFIG_RAS_KUNIT_TEST
#include "net_kunit.c"
#endif
