// SPDX-License-Identifier: MIT
/*
 * sluice top - what the ports of a domain do, again and again
 *
 * A frame is the difference between two snapshots (snapshot.c) of the counters that ports
 * keep for others to read.  No process is stopped, asked or slowed down.  A counter is a
 * claim of its process, and is used for arithmetic only.
 *
 * On a terminal there are frames until the user ends it (live.c).  Elsewhere each frame is
 * text, or lines of JSON, and there are as many as the options say.
 *
 * Signals that end it (interrupt.c) are let in only while it waits, so that none is missed
 * and the terminal is always restored.  An end by a signal is a success.
 */
#include "top.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/interrupt.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

static sigset_t while_waiting;
static bool hung_up;

/* ---- Waiting ---- */

static void hold_signals(void)
{
	static const int held[] = {
		SIGINT, SIGTERM, SIGHUP,
		SIGWINCH,	/* the screen has another size: ncurses catches it */
	};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, &while_waiting);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigdelset(&while_waiting, held[i]);
}

int64_t top_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

bool top_wait(int64_t until, bool keys)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t now = top_now(), left = until > now ? until - now : 0;
	struct timespec time = { .tv_sec = left / SECOND_NS, .tv_nsec = left % SECOND_NS };

	if (ppoll(&input, keys, &time, &while_waiting) > 0 && (input.revents & POLLHUP))
		hung_up = true;
	return !interrupted && !hung_up;
}

/* ---- Frames as text ---- */

static void print_text(const struct top_frame *frame, uint64_t number)
{
	struct top_layout layout;
	char line[TOP_LINE];

	top_layout(&layout, frame, 0, 0);
	top_line_totals(line, frame);
	printf("%s%s\n", number > 1 ? "\n" : "", line);
	top_line_headings(line, &layout);
	puts(line);
	for (size_t i = 0; i < frame->shown; i++) {
		top_line_row(line, &layout, &frame->row[i]);
		puts(line);
	}
}

/* Takes the next snapshot into the frame.  0, or an exit status and a sentence was printed. */
static int advance(struct top_frame *frame, const struct look *look)
{
	struct snapshot taken;
	int r = look_at(look, &taken);

	if (r)
		return r;
	r = top_frame_next(frame, &taken);
	return r < 0 ? look_failed(look, "%s", strerror(-r)) : 0;
}

static int print(const struct top_frame *frame, uint64_t number, const struct look *look)
{
	int r = 0;

	if (look->json)
		r = top_json(frame, number);
	else
		print_text(frame, number);
	return r < 0 ? look_failed(look, "%s", strerror(-r)) : look_flush(look);
}

/* Rates need two snapshots, so each frame begins with a wait.  The exit status. */
static int print_frames(const struct top_options *options, struct top_frame *frame)
{
	/* Dead ports are written for programs, which can tell them from live ones. */
	const struct top_view view = { .sort = options->sort, .dead = options->look.json };
	uint64_t number = 0;
	int r = advance(frame, &options->look);

	while (!r && (number < options->frames || !options->frames)) {
		if (!top_wait(frame->now.time + options->interval, false))
			break;
		r = advance(frame, &options->look);
		if (r)
			break;
		top_frame_arrange(frame, &view);
		r = print(frame, ++number, &options->look);
	}
	return r;
}

int verb_top(int argc, char **argv)
{
	struct top_frame frame = { .rows = 0 };
	struct top_options options;
	int r = top_options_parse(&options, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	interrupt_catch(NULL);
	hold_signals();
	if (!options.batch && !options.look.json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
		r = top_live(&options);
	} else {
		options.frames += !options.frames_given;
		r = print_frames(&options, &frame);
		top_frame_free(&frame);
	}
	return r;
}
