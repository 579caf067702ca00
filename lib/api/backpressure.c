// SPDX-License-Identifier: MIT
/*
 * What becomes of a message for which a peer has no room, where messages do not overflow:
 * it is waited for, or goes without the message, or the program is asked.
 *
 * A program that answers "retry" is asked again when there may be room, or after a pause,
 * which doubles from 1 to 100 ms; so it can count how often, and see how long it takes.
 * Looks in between do not ask.  What it was asked of a message and a peer is remembered
 * with the peer until it is asked of another message.
 *
 * A peer can make no room for as long as it likes: that is what the program is asked about.
 */
#include "api/backpressure.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

int full_init(struct full *full, uint32_t when_full, sluice_full_fn ask, void *context)
{
	if (when_full > SLUICE_FULL_DISCARD)
		return fail(EINVAL, "when_full is %u, which is no enum sluice_when_full", when_full);
	*full = (struct full){
		.when_full = when_full,
		.ask = ask,
		.context = context,
	};
	return 0;
}

static enum full_verdict ask(const struct full *full, struct patience *patience,
			     uint64_t request, uint64_t peer)
{
	int64_t now = clock_now();
	struct sluice_full question = {
		.size = sizeof(question),
		.port = full->port,
		.peer = peer,
		.request = request,
	};

	if (patience->request != request || !patience->since)
		*patience = (struct patience){ .request = request, .since = now };
	question.retries = patience->retries++;
	question.elapsed = now - patience->since;
	switch (full->ask(&question, full->context)) {
	case SLUICE_ANSWER_RETRY:
		return FULL_WAIT;
	case SLUICE_ANSWER_DISCARD:
		patience->without = true;
		return FULL_WITHOUT;
	default:
		return FULL_FAIL;
	}
}

enum full_verdict full_decide(const struct full *full, const struct full_pace *pace,
			      struct patience *patience, uint64_t request, uint64_t peer)
{
	if (!full->ask)
		return full->when_full == SLUICE_FULL_DISCARD ? FULL_WITHOUT : FULL_WAIT;
	if (pace->ask_at && clock_now() < pace->ask_at)
		return FULL_WAIT;
	return ask(full, patience, request, peer);
}

void full_go_on(const struct full *full, struct full_pace *pace)
{
	int64_t now;

	if (!full->ask)
		return;
	now = clock_now();
	if (pace->ask_at && now < pace->ask_at)
		return;
	pace->pause = pace->pause ? min_i64(2 * pace->pause, ASK_AGAIN_MAX_NS) : ASK_AGAIN_NS;
	pace->ask_at = now + pace->pause;
}

int64_t full_alarm(const struct full *full, const struct full_pace *pace)
{
	return full->ask ? pace->ask_at : CLOCK_NEVER;
}
