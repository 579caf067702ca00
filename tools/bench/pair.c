// SPDX-License-Identifier: MIT
/*
 * A client and a server of Sluice that exchange one message at a time.
 *
 *	separate	the client sends and receives; the server sends, releases and
 *			receives
 *	combined	each sends and receives in one call, so that a side that has to
 *			sleep makes one system call
 *
 * A combined server holds the next request when a step ends, except at the end of a
 * round, when the client would not send one.
 */
#include "port.h"

static int call_separately(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = end_loan(end->thing, end->port->client, ++end->sent);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	(void)last;
	if (!request)
		return -1;
	pending = sluice_request_send(request);
	response = sluice_pending_response_receive(pending, end->thing->timeout);
	return end_hear(end->thing, pending, response, end->sent);
}

static int call_combined(void *state, bool last)
{
	struct end *end = state;
	struct sluice_request *request = end_loan(end->thing, end->port->client, ++end->sent);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	(void)last;
	if (!request)
		return -1;
	response = sluice_request_call(request, &pending, end->thing->timeout);
	return end_hear(end->thing, pending, response, end->sent);
}

/* The one that a combined step has received already, or the next. */
static struct sluice_active_request *next_request(struct end *end)
{
	struct sluice_active_request *request = end->request;

	end->request = NULL;
	return request ? request : end_receive(end->thing, end->port->server);
}

static int serve_separately(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request = next_request(end);

	(void)last;
	return request ? end_serve(end->thing, request) : -1;
}

static int serve_combined(void *state, bool last)
{
	struct end *end = state;
	struct sluice_active_request *request;
	struct sluice_reply *reply;
	int sent;

	if (last)
		return serve_separately(end, last);
	request = next_request(end);
	reply = request ? end_answer(end->thing, request) : NULL;
	if (!reply)
		return -1;
	end->request = sluice_reply_send_and_receive(reply, end->thing->timeout, &sent);
	if (sent < 0)
		return because_of_sluice("cannot send a reply");
	return end->request || end_not_yet() ? 0 :
	       because_of_sluice("cannot receive a request");
}

const struct method pair_separate[2] = {
	[SERVER] = { end_setup, serve_separately, end_teardown, end_admit },
	[CLIENT] = { end_setup, call_separately, end_teardown, NULL },
};

const struct method pair_combined[2] = {
	[SERVER] = { end_setup, serve_combined, end_teardown, end_admit },
	[CLIENT] = { end_setup, call_combined, end_teardown, NULL },
};
