// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: policy, from text.
 *
 * Text that is not a proper value must change nothing: all tables share that.  Boot
 * parameters are for the machine that boots, which these tests do not stop: they put its
 * policy back.
 */
#include <linux/init.h>
#include <linux/string.h>

#include "fake_arch.h"

/* Text as a test description; what cannot be read there is made visible. */
static void describe(const char *text, char *desc)
{
	char *p;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "\"%s\"", text);
	for (p = desc; *p; p++)
		if (*p == '\n' || *p == '\t' || *p == '#')
			*p = '.';
}

struct bool_param {
	const char *text;
	int ret;
	bool value;
};

static const struct bool_param bool_params[] = {
	{ "0", 0, false },	{ "1", 0, true },
	{ "n", 0, false },	{ "y", 0, true },
	{ "off", 0, false },	{ "on", 0, true },
	{ "1\n", 0, true },	{ "off\n", 0, false },
	{ "", -EINVAL },	{ "\n", -EINVAL },
	{ "2", -EINVAL },	{ "-1", -EINVAL },
	{ "+1", -EINVAL },	{ "01", -EINVAL },
	{ "10", -EINVAL },	{ " 1", -EINVAL },
	{ "1 ", -EINVAL },	{ "1\n\n", -EINVAL },
	{ "yes", -EINVAL },	{ "no", -EINVAL },
	{ "Y", -EINVAL },	{ "ON", -EINVAL },
	{ "o", -EINVAL },	{ "of", -EINVAL },
	{ "offf", -EINVAL },	{ "true", -EINVAL },
};

static void bool_desc(const struct bool_param *p, char *desc)
{
	describe(p->text, desc);
}

KUNIT_ARRAY_PARAM(bool, bool_params, bool_desc);

static void ras_policy_parse_bool(struct kunit *test)
{
	const struct bool_param *p = test->param_value;
	bool value;

	/* From both values: rubbish changes nothing, proper text always. */
	value = false;
	KUNIT_EXPECT_EQ(test, ras_parse_bool(p->text, &value), p->ret);
	KUNIT_EXPECT_EQ(test, value, p->ret ? false : p->value);
	value = true;
	KUNIT_EXPECT_EQ(test, ras_parse_bool(p->text, &value), p->ret);
	KUNIT_EXPECT_EQ(test, value, p->ret ? true : p->value);
}

struct uint_param {
	const char *text;
	unsigned int min, max;
	int ret;
	unsigned int value;
};

static const struct uint_param uint_params[] = {
	{ "5", 5, 10, 0, 5 },
	{ "10", 5, 10, 0, 10 },
	{ "7\n", 5, 10, 0, 7 },
	{ "007", 5, 10, 0, 7 },
	{ "0", 0, 10, 0, 0 },
	{ "4294967295", 0, UINT_MAX, 0, UINT_MAX },
	{ "4", 5, 10, -EINVAL },
	{ "11", 5, 10, -EINVAL },
	{ "", 0, 10, -EINVAL },
	{ "\n", 0, 10, -EINVAL },
	{ " 1", 0, 10, -EINVAL },
	{ "1 ", 0, 10, -EINVAL },
	{ "1 2", 0, 100, -EINVAL },
	{ "1\n2", 0, 100, -EINVAL },
	{ "1\n\n", 0, 100, -EINVAL },
	{ "+1", 0, 10, -EINVAL },
	{ "-1", 0, UINT_MAX, -EINVAL },
	{ "-0", 0, 10, -EINVAL },
	{ "0x10", 0, 100, -EINVAL },
	{ "1e1", 0, 100, -EINVAL },
	{ "1.0", 0, 100, -EINVAL },
	{ "7ms", 0, 100, -EINVAL },
	{ "ten", 0, 100, -EINVAL },
	/* One more than fits, and numbers that are small again modulo 2^32, 2^64. */
	{ "4294967296", 0, UINT_MAX, -EINVAL },
	{ "4294967303", 5, 10, -EINVAL },
	{ "18446744073709551623", 5, 10, -EINVAL },
	{ "99999999999999999999999999999999", 0, UINT_MAX, -EINVAL },
};

static void uint_desc(const struct uint_param *p, char *desc)
{
	describe(p->text, desc);
}

