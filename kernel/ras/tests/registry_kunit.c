// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: registration, arming and order.
 */
#include <linux/string.h>

#include "fake_arch.h"

/* The names of the handlers in the order they run, "a b c". */
static const char *chain_of(struct kunit *test, struct ras_machine *m)
{
	const struct ras_chain *chain = rcu_dereference_raw(m->chain);
	const size_t size = RAS_MAX_HANDLERS * RAS_NAME_LEN;
	char *text = kunit_kzalloc(test, size, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (i = 0; chain && i < chain->nr; i++) {
		if (i)
			strlcat(text, " ", size);
		strlcat(text, chain->entry[i]->name, size);
	}
	return text;
}

static void ras_registry_order(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "never", 0);

	/* Last, though its priority would make it the first of all. */
	h->handler.flags = RAS_HANDLER_NORETURN;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	ras_fake_add(test, "max", RAS_PRIO_MAX);
	ras_fake_add(test, "dump", RAS_PRIO_DUMP);
	ras_fake_add(test, "log_c", RAS_PRIO_LOG);
	ras_fake_add(test, "log_a", RAS_PRIO_LOG);
	ras_fake_add(test, "zero", 0);
	ras_fake_add(test, "log_b", RAS_PRIO_LOG);
	KUNIT_EXPECT_STREQ(test, chain_of(test, &fake->m),
			   "zero log_a log_b log_c dump max never");
}

/* The chain runs what the order says. */
static void ras_registry_runs_in_order(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *c = ras_fake_add(test, "c", 30);
	struct ras_fake_handler *a = ras_fake_add(test, "a", 10);
	struct ras_fake_handler *b = ras_fake_add(test, "b", 20);

	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, a->ran, 1);
	KUNIT_EXPECT_EQ(test, b->ran, 2);
	KUNIT_EXPECT_EQ(test, c->ran, 3);
}

struct refusal {
	const char *desc;
	const char *name;
	int priority;
	u32 triggers;
	u32 flags;
	unsigned int deadline_ms;
	int wait_s;
	bool no_run;
	int ret;
};

#define NAME_31	"abcdefghijklmnopqrstuvwxyz-_012"

static const struct refusal refusals[] = {
	{ "no name", NULL, 1, 1, .ret = -EINVAL },
	{ "empty name", "", 1, 1, .ret = -EINVAL },
	{ "name with slash", "a/b", 1, 1, .ret = -EINVAL },
	{ "name with dot", "a.b", 1, 1, .ret = -EINVAL },
	{ "name with space", "a b", 1, 1, .ret = -EINVAL },
	{ "name with newline", "a\n", 1, 1, .ret = -EINVAL },
	{ "name with percent", "%s%n", 1, 1, .ret = -EINVAL },
	{ "name in Latin-1", "\xe4", 1, 1, .ret = -EINVAL },
	{ "longest name", NAME_31, 1, 1, .ret = 0 },
	{ "longer name", NAME_31 "3", 1, 1, .ret = -EINVAL },
	{ "no run", "h", 1, 1, .no_run = true, .ret = -EINVAL },
	{ "no trigger", "h", 1, 0, .ret = -EINVAL },
	{ "on call, with no trigger", "h", 1, 0, RAS_HANDLER_ON_CALL, .ret = 0 },
	{ "by name, but not on call", "h", 1, 1, RAS_HANDLER_BY_NAME, .ret = -EINVAL },
	{ "all triggers", "h", 1, RAS_ON_ALL, .ret = 0 },
	{ "unknown trigger", "h", 1, BIT(RAS_NR_TRIGGERS) | 1, .ret = -EINVAL },
	{ "all flags", "h", 1, 1, RAS_HANDLER_FLAGS, .ret = 0 },
	{ "unknown flag", "h", 1, 1, RAS_HANDLER_FLAGS + 1, .ret = -EINVAL },
	{ "least priority", "h", 0, 1, .ret = 0 },
	{ "negative priority", "h", -1, 1, .ret = -EINVAL },
	{ "largest priority", "h", RAS_PRIO_MAX, 1, .ret = 0 },
	{ "larger priority", "h", RAS_PRIO_MAX + 1, 1, .ret = -EINVAL },
	{ "longest deadline", "h", 1, 1, 0, RAS_DEADLINE_MS_MAX, .ret = 0 },
	{ "longer deadline", "h", 1, 1, 0, RAS_DEADLINE_MS_MAX + 1, .ret = -EINVAL },
	{ "longest wait", "h", 1, 1, .wait_s = RAS_WAIT_S_MAX, .ret = 0 },
	{ "longer wait", "h", 1, 1, .wait_s = RAS_WAIT_S_MAX + 1, .ret = -EINVAL },
	{ "default wait", "h", 1, 1, .wait_s = RAS_WAIT_AUTO, .ret = 0 },
	{ "negative wait", "h", 1, 1, .wait_s = RAS_WAIT_AUTO - 1, .ret = -EINVAL },
};

