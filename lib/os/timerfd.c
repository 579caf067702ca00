// SPDX-License-Identifier: MIT
/*
 * A descriptor that is readable from some time on, for event loops of programs, which know
 * nothing of our alarms.  No peer can reach it.
 */
#include "os/timerfd.h"

#include <sys/timerfd.h>

#include "base/error.h"
#include "os/clock.h"
#include "os/fd.h"

int timerfd_make(void)
{
	int fd = fd_own(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));

	return fd < 0 ? fail_system("cannot make a timerfd") : fd;
}

void timerfd_set(int fd, int64_t time)
{
	struct itimerspec spec = { { 0 }, { 0 } };

	/* The kernel takes a time of 0 for never. */
	if (time != CLOCK_NEVER)
		spec.it_value = clock_timespec(time > 0 ? time : 1);
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
}
