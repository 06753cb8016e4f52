// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: every word of the reports.
 *
 * What is compared is what an administrator reads, to the last space: tools
 * and people look for it.
 */
#include <linux/kmsg_dump.h>
#include <linux/string.h>

#include "fake_arch.h"

#define REPORT_SIZE	1024
/* Behind the buffer, where nothing may be written. */
#define GUARD_SIZE	64
#define GUARD_BYTE	0xa5

struct report {
	struct seq_buf s;
	char text[REPORT_SIZE];
};

static struct report *new_report(struct kunit *test)
{
	struct report *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	seq_buf_init(&r->s, r->text, sizeof(r->text));
	return r;
}

/* A stop as it stands when the handlers run; nobody has been stopped. */
static struct ras_fake *new_stop(struct kunit *test, unsigned int cpus,
				 enum ras_trigger trigger)
{
	struct ras_fake *fake = ras_fake_new(test, cpus, false);
	struct ras_stop *stop = &fake->m.stop;

	stop->sequence = 7;
	stop->trigger = trigger;
	stop->owner = 0;
	strscpy(stop->message, "boom", sizeof(stop->message));
	stop->stop_ns = 1234567;
	cpumask_set_cpu(0, &stop->cpus[RAS_HOW_OWNER]);
	fake->slot[0]->record.sequence = 7;
	fake->slot[0]->record.how = RAS_HOW_OWNER;
	fake->m.begin_ns = atomic64_read(&fake->clock);
	return fake;
}

static void stop_cpu(struct ras_fake *fake, unsigned int cpu, enum ras_how how)
{
	cpumask_set_cpu(cpu, &fake->m.stop.cpus[how]);
	if (how != RAS_HOW_MISSING && how != RAS_HOW_OFFLINE)
		fake->slot[cpu]->parked = 7;
	fake->slot[cpu]->record.sequence = fake->slot[cpu]->parked;
	fake->slot[cpu]->record.how = how;
}

static struct ras_result *add_result(struct ras_fake *fake, const char *name,
				     enum ras_verdict verdict, u64 ns)
{
	struct ras_result *result = &fake->m.result[fake->m.nr_results++];

	strscpy(result->name, name, sizeof(result->name));
	result->verdict = verdict;
	result->ns = ns;
	return result;
}

static void ras_report_stop_alone(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_PANIC);
	struct report *r = new_report(test);

	ras_format_stop(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "stop 7: panic on CPU 0: boom\n"
			   "  stopped in 1.234 ms: owner 0\n");
}

static void ras_report_stop_rehearsal(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_USER);
	struct report *r = new_report(test);

	fake->m.stop.rehearsal = true;
	/* A message is no format. */
	strscpy(fake->m.stop.message, "50% %s %n", RAS_MESSAGE_LEN);
	fake->m.stop.stop_ns = 999;
	ras_format_stop(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "stop 7: user (rehearsal) on CPU 0: 50% %s %n\n"
			   "  stopped in 0.000 ms: owner 0\n");
}

/* CPUs are named, as lists, each by how it was stopped. */
static void ras_report_stop_cpus(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 4, RAS_TRIGGER_SYSRQ);
	struct report *r = new_report(test);

	stop_cpu(fake, 1, RAS_HOW_IPI);
	stop_cpu(fake, 2, RAS_HOW_IPI);
	stop_cpu(fake, 3, RAS_HOW_IPI);
	ras_format_stop(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "stop 7: sysrq on CPU 0: boom\n"
			   "  stopped in 1.234 ms: owner 0 ipi 1-3\n");

	r = new_report(test);
	cpumask_clear(&fake->m.stop.cpus[RAS_HOW_IPI]);
	stop_cpu(fake, 1, RAS_HOW_NMI);
	stop_cpu(fake, 3, RAS_HOW_NMI);
	stop_cpu(fake, 2, RAS_HOW_MISSING);
	ras_format_stop(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "stop 7: sysrq on CPU 0: boom\n"
			   "  stopped in 1.234 ms: owner 0 nmi 1,3 missing 2\n");
}

static void ras_report_stop_losers(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 4, RAS_TRIGGER_OOPS);
	struct report *r = new_report(test);
	struct ras_cpu *record;

	stop_cpu(fake, 1, RAS_HOW_SELF);
	record = &fake->slot[1]->record;
	record->lost = RAS_TRIGGER_PANIC;
	strscpy(record->lost_message, "100%s", RAS_REASON_LEN);
	stop_cpu(fake, 3, RAS_HOW_SELF);
	record = &fake->slot[3]->record;
	record->lost = RAS_TRIGGER_NMI;
	strscpy(record->lost_message, "unclaimed NMI", RAS_REASON_LEN);
	stop_cpu(fake, 2, RAS_HOW_OFFLINE);
	ras_format_stop(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "stop 7: oops on CPU 0: boom\n"
			   "  stopped in 1.234 ms: owner 0 self 1,3 offline 2\n"
			   "  CPU 1 came second with panic: 100%s\n"
			   "  CPU 3 came second with nmi: unclaimed NMI\n");
}

