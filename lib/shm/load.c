// SPDX-License-Identifier: MIT
/*
 * How busy a server is (uapi/sluice/load.h).
 *
 * The word counted is the number of requests that were sent to this server alone and are
 * not finished.  Clients and the server change it, by compare-and-swap (L1, L2, L3):
 *
 *	client	+1 before it sends, if nobody else has changed the word since the client
 *		chose this server by it			load_claim()
 *	client	-1 if the request was not sent, or was taken back	load_drop()
 *	server	-1 when it has finished, or sends the first reply: most requests have one, and
 *		a client that has read it may send the next request before the server has
 *		released this one; and +1 when it sends a second reply
 *	server	up to what it holds, when it receives more than is counted
 *	server	down, when no request waits and more is counted than it holds, and has been
 *		for LOAD_DOUBT_NS without one coming	load_correct()
 *
 * A client that dies between its +1 and its send, or whose requests the server never
 * receives, leaves the word too high: that is what the correction is for.  The time is for
 * clients that are just between the two.
 *
 * Invariants:
 * (1) The word never goes below 0: who would subtract from 0 does not.
 * (2) No loop is endless: who fails too often to change the word leaves it, and the
 *     correction finds that too.
 * (3) What the server holds, and the average, it keeps in private memory; in the page it
 *     only stores them.
 *
 * The page belongs to the server, and each of its clients can write it.  A hostile one can
 * have other clients of this server choose it too often or too seldom, and nothing else.
 */
#include "shm/load.h"

#include "base/atomic.h"
#include "base/limits.h"

struct load_seen load_look(const struct sluice_load *load)
{
	uint64_t counted = load_relaxed(&load->counted);

	return (struct load_seen){
		.counted = counted,
		.depth = min_u64(counted, LOAD_COUNT_MAX) +
			 min_u64(load_relaxed(&load->uncounted), LOAD_COUNT_MAX),
		.service = min_u64(load_relaxed(&load->service), LOAD_SERVICE_MAX_NS),
	};
}

bool load_claim(struct sluice_load *load, uint64_t counted)
{
	if (counted >= LOAD_COUNT_MAX)
		return false;
	/* L1: pairs with L1, L2 and L3, which it must not undo. */
	return replace_u64(&load->counted, counted, counted + 1);
}

/* One less, but not below 0; or one more, or none, and then at least so many. */
static uint64_t changed(uint64_t counted, int by, uint64_t least)
{
	if (by < 0)
		return counted ? counted - 1 : 0;
	if (by > 0 && counted < LOAD_COUNT_MAX)
		counted++;
	return max_u64(counted, least);
}

static void change(struct sluice_load *load, int by, uint64_t least)
{
	uint64_t counted, wanted;
	uint32_t tries;

	for (tries = 0; tries < LOAD_TRIES; tries++) {
		counted = load_relaxed(&load->counted);
		wanted = changed(counted, by, least);
		/* L2: pairs with L1, L2 and L3, which it must not undo. */
		if (wanted == counted || replace_u64(&load->counted, counted, wanted))
			return;
	}
}

void load_drop(struct sluice_load *load)
{
	change(load, -1, 0);
}

/* ---- The server ---- */

void load_received_counted(struct load_keeper *keeper)
{
	struct sluice_load *load = keeper->load;

	keeper->counted++;
	/* This one may be what seemed to be counted in vain. */
	keeper->excess_since = 0;
	if (unlikely(load_relaxed(&load->counted) < keeper->counted))
		change(load, 0, keeper->counted);
}

/*
 * An average of the first ones, and a moving one afterwards.  Of a server that works on
 * several at a time a request takes what lies between two that are finished.
 */
static void add_sample(struct load_keeper *keeper, int64_t sample)
{
	if (keeper->samples < LOAD_SAMPLES)
		keeper->samples++;
	keeper->service += (sample - keeper->service) / keeper->samples;
	if (keeper->samples >= LOAD_SAMPLES_LEAST)
		store_relaxed(&keeper->load->service, (uint64_t)keeper->service);
}

void load_finished_counted(struct load_keeper *keeper, int64_t received, int64_t now)
{
	int64_t begin = received > keeper->finished_at ? received : keeper->finished_at;

	add_sample(keeper, now - begin);
	keeper->finished_at = now;
	keeper->counted--;
	load_drop(keeper->load);
}

void load_resumed_counted(struct load_keeper *keeper)
{
	keeper->counted++;
	change(keeper->load, 1, keeper->counted);
}

void load_correct(struct load_keeper *keeper, int64_t now)
{
	uint64_t counted = load_relaxed(&keeper->load->counted), excess;

	if (counted <= keeper->counted) {
		keeper->excess_since = 0;
		return;
	}
	excess = counted - keeper->counted;
	if (!keeper->excess_since) {
		keeper->excess = excess;
		keeper->excess_since = now;
	}
	keeper->excess = min_u64(keeper->excess, excess);
	if (now - keeper->excess_since < LOAD_DOUBT_NS)
		return;
	/* L3: pairs with L1 and L2; if it fails, the next look will do. */
	if (replace_u64(&keeper->load->counted, counted, counted - keeper->excess))
		keeper->excess_since = 0;
}

int64_t load_alarm(const struct load_keeper *keeper)
{
	return keeper->excess_since ? keeper->excess_since + LOAD_DOUBT_NS : INT64_MAX;
}
