// SPDX-License-Identifier: MIT
/*
 * A client and a server of Sluice with many messages under way at a time.
 *
 *	requests	the client has thing->flight requests under way.  A step sends one
 *			and, if so many are under way, takes the response to the oldest.  The
 *			last step of a round takes all that are left.
 *	batches		the same, but each side receives all that is there with one call, and
 *			a step takes the next of these.
 *	stream		the client sends one request, and the server answers it with
 *			thing->stream replies.  A step is one such stream.  No reply is pushed
 *			out: a server that is too far ahead waits for room.
 *
 * The time of one step is no latency here, only what a message costs while others are under
 * way.
 */
#include "port.h"

#include <errno.h>

/* ---- Requests ------------------------------------------------------------ */

static int hear_oldest(struct end *end)
{
	struct sluice_pending_response *pending;

	pending = end->pending[end->received % end->thing->flight];
	end->received++;
	return end_hear(end->thing, pending,
			sluice_pending_response_receive(pending, end->thing->timeout),
			end->received);
}

/* NULL after a complaint. */
static struct sluice_pending_response *ask(struct end *end)
{
	struct sluice_request *request = end_loan(end->thing, end->port->client, end->sent + 1);
	struct sluice_pending_response *pending = request ? sluice_request_send(request) : NULL;

	if (request && !pending)
		because_of_sluice("cannot send a request");
	end->sent += pending != NULL;
	return pending;
}

static int call(void *state, bool last)
{
	struct end *end = state;
	struct sluice_pending_response *pending = ask(end);
	int r = 0;

	if (!pending)
		return -1;
	end->pending[(end->sent - 1) % end->thing->flight] = pending;
	if (end->sent - end->received == end->thing->flight)
		r = hear_oldest(end);
	while (last && r == 0 && end->received < end->sent)
		r = hear_oldest(end);
	return r;
}

/* The only reply is the last, so it ends the stream by itself. */
static int answer_last(const struct end *end, struct sluice_active_request *request)
{
	struct sluice_reply *reply = end_answer(end->thing, request);

	if (!reply)
		return -1;
	sluice_reply_set_last(reply);
	return end_finish(request, reply);
}

static int serve(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request = end_receive(end->thing, end->port->server);

	(void)last;
	return request ? answer_last(end, request) : -1;
}

const struct method flight_requests[2] = {
	[SERVER] = { end_setup, serve, end_teardown, end_admit },
	[CLIENT] = { end_setup, call, end_teardown, NULL },
};

/* ---- Requests, in batches ------------------------------------------------ */

/* Compares a response with its request, which is still there, and ends the exchange. */
static int hear(const struct end *end, const struct sluice_arrival *arrival)
{
	uint64_t asked = payload_read(arrival->pending->data, WORD), answer;

	if (!arrival->response)
		return complain("a request was not answered");
	answer = payload_read(arrival->response->data, end->thing->touched);
	sluice_response_release(arrival->response);
	sluice_pending_response_release(arrival->pending);
	return answer == asked + 1 ? 0 : complain("a response is not what was written");
}

static int receive_responses(struct end *end)
{
	int count;

	do {
		count = sluice_client_receive_batch(end->port->client, end->arrivals,
						    end->thing->flight, end->thing->timeout);
	} while (count < 0 && end_not_yet());
	if (count < 0)
		return because_of_sluice("cannot receive responses");
	end->taken = (unsigned int)count;
	end->used = 0;
	return 0;
}

static int hear_next(struct end *end)
{
	if (end->used == end->taken && receive_responses(end) < 0)
		return -1;
	end->received++;
	return hear(end, &end->arrivals[end->used++]);
}

/* A request is sent for each response, so that the server always has some. */
static int call_batch(void *state, bool last)
{
	struct end *end = state;
	int r = 0;

	if (end->sent - end->received == end->thing->flight)
		r = hear_next(end);
	if (r == 0)
		r = ask(end) ? 0 : -1;
	while (last && r == 0 && end->received < end->sent)
		r = hear_next(end);
	return r;
}

static int receive_requests(struct end *end)
{
	int count;

	do {
		count = sluice_server_receive_batch(end->port->server, end->requests,
						    end->thing->flight, end->thing->timeout);
	} while (count < 0 && end_not_yet());
	if (count < 0)
		return because_of_sluice("cannot receive requests");
	end->taken = (unsigned int)count;
	end->used = 0;
	return 0;
}

static int serve_batch(void *state, bool last)
{
	struct end *end = state;

	(void)last;
	if (end->used == end->taken && receive_requests(end) < 0)
		return -1;
	return answer_last(end, end->requests[end->used++]);
}

const struct method flight_batch[2] = {
	[SERVER] = { end_setup, serve_batch, end_teardown, end_admit },
	[CLIENT] = { end_setup, call_batch, end_teardown, NULL },
};

/* ---- A stream ------------------------------------------------------------ */

/* NULL at the end of the stream too, with errno. */
static struct sluice_response *next_response(struct end *end,
					     struct sluice_pending_response *pending)
{
	struct sluice_response *response;

	do {
		response = sluice_pending_response_receive(pending, end->thing->timeout);
	} while (!response && end_not_yet());
	return response;
}

static int hear_stream(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = end_loan(end->thing, end->port->client, ++end->sent);
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	uint64_t wanted = end->sent;
	bool right = true;

	(void)last;
	if (!request)
		return -1;
	pending = sluice_request_send(request);
	if (!pending)
		return because_of_sluice("cannot send a request");
	while ((response = next_response(end, pending))) {
		right = payload_read(response->data, end->thing->touched) == ++wanted && right;
		sluice_response_release(response);
	}
	if (errno != EPIPE)
		return because_of_sluice("cannot receive a response");
	sluice_pending_response_release(pending);
	return right && wanted == end->sent + end->thing->stream ? 0 :
	       complain("a stream is not what was written");
}

static int serve_stream(void *state, bool last)
{
	struct end *end = state;
	const struct thing *thing = end->thing;
	struct sluice_active_request *request = end_receive(thing, end->port->server);
	uint64_t value;

	(void)last;
	if (!request)
		return -1;
	value = payload_read(request->data, thing->touched);
	for (unsigned int i = 1; i <= thing->stream; i++) {
		struct sluice_reply *reply = sluice_active_request_loan(request,
									thing->size / WORD);

		if (!reply)
			return because_of_sluice("cannot loan a reply");
		payload_write(reply->data, thing->touched, value + i);
		if (sluice_reply_send(reply) < 0)
			return because_of_sluice("cannot send a reply");
	}
	sluice_active_request_release(request);
	return 0;
}

const struct method flight_stream[2] = {
	[SERVER] = { end_setup, serve_stream, end_teardown, end_admit },
	[CLIENT] = { end_setup, hear_stream, end_teardown, NULL },
};
