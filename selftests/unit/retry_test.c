// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pauses after which something is tried again: they grow, and what makes them begin anew.
 */
#include "wait/retry.h"
#include "base/limits.h"
#include "common.h"

/* A try that fails at the time that was planned for it. */
static int64_t fail_again(struct retry *retry, void (*later)(struct retry *retry))
{
	retry_stop(retry);
	later(retry);
	return retry->pause;
}

TEST(pauses_are_doubled)
{
	struct retry retry = { 0 };
	int64_t pause = RETRY_FIRST_NS;

	for (; pause < RETRY_LONGEST_NS; pause *= 2)
		EXPECT_EQ(pause, fail_again(&retry, retry_later));
	EXPECT_EQ(RETRY_LONGEST_NS, fail_again(&retry, retry_later));
	EXPECT_EQ(RETRY_LONGEST_NS, fail_again(&retry, retry_later));
}

TEST(a_new_reason_makes_them_short_again)
{
	struct retry retry = { 0 };

	EXPECT_EQ(RETRY_FIRST_NS, fail_again(&retry, retry_later));
	EXPECT_EQ(2 * RETRY_FIRST_NS, fail_again(&retry, retry_later));
	retry_afresh(&retry);
	EXPECT_EQ(RETRY_FIRST_NS, fail_again(&retry, retry_later));
}

/* The peer that broke the protocol can also send the reasons. */
TEST(but_not_after_a_breach)
{
	struct retry retry = { 0 };
	int64_t pause;

	for (pause = RETRY_FIRST_NS; pause < RETRY_LONGEST_NS; pause *= 2) {
		EXPECT_EQ(pause, fail_again(&retry, retry_later_firmly));
		retry_afresh(&retry);
	}
}

/* Long after the last try it is the first failure of another matter. */
TEST(a_failure_long_after_is_the_first_one)
{
	struct retry retry = { 0 };

	EXPECT_EQ(RETRY_FIRST_NS, fail_again(&retry, retry_later_firmly));
	EXPECT_EQ(2 * RETRY_FIRST_NS, fail_again(&retry, retry_later_firmly));
	retry.at -= 2 * RETRY_LONGEST_NS;
	EXPECT_EQ(RETRY_FIRST_NS, fail_again(&retry, retry_later));
	retry_afresh(&retry);
	EXPECT_EQ(RETRY_FIRST_NS, fail_again(&retry, retry_later));
}

TEST_HARNESS_MAIN