static void ras_report_results(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_API);
	struct report *r = new_report(test);
	struct ras_result *result;

	add_result(fake, "kmsg", RAS_NEXT, 1500);
	add_result(fake, "unready", RAS_NEXT, 0)->skipped = "no disk";
	result = add_result(fake, "bad", RAS_NEXT, 61 * NSEC_PER_SEC);
	result->broken = "left interrupts enabled";
	add_result(fake, "a_very_long_handler_name_indeed", RAS_RESUME, 999999);
	add_result(fake, "last", RAS_END, 1000000);
	add_result(fake, "kdump", RAS_NEXT, 0)->running = true;
	atomic64_add(2500000, &fake->clock);
	ras_format_results(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "  handler kmsg         next   0.001 ms\n"
			   "  handler unready      not armed: no disk\n"
			   "  handler bad          next   61000.000 ms, left interrupts enabled\n"
			   "  handler a_very_long_handler_name_indeed resume 0.999 ms\n"
			   "  handler last         end    1.000 ms\n"
			   "  handler kdump        leaves this kernel\n"
			   "  stop 7 took 2.500 ms\n");
}

static void ras_report_results_none(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_API);
	struct report *r = new_report(test);

	ras_format_results(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text, "  stop 7 took 0.000 ms\n");
}

static void ras_report_results_late(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 4, RAS_TRIGGER_API);
	struct report *r = new_report(test);

	stop_cpu(fake, 1, RAS_HOW_IPI);
	stop_cpu(fake, 2, RAS_HOW_NMI);
	fake->slot[2]->record.late = true;
	/* Of an earlier stop, and missing in this one. */
	stop_cpu(fake, 3, RAS_HOW_MISSING);
	fake->slot[3]->parked = 6;
	fake->slot[3]->record.sequence = 6;
	fake->slot[3]->record.late = true;
	ras_format_results(&r->s, &fake->m);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "  CPU 2 answered late\n"
			   "  stop 7 took 0.000 ms\n");
}

/* The words, one line for each kind of failure. */
struct words_param {
	const char *desc;
	struct ras_failure failure;
	const char *text;
};

static const struct words_param words_params[] = {
	{ "fault",
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true, .address = 0xdead },
	  "page fault at 000000000000dead in 0x4711" },
	{ "fault at zero",
	  { .why = RAS_FAULTED, .fault = "page fault", .ip = 0x4711,
	    .addressed = true },
	  "page fault at 0000000000000000 in 0x4711" },
	{ "fault without address",
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711 },
	  "divide error in 0x4711" },
	{ "fault in no code",
	  { .why = RAS_FAULTED, .fault = "page fault", .addressed = true },
	  "page fault at 0000000000000000 in 0x0" },
	{ "fault with a lock",
	  { .why = RAS_FAULTED, .fault = "divide error", .ip = 0x4711,
	    .lock = "port_lock" },
	  "divide error in 0x4711, holding port_lock" },
	{ "panic",
	  { .why = RAS_PANICKED, .message = "100%s %n" },
	  "panic: 100%s %n" },
	{ "smashed",
	  { .why = RAS_SMASHED },
	  "stack corrupted" },
	{ "overran",
	  { .why = RAS_OVERRAN, .deadline_ms = 30000, .ip = 0x4711 },
	  "deadline of 30000 ms passed in 0x4711" },
	{ "hung",
	  { .why = RAS_HUNG, .deadline_ms = 5000, .from = 3, .to = 1 },
	  "deadline of 5000 ms passed, CPU 3 does not answer, CPU 1 took over" },
	{ "overran with a lock",
	  { .why = RAS_OVERRAN, .deadline_ms = 5000, .ip = 0x4711,
	    .lock = "port_lock" },
	  "deadline of 5000 ms passed in 0x4711, holding port_lock" },
};

