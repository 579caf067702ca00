/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A timer that sends signals to this thread, for tests of calls that a signal ends.  The
 * test deletes the timer.
 */
#ifndef SELFTESTS_SIGNALS_H
#define SELFTESTS_SIGNALS_H

#include "end.h"

static volatile sig_atomic_t handled __attribute__((__unused__));

/* A handler that counts its calls in handled. */
helper void count_signal(int signal)
{
	(void)signal;
	handled++;
}

/*
 * SIGUSR1 comes to this thread after each interval, until the timer is deleted.  The
 * handler is installed with these flags.  0 or -errno.
 */
helper int start_signals(void (*handler)(int signal), int flags, int64_t interval,
			 timer_t *ret_timer)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGUSR1,
	};
	struct itimerspec time = {
		.it_value.tv_nsec = interval,
		.it_interval.tv_nsec = interval,
	};
	struct sigaction action = {
		.sa_handler = handler,
		.sa_flags = flags,
	};

	handled = 0;
	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	if (sigaction(SIGUSR1, &action, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, ret_timer) ||
	    timer_settime(*ret_timer, 0, &time, NULL))
		return -errno;
	return 0;
}

#endif /* SELFTESTS_SIGNALS_H */