KUNIT_ARRAY_PARAM(uint, uint_params, uint_desc);

static void ras_policy_parse_uint(struct kunit *test)
{
	const struct uint_param *p = test->param_value;
	unsigned int value = 4711;

	KUNIT_EXPECT_EQ(test, ras_parse_uint(p->text, p->min, p->max, &value), p->ret);
	KUNIT_EXPECT_EQ(test, value, p->ret ? 4711U : p->value);
}

struct triggers_param {
	const char *text;
	int ret;
	u32 mask;
};

static const struct triggers_param triggers_params[] = {
	{ "panic", 0, RAS_ON(PANIC) },
	{ "api\n", 0, RAS_ON(API) },
	{ "panic,oops", 0, RAS_ON(PANIC) | RAS_ON(OOPS) },
	{ "panic  nmi\n", 0, RAS_ON(PANIC) | RAS_ON(NMI) },
	{ " ,user, sysrq ,", 0, RAS_ON(USER) | RAS_ON(SYSRQ) },
	{ "api panic api", 0, RAS_ON(API) | RAS_ON(PANIC) },
	{ "all", 0, RAS_ON_ALL },
	{ "all\n", 0, RAS_ON_ALL },
	{ "nmi all", 0, RAS_ON_ALL },
	{ "panic oops nmi sysrq user api debug hibernate", 0, RAS_ON_ALL },
	{ "", -EINVAL },
	{ "\n", -EINVAL },
	{ " , ,", -EINVAL },
	{ "panic bogus", -EINVAL },
	{ "bogus panic", -EINVAL },
	{ "pan", -EINVAL },
	{ "panics", -EINVAL },
	{ "panicoops", -EINVAL },
	{ "al", -EINVAL },
	{ "alle", -EINVAL },
	{ "PANIC", -EINVAL },
	{ "panic;oops", -EINVAL },
	{ "panic\toops", -EINVAL },
	{ "none", -EINVAL },
	{ "0", -EINVAL },
	{ "0x3f", -EINVAL },
};

static void triggers_desc(const struct triggers_param *p, char *desc)
{
	describe(p->text, desc);
}

KUNIT_ARRAY_PARAM(triggers, triggers_params, triggers_desc);

static void ras_policy_parse_triggers(struct kunit *test)
{
	const struct triggers_param *p = test->param_value;
	u32 mask = 0x5a5a;

	KUNIT_EXPECT_EQ(test, ras_parse_triggers(p->text, &mask), p->ret);
	KUNIT_EXPECT_EQ(test, mask, p->ret ? 0x5a5aU : p->mask);
}

/* What ras_format_triggers() writes, ras_parse_triggers() reads. */
static void ras_policy_triggers_round_trip(struct kunit *test)
{
	char text[64];
	struct seq_buf s;
	u32 mask, parsed;

	for (mask = 1; mask <= RAS_ON_ALL; mask++) {
		seq_buf_init(&s, text, sizeof(text));
		ras_format_triggers(&s, mask);
		KUNIT_ASSERT_FALSE(test, seq_buf_has_overflowed(&s));
		KUNIT_ASSERT_EQ(test, ras_parse_triggers(text, &parsed), 0);
		KUNIT_ASSERT_EQ(test, parsed, mask);
	}
}

static int set(struct ras_fake *fake, const char *name, const char *text)
{
	int ret;

	mutex_lock(&fake->m.lock);
	ret = ras_set(&fake->m, name, text);
	mutex_unlock(&fake->m.lock);
	return ret;
}

static int set_trigger(struct ras_fake *fake, enum ras_trigger trigger,
		       const char *text)
{
	int ret;

	mutex_lock(&fake->m.lock);
	ret = ras_set_trigger(&fake->m, trigger, text);
	mutex_unlock(&fake->m.lock);
	return ret;
}

static int set_entry(struct ras_fake_handler *h, const char *name, const char *text)
{
	int ret;

	mutex_lock(&h->fake->m.lock);
	ret = ras_set_entry(&h->fake->m, h->handler.entry, name, text);
	mutex_unlock(&h->fake->m.lock);
	return ret;
}

