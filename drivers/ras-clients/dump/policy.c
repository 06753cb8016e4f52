// SPDX-License-Identifier: GPL-2.0
/*
 * RAS client: the dump engine as the administrator sees it: policy, as boot parameters and as
 * files in /sys/kernel/ras/dump/, and the result of the last dump.
 */
#define pr_fmt(fmt) "ras_dump: " fmt

#include <linux/ctype.h>
#include <linux/device/driver.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/ras.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <crypto/curve25519.h>

#include "dump.h"
#include "net/net.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ras_dump."

#define DUMP_MAX_SECONDS	(24 * 60 * 60)
#define DUMP_LIVE_MAX_MS	60000

static const char * const dump_compressions[] = {
	[DUMP_RAW]	= "none",
	[DUMP_LZO]	= "lzo",
	[DUMP_ZSTD]	= "zstd",
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
	WRITE_ONCE(*value, number);
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

static int dump_set_helpers(const char *text, const struct kernel_param *param)
{
	return dump_set_number("helpers", text, DUMP_HELPERS_MAX, &dump_policy.helpers);
}

static int dump_set_live_max_ms(const char *text, const struct kernel_param *param)
{
	return dump_set_number("live_max_ms", text, DUMP_LIVE_MAX_MS, &dump_policy.live_max_ms);
}

static int dump_set_compression(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_compressions); i++) {
		if (!dump_compressions[i] || !sysfs_streq(text, dump_compressions[i]))
			continue;
		return dump_compression_set(i);
	}
	pr_warn("compression: \"%.*s\" is not none, lzo or zstd\n", dump_word_of(text), text);
	return -EINVAL;
}

static int dump_set_on_success(const char *text, const struct kernel_param *param)
{
	bool reboot = sysfs_streq(text, "reboot");

	if (!reboot && !sysfs_streq(text, "next")) {
		pr_warn("on_success: \"%.*s\" is not reboot or next\n", dump_word_of(text), text);
		return -EINVAL;
	}
	WRITE_ONCE(dump_policy.reboot, reboot);
	return 0;
}

/* A public key in hexadecimal digits, or none. */
static int dump_set_public_key(const char *name, const char *text, int (*set)(const u8 *key))
{
	u8 key[CURVE25519_KEY_SIZE];
	size_t length = strcspn(text, "\n");
	int ret;

	if (sysfs_streq(text, "none"))
		return set(NULL);
	ret = length == 2 * sizeof(key) && !hex2bin(key, text, sizeof(key)) ? set(key) : -EINVAL;
	if (ret == -EINVAL)
		pr_warn("%s: \"%.*s\" is no public key of X25519 (%zu hexadecimal digits), nor none\n",
			name, dump_word_of(text), text, 2 * sizeof(key));
	else if (ret)
		pr_warn("%s: no key was made: %d\n", name, ret);
	return ret;
}

/* For whom dumps are sealed. */
static int dump_set_key(const char *text)
{
	return dump_set_public_key("key", text, dump_key_set);
}

/* Which servers may take dumps. */
static int dump_set_server_key(const char *text)
{
	return dump_set_public_key("server_key", text, dump_proof_set);
}

static char dump_key_text[2 * CURVE25519_KEY_SIZE + 2];
static char dump_server_key_text[2 * CURVE25519_KEY_SIZE + 2];
static char dump_memory_text[64];
static char dump_targets_text[256];

