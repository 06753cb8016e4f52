// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: /sys/kernel/ras/.  For the administrator only.
 * Documentation/ABI/testing/sysfs-kernel-ras says what each file means.
 *
 * /sys/kernel/ras/
 *	enabled  trigger  ipi_grace_us  nmi_timeout_ms  plan
 *	triggers/<name>/
 *		enabled
 *	handlers/<name>/
 *		enabled  priority  deadline_ms  triggers  wait_s
 *		armed  runs  last_verdict  last_ns
 *	last/
 *		sequence  trigger  message  owner  stop_ns  held_ns  release_ns
 *		cpus_ipi  cpus_nmi  cpus_self  cpus_missing
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "machine.h"
#include "plan.h"
#include "policy.h"
#include "registry.h"
#include "report.h"
#include "trigger.h"

/* A file written by root: every refusal says which, and why. */
static void ras_refuse(const char *file, const char *text, const char *why)
{
	size_t len = strcspn(text, "\n");

	pr_info("%s: \"%.*s\" refused: %s\n", file, (int)min_t(size_t, len, 40), text,
		why);
}

static ssize_t ras_stored(const char *file, const char *text, size_t count, int ret)
{
	if (!ret)
		return count;
	ras_refuse(file, text,
		   ret == -EINVAL ? "not a proper value" :
		   ret == -EBUSY ? "the machine is stopped" :
		   ret == -ENODEV ? "it is gone" :
		   ret == -ENOENT ? "no handler is armed for it" :
		   ret == -EPERM ? "not permitted" : "failed");
	return ret;
}

/* Settings of the machine */

static ssize_t machine_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	int ret;

	mutex_lock(&ras_machine.lock);
	ret = ras_set(&ras_machine, attr->attr.name, buf);
	mutex_unlock(&ras_machine.lock);
	return ras_stored(attr->attr.name, buf, count, ret);
}

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n", ras_machine.policy.enabled);
}

static ssize_t ipi_grace_us_show(struct kobject *kobj, struct kobj_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%u\n", ras_machine.policy.ipi_grace_us);
}

static ssize_t nmi_timeout_ms_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", ras_machine.policy.nmi_timeout_ms);
}

static ssize_t trigger_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	int ret;

	if (sysfs_streq(buf, "stop"))
		ret = ras_user_stop(false);
	else if (sysfs_streq(buf, "rehearse"))
		ret = ras_user_stop(true);
	else
		ret = ras_user_call(buf);
	if (ret == -EPERM) {
		ras_refuse(attr->attr.name, buf, "switched off by policy");
		return ret;
	}
	return ras_stored(attr->attr.name, buf, count, ret);
}

/* Room for a line of each handler below each trigger. */
#define RAS_PLAN_SIZE	(RAS_NR_TRIGGERS * (64 + RAS_MAX_HANDLERS * (RAS_NAME_LEN + 96)))

/*
 * Several values in one file, on purpose: what matters is how they stand to
 * each other, and it is for reading by a person.  A binary file, because a text
 * file of sysfs ends after a page, which the plan of some thirty handlers is not.
 */
static ssize_t plan_read(struct file *file, struct kobject *kobj,
			 struct bin_attribute *attr, char *buf, loff_t off,
			 size_t count)
{
	char *text = kvmalloc(RAS_PLAN_SIZE, GFP_KERNEL);
	struct seq_buf s;
	ssize_t ret;

	if (!text)
		return -ENOMEM;
	seq_buf_init(&s, text, RAS_PLAN_SIZE);
	mutex_lock(&ras_machine.lock);
	ras_format_plans(&s, &ras_machine);
	mutex_unlock(&ras_machine.lock);
	ret = memory_read_from_buffer(buf, count, &off, text, s.len);
	kvfree(text);
	return ret;
}

static struct kobj_attribute ras_enabled_attr =
	__ATTR(enabled, 0600, enabled_show, machine_store);
static struct kobj_attribute ras_ipi_grace_attr =
	__ATTR(ipi_grace_us, 0600, ipi_grace_us_show, machine_store);
static struct kobj_attribute ras_nmi_timeout_attr =
	__ATTR(nmi_timeout_ms, 0600, nmi_timeout_ms_show, machine_store);
static struct kobj_attribute ras_trigger_attr =
	__ATTR(trigger, 0200, NULL, trigger_store);
