// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what handlers are asked and told before and after a
 * hibernation.
 */
#include <linux/string.h>

#include "../hibernate.h"
#include "fake_guard.h"

#define NR_TOOLS	3

/* What the handlers were called for, in order: "p" and "c", each with the handler's number. */
static char called[32];
static int refuses, told;

static int tool_prepare(struct ras_handler *handler, void *arg)
{
	strlcat(called, "p", sizeof(called));
	strlcat(called, handler->name, sizeof(called));
	return refuses == handler->name[0] ? -ENXIO : 0;
}

static void tool_complete(struct ras_handler *handler, void *arg, int ret,
			  const struct ras_outcome *outcome)
{
	strlcat(called, "c", sizeof(called));
	strlcat(called, handler->name, sizeof(called));
	told = ret;
}

static struct ras_fake_handler *add_tool(struct kunit *test, const char *name, int priority,
					 u32 triggers)
{
	struct ras_fake_handler *h = ras_fake_handler(test, name, priority);

	h->handler.triggers = triggers;
	h->handler.prepare = tool_prepare;
	h->handler.complete = tool_complete;
	KUNIT_ASSERT_EQ(test, ras_add_handler(&h->fake->m, &h->handler), 0);
	return h;
}

struct hibernate_param {
	const char	*desc;
	u32		triggers[NR_TOOLS];
	int		disabled;
	int		refuses;
	int		ret;
	const char	*prepared;
	const char	*completed;
	int		told;
};

#define ON	RAS_ON(HIBERNATE)
#define OFF	RAS_ON(PANIC)

static const struct hibernate_param hibernate_params[] = {
	{ "all",		{ ON, ON, ON },	   -1, 0,   0,	     "p0p1p2", "c2c1c0", -EINTR },
	{ "other trigger",	{ ON, OFF, ON },   -1, 0,   0,	     "p0p2",   "c2c0",	 -EINTR },
	{ "one is disabled",	{ ON, ON, ON },	   0,  0,   0,	     "p1p2",   "c2c1",	 -EINTR },
	{ "none",		{ OFF, OFF, OFF }, -1, 0,   -ENOENT, "",       "",	 0 },
	{ "the first refuses",	{ ON, ON, ON },	   -1, '0', -ENXIO,  "p0",     "",	 0 },
	{ "the last refuses",	{ ON, ON, ON },	   -1, '2', -ENXIO,  "p0p1p2c1c0", "",	 -ENXIO },
};

static void hibernate_desc(const struct hibernate_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(hibernate, hibernate_params, hibernate_desc);

static void ras_hibernate_asks(struct kunit *test)
{
	static const char * const names[NR_TOOLS] = { "0", "1", "2" };
	const struct hibernate_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_fake_handler *h[NR_TOOLS];
	struct ras_hibernation hibernation;
	bool held;
	int i;

	called[0] = '\0';
	refuses = p->refuses;
	told = 0;
	/* Registered in another order than that of their priorities. */
	for (i = NR_TOOLS - 1; i >= 0; i--)
		h[i] = add_tool(test, names[i], i, p->triggers[i]);
	if (p->disabled >= 0)
		KUNIT_ASSERT_EQ(test, ras_fake_enable(h[p->disabled], false), 0);

	KUNIT_EXPECT_EQ(test, ras_prepare_handlers(&fake->m, &hibernation), p->ret);
	KUNIT_EXPECT_STREQ(test, called, p->prepared);
	/* Who was asked stays as it is until it is told. */
	for (i = 0; i < NR_TOOLS; i++) {
		held = !p->ret && p->triggers[i] == ON && i != p->disabled;
		KUNIT_EXPECT_EQ(test, atomic_read(&h[i]->handler.entry->busy), held);
	}

	called[0] = '\0';
	KUNIT_EXPECT_EQ(test, ras_complete_handlers(&hibernation, -EINTR), -EINTR);
	KUNIT_EXPECT_STREQ(test, called, p->completed);
	KUNIT_EXPECT_EQ(test, told, p->told);
	for (i = 0; i < NR_TOOLS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&h[i]->handler.entry->busy), 0);
}

struct ends_param {
	const char	*desc;
	int		kernel;
	bool		left;
	int		status;
	int		ret;
};

static const struct ends_param ends_params[] = {
	{ "well",			0,	 true,	0,	0 },
	{ "the other kernel failed",	0,	 true,	-ENXIO,	-ENXIO },
	{ "this kernel failed",		-EBUSY,	 true,	-ENXIO,	-EBUSY },
	{ "before the stop",		0,	 false,	-EIO,	0 },
	{ "in the stop",		-EIO,	 false,	-EIO,	-EIO },
};

static void ends_desc(const struct ends_param *p, char *desc)
{
	strscpy(desc, p->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ends, ends_params, ends_desc);

/* What hibernate() returns, and what the handlers are told. */
static void ras_hibernate_ends(struct kunit *test)
{
	const struct ends_param *p = test->param_value;
	struct ras_fake *fake = ras_fake_new_guarded(test, 1);
	struct ras_hibernation hibernation = { .away = { .left = true } };

	refuses = 0;
	told = 1;
	add_tool(test, "0", 0, ON);
	KUNIT_ASSERT_EQ(test, ras_prepare_handlers(&fake->m, &hibernation), 0);
	KUNIT_EXPECT_FALSE(test, hibernation.away.left);
	KUNIT_EXPECT_EQ(test, hibernation.away.status, -EIO);
	hibernation.away.left = p->left;
	hibernation.away.status = p->status;
	KUNIT_EXPECT_EQ(test, ras_complete_handlers(&hibernation, p->kernel), p->ret);
	KUNIT_EXPECT_EQ(test, told, p->ret);
}

static struct kunit_case ras_hibernate_cases[] = {
	KUNIT_CASE_PARAM(ras_hibernate_asks, hibernate_gen_params),
	KUNIT_CASE_PARAM(ras_hibernate_ends, ends_gen_params),
	{}
};

static struct kunit_suite ras_hibernate_suite = {
	.name		= "ras_hibernate",
	.init		= ras_fake_guard_init,
	.exit		= ras_fake_guard_exit,
	.test_cases	= ras_hibernate_cases,
};

kunit_test_suite(ras_hibernate_suite);
