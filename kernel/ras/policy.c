// SPDX-License-Identifier: GPL-2.0
/*
 * RAS stop framework: policy, from text.
 *
 * Every setting has one name, whether it is written to /sys/kernel/ras/ or given
 * at boot, and one function that checks and applies it.  Text that is not a
 * proper value changes nothing.
 */
#define pr_fmt(fmt) "ras: " fmt

#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/delay.h>
#include <linux/string.h>

#include "policy.h"
#include "report.h"

/**
 * ras_await_idle() - may handlers and policy be changed?
 * @m: the machine
 *
 * A CPU that was released may get here before the owner has seen the last one
 * leave, and is not to notice that there was a stop.
 *
 * Context: Process context; sleeps.
 * Return: 0; %-ENODEV if the framework has not started; %-EBUSY if the machine is
 *	stopped, and this CPU is one of the missing.
 */
int ras_await_idle(const struct ras_machine *m)
{
	for (;;) {
		/* Pairs with the release of every change of the state. */
		switch (smp_load_acquire(&m->state)) {
		case RAS_IDLE:
			return 0;
		case RAS_OFF:
			return -ENODEV;
		case RAS_RELEASING:
			/* Bounded, since ras_await_left() is. */
			usleep_range(50, 100);
			break;
		default:
			return -EBUSY;
		}
	}
}

/**
 * ras_parse_bool() - parse a switch, more strictly than kstrtobool()
 * @text: 0, 1, n, y, off or on; a newline may follow
 * @value: where to; not written on failure
 *
 * Context: Any.
 * Return: 0 or %-EINVAL.
 */
int ras_parse_bool(const char *text, bool *value)
{
	static const char * const words[] = { "0", "1", "n", "y", "off", "on" };
	int i = sysfs_match_string(words, text);

	if (i < 0)
		return -EINVAL;
	*value = i & 1;
	return 0;
}

/**
 * ras_parse_uint() - parse a number
 * @text: decimal; a newline may follow
 * @min: smallest value
 * @max: largest value
 * @value: where to; not written on failure
 *
 * Context: Any.
 * Return: 0 or %-EINVAL.
 */
int ras_parse_uint(const char *text, unsigned int min, unsigned int max,
		   unsigned int *value)
{
	unsigned int number;

	/* kstrtouint() takes a leading "+", and says -ERANGE. */
	if (!isdigit(text[0]) || kstrtouint(text, 10, &number) ||
	    number < min || number > max)
		return -EINVAL;
	*value = number;
	return 0;
}

/**
 * ras_parse_triggers() - parse a set of triggers
 * @text: names separated by spaces or commas, or "all"
 * @mask: where to; not written on failure
 *
 * Context: Any.
 * Return: 0 or %-EINVAL: unknown name, none at all.
 */
int ras_parse_triggers(const char *text, u32 *mask)
{
	static const char separators[] = " ,\n";
	u32 found = 0;

	for (;;) {
		size_t len;
		int i;

		text += strspn(text, separators);
		len = strcspn(text, separators);
		if (!len)
			break;
		if (len == 3 && !memcmp(text, "all", len)) {
			found |= RAS_ON_ALL;
			text += len;
			continue;
		}
		for (i = 0; i < RAS_NR_TRIGGERS; i++)
			if (strlen(ras_trigger_names[i]) == len &&
			    !memcmp(ras_trigger_names[i], text, len))
				break;
		if (i == RAS_NR_TRIGGERS)
			return -EINVAL;
		found |= BIT(i);
		text += len;
	}
	if (!found)
		return -EINVAL;
	*mask = found;
	return 0;
}

/* Seconds, or "auto". */
static int ras_parse_wait(const char *text, int *wait_s)
{
	unsigned int number;
	int ret;

	if (sysfs_streq(text, "auto")) {
		*wait_s = RAS_WAIT_AUTO;
		return 0;
	}
	ret = ras_parse_uint(text, 0, RAS_WAIT_S_MAX, &number);
	if (!ret)
		*wait_s = number;
	return ret;
}

/* A setting that is a number. */
struct ras_number {
	const char	*name;
	unsigned int	min;
	unsigned int	max;
	size_t		offset;
};

static const struct ras_number ras_machine_numbers[] = {
	{ "ipi_grace_us", 0, RAS_IPI_GRACE_US_MAX,
	  offsetof(struct ras_machine, policy.ipi_grace_us) },
	{ "nmi_timeout_ms", 1, RAS_NMI_TIMEOUT_MS_MAX,
	  offsetof(struct ras_machine, policy.nmi_timeout_ms) },
	{ }
};

static const struct ras_number ras_entry_numbers[] = {
	{ "priority", 0, RAS_PRIO_MAX, offsetof(struct ras_entry, priority) },
	{ "deadline_ms", 0, RAS_DEADLINE_MS_MAX, offsetof(struct ras_entry, deadline_ms) },
	{ }
};

/* Set the number @name of @object; -ENOENT if @numbers does not have it. */
static int ras_set_number(const struct ras_number *numbers, void *object, const char *name,
			  const char *text)
{
	unsigned int number;
	int ret;

	for (; numbers->name; numbers++) {
		if (strcmp(name, numbers->name))
			continue;
		ret = ras_parse_uint(text, numbers->min, numbers->max, &number);
		if (!ret)
			WRITE_ONCE(*(unsigned int *)(object + numbers->offset), number);
		return ret;
	}
	return -ENOENT;
}

