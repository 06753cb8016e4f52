// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine as the framework sees it: a handler for each target, in the
 * order in which they are to be tried.
 *
 * One that fails, hangs or faults costs itself only: the next handler writes the dump anew.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/crc32.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/ras.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "block/block.h"
#include "dump.h"
#include "net/net.h"

#define DUMP_TARGETS		4
/* Between two targets, so that policy can put other handlers there. */
#define DUMP_PRIO_STEP		10
/* For a piece; longer than a disk may be silent. */
#define DUMP_DEADLINE_MS	10000
/* Of a handler's name, which is a part of the target's. */
#define DUMP_NAME_BYTES		RAS_NAME_LEN

/**
 * struct dump_handler - a target and its handler
 * @handler: as registered
 * @name: its name
 * @word: the target's name in the list, which keeps it
 * @target: the target
 * @session: its dump
 */
struct dump_handler {
	struct ras_handler	handler;
	char			name[DUMP_NAME_BYTES];
	char			*word;
	struct dump_target	*target;
	struct dump_session	session;
};

/* Guards the list of targets. */
static DEFINE_MUTEX(dump_lock);
/* Guards the arena, outside a stop; taken within dump_lock. */
static DEFINE_MUTEX(dump_arena_lock);

/* Read with READ_ONCE() in a stop. */
struct dump_policy dump_policy = {
	.level		= DUMP_LEVEL_MAX,
	.compression	= DUMP_LZO,
	.helpers	= DUMP_HELPERS_MAX,
	.live_max_ms	= 2000,
};

/* The target memory, or NULL. */
static struct dump_target *dump_memory;
static struct dump_handler *dump_handlers[DUMP_TARGETS];
/* The engine's memory; NULL while not armed, or while memory is added or removed. */
static struct dump_arena *dump_arena;
/* Handlers that are armed, and so need it. */
static unsigned int dump_armed;
/* What their targets have allocated. */
static size_t dump_target_bytes;
struct dump_result dump_result;
/* The stop that has a whole dump already. */
static u32 dump_done;

static struct dump_target *dump_target_of(struct ras_handler *handler)
{
	return container_of(handler, struct dump_handler, handler)->target;
}

static const char *dump_not_ready(struct ras_handler *handler)
{
	struct dump_target *target = dump_target_of(handler);

	/* Pairs with the release in dump_rearm(). */
	if (!smp_load_acquire(&dump_arena))
		return "memory is being added or removed";
	if (target->borrows && !(READ_ONCE(dump_policy.level) & ~DUMP_ZERO))
		return "the level leaves out no memory that could be borrowed";
	return target->ops->not_ready(target);
}

static enum ras_verdict dump_handler_run(struct ras_handler *handler,
					 const struct ras_stop *stop)
{
	/* Each has its own: a CPU that was lost in another one may go on to use that. */
	struct dump_session *s = &container_of(handler, struct dump_handler, handler)->session;

	if (dump_done == stop->sequence) {
		pr_info("%s: the dump is written already\n", handler->name);
		return RAS_NEXT;
	}
	memset(s, 0, sizeof(*s));
	s->stop = stop;
	s->arena = READ_ONCE(dump_arena);
	s->target = dump_target_of(handler);
	s->policy.level = READ_ONCE(dump_policy.level);
	s->policy.compression = s->arena->pipe.compression;
	s->policy.max_seconds = READ_ONCE(dump_policy.max_seconds);
	s->policy.helpers = READ_ONCE(dump_policy.helpers);
	s->result = &dump_result;
	dump_run(s);
	if (dump_result.end != DUMP_WHOLE)
		return RAS_NEXT;
	dump_done = stop->sequence;
	return READ_ONCE(dump_policy.reboot) ? RAS_END : RAS_NEXT;
}

/* Make the arena anew, for the memory that there is now. */
static int dump_rearm(void)
{
	struct dump_arena *old = dump_arena;

	/* A stop in between finds the handlers not ready. */
	WRITE_ONCE(dump_arena, NULL);
	dump_arena_free(old);
	/* Pairs with the acquire in dump_not_ready(): the arena is ready. */
	smp_store_release(&dump_arena, dump_arena_make(READ_ONCE(dump_policy.compression),
						       true));
	return dump_arena ? 0 : -ENOMEM;
}