static struct bin_attribute ras_plan_attr = __BIN_ATTR(plan, 0400, plan_read, NULL, 0);

static struct attribute *ras_machine_attrs[] = {
	&ras_enabled_attr.attr,
	&ras_ipi_grace_attr.attr,
	&ras_nmi_timeout_attr.attr,
	&ras_trigger_attr.attr,
	NULL
};

static struct bin_attribute *ras_machine_bin_attrs[] = {
	&ras_plan_attr,
	NULL
};

static const struct attribute_group ras_machine_group = {
	.attrs		= ras_machine_attrs,
	.bin_attrs	= ras_machine_bin_attrs,
};

/* last/ */

/* A file of last/, and how its value is written. */
struct ras_last_file {
	struct kobj_attribute	attr;
	ssize_t			(*emit)(const struct ras_last *last, char *buf);
};

static ssize_t last_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct ras_last_file *file = container_of(attr, struct ras_last_file, attr);
	const struct ras_last *last = &ras_machine.last;
	ssize_t ret;
	u32 before;

	/* A stop between two instructions of this changes what is read. */
	do {
		/* Pairs with the release in ras_keep_last(). */
		before = smp_load_acquire(&last->times.sequence);
		/* Before the first stop there is nothing to tell but that. */
		if (before || !strcmp(attr->attr.name, "sequence"))
			ret = file->emit(last, buf);
		else
			ret = sysfs_emit(buf, "\n");
		/* The figures before the second look, likewise. */
		smp_rmb();
	} while (READ_ONCE(last->times.sequence) != before);
	return ret;
}

#define RAS_LAST_FILE(_name, _format, ...)				\
static ssize_t last_##_name##_emit(const struct ras_last *last, char *buf) \
{									\
	return sysfs_emit(buf, _format "\n", __VA_ARGS__);		\
}									\
static struct ras_last_file ras_last_##_name = {			\
	.attr	= __ATTR(_name, 0400, last_show, NULL),			\
	.emit	= last_##_name##_emit,					\
}

#define RAS_LAST_CPUS(_name, _how)					\
	RAS_LAST_FILE(_name, "%*pbl", cpumask_pr_args(&last->cpus[_how]))

RAS_LAST_FILE(sequence, "%u", last->times.sequence);
RAS_LAST_FILE(trigger, "%s", last->rehearsal ? "rehearsal" : ras_trigger_names[last->trigger]);
RAS_LAST_FILE(message, "%s", last->message);
RAS_LAST_FILE(owner, "%d", last->owner);
RAS_LAST_FILE(stop_ns, "%llu", last->times.stop_ns);
RAS_LAST_FILE(held_ns, "%llu", last->times.held_ns);
RAS_LAST_FILE(release_ns, "%llu", last->times.release_ns);
RAS_LAST_CPUS(cpus_ipi, RAS_HOW_IPI);
RAS_LAST_CPUS(cpus_nmi, RAS_HOW_NMI);
RAS_LAST_CPUS(cpus_self, RAS_HOW_SELF);
RAS_LAST_CPUS(cpus_missing, RAS_HOW_MISSING);

static struct attribute *ras_last_attrs[] = {
	&ras_last_sequence.attr.attr,
	&ras_last_trigger.attr.attr,
	&ras_last_message.attr.attr,
	&ras_last_owner.attr.attr,
	&ras_last_stop_ns.attr.attr,
	&ras_last_held_ns.attr.attr,
	&ras_last_release_ns.attr.attr,
	&ras_last_cpus_ipi.attr.attr,
	&ras_last_cpus_nmi.attr.attr,
	&ras_last_cpus_self.attr.attr,
	&ras_last_cpus_missing.attr.attr,
	NULL
};

static const struct attribute_group ras_last_group = {
	.name	= "last",
	.attrs	= ras_last_attrs,
};

/* triggers/<name>/ */

struct ras_trigger_dir {
	struct kobj_attribute	enabled;
	struct attribute	*attrs[2];
	struct attribute_group	group;
};

static struct ras_trigger_dir ras_trigger_dirs[RAS_NR_TRIGGERS];

static enum ras_trigger ras_trigger_of(struct kobj_attribute *attr)
{
	return container_of(attr, struct ras_trigger_dir, enabled) - ras_trigger_dirs;
}

