// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the RAS stop framework: what drivers may ask without a stop in hand.
 *
 * On the real architecture: nothing is stopped.
 */
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "fake_guard.h"

#define PATTERN	0x5a

static void ras_services_poll(struct kunit *test)
{
	unsigned int asked = 0;
	u64 start;

	KUNIT_EXPECT_TRUE(test, ras_poll(++asked == 3, NSEC_PER_SEC));
	KUNIT_EXPECT_EQ(test, asked, 3);
	/* No time at all: asked all the same. */
	asked = 0;
	KUNIT_EXPECT_TRUE(test, ras_poll(++asked, 0));
	KUNIT_EXPECT_EQ(test, asked, 1);
	start = ras_clock_ns();
	KUNIT_EXPECT_FALSE(test, ras_poll(false, 2 * NSEC_PER_MSEC));
	KUNIT_EXPECT_GT(test, ras_clock_ns() - start, 2 * (u64)NSEC_PER_MSEC);
}

static void ras_services_no_stop(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, ras_owns_stop());
}

static void ras_services_copy(struct kunit *test)
{
	/* Two pages of vmalloc space, behind which there is one that is not mapped. */
	u8 *src = vmalloc(2 * PAGE_SIZE), *dst = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);
	u8 *end = src + 2 * PAGE_SIZE;

	KUNIT_ASSERT_NOT_NULL(test, src);
	KUNIT_ASSERT_NOT_NULL(test, dst);
	memset(src, PATTERN, 2 * PAGE_SIZE);
	memset(dst, 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ras_copy(dst, end - PAGE_SIZE, PAGE_SIZE), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(dst, PATTERN, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, ras_copy(dst, src + 1, 0), 0);
	/* Across the end, behind it, and where no kernel memory can be. */
	KUNIT_EXPECT_EQ(test, ras_copy(dst, end - 1, 2), -EFAULT);
	KUNIT_EXPECT_EQ(test, ras_copy(dst, end, 1), -EFAULT);
	KUNIT_EXPECT_EQ(test, ras_copy(dst, NULL, 1), -EFAULT);
	KUNIT_EXPECT_EQ(test, ras_copy(dst, (void *)PAGE_SIZE, 8), -EFAULT);
	if (IS_ENABLED(CONFIG_64BIT))
		KUNIT_EXPECT_EQ(test, ras_copy(dst, (void *)(1UL << 62), 8), -EFAULT);
	vfree(src);
}

static void ras_services_copy_page(struct kunit *test)
{
	unsigned long page = __get_free_page(GFP_KERNEL);
	u8 *dst = kunit_kmalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NE(test, page, 0UL);
	KUNIT_ASSERT_NOT_NULL(test, dst);
	memset((void *)page, PATTERN, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, ras_copy_page(dst, PFN_DOWN(__pa(page))), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(dst, PATTERN, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, ras_copy_page(dst, ULONG_MAX >> PAGE_SHIFT), -EFAULT);
	free_page(page);
}

static struct kunit_case ras_services_cases[] = {
	KUNIT_CASE(ras_services_poll),
	KUNIT_CASE(ras_services_no_stop),
	KUNIT_CASE(ras_services_copy),
	KUNIT_CASE(ras_services_copy_page),
	{}
};

static struct kunit_suite ras_services_suite = {
	.name		= "ras_services",
	.test_cases	= ras_services_cases,
};

kunit_test_suite(ras_services_suite);
