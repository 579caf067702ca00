// SPDX-License-Identifier: MIT
/*
 * Waiting through epoll, if io_uring is not available or not wanted.
 *
 * Sockets are watched level-triggered, and doorbells are armed to be rung through them, so
 * everything that can end a sleep is a readable socket.  Looking at the sockets is a system
 * call, so it is made when the answer of a call depends on it:
 *
 *	a message is in a ring, and is taken		no look; one in SOCKET_GLANCE_NS
 *	there is nothing to take, with SLUICE_NOWAIT	a look
 *	is there a request?				a look, before it says no
 *	is the peer still there?			a look, before it says yes
 *	how many servers are there?			a look
 *	a message is sent				a look, unless the program spins
 *
 * A program spins if the last look is less than SOCKET_GLANCE_NS ago, and since then no two
 * glances were SOCKET_LOOP_NS apart.  It has done nothing but send and receive, so it
 * cannot have learned of any event from elsewhere.  A call that waits polls without a look
 * in the same way.  Then it sleeps in epoll, or its time ends there.
 *
 * Invariant:
 * (1) A look, and a sleep that ends, handle every source that was ready when they began.
 *
 * A hostile peer can keep its socket readable; each time costs one handler call, and a
 * look ends after as many as there are sources.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "wait/wait_modes.h"
#include "os/clock.h"

#define BATCH	64

static int control(struct wait *wait, struct wait_source *source, int what, uint32_t events)
{
	struct epoll_event event = {
		.events = events,
		.data.u64 = wait_tag(wait, source, WAIT_POLL),
	};

	return epoll_ctl(wait->epoll, what, source->fd, &event);
}

int wait_epoll_watch(struct wait *wait, struct wait_source *source)
{
	if (control(wait, source, EPOLL_CTL_ADD, EPOLLIN | EPOLLRDHUP))
		return fail_system("cannot watch a socket");
	return 0;
}

/* A hang-up is always reported; in this way once. */
void wait_epoll_mute(struct wait *wait, struct wait_source *source)
{
	control(wait, source, EPOLL_CTL_MOD, EPOLLONESHOT);
}

void wait_epoll_unmute(struct wait *wait, struct wait_source *source)
{
	control(wait, source, EPOLL_CTL_MOD, EPOLLIN | EPOLLRDHUP);
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

/* All earlier events are known now. */
static void note_look(struct wait *wait, int64_t now)
{
	wait->next_glance = now + SOCKET_GLANCE_NS;
	wait->glanced = now;
	wait->stale = false;
	wait->paused = false;
}

/* Sources that stay ready go to the end of epoll's queue, so the rounds see all of them. */
static void look(struct wait *wait)
{
	struct epoll_event events[BATCH];
	uint32_t rounds = wait->count / BATCH + 1;
	int n;

	do {
		n = epoll_wait(wait->epoll, events, BATCH, 0);
		handle(wait, events, n);
	} while (n == BATCH && --rounds);
}

static void glance(struct wait *wait, bool to_send)
{
	int64_t now = clock_now();

	if (now - wait->glanced >= SOCKET_LOOP_NS)
		wait->paused = true;
	wait->glanced = now;
	wait->stale = now < wait->next_glance && !(to_send && wait->paused);
	if (wait->stale)
		return;
	note_look(wait, now);
	look(wait);
	/* The look itself does not count as a pause of the program. */
	wait->glanced = clock_now();
}

void wait_epoll_glance(struct wait *wait)
{
	glance(wait, false);
}

void wait_epoll_glance_to_send(struct wait *wait)
{
	glance(wait, true);
}

/* As libc's, which not every libc has; the kernel's masks have 64 signals. */
static int pwait2(int epoll, struct epoll_event *events, const struct timespec *timeout,
		  const sigset_t *mask)
{
	return (int)syscall(SYS_epoll_pwait2, epoll, events, BATCH, timeout, mask, 64 / 8);
}

/* Linux 5.11 waits in nanoseconds, if it is permitted; else the wait is rounded up. */
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
	n = pwait2(epoll, events, timeout, mask);
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
	note_look(wait, clock_now());
	if (!n)
		return -ETIMEDOUT;
	handle(wait, events, n);
	if (n == BATCH)
		look(wait);
	return 0;
}
