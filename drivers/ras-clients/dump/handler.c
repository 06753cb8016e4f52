// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine as the framework and the administrator see it: handlers,
 * policy, the result of the last dump.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ras.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "dump.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ras_dump."

#define DUMP_MAX_SECONDS	(24 * 60 * 60)

/*
 * Policy, written under dump_lock and read with READ_ONCE().  As boot parameters, and as
 * files in /sys/kernel/ras/dump/.
 */
static struct dump_policy dump_policy = {
	.level		= DUMP_LEVEL_MAX,
	.compression	= DUMP_LZO,
};

/* Guards dump_policy and the arena, outside a stop. */
static DEFINE_MUTEX(dump_lock);

/* The engine's memory; NULL while not armed, or while memory is added or removed. */
static struct dump_arena *dump_arena;
static struct dump_session dump_session;
static struct dump_result dump_result;

static const char *dump_not_ready(struct ras_handler *handler)
{
	struct dump_target *target = handler->priv;

	if (!READ_ONCE(dump_arena))
		return "memory is being added or removed";
	return target->ops->not_ready(target);
}

static enum ras_verdict dump_handler_run(struct ras_handler *handler,
					 const struct ras_stop *stop)
{
	struct dump_session *s = &dump_session;

	memset(s, 0, sizeof(*s));
	s->stop = stop;
	s->arena = READ_ONCE(dump_arena);
	s->target = handler->priv;
	s->policy.level = READ_ONCE(dump_policy.level);
	s->policy.compression = READ_ONCE(dump_policy.compression);
	s->policy.max_seconds = READ_ONCE(dump_policy.max_seconds);
	s->result = &dump_result;
	dump_run(s);
	return dump_result.end == DUMP_WHOLE && READ_ONCE(dump_policy.reboot) ? RAS_END :
										RAS_NEXT;
}

/* Make the arena anew, for the memory that there is now. */
static int dump_rearm(void)
{
	struct dump_arena *old = dump_arena;

	/* A stop in between finds the handler not ready. */
	WRITE_ONCE(dump_arena, NULL);
	dump_arena_free(old);
	/* Pairs with the READ_ONCE() in dump_not_ready(): the arena is ready. */
	smp_store_release(&dump_arena, dump_arena_make());
	return dump_arena ? 0 : -ENOMEM;
}

static bool dump_armed;

static int dump_arm(struct ras_handler *handler)
{
	int ret;

	mutex_lock(&dump_lock);
	ret = dump_rearm();
	dump_armed = !ret;
	if (!ret)
		pr_info("armed: %s, level %u, %zu KiB of memory\n", handler->name,
			dump_policy.level, dump_arena_bytes(dump_arena) >> 10);
	mutex_unlock(&dump_lock);
	return ret;
}

static void dump_disarm(struct ras_handler *handler)
{
	mutex_lock(&dump_lock);
	dump_armed = false;
	dump_arena_free(dump_arena);
	dump_arena = NULL;
	mutex_unlock(&dump_lock);
}

static int dump_memory_changed(struct notifier_block *self, unsigned long action, void *arg)
{
	if (action != MEM_ONLINE && action != MEM_OFFLINE)
		return NOTIFY_OK;
	mutex_lock(&dump_lock);
	if (dump_armed && dump_rearm())
		pr_warn("not armed any more: memory was added, and there is none for a dump\n");
	mutex_unlock(&dump_lock);
	return NOTIFY_OK;
}

static struct ras_handler dump_mem_handler = {
	.name		= "dump-memory",
	.priority	= RAS_PRIO_DUMP + 20,
	.triggers	= RAS_ON(PANIC),
	/* Renewed by each piece that is stored. */
	.deadline_ms	= 10000,
	.arm		= dump_arm,
	.disarm		= dump_disarm,
	.not_ready	= dump_not_ready,
	.run		= dump_handler_run,
};

static const char * const dump_compressions[] = {
	[DUMP_RAW]	= "none",
	[DUMP_LZO]	= "lzo",
};

/* Policy: a number from 0 to @max. */
static int dump_set_number(const char *name, const char *text, unsigned int max,
			   unsigned int *value)
{
	unsigned int number;

	/* Not "+1", which kstrtouint() takes. */
	if (!isdigit(text[0]) || kstrtouint(text, 10, &number) || number > max) {
		pr_warn("%s: \"%.*s\" is not a number from 0 to %u\n", name,
			dump_word_of(text), text, max);
		return -EINVAL;
	}
	mutex_lock(&dump_lock);
	WRITE_ONCE(*value, number);
	mutex_unlock(&dump_lock);
	return 0;
}

static int dump_set_level(const char *text, const struct kernel_param *param)
{
	return dump_set_number("level", text, DUMP_LEVEL_MAX, &dump_policy.level);
}

static int dump_set_max_seconds(const char *text, const struct kernel_param *param)
{
	return dump_set_number("max_seconds", text, DUMP_MAX_SECONDS, &dump_policy.max_seconds);
}

static int dump_set_compression(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_compressions); i++) {
		if (!dump_compressions[i] || !sysfs_streq(text, dump_compressions[i]))
			continue;
		mutex_lock(&dump_lock);
		WRITE_ONCE(dump_policy.compression, i);
		mutex_unlock(&dump_lock);
		return 0;
	}
	pr_warn("compression: \"%.*s\" is not none or lzo\n", dump_word_of(text), text);
	return -EINVAL;
}

