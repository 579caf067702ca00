// SPDX-License-Identifier: MIT
/*
 * Waiting through epoll, where io_uring is not to be had or not wanted.
 *
 * Sockets are watched level-triggered, and doorbells are armed to be rung through
 * them, so everything that can end a sleep is a readable socket.  A port that never
 * sleeps asks epoll now and then (SOCKET_GLANCE_NS), which is a system call.
 *
 * A hostile peer can keep its socket readable; each time costs one handler call.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "link/wait_modes.h"
#include "os/clock.h"

#define BATCH	64

int wait_epoll_watch(struct wait *wait, struct wait_source *source)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP,
		.data.u64 = wait_tag(wait, source, WAIT_POLL),
	};

	if (epoll_ctl(wait->epoll, EPOLL_CTL_ADD, source->fd, &event))
		return fail_system("cannot watch a socket");
	return 0;
}

static void handle(struct wait *wait, const struct epoll_event *events, int count)
{
	struct wait_source *source;
	int i;

	for (i = 0; i < count; i++) {
		source = wait_source(wait, events[i].data.u64);
		if (source)
			source->ready(source);
	}
}

void wait_epoll_glance(struct wait *wait)
{
	struct epoll_event events[BATCH];
	int64_t now = clock_now();

	if (now < wait->next_glance)
		return;
	wait->next_glance = now + SOCKET_GLANCE_NS;
	handle(wait, events, epoll_wait(wait->epoll, events, BATCH, 0));
}

/* Linux 5.11 waits in nanoseconds, where it may; else the wait is rounded up. */
static int sleep_until(int epoll, struct epoll_event *events, int64_t end, const sigset_t *mask)
{
	struct timespec ts, *timeout = NULL;
	int64_t left = -1;
	int n;

	if (end != CLOCK_NEVER) {
		left = end - clock_now();
		if (left < 0)
			left = 0;
		ts = clock_timespec(left);
		timeout = &ts;
	}
	n = epoll_pwait2(epoll, events, BATCH, timeout, mask);
	if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
		left = left < 0 ? -1 : (left + 999999) / 1000000;
		n = epoll_pwait(epoll, events, BATCH, left > INT32_MAX ? INT32_MAX : (int)left,
				mask);
	}
	return n;
}

int wait_epoll_block(struct wait *wait, int64_t end)
{
	struct epoll_event events[BATCH];
	int n = sleep_until(wait->epoll, events, end, signals_mask(&wait->signals));

	if (n < 0 && errno == EINTR)
		return fail_quietly(EINTR, "a signal has ended the wait");
	if (n < 0)
		return fail_system("cannot wait with epoll");
	if (!n)
		return -ETIMEDOUT;
	handle(wait, events, n);
	return 0;
}