static void ras_policy_set(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_policy *policy = &fake->m.policy;

	KUNIT_EXPECT_EQ(test, set(fake, "enabled", "off"), 0);
	KUNIT_EXPECT_FALSE(test, policy->enabled);
	KUNIT_EXPECT_EQ(test, set(fake, "enabled", "maybe"), -EINVAL);
	KUNIT_EXPECT_FALSE(test, policy->enabled);
	KUNIT_EXPECT_EQ(test, set(fake, "enabled", "1\n"), 0);
	KUNIT_EXPECT_TRUE(test, policy->enabled);

	KUNIT_EXPECT_EQ(test, set(fake, "ipi_grace_us", "0"), 0);
	KUNIT_EXPECT_EQ(test, policy->ipi_grace_us, 0);
	KUNIT_EXPECT_EQ(test, set(fake, "ipi_grace_us", "1000000"), 0);
	KUNIT_EXPECT_EQ(test, set(fake, "ipi_grace_us", "1000001"), -EINVAL);
	KUNIT_EXPECT_EQ(test, policy->ipi_grace_us, 1000000);

	/* Without a timeout every CPU that needs an NMI would be missing. */
	KUNIT_EXPECT_EQ(test, set(fake, "nmi_timeout_ms", "0"), -EINVAL);
	KUNIT_EXPECT_EQ(test, policy->nmi_timeout_ms, RAS_NMI_TIMEOUT_MS);
	KUNIT_EXPECT_EQ(test, set(fake, "nmi_timeout_ms", "1"), 0);
	KUNIT_EXPECT_EQ(test, policy->nmi_timeout_ms, 1);
	KUNIT_EXPECT_EQ(test, set(fake, "nmi_timeout_ms", "60000"), 0);
	KUNIT_EXPECT_EQ(test, set(fake, "nmi_timeout_ms", "60001"), -EINVAL);
	KUNIT_EXPECT_EQ(test, policy->nmi_timeout_ms, 60000);

	KUNIT_EXPECT_EQ(test, set(fake, "bogus", "1"), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(fake, "", "1"), -ENOENT);
	KUNIT_EXPECT_EQ(test, set(fake, "enable", "0"), -ENOENT);
	KUNIT_EXPECT_TRUE(test, policy->enabled);
}

static void ras_policy_set_trigger(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_policy *policy = &fake->m.policy;

	policy->triggers = RAS_ON_ALL;
	KUNIT_EXPECT_EQ(test, set_trigger(fake, RAS_TRIGGER_SYSRQ, "0"), 0);
	KUNIT_EXPECT_EQ(test, policy->triggers, (u32)(RAS_ON_ALL & ~RAS_ON(SYSRQ)));
	KUNIT_EXPECT_EQ(test, set_trigger(fake, RAS_TRIGGER_SYSRQ, "2"), -EINVAL);
	KUNIT_EXPECT_EQ(test, policy->triggers, (u32)(RAS_ON_ALL & ~RAS_ON(SYSRQ)));
	KUNIT_EXPECT_EQ(test, set_trigger(fake, RAS_TRIGGER_PANIC, "off"), 0);
	KUNIT_EXPECT_EQ(test, set_trigger(fake, RAS_TRIGGER_SYSRQ, "on"), 0);
	KUNIT_EXPECT_EQ(test, policy->triggers, (u32)(RAS_ON_ALL & ~RAS_ON(PANIC)));
}

/* How long to wait for a person, of a handler that does. */
static void ras_policy_set_wait(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 5);
	struct ras_entry *entry;

	h->handler.flags = RAS_HANDLER_INTERACTIVE;
	h->handler.wait_s = RAS_WAIT_AUTO;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	entry = h->handler.entry;
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "86400"), 0);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "86401"), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "-1"), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "autumn"), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", ""), -EINVAL);
	KUNIT_EXPECT_EQ(test, entry->wait_s, 86400);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "0\n"), 0);
	KUNIT_EXPECT_EQ(test, entry->wait_s, 0);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "auto\n"), 0);
	KUNIT_EXPECT_EQ(test, entry->wait_s, RAS_WAIT_AUTO);
}

