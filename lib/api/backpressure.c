// SPDX-License-Identifier: MIT
/*
 * Backpressure: the choice for a message that finds no room at a peer, if messages do not
 * overflow.  The sender waits, or the peer goes without the message, or the program is asked.
 *
 * A program that answers "retry" is asked again when there may be room, or after a pause,
 * which doubles from 1 to 100 ms.  So it can count the questions, and see how long the send
 * takes.  Looks at the ring in between do not ask.  The questions about a message and a peer
 * are remembered with the peer, until the program is asked about another message.
 *
 * A peer can refuse to make room for as long as it likes.  So the program decides.
 */
#include "api/backpressure.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

int backpressure_init(struct backpressure *pressure, const struct sluice_port_opts *opts)
{
	if (opts->when_full > SLUICE_FULL_DISCARD)
		return fail(EINVAL, "when_full is %u, which is no enum sluice_when_full",
			    opts->when_full);
	*pressure = (struct backpressure){
		.when_full = opts->when_full,
		.ask = opts->ask_when_full,
		.context = opts->context,
	};
	return 0;
}

static enum backpressure_verdict ask(const struct backpressure *pressure, struct patience *patience,
				     uint64_t request, uint64_t peer)
{
	int64_t now = clock_now();
	struct sluice_full question = {
		.size = sizeof(question),
		.port = pressure->port,
		.peer = peer,
		.request = request,
	};

	if (patience->request != request || !patience->since)
		*patience = (struct patience){ .request = request, .since = now };
	question.retries = patience->retries++;
	question.elapsed = now - patience->since;
	switch (pressure->ask(&question, pressure->context)) {
	case SLUICE_ANSWER_RETRY:
		return BACKPRESSURE_WAIT;
	case SLUICE_ANSWER_DISCARD:
		patience->without = true;
		return BACKPRESSURE_WITHOUT;
	default:
		return BACKPRESSURE_FAIL;
	}
}

enum backpressure_verdict backpressure_decide(const struct backpressure *pressure,
					      const struct backpressure_pace *pace,
					      struct patience *patience, uint64_t request,
					      uint64_t peer)
{
	if (!pressure->ask)
		return pressure->when_full == SLUICE_FULL_DISCARD ? BACKPRESSURE_WITHOUT
								  : BACKPRESSURE_WAIT;
	if (pace->ask_at && clock_now() < pace->ask_at)
		return BACKPRESSURE_WAIT;
	return ask(pressure, patience, request, peer);
}

void backpressure_go_on(const struct backpressure *pressure, struct backpressure_pace *pace)
{
	int64_t now;

	if (!pressure->ask)
		return;
	now = clock_now();
	if (pace->ask_at && now < pace->ask_at)
		return;
	pace->pause = pace->pause ? min_i64(2 * pace->pause, ASK_AGAIN_MAX_NS) : ASK_AGAIN_NS;
	pace->ask_at = now + pace->pause;
}

int64_t backpressure_alarm(const struct backpressure *pressure,
			   const struct backpressure_pace *pace)
{
	return pressure->ask ? pace->ask_at : CLOCK_NEVER;
}