/* One more handler needs the arena. */
static int dump_get_arena(void)
{
	int ret;

	mutex_lock(&dump_arena_lock);
	ret = dump_armed ? 0 : dump_rearm();
	if (!ret)
		dump_armed++;
	mutex_unlock(&dump_arena_lock);
	return ret;
}

static void dump_put_arena(void)
{
	mutex_lock(&dump_arena_lock);
	if (!--dump_armed) {
		dump_arena_free(dump_arena);
		WRITE_ONCE(dump_arena, NULL);
	}
	mutex_unlock(&dump_arena_lock);
}

/**
 * dump_compression_set() - say how pages are stored
 * @compression: how
 *
 * Context: Process context.
 * Return: 0; %-ENOMEM if the memory for that is not there, and then nothing has changed.
 */
int dump_compression_set(enum dump_compression compression)
{
	enum dump_compression old;
	int ret = 0;

	mutex_lock(&dump_arena_lock);
	old = dump_policy.compression;
	WRITE_ONCE(dump_policy.compression, compression);
	if (dump_armed && dump_rearm()) {
		WRITE_ONCE(dump_policy.compression, old);
		ret = dump_rearm();
		pr_warn("compression: no memory for it%s\n", ret ? "; not armed any more" : "");
		ret = -ENOMEM;
	}
	mutex_unlock(&dump_arena_lock);
	return ret;
}

/**
 * dump_key_set() - say for whom dumps are sealed
 * @recipient: a public key of X25519, %RAS_SEAL_KEY_BYTES; NULL: dumps are not sealed
 *
 * Context: Process context.
 * Return: as dump_seal_set().
 */
int dump_key_set(const u8 *recipient)
{
	int ret;

	mutex_lock(&dump_arena_lock);
	ret = dump_seal_set(recipient);
	mutex_unlock(&dump_arena_lock);
	return ret;
}

/* For whom dumps are sealed, for sysfs. */
ssize_t dump_key_show(char *buf)
{
	const struct dump_seal *seal;
	ssize_t size;

	mutex_lock(&dump_arena_lock);
	seal = dump_seal_get();
	if (seal)
		size = sysfs_emit(buf, "%*phN\n", RAS_SEAL_KEY_BYTES, seal->header.recipient);
	else
		size = sysfs_emit(buf, "none\n");
	mutex_unlock(&dump_arena_lock);
	return size;
}

/* What the engine and its targets take of memory, in bytes; 0: none is armed. */
size_t dump_memory_taken(void)
{
	size_t bytes;

	mutex_lock(&dump_arena_lock);
	bytes = dump_arena ? dump_arena_bytes(dump_arena) + dump_target_bytes : 0;
	if (bytes && dump_seal_get())
		bytes += PAGE_ALIGN(sizeof(struct dump_seal));
	if (bytes)
		bytes += dump_proof_memory();
	mutex_unlock(&dump_arena_lock);
	return bytes;
}

static void dump_account(ssize_t bytes)
{
	mutex_lock(&dump_arena_lock);
	dump_target_bytes += bytes;
	mutex_unlock(&dump_arena_lock);
}

static int dump_arm(struct ras_handler *handler)
{
	struct dump_target *target = dump_target_of(handler);
	int ret = dump_get_arena();

	if (ret)
		return ret;
	ret = target->ops->arm ? target->ops->arm(target) : 0;
	if (ret) {
		dump_put_arena();
		return ret;
	}
	dump_account(target->memory);
	/* The target has said why it is not ready. */
	if (target->ops->not_ready(target))
		return 0;
	pr_info("armed: %s, level %u, %zu KiB of memory\n", handler->name, dump_policy.level,
		dump_memory_taken() >> 10);
	return 0;
}

static void dump_disarm(struct ras_handler *handler)
{
	struct dump_target *target = dump_target_of(handler);

	dump_account(-(ssize_t)target->memory);
	if (target->ops->disarm)
		target->ops->disarm(target);
	dump_put_arena();
}