/**
 * ras_set() - change a setting of the machine
 * @m: the machine
 * @name: enabled, ipi_grace_us or nmi_timeout_ms
 * @text: the value
 *
 * Context: ras_machine.lock held.
 * Return: 0; %-EINVAL if @text is no proper value; %-ENOENT if there is no such
 *	setting; %-EBUSY during a stop, %-ENODEV before the start.
 */
int ras_set(struct ras_machine *m, const char *name, const char *text)
{
	bool on;
	int ret = ras_await_idle(m);

	if (ret)
		return ret;
	if (strcmp(name, "enabled"))
		return ras_set_number(ras_machine_numbers, m, name, text);
	ret = ras_parse_bool(text, &on);
	if (!ret)
		WRITE_ONCE(m->policy.enabled, on);
	return ret;
}

/**
 * ras_set_trigger() - switch a trigger on or off
 * @m: the machine
 * @trigger: which
 * @text: the value, see ras_parse_bool()
 *
 * Context: ras_machine.lock held.
 * Return: 0, %-EINVAL or %-EBUSY as for ras_set().
 */
int ras_set_trigger(struct ras_machine *m, enum ras_trigger trigger, const char *text)
{
	u32 triggers = m->policy.triggers;
	bool on;
	int ret = ras_await_idle(m);

	if (ret)
		return ret;
	ret = ras_parse_bool(text, &on);
	if (ret)
		return ret;
	if (on)
		triggers |= BIT(trigger);
	else
		triggers &= ~BIT(trigger);
	WRITE_ONCE(m->policy.triggers, triggers);
	return 0;
}

/**
 * ras_set_entry() - change a setting of a handler other than its enabled
 * @m: the machine
 * @entry: the handler
 * @name: priority, deadline_ms, triggers or wait_s
 * @text: the value
 *
 * Context: ras_machine.lock held; the caller reorders.
 * Return: as ras_set().
 */
int ras_set_entry(struct ras_machine *m, struct ras_entry *entry,
		  const char *name, const char *text)
{
	int wait_s;
	u32 mask;
	int ret = ras_await_idle(m);

	if (ret)
		return ret;
	if (!strcmp(name, "triggers")) {
		ret = ras_parse_triggers(text, &mask);
		if (!ret)
			WRITE_ONCE(entry->triggers, mask);
		return ret;
	}
	if (!strcmp(name, "wait_s") && entry->flags & RAS_HANDLER_INTERACTIVE) {
		ret = ras_parse_wait(text, &wait_s);
		if (!ret)
			WRITE_ONCE(entry->wait_s, wait_s);
		return ret;
	}
	return ras_set_number(ras_entry_numbers, entry, name, text);
}

/* Whose boot parameters are being looked for. */
struct ras_boot {
	struct ras_machine	*m;
	struct ras_entry	*entry;
	bool			*enable;
};

/* triggers.<name>.enabled */
static int ras_boot_trigger(struct ras_machine *m, char *name, const char *text)
{
	char *setting = strchr(name, '.');
	int i;

	if (!setting || strcmp(setting, ".enabled"))
		return -ENOENT;
	*setting = '\0';
	i = match_string(ras_trigger_names, RAS_NR_TRIGGERS, name);
	*setting = '.';
	return i < 0 ? -ENOENT : ras_set_trigger(m, i, text);
}

/* handlers.<name>.<setting>; anybody else's is none of our business. */
static int ras_boot_entry(struct ras_boot *boot, const char *name, const char *text)
{
	size_t len = strlen(boot->entry->name);

	if (strncmp(name, boot->entry->name, len) || name[len] != '.')
		return 0;
	name += len + 1;
	if (!strcmp(name, "enabled"))
		return ras_parse_bool(text, boot->enable);
	return ras_set_entry(boot->m, boot->entry, name, text);
}

/* Called by parse_args() for each word of the command line. */
static int ras_boot_param(char *param, char *val, const char *unused, void *arg)
{
	struct ras_boot *boot = arg;
	bool of_handler;
	int ret;

	if (!strstarts(param, "ras."))
		return 0;
	param += strlen("ras.");
	of_handler = strstarts(param, "handlers.");
	if (of_handler != !!boot->entry)
		return 0;

	if (of_handler)
		ret = ras_boot_entry(boot, param + strlen("handlers."), val ?: "");
	else if (strstarts(param, "triggers."))
		ret = ras_boot_trigger(boot->m, param + strlen("triggers."), val ?: "");
	else
		ret = ras_set(boot->m, param, val ?: "");
	if (ret)
		pr_warn("boot parameter ras.%s=%s ignored: %s\n", param, val ?: "",
			ret == -ENOENT ? "no such setting" :
			ret == -EBUSY ? "the machine is stopped" : "not a proper value");
	return 0;
}

/**
 * ras_boot_policy() - apply the boot parameters
 * @m: the machine
 * @entry: a handler that is being registered; NULL for the machine's own
 * @enable: with @entry: whether it is to be enabled
 *
 * The parameters have the names of the files below /sys/kernel/ras/, with dots:
 * ras.ipi_grace_us, ras.triggers.oops.enabled, ras.handlers.kdump.priority.
 *
 * Context: Process context, ras_machine.lock held.
 */
void ras_boot_policy(struct ras_machine *m, struct ras_entry *entry, bool *enable)
{
	struct ras_boot boot = { .m = m, .entry = entry, .enable = enable };
	char *line;

	/* Suites bring their own machine and must not depend on the boot. */
	if (m != &ras_machine)
		return;
	line = kstrdup(saved_command_line, GFP_KERNEL);
	if (!line)
		return;
	parse_args("ras", line, NULL, 0, 0, 0, &boot, ras_boot_param);
	kfree(line);
}