static void words_desc(const struct words_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(words, words_params, words_desc);

static void ras_report_failure_words(struct kunit *test)
{
	const struct words_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_result *result = &fake->m.result[0];
	char text[256] = "", expected[256];
	struct seq_buf s;

	fake->m.stop.sequence = 7;
	fake->m.begin_ns = atomic64_read(&fake->clock);
	fake->m.nr_results = 1;
	strscpy(result->name, "h", sizeof(result->name));
	result->ns = 1500000;
	result->failure = p->failure;
	/* Which do not count. */
	result->verdict = RAS_RESUME;
	result->broken = "left interrupts enabled";
	snprintf(expected, sizeof(expected),
		 "  handler h            abandoned after 1.500 ms: %s\n"
		 "  stop 7 took 0.000 ms\n", p->text);
	seq_buf_init(&s, text, sizeof(text) - 1);
	ras_format_results(&s, &fake->m);
	KUNIT_EXPECT_STREQ(test, text, expected);
}

static const struct {
	u32 mask;
	const char *text;
} trigger_texts[] = {
	{ 0, "" },
	{ RAS_ON(PANIC), "panic" },
	{ RAS_ON(API), "api" },
	{ RAS_ON(API) | RAS_ON(OOPS), "oops api" },
	{ RAS_ON_ALL, "panic oops nmi sysrq user api debug hibernate" },
	{ BIT(RAS_NR_TRIGGERS) | RAS_ON(NMI), "nmi" },
};

static void ras_report_triggers(struct kunit *test)
{
	struct report *r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(trigger_texts); i++) {
		r = new_report(test);
		ras_format_triggers(&r->s, trigger_texts[i].mask);
		KUNIT_EXPECT_STREQ(test, r->text, trigger_texts[i].text);
	}
}

/* Every value has a name: no report may say "(null)". */
static void ras_report_names(struct kunit *test)
{
	int i;

	for (i = 0; i < RAS_NR_TRIGGERS; i++)
		KUNIT_EXPECT_NOT_NULL(test, (void *)ras_trigger_names[i]);
	for (i = 0; i < RAS_NR_VERDICTS; i++)
		KUNIT_EXPECT_NOT_NULL(test, (void *)ras_verdict_names[i]);
	for (i = 0; i < RAS_NR_HOWS; i++)
		KUNIT_EXPECT_NOT_NULL(test, (void *)ras_how_names[i]);
}

static void format_plan(struct report *r, struct ras_fake *fake,
			enum ras_trigger trigger)
{
	mutex_lock(&fake->m.lock);
	ras_format_plan(&r->s, &fake->m, trigger);
	mutex_unlock(&fake->m.lock);
}

static void ras_report_plan(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *off = ras_fake_handler(test, "off", 7);
	struct ras_fake_handler *kdump = ras_fake_handler(test, "kdump", 900);
	struct report *r = new_report(test);

	off->handler.disabled = true;
	kdump->handler.triggers = RAS_ON(PANIC);
	kdump->handler.flags = RAS_HANDLER_NORETURN;
	kdump->reason = "no crash kernel loaded";
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &kdump->handler), 0);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &off->handler), 0);
	ras_fake_add(test, "kmsg", 100);
	format_plan(r, fake, RAS_TRIGGER_PANIC);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "panic\n"
			   "    7 off          not armed: disabled\n"
			   "  100 kmsg         armed\n"
			   "  900 kdump        not armed: no crash kernel loaded\n");

	/* Only what runs on the trigger, also when the trigger is off. */
	r = new_report(test);
	format_plan(r, fake, RAS_TRIGGER_OOPS);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "oops (disabled)\n"
			   "    7 off          not armed: disabled\n"
			   "  100 kmsg         armed\n");
}

static void ras_report_plan_empty(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);
	struct report *r = new_report(test);

	/* Before any handler was registered there is no order at all. */
	format_plan(r, fake, RAS_TRIGGER_API);
	h->handler.triggers = RAS_ON(PANIC);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	format_plan(r, fake, RAS_TRIGGER_NMI);
	fake->m.policy.enabled = false;
	format_plan(r, fake, RAS_TRIGGER_USER);
	KUNIT_EXPECT_STREQ(test, r->text,
			   "api\n  no handler\n"
			   "nmi\n  no handler\n"
			   "user (disabled)\n  no handler\n");
}

/* Whoever reads a part of the plan is told, whatever the size of the buffer. */
static void ras_report_plan_cut(struct kunit *test)
{
	static const char cut[] = "(cut here: the plan is too long)\n";
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	char *buf = kunit_kzalloc(test, REPORT_SIZE, GFP_KERNEL);
	struct seq_buf s;
	size_t size, whole;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	ras_fake_add(test, "h", 1)->reason = "it has a reason";
	mutex_lock(&fake->m.lock);
	seq_buf_init(&s, buf, REPORT_SIZE);
	ras_format_plans(&s, &fake->m);
	whole = s.len;
	for (size = sizeof(cut); size <= whole + 1; size++) {
		seq_buf_init(&s, buf, size);
		ras_format_plans(&s, &fake->m);
		buf[min(s.len, size - 1)] = '\0';
		/* seq_buf takes a text as too long if no byte is left. */
		KUNIT_EXPECT_EQ(test, strlen(buf), s.len);
		KUNIT_EXPECT_EQ(test, !!strstr(buf, cut), size <= whole);
		KUNIT_EXPECT_EQ(test, buf[s.len - 1], '\n');
	}
	mutex_unlock(&fake->m.lock);
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf, "debug\n    1 h            not armed"));
}

