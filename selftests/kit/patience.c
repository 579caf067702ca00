// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test that runs on a slow machine, as an emulated one is, with this in LD_PRELOAD: its
 * alarms, which end tests that hang, come $SELFTEST_PATIENCE times as late.
 */
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

unsigned int alarm(unsigned int seconds)
{
	const char *factor = getenv("SELFTEST_PATIENCE");
	struct itimerval next = { .it_value.tv_sec = seconds }, last;

	if (factor)
		next.it_value.tv_sec *= atoi(factor);
	return setitimer(ITIMER_REAL, &next, &last) ? 0 : (unsigned int)last.it_value.tv_sec;
}