static void refusal_desc(const struct refusal *r, char *desc)
{
	strscpy(desc, r->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(refusal, refusals, refusal_desc);

/* A handler that was refused was never there. */
static void expect_no_trace(struct kunit *test, struct ras_fake_handler *h,
			    unsigned int others)
{
	struct ras_machine *m = &h->fake->m;
	const struct ras_chain *chain = rcu_dereference_raw(m->chain);
	struct ras_entry *entry;
	unsigned int nr = 0;

	KUNIT_EXPECT_NULL(test, (void *)h->handler.entry);
	KUNIT_EXPECT_EQ(test, chain ? chain->nr : 0, others);
	list_for_each_entry(entry, &m->entries, node) {
		KUNIT_EXPECT_PTR_NE(test, entry->handler, &h->handler);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, others);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&m->lock));
}

static void ras_registry_refusal(struct kunit *test)
{
	const struct refusal *r = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, r->name, r->priority);

	h->handler.triggers = r->triggers;
	h->handler.flags = r->flags;
	h->handler.deadline_ms = r->deadline_ms;
	h->handler.wait_s = r->wait_s;
	if (r->no_run)
		h->handler.run = NULL;
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), r->ret);
	KUNIT_EXPECT_EQ(test, h->arms, r->ret ? 0 : 1);
	if (r->ret) {
		expect_no_trace(test, h, 0);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, (void *)h->handler.entry);
	KUNIT_EXPECT_STREQ(test, h->handler.entry->name, r->name);
	KUNIT_EXPECT_EQ(test, h->handler.entry->priority, r->priority);
	KUNIT_EXPECT_EQ(test, h->handler.entry->triggers, r->triggers);
	KUNIT_EXPECT_EQ(test, h->handler.entry->flags, r->flags);
	KUNIT_EXPECT_EQ(test, h->handler.entry->deadline_ms, r->deadline_ms);
	KUNIT_EXPECT_EQ(test, h->handler.entry->wait_s, r->wait_s);
}

static void ras_registry_name_taken(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *first = ras_fake_add(test, "same", 1);
	struct ras_fake_handler *second = ras_fake_handler(test, "same", 2);

	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &second->handler), -EEXIST);
	expect_no_trace(test, second, 1);
	KUNIT_EXPECT_EQ(test, second->arms, 0);

	/* The very same handler again must not disturb its registration. */
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &first->handler), -EEXIST);
	KUNIT_EXPECT_NOT_NULL(test, (void *)first->handler.entry);
	KUNIT_EXPECT_EQ(test, first->arms, 1);
}

/* More than one may leave this kernel: the chain has them last, by their priority. */
static void ras_registry_second_noreturn(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *first = ras_fake_handler(test, "first", 2);
	struct ras_fake_handler *second = ras_fake_handler(test, "second", 1);
	struct ras_fake_handler *returns = ras_fake_handler(test, "returns", 3);

	first->handler.flags = RAS_HANDLER_NORETURN;
	second->handler.flags = RAS_HANDLER_NORETURN | RAS_HANDLER_DOES_KEXEC;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &first->handler), 0);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &second->handler), 0);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &returns->handler), 0);
	KUNIT_EXPECT_STREQ(test, chain_of(test, &fake->m), "returns second first");
}

static void ras_registry_too_many(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h;
	char *name;
	unsigned int i;

	for (i = 0; i < RAS_MAX_HANDLERS; i++) {
		name = kunit_kzalloc(test, RAS_NAME_LEN, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, name);
		snprintf(name, RAS_NAME_LEN, "h%u", i);
		h = ras_fake_add(test, name, 1);
	}
	h = ras_fake_handler(test, "one_more", 1);
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), -ENOSPC);
	expect_no_trace(test, h, RAS_MAX_HANDLERS);
	KUNIT_EXPECT_EQ(test, h->arms, 0);
}

struct state_param {
	enum ras_state state;
	int ret;
};