static int dump_set_on_success(const char *text, const struct kernel_param *param)
{
	bool reboot = sysfs_streq(text, "reboot");

	if (!reboot && !sysfs_streq(text, "next")) {
		pr_warn("on_success: \"%.*s\" is not reboot or next\n", dump_word_of(text), text);
		return -EINVAL;
	}
	mutex_lock(&dump_lock);
	WRITE_ONCE(dump_policy.reboot, reboot);
	mutex_unlock(&dump_lock);
	return 0;
}

static char dump_memory_text[64];

/* Boot parameters.  Their files are those in /sys/kernel/ras/dump/. */
#define DUMP_PARAM(name)							\
static const struct kernel_param_ops dump_param_##name = { .set = dump_set_##name };	\
module_param_cb(name, &dump_param_##name, NULL, 0)

DUMP_PARAM(level);
DUMP_PARAM(compression);
DUMP_PARAM(max_seconds);
DUMP_PARAM(on_success);
module_param_string(memory, dump_memory_text, sizeof(dump_memory_text), 0);
MODULE_PARM_DESC(memory, "SIZE@ADDRESS of the region that a dump is written to");

static ssize_t level_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dump_policy.level));
}

static ssize_t compression_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dump_compressions[READ_ONCE(dump_policy.compression)]);
}

static ssize_t max_seconds_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dump_policy.max_seconds));
}

static ssize_t on_success_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(dump_policy.reboot) ? "reboot" : "next");
}

static ssize_t level_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	return dump_set_level(buf, NULL) ?: count;
}

static ssize_t compression_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	return dump_set_compression(buf, NULL) ?: count;
}

static ssize_t max_seconds_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	return dump_set_max_seconds(buf, NULL) ?: count;
}

static ssize_t on_success_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	return dump_set_on_success(buf, NULL) ?: count;
}

static struct kobj_attribute dump_level_attr = __ATTR_RW_MODE(level, 0600);
static struct kobj_attribute dump_compression_attr = __ATTR_RW_MODE(compression, 0600);
static struct kobj_attribute dump_max_seconds_attr = __ATTR_RW_MODE(max_seconds, 0600);
static struct kobj_attribute dump_on_success_attr = __ATTR_RW_MODE(on_success, 0600);

/* What the engine takes of memory, in bytes; 0: it is not armed. */
static ssize_t arena_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	size_t bytes = 0;

	mutex_lock(&dump_lock);
	if (dump_arena)
		bytes = dump_arena_bytes(dump_arena);
	mutex_unlock(&dump_lock);
	return sysfs_emit(buf, "%zu\n", bytes);
}

static struct kobj_attribute dump_arena_attr = __ATTR_RO_MODE(arena, 0400);

static struct attribute *dump_attrs[] = {
	&dump_level_attr.attr,
	&dump_compression_attr.attr,
	&dump_max_seconds_attr.attr,
	&dump_on_success_attr.attr,
	&dump_arena_attr.attr,
	NULL,
};

static const struct attribute_group dump_group = { .attrs = dump_attrs };

static ssize_t target_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dump_result.target ?: "none");
}

static ssize_t end_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dump_result.target ? dump_end_name(dump_result.end) :
							    "none");
}

static struct kobj_attribute dump_target_attr = __ATTR_RO_MODE(target, 0400);
static struct kobj_attribute dump_end_attr = __ATTR_RO_MODE(end, 0400);

/* A figure of the last dump. */
struct dump_figure {
	struct kobj_attribute	attr;
	size_t			at;
};

static ssize_t figure_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct dump_figure *figure = container_of(attr, struct dump_figure, attr);

	return sysfs_emit(buf, "%llu\n", *(u64 *)((void *)&dump_result + figure->at));
}

static struct dump_figure dump_figures[] = {
	{ __ATTR(bytes, 0400, figure_show, NULL), offsetof(struct dump_result, bytes) },
	{ __ATTR(written, 0400, figure_show, NULL), offsetof(struct dump_result, written) },
	{ __ATTR(zeros, 0400, figure_show, NULL), offsetof(struct dump_result, zeros) },
	{ __ATTR(unreadable, 0400, figure_show, NULL), offsetof(struct dump_result, unreadable) },
};

static struct attribute *dump_last_attrs[] = {
	&dump_target_attr.attr,
	&dump_end_attr.attr,
	&dump_figures[0].attr.attr,
	&dump_figures[1].attr.attr,
	&dump_figures[2].attr.attr,
	&dump_figures[3].attr.attr,
	NULL,
};

static const struct attribute_group dump_last_group = {
	.name	= "last",
	.attrs	= dump_last_attrs,
};

static struct notifier_block dump_memory_notifier = {
	.notifier_call	= dump_memory_changed,
};

static int __init dump_init(void)
{
	struct kobject *dir = kobject_create_and_add("dump", ras_kobj);
	struct dump_target *target;
	int ret;

	if (!dir)
		return -ENOMEM;
	ret = sysfs_create_group(dir, &dump_group) ?: sysfs_create_group(dir, &dump_last_group);
	if (ret || !dump_memory_text[0])
		return ret;
	target = dump_mem_init(dir, dump_memory_text);
	if (IS_ERR(target))
		return PTR_ERR(target);
	register_memory_notifier(&dump_memory_notifier);
	dump_mem_handler.priv = target;
	return ras_register_handler(&dump_mem_handler);
}
device_initcall(dump_init);