/* Boot parameters.  Their files are those in /sys/kernel/ras/dump/. */
#define DUMP_PARAM(name)							\
static const struct kernel_param_ops dump_param_##name = { .set = dump_set_##name };	\
module_param_cb(name, &dump_param_##name, NULL, 0)

DUMP_PARAM(level);
DUMP_PARAM(compression);
DUMP_PARAM(max_seconds);
DUMP_PARAM(helpers);
DUMP_PARAM(on_success);
DUMP_PARAM(live_max_ms);
/* What is too long is kept as far as it goes, and is no key: it must not count as none. */
static int dump_keep_key(const char *text, const struct kernel_param *param)
{
	strscpy(param->arg, text, sizeof(dump_key_text));
	return 0;
}

static const struct kernel_param_ops dump_param_key = { .set = dump_keep_key };
module_param_cb(key, &dump_param_key, dump_key_text, 0);
MODULE_PARM_DESC(key, "public key of X25519, in hexadecimal digits, for which dumps are sealed");
module_param_cb(server_key, &dump_param_key, dump_server_key_text, 0);
MODULE_PARM_DESC(server_key, "public key of X25519, in hexadecimal digits, of the servers that may take dumps");
module_param_string(memory, dump_memory_text, sizeof(dump_memory_text), 0);
MODULE_PARM_DESC(memory, "where in memory a dump is written to: SIZE@ADDRESS of a region, or borrow");
module_param_string(targets, dump_targets_text, sizeof(dump_targets_text), 0);
MODULE_PARM_DESC(targets, "where dumps go: disks, memory; the first is tried first");

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

static ssize_t helpers_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dump_policy.helpers));
}

static ssize_t on_success_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", READ_ONCE(dump_policy.reboot) ? "reboot" : "next");
}

static ssize_t live_max_ms_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dump_policy.live_max_ms));
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

static ssize_t helpers_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			     size_t count)
{
	return dump_set_helpers(buf, NULL) ?: count;
}

static ssize_t on_success_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	return dump_set_on_success(buf, NULL) ?: count;
}

static ssize_t live_max_ms_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	return dump_set_live_max_ms(buf, NULL) ?: count;
}

static ssize_t targets_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return dump_targets_show(buf);
}

static ssize_t targets_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			     size_t count)
{
	return dump_targets_set(buf) ?: count;
}

static ssize_t key_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return dump_key_show(buf);
}

static ssize_t key_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			 size_t count)
{
	return dump_set_key(buf) ?: count;
}

static ssize_t server_key_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return dump_proof_show(buf);
}

static ssize_t server_key_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	return dump_set_server_key(buf) ?: count;
}

static struct kobj_attribute dump_server_key_attr = __ATTR_RW_MODE(server_key, 0600);
static struct kobj_attribute dump_key_attr = __ATTR_RW_MODE(key, 0600);
static struct kobj_attribute dump_targets_attr = __ATTR_RW_MODE(targets, 0600);
static struct kobj_attribute dump_level_attr = __ATTR_RW_MODE(level, 0600);
static struct kobj_attribute dump_compression_attr = __ATTR_RW_MODE(compression, 0600);
static struct kobj_attribute dump_max_seconds_attr = __ATTR_RW_MODE(max_seconds, 0600);
static struct kobj_attribute dump_helpers_attr = __ATTR_RW_MODE(helpers, 0600);
static struct kobj_attribute dump_on_success_attr = __ATTR_RW_MODE(on_success, 0600);

static struct kobj_attribute dump_live_max_ms_attr = __ATTR_RW_MODE(live_max_ms, 0600);

/* What the engine takes of memory, in bytes; 0: it is not armed. */
static ssize_t arena_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%zu\n", dump_memory_taken());
}

static struct kobj_attribute dump_arena_attr = __ATTR_RO_MODE(arena, 0400);

static struct attribute *dump_attrs[] = {
	&dump_level_attr.attr,
	&dump_compression_attr.attr,
	&dump_max_seconds_attr.attr,
	&dump_helpers_attr.attr,
	&dump_on_success_attr.attr,
	&dump_live_max_ms_attr.attr,
	&dump_arena_attr.attr,
	&dump_key_attr.attr,
	&dump_server_key_attr.attr,
	&dump_targets_attr.attr,
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

/* Why the target failed, as an errno; 0 if it did not. */
static ssize_t error_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", -dump_result.error);
}

static struct kobj_attribute dump_error_attr = __ATTR_RO_MODE(error, 0400);
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

#define DUMP_FIGURE(name, field)						\
	{ __ATTR(name, 0400, figure_show, NULL), offsetof(struct dump_result, field) }