/* In a buffer of any size, also one that ends within a word. */
static void ras_report_overflow(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_PANIC);
	u8 *buf = kunit_kzalloc(test, REPORT_SIZE + GUARD_SIZE, GFP_KERNEL);
	struct seq_buf s;
	size_t size;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	ras_fake_add(test, "h", 1);
	add_result(fake, "h", RAS_NEXT, 1)->broken = "left interrupts enabled";
	for (size = 1; size <= 128; size++) {
		memset(buf, GUARD_BYTE, REPORT_SIZE + GUARD_SIZE);
		seq_buf_init(&s, buf, size);
		ras_format_triggers(&s, RAS_ON_ALL);
		ras_format_stop(&s, &fake->m);
		ras_format_results(&s, &fake->m);
		mutex_lock(&fake->m.lock);
		ras_format_plan(&s, &fake->m, RAS_TRIGGER_PANIC);
		mutex_unlock(&fake->m.lock);
		KUNIT_ASSERT_TRUE(test, seq_buf_has_overflowed(&s));
		KUNIT_ASSERT_NULL(test, memchr_inv(buf + size, GUARD_BYTE,
						   REPORT_SIZE + GUARD_SIZE - size));
	}
}

/* The report has room for as many handlers as there may be. */
static void ras_report_most_handlers(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *h;
	char *name;
	unsigned int i;

	for (i = 0; i < RAS_MAX_HANDLERS; i++) {
		name = kunit_kzalloc(test, RAS_NAME_LEN, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, name);
		snprintf(name, RAS_NAME_LEN, "handler_with_a_long_name_no_%03u", i);
		h = ras_fake_add(test, name, 1);
	}
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, RAS_MAX_HANDLERS);
	KUNIT_EXPECT_EQ(test, fake->m.nr_results, RAS_MAX_HANDLERS);
}

/* Is @text in the kernel's log? */
static bool logged(struct kunit *test, const char *text)
{
	char *line = kunit_kzalloc(test, REPORT_SIZE, GFP_KERNEL);
	struct kmsg_dump_iter iter;
	bool found = false;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, line);
	kmsg_dump_rewind(&iter);
	while (!found &&
	       kmsg_dump_get_line(&iter, false, line, REPORT_SIZE - 1, &len)) {
		line[len] = '\0';
		found = strstr(line, text);
	}
	return found;
}

/* A message with an empty line in it does not cut the report off. */
static void ras_report_message_with_newlines(struct kunit *test)
{
	struct ras_fake *fake = new_stop(test, 1, RAS_TRIGGER_API);

	fake->m.stop.resumable = true;
	/* Found nowhere else in the log. */
	fake->m.stop.stop_ns = 987654321098ULL;
	strscpy(fake->m.stop.message, "one\n\nthree", RAS_MESSAGE_LEN);
	/* Only the owner prints, which this thread is for a moment. */
	migrate_disable();
	atomic64_set(&fake->m.claim, RAS_CLAIM(fake->m.arch->this_cpu(), 0));
	ras_report_stopped(&fake->m);
	atomic64_set(&fake->m.claim, RAS_CLAIM_NONE);
	migrate_enable();
	KUNIT_EXPECT_TRUE(test, logged(test, "ras: stop 7: api on CPU 0: one"));
	KUNIT_EXPECT_TRUE(test, logged(test, "ras:   stopped in 987654.321 ms"));
}

static struct kunit_case ras_report_cases[] = {
	KUNIT_CASE(ras_report_stop_alone),
	KUNIT_CASE(ras_report_stop_rehearsal),
	KUNIT_CASE(ras_report_stop_cpus),
	KUNIT_CASE(ras_report_stop_losers),
	KUNIT_CASE(ras_report_results),
	KUNIT_CASE(ras_report_results_none),
	KUNIT_CASE(ras_report_results_late),
	KUNIT_CASE_PARAM(ras_report_failure_words, words_gen_params),
	KUNIT_CASE(ras_report_message_with_newlines),
	KUNIT_CASE(ras_report_triggers),
	KUNIT_CASE(ras_report_names),
	KUNIT_CASE(ras_report_plan),
	KUNIT_CASE(ras_report_plan_empty),
	KUNIT_CASE(ras_report_plan_cut),
	KUNIT_CASE(ras_report_overflow),
	KUNIT_CASE(ras_report_most_handlers),
	{}
};

static struct kunit_suite ras_report_suite = {
	.name		= "ras_report",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_report_cases,
};

kunit_test_suite(ras_report_suite);
