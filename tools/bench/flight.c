// SPDX-License-Identifier: MIT
/*
 * A client and a server of Sluice with many messages under way at a time.
 *
 *	requests	the client has thing->flight requests under way.  A step sends one
 *			and, if so many are under way, takes the response to the oldest.  The
 *			last step of a round takes all that are left.
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

static int call(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = end_loan(end->thing, end->port->client, end->sent + 1);
	struct sluice_pending_response *pending;
	int r = 0;

	if (!request)
		return -1;
	pending = sluice_request_send(request);
	if (!pending)
		return because_of_sluice("cannot send a request");
	end->pending[end->sent++ % end->thing->flight] = pending;
	if (end->sent - end->received == end->thing->flight)
		r = hear_oldest(end);
	while (last && r == 0 && end->received < end->sent)
		r = hear_oldest(end);
	return r;
}

static int serve(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request = end_receive(end->thing, end->port->server);

	(void)last;
	return request ? end_serve(end->thing, request) : -1;
}

const struct method flight_requests[2] = {
	[SERVER] = { end_setup, serve, end_teardown, end_admit },
	[CLIENT] = { end_setup, call, end_teardown, NULL },
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