static ssize_t trigger_enabled_show(struct kobject *kobj,
				    struct kobj_attribute *attr, char *buf)
{
	u32 triggers = READ_ONCE(ras_machine.policy.triggers);

	return sysfs_emit(buf, "%d\n", !!(triggers & BIT(ras_trigger_of(attr))));
}

static ssize_t trigger_enabled_store(struct kobject *kobj,
				     struct kobj_attribute *attr,
				     const char *buf, size_t count)
{
	enum ras_trigger trigger = ras_trigger_of(attr);
	int ret;

	mutex_lock(&ras_machine.lock);
	ret = ras_set_trigger(&ras_machine, trigger, buf);
	mutex_unlock(&ras_machine.lock);
	return ras_stored(ras_trigger_names[trigger], buf, count, ret);
}

static int __init ras_add_trigger_dirs(struct kobject *parent)
{
	enum ras_trigger trigger;
	int ret = 0;

	for (trigger = 0; trigger < RAS_NR_TRIGGERS && !ret; trigger++) {
		struct ras_trigger_dir *dir = &ras_trigger_dirs[trigger];

		sysfs_attr_init(&dir->enabled.attr);
		dir->enabled.attr.name = "enabled";
		dir->enabled.attr.mode = 0600;
		dir->enabled.show = trigger_enabled_show;
		dir->enabled.store = trigger_enabled_store;
		dir->attrs[0] = &dir->enabled.attr;
		dir->group.name = ras_trigger_names[trigger];
		dir->group.attrs = dir->attrs;
		ret = sysfs_create_group(parent, &dir->group);
	}
	return ret;
}

/* handlers/<name>/ */

static struct ras_entry *ras_entry_of(struct kobject *kobj)
{
	return container_of(kobj, struct ras_entry, kobj);
}

static int ras_store_entry(struct ras_entry *entry, const char *name, const char *text)
{
	struct ras_machine *m = &ras_machine;
	bool on;
	int ret;

	lockdep_assert_held(&m->lock);
	/* Unregistered while this file was open. */
	if (!entry->handler || entry->leaving)
		return -ENODEV;
	if (strcmp(name, "enabled")) {
		ret = ras_set_entry(m, entry, name, text);
		if (!ret)
			ras_sort_chain(m);
		return ret;
	}
	ret = ras_parse_bool(text, &on);
	if (ret)
		return ret;
	ret = ras_await_idle(m);
	return ret ?: ras_entry_enable(m, entry, on);
}

static ssize_t entry_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	struct ras_entry *entry = ras_entry_of(kobj);
	char file[RAS_NAME_LEN + 16];
	int ret;

	mutex_lock(&ras_machine.lock);
	ret = ras_store_entry(entry, attr->attr.name, buf);
	mutex_unlock(&ras_machine.lock);
	snprintf(file, sizeof(file), "%s/%s", entry->name, attr->attr.name);
	return ras_stored(file, buf, count, ret);
}

/* A file of a handler, and how its value is written. */
struct ras_entry_file {
	struct kobj_attribute	attr;
	ssize_t			(*emit)(struct ras_entry *entry, char *buf);
};

static ssize_t entry_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct ras_entry_file *file = container_of(attr, struct ras_entry_file, attr);
	ssize_t ret;

	mutex_lock(&ras_machine.lock);
	ret = file->emit(ras_entry_of(kobj), buf);
	mutex_unlock(&ras_machine.lock);
	return ret;
}

static const char *ras_verdict_of(const struct ras_entry *entry)
{
	if (entry->last_failed)
		return "abandoned";
	return entry->runs ? ras_verdict_names[entry->last_verdict] : "none";
}

static bool ras_is_armed(const struct ras_entry *entry)
{
	return entry->handler && !ras_entry_skipped(&ras_machine, entry, RAS_NR_TRIGGERS);
}

static ssize_t entry_triggers_emit(struct ras_entry *entry, char *buf)
{
	struct seq_buf s;

	seq_buf_init(&s, buf, PAGE_SIZE);
	ras_format_triggers(&s, entry->triggers);
	seq_buf_puts(&s, "\n");
	return s.len;
}

static ssize_t entry_wait_s_emit(struct ras_entry *entry, char *buf)
{
	return entry->wait_s == RAS_WAIT_AUTO ? sysfs_emit(buf, "auto\n") :
						sysfs_emit(buf, "%d\n", entry->wait_s);
}

