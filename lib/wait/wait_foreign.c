// SPDX-License-Identifier: MIT
/*
 * Waiting in an event loop of the program.
 *
 * With epoll the loop is given the epoll instance itself.  A ring whose completions run
 * only in its own system calls never looks readable.  For such a ring the loop is given an
 * eventfd, which the kernel signals for each completion that is to be run.
 *
 * The kernel does not pass on a signal from eventfd to eventfd: if an eventfd that the ring
 * polls is made readable, the ring's own stays quiet, and on Linux 6.18 does so for good.
 * So code that makes the first one readable makes the second one readable too
 * (wait_tell()).
 *
 * The loop knows nothing of our alarms (a server is tried again, a deadline passes), so
 * these are a timer among the sources.
 *
 * The order matters.  First the events that the descriptor reported are cleared, then
 * doorbells are armed and handed to the kernel, then everything is looked at once more.  So
 * an event after that look finds the descriptor quiet and makes it readable.
 */
#include "base/atomic.h"
#include "base/error.h"
#include "wait/wait_modes.h"
#include "os/clock.h"
#include "os/eventfd.h"
#include "os/fd.h"
#include "os/timerfd.h"

/* The owner of the alarm looks at the clock itself; here it is only silenced. */
static void timer_ready(struct wait_source *timer)
{
	struct wait *wait = container_of(timer, struct wait, timer);

	timerfd_set(timer->fd, CLOCK_NEVER);
	wait->alarm = CLOCK_NEVER;
}

static int make_timer(struct wait *wait)
{
	int r, fd = timerfd_make();

	if (fd < 0)
		return fd;
	wait->timer.ready = timer_ready;
	wait->timer.fd = fd;
	wait->alarm = CLOCK_NEVER;
	r = wait_watch(wait, &wait->timer);
	if (r < 0)
		wait->timer.fd = fd_close(fd);
	return r;
}

static int make_told(struct wait *wait)
{
	int r, fd = eventfd_make();

	if (fd < 0)
		return fd;
	r = uring_tell(&wait->uring, fd);
	if (r < 0)
		fd_close(fd);
	else
		store_relaxed(&wait->told, fd);
	return r;
}

void wait_tell(const struct wait *wait)
{
	int fd = load_relaxed(&wait->told);

	if (fd >= 0)
		eventfd_signal(fd);
}

int wait_descriptor(struct wait *wait)
{
	int r = 0;

	if (wait->timer.fd < 0)
		r = make_timer(wait);
	if (!r && wait->mode == WAIT_URING && wait->told < 0)
		r = make_told(wait);
	if (r < 0)
		return r;
	return wait->mode == WAIT_URING ? wait->told : wait->epoll;
}

void wait_quieten(struct wait *wait)
{
	if (wait->told >= 0)
		eventfd_drain(wait->told);
	wait_want_look(wait);
}

void wait_set_alarm(struct wait *wait, int64_t alarm)
{
	alarm = min_i64(alarm, wait_next_look(wait));
	wait->again = CLOCK_NEVER;
	if (wait->alarm == alarm)
		return;
	timerfd_set(wait->timer.fd, alarm);
	wait->alarm = alarm;
}