static int dump_memory_changed(struct notifier_block *self, unsigned long action, void *arg)
{
	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_OK;
	mutex_lock(&dump_arena_lock);
	if (dump_armed && dump_rearm())
		pr_warn("not armed any more: memory was added, and there is none for a dump\n");
	mutex_unlock(&dump_arena_lock);
	return NOTIFY_OK;
}

static struct notifier_block dump_memory_notifier = {
	.notifier_call	= dump_memory_changed,
};

/*
 * The name of a handler is "dump-" and the last part of @word.  Letters that a name may not have
 * are replaced; the brackets of IPv6 are left out.  A name that is too long is cut off.  That of a
 * server then ends in a checksum of @word: two servers may differ in any part of their names.
 * name_handler() of tools/ras does the same.
 */
static void dump_name(struct dump_handler *h, const char *word)
{
	const bool is_net = strstarts(word, DUMP_NET_PREFIX);
	const char *from = is_net ? word + strlen(DUMP_NET_PREFIX) : kbasename(word);
	size_t at = scnprintf(h->name, sizeof(h->name), "dump-%s", is_net ? "net-" : "");

	for (; *from && at < sizeof(h->name) - 1; from++) {
		if (is_net && (*from == '[' || *from == ']'))
			continue;
		h->name[at++] = isalnum(*from) || *from == '_' ? *from : '-';
	}
	if (is_net && from[strspn(from, "[]")])
		snprintf(h->name + at - strlen("-1234"), sizeof("-1234"), "-%04x",
			 ~crc32_le(~0, (const u8 *)word, strlen(word)) & 0xffff);
}

static void dump_handler_free(struct dump_handler *h)
{
	if (!h)
		return;
	if (h->target && h->target->ops->release)
		h->target->ops->release(h->target);
	kfree(h->word);
	kfree(h);
}

static struct dump_target *dump_target_new(const char *word)
{
	/* A path, or what root= knows a partition by: PARTUUID=, PARTLABEL=. */
	if ((word[0] == '/' || strstarts(word, "PART")) && IS_ENABLED(CONFIG_RAS_DUMP_BLOCK))
		return dump_block_new(word);
	if (strstarts(word, DUMP_NET_PREFIX) && IS_ENABLED(CONFIG_RAS_DUMP_NET))
		return dump_net_new(word);
	if (!strcmp(word, "memory") && dump_memory)
		return dump_memory;
	pr_warn("targets: \"%s\" is not memory, which ras_dump.memory= reserves, nor a disk, nor a server\n",
		word);
	return ERR_PTR(-EINVAL);
}

static struct dump_handler *dump_handler_new(const char *word)
{
	struct dump_handler *h = kzalloc(sizeof(*h), GFP_KERNEL);
	struct dump_target *target;

	if (!h)
		return ERR_PTR(-ENOMEM);
	h->word = kstrdup(word, GFP_KERNEL);
	target = h->word ? dump_target_new(word) : ERR_PTR(-ENOMEM);
	if (IS_ERR(target)) {
		dump_handler_free(h);
		return ERR_CAST(target);
	}
	h->target = target;
	dump_name(h, word);
	h->handler.name = h->name;
	h->handler.triggers = RAS_ON(PANIC);
	h->handler.flags = RAS_HANDLER_HELPED;
	/* Renewed by each piece that is stored. */
	h->handler.deadline_ms = target->deadline_ms ?: DUMP_DEADLINE_MS;
	h->handler.arm = dump_arm;
	h->handler.disarm = dump_disarm;
	h->handler.not_ready = dump_not_ready;
	h->handler.run = dump_handler_run;
	return h;
}

/* The handler of @word among @list, or NULL. */
static struct dump_handler *dump_find(struct dump_handler **list, const char *word)
{
	unsigned int i;

	for (i = 0; i < DUMP_TARGETS; i++)
		if (list[i] && !strcmp(list[i]->word, word))
			return list[i];
	return NULL;
}

static int dump_register(struct dump_handler *h, unsigned int place)
{
	h->handler.priority = RAS_PRIO_DUMP + place * DUMP_PRIO_STEP;
	return ras_register_handler(&h->handler);
}