#define RAS_ENTRY_ATTR(_name, _mode, _store)				\
static struct ras_entry_file ras_entry_file_##_name = {			\
	.attr	= __ATTR(_name, _mode, entry_show, _store),		\
	.emit	= entry_##_name##_emit,					\
}

#define RAS_ENTRY_FILE(_name, _mode, _store, _format, _value)		\
static ssize_t entry_##_name##_emit(struct ras_entry *entry, char *buf)	\
{									\
	return sysfs_emit(buf, _format "\n", _value);			\
}									\
RAS_ENTRY_ATTR(_name, _mode, _store)

RAS_ENTRY_FILE(enabled, 0600, entry_store, "%d", entry->enabled);
RAS_ENTRY_FILE(priority, 0600, entry_store, "%d", entry->priority);
RAS_ENTRY_FILE(deadline_ms, 0600, entry_store, "%u", entry->deadline_ms);
RAS_ENTRY_ATTR(triggers, 0600, entry_store);
RAS_ENTRY_ATTR(wait_s, 0600, entry_store);
RAS_ENTRY_FILE(armed, 0400, NULL, "%d", ras_is_armed(entry));
RAS_ENTRY_FILE(runs, 0400, NULL, "%lu", entry->runs);
RAS_ENTRY_FILE(faults, 0400, NULL, "%lu", entry->faults);
RAS_ENTRY_FILE(timeouts, 0400, NULL, "%lu", entry->timeouts);
RAS_ENTRY_FILE(state, 0400, NULL, "%s", entry->failed ? "failed" : "ok");
RAS_ENTRY_FILE(last_verdict, 0400, NULL, "%s", ras_verdict_of(entry));
RAS_ENTRY_FILE(last_ns, 0400, NULL, "%llu", entry->last_ns);

static struct attribute *ras_entry_attrs[] = {
	&ras_entry_file_enabled.attr.attr,
	&ras_entry_file_priority.attr.attr,
	&ras_entry_file_deadline_ms.attr.attr,
	&ras_entry_file_triggers.attr.attr,
	&ras_entry_file_wait_s.attr.attr,
	&ras_entry_file_armed.attr.attr,
	&ras_entry_file_runs.attr.attr,
	&ras_entry_file_faults.attr.attr,
	&ras_entry_file_timeouts.attr.attr,
	&ras_entry_file_state.attr.attr,
	&ras_entry_file_last_verdict.attr.attr,
	&ras_entry_file_last_ns.attr.attr,
	NULL
};

/* Only a handler that waits for a person has something to say about that. */
static umode_t ras_entry_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	if (attr == &ras_entry_file_wait_s.attr.attr &&
	    !(ras_entry_of(kobj)->flags & RAS_HANDLER_INTERACTIVE))
		return 0;
	return attr->mode;
}

static const struct attribute_group ras_entry_group = {
	.attrs		= ras_entry_attrs,
	.is_visible	= ras_entry_visible,
};
__ATTRIBUTE_GROUPS(ras_entry);

static int __init ras_add_dirs(struct kobject *top)
{
	struct kobject *triggers;
	int ret;

	ret = sysfs_create_group(top, &ras_machine_group);
	if (ret)
		return ret;
	ret = sysfs_create_group(top, &ras_last_group);
	if (ret)
		return ret;
	triggers = kobject_create_and_add("triggers", top);
	if (!triggers)
		return -ENOMEM;
	ret = ras_add_trigger_dirs(triggers);
	if (ret)
		return ret;
	ras_entry_ktype.sysfs_ops = &kobj_sysfs_ops;
	ras_entry_ktype.default_groups = ras_entry_groups;
	ras_machine.handlers_kobj = kobject_create_and_add("handlers", top);
	return ras_machine.handlers_kobj ? 0 : -ENOMEM;
}

struct kobject *ras_kobj;

static int __init ras_sysfs_init(void)
{
	int ret = -ENOMEM;

	ras_kobj = kobject_create_and_add("ras", kernel_kobj);
	if (ras_kobj)
		ret = ras_add_dirs(ras_kobj);

	/* Stops work without it; the administrator should know. */
	if (ret)
		pr_err("no /sys/kernel/ras: failed with %d\n", ret);
	return ret;
}

/* After kernel_kobj, before any client registers. */
subsys_initcall(ras_sysfs_init);