/* But for RAS_RELEASING, which is waited for. */
static const struct state_param state_params[] = {
	{ RAS_OFF,		-ENODEV },
	{ RAS_IDLE,		0 },
	{ RAS_STOPPING,		-EBUSY },
	{ RAS_STOPPED,		-EBUSY },
	{ RAS_ENDED,		-EBUSY },
	{ RAS_HANDED_OVER,	-EBUSY },
};

static void state_desc(const struct state_param *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "state %d", p->state);
}

KUNIT_ARRAY_PARAM(state, state_params, state_desc);

static void ras_registry_state(struct kunit *test)
{
	const struct state_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	fake->m.state = p->state;
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), p->ret);
	KUNIT_EXPECT_EQ(test, h->arms, p->ret ? 0 : 1);
	if (p->ret)
		expect_no_trace(test, h, 0);
	fake->m.state = RAS_IDLE;
}

static void ras_registry_arm_fails(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	ras_fake_add(test, "other", 1);
	h->arm_error = -ENOMEDIUM;
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), -ENOMEDIUM);
	expect_no_trace(test, h, 1);
	KUNIT_EXPECT_EQ(test, h->arms, 1);
	/* What was not armed is not disarmed. */
	KUNIT_EXPECT_EQ(test, h->disarms, 0);

	h->arm_error = 0;
	KUNIT_EXPECT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 2);
}

static void ras_registry_unregister(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	/* Not registered: nothing happens. */
	ras_remove_handler(&fake->m, &h->handler);
	KUNIT_EXPECT_EQ(test, h->disarms, 0);

	ras_fake_add(test, "other", 1);
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 1);
	KUNIT_EXPECT_STREQ(test, chain_of(test, &fake->m), "h other");
	ras_remove_handler(&fake->m, &h->handler);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);
	expect_no_trace(test, h, 1);
	KUNIT_EXPECT_STREQ(test, chain_of(test, &fake->m), "other");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 0);

	/* Twice is once. */
	ras_remove_handler(&fake->m, &h->handler);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);

	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 2);
	KUNIT_EXPECT_EQ(test, h->handler.entry->runs, 0UL);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
}

/* What disarm() sees: no stop can find the handler any more. */
static void disarm_looks(struct ras_handler *handler)
{
	struct ras_fake_handler *h = handler->priv;
	const struct ras_chain *chain = rcu_dereference_raw(h->fake->m.chain);

	h->seen = chain->nr;
	h->ret = handler->entry->enabled;
	h->disarms++;
}

static void ras_registry_disarms_last(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	h->handler.disarm = disarm_looks;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	ras_remove_handler(&fake->m, &h->handler);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);
	KUNIT_EXPECT_EQ(test, h->seen, 0UL);
	KUNIT_EXPECT_FALSE(test, h->ret);
}

static void ras_registry_enable(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *h = ras_fake_add(test, "h", 1);

	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, true), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, false), 0);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);
	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, false), 0);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 0);

	h->arm_error = -EIO;
	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, true), -EIO);
	KUNIT_EXPECT_FALSE(test, h->handler.entry->enabled);
	h->arm_error = 0;
	KUNIT_EXPECT_EQ(test, ras_fake_enable(h, true), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 3);
	KUNIT_EXPECT_TRUE(test, h->handler.entry->enabled);
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	KUNIT_EXPECT_EQ(test, h->disarms, 1);
}

static void ras_registry_disabled_at_first(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	h->handler.disabled = true;
	/* Nor does it matter then that it could not be armed. */
	h->arm_error = -EIO;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_EXPECT_EQ(test, h->arms, 0);
	KUNIT_EXPECT_STREQ(test, ras_fake_skipped(h), "disabled");
	ras_remove_handler(&fake->m, &h->handler);
	KUNIT_EXPECT_EQ(test, h->disarms, 0);
}

/* All callbacks but run() are optional. */
static void ras_registry_bare_handler(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *h = ras_fake_handler(test, "h", 1);

	h->handler.arm = NULL;
	h->handler.disarm = NULL;
	h->handler.not_ready = NULL;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	KUNIT_EXPECT_STREQ(test, ras_fake_skipped(h), "");
	KUNIT_ASSERT_EQ(test, ras_fake_stop(fake, 0, RAS_TRIGGER_API), 0);
	KUNIT_EXPECT_EQ(test, h->ran, 1);
	ras_remove_handler(&fake->m, &h->handler);
	expect_no_trace(test, h, 0);
}