static void ras_policy_set_entry(struct kunit *test)
{
	struct ras_fake_handler *h;
	struct ras_entry *entry;

	ras_fake_new(test, 1, false);
	h = ras_fake_add(test, "h", 5);
	entry = h->handler.entry;

	KUNIT_EXPECT_EQ(test, set_entry(h, "priority", "999"), 0);
	KUNIT_EXPECT_EQ(test, set_entry(h, "priority", "1000"), -EINVAL);
	KUNIT_EXPECT_EQ(test, set_entry(h, "priority", "-1"), -EINVAL);
	KUNIT_EXPECT_EQ(test, entry->priority, 999);

	KUNIT_EXPECT_EQ(test, set_entry(h, "deadline_ms", "86400000"), 0);
	KUNIT_EXPECT_EQ(test, set_entry(h, "deadline_ms", "86400001"), -EINVAL);
	KUNIT_EXPECT_EQ(test, entry->deadline_ms, 86400000);

	KUNIT_EXPECT_EQ(test, set_entry(h, "triggers", "panic,oops\n"), 0);
	KUNIT_EXPECT_EQ(test, set_entry(h, "triggers", "panic bogus"), -EINVAL);
	KUNIT_EXPECT_EQ(test, entry->triggers, (u32)(RAS_ON(PANIC) | RAS_ON(OOPS)));
	KUNIT_EXPECT_TRUE(test, ras_entry_runs_on(entry, RAS_TRIGGER_OOPS));
	KUNIT_EXPECT_FALSE(test, ras_entry_runs_on(entry, RAS_TRIGGER_NMI));

	/* Arming has its own way, see ras_entry_enable(). */
	KUNIT_EXPECT_EQ(test, set_entry(h, "enabled", "0"), -ENOENT);
	KUNIT_EXPECT_EQ(test, set_entry(h, "runs", "0"), -ENOENT);
	KUNIT_EXPECT_EQ(test, set_entry(h, "wait_s", "1"), -ENOENT);
	KUNIT_EXPECT_EQ(test, set_entry(h, "", "0"), -ENOENT);
	KUNIT_EXPECT_TRUE(test, entry->enabled);
}

/* In no state but idle; the refusal is the same for proper text and rubbish. */
static void ras_policy_busy(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 5);
	struct ras_policy policy = fake->m.policy;
	enum ras_state state;
	int ret;

	for (state = RAS_OFF; state <= RAS_HANDED_OVER; state++) {
		/* The end of a release is waited for. */
		if (state == RAS_IDLE || state == RAS_RELEASING)
			continue;
		fake->m.state = state;
		ret = state == RAS_OFF ? -ENODEV : -EBUSY;
		KUNIT_EXPECT_EQ(test, set(fake, "enabled", "0"), ret);
		KUNIT_EXPECT_EQ(test, set(fake, "bogus", "0"), ret);
		KUNIT_EXPECT_EQ(test, set_trigger(fake, RAS_TRIGGER_API, "0"), ret);
		KUNIT_EXPECT_EQ(test, set_entry(h, "priority", "6"), ret);
	}
	fake->m.state = RAS_IDLE;
	KUNIT_EXPECT_EQ(test, fake->m.policy.enabled, policy.enabled);
	KUNIT_EXPECT_EQ(test, fake->m.policy.triggers, policy.triggers);
	KUNIT_EXPECT_EQ(test, h->handler.entry->priority, 5);
	KUNIT_EXPECT_EQ(test, set_entry(h, "priority", "6"), 0);
}

/* The words of a command line, among them some that are none of ours, or wrong. */
static const char * const boot_words[] = {
	"quiet", "nmi_timeout_ms=4321", "triggers.sysrq.enabled=0", "xras.ipi_grace_us=1",
	"ras.nmi_timeout_ms=1234", "ras.triggers.oops.enabled=1",
	"ras.bogus", "ras.enabled=maybe", "ras.triggers.panic=0", "ras.triggers.bogus.enabled=1",
	"ras.handlers.kunit-boo.priority=8", "ras.handlers.kunit-boots.priority=9",
	"ras.handlers.kunit-boot.priority=7", "ras.handlers.kunit-boot.deadline_ms=11",
	"ras.handlers.kunit-boot.enabled=0", "handlers.kunit-boot.priority=10",
};

#define BOOT_LINE_SIZE	1024

