// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine's target memory: what keeps its content over a warm reboot.
 *
 * The kernel that comes up finds the dump there and shows it as a file, until somebody says
 * that it was fetched.  Until then no other dump is written over it.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "memory.h"

static const char * const dump_kept_states[] = {
	[DUMP_KEPT_EMPTY]	= "empty",
	[DUMP_KEPT_BEGUN]	= "interrupted",
	[DUMP_KEPT_CUT]		= "cut off",
	[DUMP_KEPT_WHOLE]	= "whole",
	[DUMP_KEPT_TAKEN]	= "taken",
};

static struct dump_keeper *dump_keeper;
/* Serializes what is done to the dump that is there. */
static DEFINE_MUTEX(dump_keeper_lock);

static void dump_look(struct dump_kept *kept)
{
	dump_keeper->ops->look(dump_keeper, kept);
}

/* /sys/kernel/ras/dump/memory/file: the dump that is there. */
static ssize_t file_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t offset, size_t count)
{
	struct dump_kept kept;

	mutex_lock(&dump_keeper_lock);
	dump_look(&kept);
	if (!dump_kept_is_wanted(&kept) || offset >= kept.size)
		count = 0;
	count = min_t(u64, count, kept.size - offset);
	if (count)
		dump_keeper->ops->read(dump_keeper, offset, buf, count);
	mutex_unlock(&dump_keeper_lock);
	return count;
}

static BIN_ATTR(file, 0400, file_read, NULL, 0);

/* /sys/kernel/ras/dump/memory/state */
static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct dump_kept kept;

	dump_look(&kept);
	return sysfs_emit(buf, "%s\n", dump_kept_states[kept.state]);
}

static ssize_t state_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t count)
{
	struct dump_kept kept;
	int ret = 0;

	if (!sysfs_streq(buf, dump_kept_states[DUMP_KEPT_TAKEN])) {
		pr_warn("memory/state: \"%.*s\" is not \"taken\"\n", dump_word_of(buf), buf);
		return -EINVAL;
	}
	mutex_lock(&dump_keeper_lock);
	dump_look(&kept);
	if (dump_kept_is_wanted(&kept)) {
		dump_keeper->ops->taken(dump_keeper);
	} else {
		pr_warn("memory/state: there is no dump to be taken\n");
		ret = -ENOENT;
	}
	mutex_unlock(&dump_keeper_lock);
	return ret ?: count;
}

static struct kobj_attribute dump_mem_state_attr = __ATTR_RW_MODE(state, 0600);

/* /sys/kernel/ras/dump/memory/size, in bytes */
static ssize_t size_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct dump_kept kept;

	dump_look(&kept);
	return sysfs_emit(buf, "%llu\n", dump_kept_is_wanted(&kept) ? kept.size : 0);
}

static struct kobj_attribute dump_mem_size_attr = __ATTR_RO_MODE(size, 0400);

static struct attribute *dump_mem_attrs[] = {
	&dump_mem_state_attr.attr,
	&dump_mem_size_attr.attr,
	NULL,
};

static struct bin_attribute *dump_mem_bin_attrs[] = { &bin_attr_file, NULL };

static const struct attribute_group dump_mem_group = {
	.name		= "memory",
	.attrs		= dump_mem_attrs,
	.bin_attrs	= dump_mem_bin_attrs,
};

/**
 * dump_mem_init() - make the memory that a boot parameter names a target
 * @parent: the directory /sys/kernel/ras/dump
 * @text: the parameter: SIZE@ADDRESS, or borrow
 *
 * Return: the target, or an error pointer, with a line in the log that says why.
 */
struct dump_target *__init dump_mem_init(struct kobject *parent, const char *text)
{
	struct dump_kept kept;
	int ret;

	dump_keeper = strcmp(text, DUMP_BORROW) ? dump_region_init(text) : dump_borrow_init();
	if (IS_ERR(dump_keeper))
		return ERR_CAST(dump_keeper);
	ret = sysfs_create_group(parent, &dump_mem_group);
	if (ret)
		return ERR_PTR(ret);
	dump_look(&kept);
	if (dump_kept_is_wanted(&kept))
		pr_notice("memory holds a dump (%s, %llu KiB): dump/memory/file\n",
			  dump_kept_states[kept.state], kept.size >> 10);
	return &dump_keeper->target;
}