static void ras_registry_new_priority(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *a = ras_fake_add(test, "a", 10);
	struct ras_machine *m = &fake->m;

	ras_fake_add(test, "b", 20);
	KUNIT_EXPECT_STREQ(test, chain_of(test, m), "a b");
	mutex_lock(&m->lock);
	KUNIT_EXPECT_EQ(test, ras_set_entry(m, a->handler.entry, "priority", "30"), 0);
	ras_sort_chain(m);
	mutex_unlock(&m->lock);
	KUNIT_EXPECT_STREQ(test, chain_of(test, m), "b a");
	/* Policy, not the client's: what it registered stays as it was. */
	KUNIT_EXPECT_EQ(test, a->handler.priority, 10);
}

/* A stop that began before goes on with the chain it has. */
static void ras_registry_chain_is_replaced(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	const struct ras_chain *before;

	ras_fake_add(test, "b", 20);
	before = rcu_dereference_raw(fake->m.chain);
	ras_fake_add(test, "a", 10);
	KUNIT_EXPECT_PTR_NE(test, rcu_dereference_raw(fake->m.chain), before);
	KUNIT_EXPECT_EQ(test, before->nr, 1);
	KUNIT_EXPECT_STREQ(test, before->entry[0]->name, "b");
}

static void ras_registry_provided(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, false);
	struct ras_fake_handler *kmsg = ras_fake_handler(test, "kmsg", 1);
	struct ras_fake_handler *kexec = ras_fake_handler(test, "kexec", 2);

	KUNIT_EXPECT_EQ(test, ras_provided(&fake->m), 0);
	ras_fake_add(test, "other", 3);
	KUNIT_EXPECT_EQ(test, ras_provided(&fake->m), 0);

	kmsg->handler.flags = RAS_HANDLER_DOES_KMSG;
	/* Whether it is armed is policy, and not to be done behind its back. */
	kmsg->handler.disabled = true;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &kmsg->handler), 0);
	KUNIT_EXPECT_EQ(test, ras_provided(&fake->m), RAS_DID_KMSG);

	kexec->handler.flags = RAS_HANDLER_DOES_KEXEC | RAS_HANDLER_NORETURN;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &kexec->handler), 0);
	KUNIT_EXPECT_EQ(test, ras_provided(&fake->m), RAS_DID_KMSG | RAS_DID_KEXEC);
	ras_remove_handler(&fake->m, &kmsg->handler);
	KUNIT_EXPECT_EQ(test, ras_provided(&fake->m), RAS_DID_KEXEC);
}

/* A handler that may be called by its name is held, and nobody has to wait for that. */
static void ras_registry_by_name(struct kunit *test)
{
	struct ras_fake *fake = ras_fake_new(test, 1, true);
	struct ras_fake_handler *h = ras_fake_handler(test, "named", 1);
	struct ras_entry *entry;

	h->handler.flags = RAS_HANDLER_BY_NAME | RAS_HANDLER_ON_CALL;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&fake->m, &h->handler), 0);
	ras_fake_add(test, "other", 2);
	KUNIT_EXPECT_NULL(test, ras_hold_named_entry(&fake->m, "other"));
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fake->m.lock));
	entry = ras_hold_named_entry(&fake->m, "named\n");
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&fake->m.lock));
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, atomic_read(&entry->busy), 1);
	ras_let_go_entry(entry);
	KUNIT_EXPECT_EQ(test, atomic_read(&entry->busy), 0);
}

static struct kunit_case ras_registry_cases[] = {
	KUNIT_CASE(ras_registry_order),
	KUNIT_CASE(ras_registry_runs_in_order),
	KUNIT_CASE_PARAM(ras_registry_refusal, refusal_gen_params),
	KUNIT_CASE(ras_registry_name_taken),
	KUNIT_CASE(ras_registry_second_noreturn),
	KUNIT_CASE(ras_registry_too_many),
	KUNIT_CASE_PARAM(ras_registry_state, state_gen_params),
	KUNIT_CASE(ras_registry_arm_fails),
	KUNIT_CASE(ras_registry_unregister),
	KUNIT_CASE(ras_registry_disarms_last),
	KUNIT_CASE(ras_registry_enable),
	KUNIT_CASE(ras_registry_disabled_at_first),
	KUNIT_CASE(ras_registry_bare_handler),
	KUNIT_CASE(ras_registry_new_priority),
	KUNIT_CASE(ras_registry_chain_is_replaced),
	KUNIT_CASE(ras_registry_by_name),
	KUNIT_CASE(ras_registry_provided),
	{}
};

static struct kunit_suite ras_registry_suite = {
	.name		= "ras_registry",
	.init		= ras_fake_init,
	.exit		= ras_fake_exit,
	.test_cases	= ras_registry_cases,
};

kunit_test_suite(ras_registry_suite);