/* Make this the command line of the kernel; returns the one that it has. */
static char *swap_boot_line(struct kunit *test)
{
	char *line = kunit_kzalloc(test, BOOT_LINE_SIZE, GFP_KERNEL), *was = saved_command_line;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, line);
	for (i = 0; i < ARRAY_SIZE(boot_words); i++) {
		strlcat(line, boot_words[i], BOOT_LINE_SIZE);
		strlcat(line, " ", BOOT_LINE_SIZE);
	}
	saved_command_line = line;
	return was;
}

static enum ras_verdict boot_run(struct ras_handler *handler, const struct ras_stop *stop)
{
	return RAS_NEXT;
}

/* Can the machine that boots be set up?  It alone has boot parameters. */
static bool boot_machine_idle(void)
{
	int ret;

	mutex_lock(&ras_machine.lock);
	ret = ras_await_idle(&ras_machine);
	mutex_unlock(&ras_machine.lock);
	return !ret;
}

/* A handler is set up as the boot parameters say when it is registered. */
static void ras_policy_boot_handler(struct kunit *test)
{
	struct ras_handler handler = {
		.name		= "kunit-boot",
		.flags		= RAS_HANDLER_ON_CALL,
		.priority	= 5,
		.run		= boot_run,
	};
	unsigned int before, after;
	char *line;
	int ret;

	if (!boot_machine_idle())
		kunit_skip(test, "the framework has not started");
	before = ras_machine.policy.nmi_timeout_ms;
	line = swap_boot_line(test);
	ret = ras_register_handler(&handler);
	saved_command_line = line;
	after = ras_machine.policy.nmi_timeout_ms;
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, handler.entry->priority, 7);
	KUNIT_EXPECT_EQ(test, handler.entry->deadline_ms, 11);
	KUNIT_EXPECT_FALSE(test, handler.entry->enabled);
	/* The others are not for it. */
	KUNIT_EXPECT_EQ(test, after, before);
	ras_unregister_handler(&handler);
	KUNIT_EXPECT_NULL(test, handler.entry);
}

/* And the machine when the framework starts. */
static void ras_policy_boot_machine(struct kunit *test)
{
	struct ras_policy before, after;
	char *line;

	if (!boot_machine_idle())
		kunit_skip(test, "the framework has not started");
	line = swap_boot_line(test);
	mutex_lock(&ras_machine.lock);
	before = ras_machine.policy;
	ras_boot_policy(&ras_machine, NULL, NULL);
	after = ras_machine.policy;
	ras_machine.policy = before;
	mutex_unlock(&ras_machine.lock);
	saved_command_line = line;
	KUNIT_EXPECT_EQ(test, after.nmi_timeout_ms, 1234);
	KUNIT_EXPECT_EQ(test, after.ipi_grace_us, before.ipi_grace_us);
	KUNIT_EXPECT_EQ(test, after.triggers, before.triggers | RAS_ON(OOPS));
	KUNIT_EXPECT_EQ(test, after.enabled, before.enabled);
}

/* No boot parameter is for a machine of a suite. */
static void ras_policy_boot_no_suite(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	char *line;

	line = swap_boot_line(test);
	mutex_lock(&fake->m.lock);
	ras_boot_policy(&fake->m, NULL, NULL);
	mutex_unlock(&fake->m.lock);
	saved_command_line = line;
	KUNIT_EXPECT_EQ(test, fake->m.policy.nmi_timeout_ms, RAS_NMI_TIMEOUT_MS);
}

static struct kunit_case ras_policy_cases[] = {
	KUNIT_CASE_PARAM(ras_policy_parse_bool, bool_gen_params),
	KUNIT_CASE_PARAM(ras_policy_parse_uint, uint_gen_params),
	KUNIT_CASE_PARAM(ras_policy_parse_triggers, triggers_gen_params),
	KUNIT_CASE(ras_policy_triggers_round_trip),
	KUNIT_CASE(ras_policy_set),
	KUNIT_CASE(ras_policy_set_trigger),
	KUNIT_CASE(ras_policy_set_entry),
	KUNIT_CASE(ras_policy_set_wait),
	KUNIT_CASE(ras_policy_busy),
	KUNIT_CASE(ras_policy_boot_handler),
	KUNIT_CASE(ras_policy_boot_machine),
	KUNIT_CASE(ras_policy_boot_no_suite),
	{}
};

static struct kunit_suite ras_policy_suite = {
	.name		= "ras_policy",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_policy_cases,
};

kunit_test_suite(ras_policy_suite);