/* Undo what dump_targets_add() has done before it failed. */
static void dump_targets_undo(struct dump_handler **list)
{
	unsigned int i;

	for (i = 0; i < DUMP_TARGETS; i++) {
		if (!list[i] || dump_find(dump_handlers, list[i]->word))
			continue;
		ras_unregister_handler(&list[i]->handler);
		dump_handler_free(list[i]);
	}
}

/* Put a target at @place of @list: the one that there is already, or a new one. */
static int dump_targets_add(struct dump_handler **list, unsigned int place, const char *word)
{
	struct dump_handler *h = dump_find(dump_handlers, word);
	int ret;

	if (dump_find(list, word)) {
		pr_warn("targets: \"%s\" is there twice\n", word);
		return -EEXIST;
	}
	if (!h) {
		h = dump_handler_new(word);
		if (IS_ERR(h))
			return PTR_ERR(h);
		ret = dump_register(h, place);
		if (ret) {
			dump_handler_free(h);
			return ret;
		}
	}
	list[place] = h;
	return 0;
}

/* Can @h stay as it is?  One that is not ready is armed anew: its dump may have been fetched. */
static bool dump_is_settled(const struct dump_handler *h)
{
	return !h->target->ops->not_ready(h->target);
}

/* Make @list the one that counts: drop what it lacks, move what has another place in it. */
static int dump_targets_switch(struct dump_handler **list)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < DUMP_TARGETS; i++) {
		struct dump_handler *h = dump_handlers[i];

		if (!h || (h->handler.entry && h == list[i] && dump_is_settled(h)))
			continue;
		ras_unregister_handler(&h->handler);
		if (!dump_find(list, h->word))
			dump_handler_free(h);
	}
	for (i = 0; i < DUMP_TARGETS; i++) {
		dump_handlers[i] = list[i];
		if (list[i] && !list[i]->handler.entry)
			ret = dump_register(list[i], i) ?: ret;
	}
	return ret;
}

/**
 * dump_targets_set() - say where dumps go
 * @text: the names of the targets, first to be tried first, with blanks or commas between;
 *	or "none"
 *
 * Context: Process context.
 * Return: 0, or an errno with a line in the log that says why; then nothing has changed.
 */
int dump_targets_set(const char *text)
{
	struct dump_handler *list[DUMP_TARGETS] = { };
	char *copy = kstrdup(text, GFP_KERNEL), *rest = copy, *word;
	bool none = sysfs_streq(text, "none");
	unsigned int place = 0;
	int ret = copy ? 0 : -ENOMEM;

	mutex_lock(&dump_lock);
	while (!ret && (word = strsep(&rest, " ,\t\n"))) {
		if (!*word || none)
			continue;
		if (place == DUMP_TARGETS) {
			pr_warn("targets: more than %u\n", DUMP_TARGETS);
			ret = -E2BIG;
			break;
		}
		ret = dump_targets_add(list, place++, word);
	}
	if (!ret && !place && !none) {
		pr_warn("targets: empty; to have none, say none\n");
		ret = -EINVAL;
	}
	if (ret)
		dump_targets_undo(list);
	else
		ret = dump_targets_switch(list);
	mutex_unlock(&dump_lock);
	kfree(copy);
	return ret;
}

/* The names of the targets, for sysfs. */
ssize_t dump_targets_show(char *buf)
{
	unsigned int i;
	ssize_t at = 0;

	mutex_lock(&dump_lock);
	for (i = 0; i < DUMP_TARGETS && dump_handlers[i]; i++)
		at += sysfs_emit_at(buf, at, "%s%s", i ? " " : "", dump_handlers[i]->word);
	mutex_unlock(&dump_lock);
	return at + sysfs_emit_at(buf, at, at ? "\n" : "none\n");
}

/**
 * dump_handlers_init() - start
 * @memory: the target memory, or NULL
 *
 * Return: 0 or an errno.
 */
int __init dump_handlers_init(struct dump_target *memory)
{
	dump_memory = memory;
	return register_memory_notifier(&dump_memory_notifier);
}
