// SPDX-License-Identifier: MIT
/*
 * Receiving responses to any requests of a client with one call.
 *
 * The call visits the pending responses of the client, each once at most, in the order of
 * their table.  Handles are used again oldest first (base/handles.c), so a client that sends and
 * receives in order has the oldest request first.  The next call begins behind the pending
 * response that was received from last: each gets its turn, however much there is for others.
 *
 *	visited		responses are there	-> each is an arrival, as far as there is room
 *			as many are held as	-> nothing; -ENOBUFS, if there is nothing else
 *			may be
 *			the stream has ended,	-> an arrival without a response, once: the
 *			and no response was	   stream ends with this visit, or it has ended
 *			there			   and nobody was told (told of struct request)
 *			the deadline has passed	-> an arrival without a response, unless told
 *
 * A call that has something ends after a few visits in vain.  Its cost so depends on what it
 * returns, and not on how many requests are under way.  Only a call that has nothing yet visits
 * all of them.
 *
 * A visit takes what sluice_pending_response_receive() would take (api/pending_response.c), so
 * limits, ends, deadlines and tracing are the same.
 *
 * A hostile server can fill the rings of its own deliveries, and one visit takes no more than
 * may be held of one request.  What the program may still receive of others is in their rings,
 * and has its turn with the next call.
 */
#include <errno.h>

#include "api/client.h"
#include "base/error.h"
#include "trace/counters.h"

struct collecting {
	struct blocking blocking;
	struct sluice_client *client;
	struct sluice_arrival *arrivals;
	unsigned int most, count;
};

/* May anything arrive for it that was not told? */
static bool is_open(const struct request *pending)
{
	return pending->stream.current || !pending->told;
}

static void add(struct collecting *collecting, struct request *pending,
		struct sluice_response *response, int error)
{
	collecting->arrivals[collecting->count++] = (struct sluice_arrival){
		.pending = &pending->pending,
		.response = response,
		.error = error,
	};
}

/* Takes what is queued behind the response that was just taken, and no end. */
static void take_more(struct collecting *collecting, struct request *pending)
{
	struct sluice_response *response = NULL;

	/* Not if the only server has marked that response as the last. */
	if (likely(pending->stream.open == 1 && pending->stream.current->last))
		return;
	while (collecting->count < collecting->most && stream_has_response(&pending->stream) &&
	       pending_take(pending, &response) > 0)
		add(collecting, pending, response, 0);
}

/* 1: something has arrived; 0: nothing; -ENOBUFS: nothing that may be held. */
static inline int visit(struct collecting *collecting, struct request *pending)
{
	bool was_open = pending->stream.current, was_told = pending->told;
	struct sluice_response *response = NULL;
	int r = pending_take(pending, &response);

	if (likely(r > 0)) {
		add(collecting, pending, response, 0);
		take_more(collecting, pending);
		return 1;
	}
	/* If it goes on there is a response, and it is the limit that was told. */
	if (!r || (r == -ENOBUFS && pending->stream.current))
		return r;
	if (was_told && !(was_open && !pending->stream.current))
		return 0;
	add(collecting, pending, NULL, -r);
	return 1;
}

/* The pending response at or behind *index, or the first; there is one. */
static struct request *next_in_turn(const struct sluice_client *client, uint32_t *index)
{
	struct request *pending = pending_next(client, index);

	if (pending)
		return pending;
	*index = 0;
	return pending_next(client, index);
}

/* 1; 0 (nothing yet); -ENOBUFS (only what there is no room for) or -ENOENT (nothing will). */
static int collect(struct collecting *collecting)
{
	struct sluice_client *client = collecting->client;
	uint32_t looks = handles_live(&client->requests) - client->loaned;
	uint32_t index = client->batch_begin, in_vain = 0;
	struct request *pending;
	int r, result = -ENOENT;

	for (; looks && collecting->count < collecting->most && in_vain < LOOKS_IN_VAIN; looks--) {
		pending = next_in_turn(client, &index);
		r = is_open(pending) ? visit(collecting, pending) : -ENOENT;
		if (r > 0)
			client->batch_begin = index;
		in_vain = r > 0 || !collecting->count ? 0 : in_vain + 1;
		if (r == -ENOBUFS || (!r && result == -ENOENT))
			result = r;
	}
	return collecting->count ? 1 : result;
}

static int attempt(struct blocking *blocking)
{
	struct collecting *collecting = container_of(blocking, struct collecting, blocking);

	client_glance(collecting->client);
	return collect(collecting);
}

static bool any_ready(const struct sluice_client *client)
{
	const struct request *pending;
	uint32_t i = 0;

	while ((pending = pending_next(client, &i)))
		if (is_open(pending) && stream_ready(&pending->stream))
			return true;
	return false;
}

static int arm(struct blocking *blocking)
{
	struct collecting *collecting = container_of(blocking, struct collecting, blocking);
	struct sluice_client *client = collecting->client;
	const struct request *pending;
	uint32_t i = 0;
	int r = client->port.ops->arm(&client->port);

	blocking->alarm = client->port.ops->alarm(&client->port);
	if (r < 0 || !any_ready(client))
		return r;
	while ((pending = pending_next(client, &i)))
		stream_disarm(&pending->stream);
	return 1;
}

/* Nothing was there at the first look, or it could not be taken: result says which. */
static COLD int collect_later(struct collecting *collecting, int64_t timeout, int result)
{
	struct sluice_client *client = collecting->client;
	int r = block(&collecting->blocking, timeout, result);

	if (r > 0)
		blocking_count(&collecting->blocking, client->entry.counters);
	if (r == -EAGAIN)
		return fail_quietly(EAGAIN, "nothing has arrived yet");
	if (r == -ENOBUFS)
		return fail(ENOBUFS, "responses are queued only to requests of which all of max_borrowed_responses_per_pending_response, %u, are held, or %u are held of the client in all",
			    client->service->contract.settings.max_borrowed,
			    handles_live(&client->responses));
	if (r == -ENOENT)
		return fail(ENOENT, "nothing can arrive: no response is pending, or the ends of all were told");
	return r;
}

int sluice_client_receive_batch(struct sluice_client *client, struct sluice_arrival *arrivals,
				unsigned int most, int64_t timeout)
{
	struct collecting collecting = {
		.client = client,
		.arrivals = arrivals,
		.most = most,
	};
	int r;

	if (!client)
		return fail_parent("client");
	r = client_enter(client);
	if (r < 0 || !most)
		return r;
	if (!arrivals)
		return fail(EINVAL, "arrivals is NULL");
	collecting.blocking = (struct blocking){
		.node = client->service->node,
		.attempt = attempt,
		.arm = arm,
	};
	client_glance(client);
	r = collect(&collecting);
	if (likely(r > 0))
		counters_polled(client->entry.counters);
	else
		r = collect_later(&collecting, timeout, r);
	return r < 0 ? r : (int)collecting.count;
}