static struct dump_figure dump_figures[] = {
	DUMP_FIGURE(bytes, bytes),
	DUMP_FIGURE(written, written),
	DUMP_FIGURE(zeros, zeros),
	DUMP_FIGURE(unreadable, unreadable),
	DUMP_FIGURE(pages_kernel, pages[DUMP_OF_KERNEL]),
	DUMP_FIGURE(pages_slab, pages[DUMP_OF_SLAB]),
	DUMP_FIGURE(pages_cache, pages[DUMP_OF_CACHE]),
	DUMP_FIGURE(pages_cache_private, pages[DUMP_OF_CACHE_PRIVATE]),
	DUMP_FIGURE(pages_user, pages[DUMP_OF_USER]),
	DUMP_FIGURE(pages_free, pages[DUMP_OF_NOBODY]),
	DUMP_FIGURE(left_out_cache, left_out[DUMP_OF_CACHE]),
	DUMP_FIGURE(left_out_cache_private, left_out[DUMP_OF_CACHE_PRIVATE]),
	DUMP_FIGURE(left_out_user, left_out[DUMP_OF_USER]),
	DUMP_FIGURE(left_out_free, left_out[DUMP_OF_NOBODY]),
	DUMP_FIGURE(left_out_others, left_out[DUMP_OF_OTHERS]),
	DUMP_FIGURE(classify_ns, classify_ns),
	DUMP_FIGURE(start_ns, start_ns),
	DUMP_FIGURE(image_ns, pass_ns[DUMP_PASS_FIRST]),
	DUMP_FIGURE(slab_ns, pass_ns[DUMP_PASS_SLAB]),
	DUMP_FIGURE(kernel_ns, pass_ns[DUMP_PASS_KERNEL]),
	DUMP_FIGURE(rest_ns, pass_ns[DUMP_PASS_REST]),
};

/* The last one ends the list. */
static struct attribute *dump_last_attrs[ARRAY_SIZE(dump_figures) + 4] = {
	&dump_target_attr.attr,
	&dump_end_attr.attr,
	&dump_error_attr.attr,
};

static void __init dump_list_figures(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dump_figures); i++)
		dump_last_attrs[3 + i] = &dump_figures[i].attr.attr;
}

static const struct attribute_group dump_last_group = {
	.name	= "last",
	.attrs	= dump_last_attrs,
};

/* The engine is there, and dumps are sealed if the boot parameters want that. */
static bool dump_ready;

/*
 * The keys that the boot parameters name.  An administrator who asks for sealed dumps, or for
 * proven servers, must not get others.
 */
static bool __init dump_set_boot_keys(void)
{
	const char *bad = NULL;

	if (dump_key_text[0] && dump_set_key(dump_key_text))
		bad = "key";
	else if (dump_server_key_text[0] && dump_set_server_key(dump_server_key_text))
		bad = "server_key";
	if (bad)
		pr_err("%s=: there will be no dump until dump/%s and dump/targets are set\n", bad,
		       bad);
	return !bad;
}

static int __init dump_init(void)
{
	struct kobject *dir = kobject_create_and_add("dump", ras_kobj);
	struct dump_target *memory = NULL;
	int ret;

	if (!dir)
		return -ENOMEM;
	dump_list_figures();
	ret = sysfs_create_group(dir, &dump_group) ?:
	      sysfs_create_group(dir, &dump_last_group) ?: dump_live_init(dir);
	if (ret)
		return ret;
	if (dump_memory_text[0])
		memory = dump_mem_init(dir, dump_memory_text);
	ret = dump_handlers_init(IS_ERR(memory) ? NULL : memory);
	if (!ret && !dump_set_boot_keys())
		return 0;
	dump_ready = !ret;
	if (ret || IS_ERR_OR_NULL(memory) || dump_targets_text[0])
		return ret;
	return dump_targets_set("memory");
}
device_initcall(dump_init);

/* Disks are there when their drivers, as far as they are built in, have found them. */
static int __init dump_init_targets(void)
{
	if (!dump_ready || !dump_targets_text[0])
		return 0;
	wait_for_device_probe();
	return dump_targets_set(dump_targets_text);
}
late_initcall_sync(dump_init_targets);
