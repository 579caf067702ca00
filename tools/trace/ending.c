// SPDX-License-Identifier: MIT
/*
 * How long the tracer may take to end.
 *
 * A tracer that is told to end (by ^C, SIGTERM, --duration, --count, --max-size) has ended
 * within 0.2 s, whatever there is to do.  So that time is divided: each part of the end
 * asks whether it has time left.  Work that it has not done by then is counted as lost, or
 * reported as missing.
 *
 * If it ends by itself, because the watched processes have ended, it may take as long as a
 * slow reader needs, until it is told to end.
 *
 * A part may be delayed where it cannot ask: in a write to a pipe that others fill, or in a
 * library that reads debug information.  So there is a timer, which ends a write when the
 * time is over, and again and again from then on.  If the process has had a processor for
 * so long, or it takes a second in any case, the summary is written if possible and the
 * process ends at once.  It leaves nothing behind: the kernel detaches its programs.  A
 * process that only had to wait for a processor comes to its end by itself.
 */
#include "ending.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tools/interrupt.h"
#include "trace.h"

#define MS	(SECOND_NS / 1000)

/* Nanoseconds between the beginning of the end and the end of each part. */
static const int64_t parts[] = {
	[ENDING_COMMAND] = 40 * MS,
	[ENDING_RECORDS] = 100 * MS,
	[ENDING_EVENTS] = 110 * MS,
	[ENDING_REPORT] = 130 * MS,
	[ENDING_ALL] = 140 * MS,
};

#define TIMER_MS	180
#define AGAIN_MS	20
#define STUCK		(6 * TIMER_MS * MS)
#define UNTOLD		100	/* times as long if nobody has told it */

static int64_t begun;		/* 0: not yet */
static int64_t processor;	/* what of it was used by then: nanoseconds */
static bool in_haste, left_out;
static char last_words[256];

static int64_t processor_time(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * SECOND_NS + used.tv_nsec;
}

/* Everything here may be called in a signal handler. */
static void go(int number)
{
	struct pollfd error = { .fd = STDERR_FILENO, .events = POLLOUT };
	int64_t times = in_haste ? 1 : UNTOLD;

	(void)number;
	if (processor_time() - processor < parts[ENDING_ALL] * times &&
	    trace_now() - begun < STUCK * times)
		return;
	if (last_words[0] && poll(&error, 1, 0) == 1)
		(void)!write(STDERR_FILENO, last_words, strlen(last_words));
	_exit(1);
}

static void set_timer(int64_t ms)
{
	const struct sigaction action = { .sa_handler = go };
	const struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
		.it_interval = { .tv_usec = AGAIN_MS * 1000 },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

void ending_begin(bool told)
{
	begun = trace_now();
	processor = processor_time();
	in_haste = told;
	set_timer(told ? TIMER_MS : TIMER_MS * UNTOLD);
}

bool ending_has_time(enum ending_part part)
{
	if (!begun)
		return true;
	if (!in_haste && interrupted)
		ending_begin(true);
	return trace_now() - begun < parts[part] * (in_haste ? 1 : UNTOLD);
}

void ending_leave_out(void)
{
	left_out = true;
}

bool ending_has_left_out(void)
{
	return left_out;
}

void ending_last_words(const char *line)
{
	snprintf(last_words, sizeof(last_words), "%s", line);
}
