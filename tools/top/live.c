// SPDX-License-Identifier: MIT
/*
 * The terminal: when there is a new frame, and when it ends.
 *
 * A frame is measured an interval after the one before, and drawn then and after each key.
 * The first frame has nothing to be compared with and shows counters alone.  The second one
 * follows soon, so that a user with an interval of ten seconds need not wait for ten.
 *
 * During a pause no snapshot is taken: the rates of the next frame are over all the time of
 * the pause.
 *
 * Failures are printed when the screen is closed, since it would cover them.
 */
#include "top.h"

#include <stdlib.h>
#include <string.h>

#include "tools/text/text.h"

#define FIRST_INTERVAL	(SECOND_NS / 4)

static int64_t time_of_next(const struct top_live *live)
{
	int64_t interval = live->interval;

	if (live->paused)
		return INT64_MAX;
	if (live->frame.seconds <= 0 && interval > FIRST_INTERVAL)
		interval = FIRST_INTERVAL;
	return live->frame.now.time + interval;
}

/* 0 or -errno. */
static int advance(struct top_live *live, const char *domain)
{
	struct snapshot taken;
	int r = snapshot_take(&taken, domain);

	return r < 0 ? r : top_frame_next(&live->frame, &taken);
}

/* Frames and keys, until it ends.  0 or -errno. */
static int run(struct top_live *live, const struct top_options *options)
{
	uint64_t frames = 0;
	int r = 0;

	while (!r && !live->quit) {
		top_frame_arrange(&live->frame, &live->view);
		top_screen_draw(live);
		if (options->frames && frames == options->frames)
			break;
		if (!top_wait(time_of_next(live), true))
			break;
		top_screen_keys(live);
		if (top_now() < time_of_next(live))
			continue;
		r = advance(live, options->look.domain);
		frames++;
	}
	return r;
}

static int show(struct top_live *live, const struct top_options *options)
{
	const char *terminal = getenv("TERM");
	int r;

	if (top_screen_open() < 0)
		return look_failed(&options->look, "a terminal of type \"%s\" has no screen;"
				   " --batch prints frames as text", terminal ? terminal : "");
	r = run(live, options);
	top_screen_close();
	return r < 0 ? look_failed(&options->look, "cannot read the domain any more: %s",
				   strerror(-r)) : 0;
}

int top_live(const struct top_options *options)
{
	struct top_live live = {
		.interval = options->interval,
		.view = { .sort = options->sort },
	};
	struct snapshot first;
	int r = look_at(&options->look, &first);

	if (r)
		return r;
	r = top_frame_next(&live.frame, &first);
	if (r < 0)
		r = look_failed(&options->look, "%s", strerror(-r));
	else
		r = show(&live, options);
	top_frame_free(&live.frame);
	return r;
}
