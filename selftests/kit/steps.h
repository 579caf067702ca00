/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps that many tests share; see end.h.  Each is a handful of calls of the
 * public API that end in 0 or more, or -errno.
 *
 * Steps with slices are in blobs.h, and what starts an end with a port in set_up.h.
 *
 * Requests and responses of &calls carry one number each, and its complement, so
 * that a torn or foreign message is told from a right one.  Those of &blobs carry
 * a pattern made from their own length.
 */
#ifndef SELFTESTS_STEPS_H
#define SELFTESTS_STEPS_H

#include "end.h"

struct question {
	uint64_t value;
	uint64_t complement;
};

struct answer {
	uint64_t value;
	uint64_t complement;
};

/* The contract of a service of this name that answers a number with a number. */
#define CALLS(service)							\
	{								\
		.name = service,					\
		.request = SLUICE_TYPE(struct question),		\
		.response = SLUICE_TYPE(struct answer),			\
	}

static const struct sluice_contract calls __attribute__((__unused__)) = CALLS("test/calls");

/* The contract of a service of this name that answers bytes with bytes. */
#define BLOBS(service)							\
	{								\
		.name = service,					\
		.request = SLUICE_SLICE(uint8_t),			\
		.response = SLUICE_SLICE(uint8_t),			\
	}

/* The same with a header of this type before the bytes of a request and of a response. */
#define BLOBS_WITH_HEADERS(service, type)				\
	{								\
		.name = service,					\
		.request = SLUICE_SLICE(uint8_t),			\
		.response = SLUICE_SLICE(uint8_t),			\
		.request_header = SLUICE_TYPE(type),			\
		.response_header = SLUICE_TYPE(type),			\
	}

static const struct sluice_contract blobs __attribute__((__unused__)) = BLOBS("test/blobs");

/* The smallest limits that a service may have, or these all at another value. */
#define LIMITS_OF(n)					\
	.max_clients = (n),				\
	.max_servers = (n),				\
	.max_active_requests_per_client = (n),		\
	.max_loaned_requests = (n),			\
	.max_loaned_replies_per_request = (n),		\
	.max_response_buffer_size = (n),		\
	.max_borrowed_responses_per_pending_response = (n)

/* Takes a step in slot 0 with so many numbers, one after another, up to one that fails. */
helper long repeat(struct seat *seat, step *what, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = what(seat, 0, i);
		if (result < 0)
			return result;
	}
	return count;
}

/* ---- Objects ------------------------------------------------------------- */

/* open_service(contract, options): a node, and the service opened from it. */
helper long open_service(struct seat *seat, long contract, long opts)
{
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.wait = seat->wait);

	seat->contract = (const struct sluice_contract *)contract;
	if (!seat->node)
		seat->node = sluice_node_create("test", &node);
	seat->service = sluice_service_open(seat->node, seat->contract,
					    (const struct sluice_service_opts *)opts);
	return seat->service ? 0 : -errno;
}

helper long open_client(struct seat *seat, long opts, long unused)
{
	(void)unused;
	seat->client = sluice_client_create(seat->service,
					    (const struct sluice_client_opts *)opts);
	return seat->client ? 0 : -errno;
}

helper long open_server(struct seat *seat, long opts, long unused)
{
	(void)unused;
	seat->server = sluice_server_create(seat->service,
					    (const struct sluice_server_opts *)opts);
	return seat->server ? 0 : -errno;
}

/* join_client(contract, options): a service with the default settings, and a client. */
helper long join_client(struct seat *seat, long contract, long opts)
{
	long result = open_service(seat, contract, 0);

	return result < 0 ? result : open_client(seat, opts, 0);
}

/* join_server(contract, options): the same with a server. */
helper long join_server(struct seat *seat, long contract, long opts)
{
	long result = open_service(seat, contract, 0);

	return result < 0 ? result : open_server(seat, opts, 0);
}

/* A step, NAME(), that destroys an object of the seat. */
#define STEP_CLOSES(name, object, destroy)				\
	helper long name(struct seat *seat, long a, long b)		\
	{								\
		(void)a, (void)b;					\
		destroy(seat->object);					\
		seat->object = NULL;					\
		return 0;						\
	}

STEP_CLOSES(close_node, node, sluice_node_destroy)
STEP_CLOSES(close_service, service, sluice_service_close)
STEP_CLOSES(close_client, client, sluice_client_destroy)
STEP_CLOSES(close_server, server, sluice_server_destroy)

/* A step, NAME(slot), that releases a message of the seat; what the call returned. */
#define STEP_RELEASES(name, message, release)				\
	helper long name(struct seat *seat, long slot, long unused)	\
	{								\
		int result = release(seat->message[slot]);		\
									\
		(void)unused;						\
		seat->message[slot] = NULL;				\
		return result;						\
	}

helper long wait_servers(struct seat *seat, long servers, long timeout)
{
	return sluice_client_wait_servers(seat->client, (unsigned int)servers,
					  timeout);
}

/* ---- A client's steps ---------------------------------------------------- */

/* loan_question(slot, value): a request that is kept in its slot, unsent. */
helper long loan_question(struct seat *seat, long slot, long value)
{
	struct sluice_request *request = sluice_client_loan(seat->client, 1);

	if (!request)
		return -errno;
	*(struct question *)request->data = (struct question){
		.value = (uint64_t)value,
		.complement = ~(uint64_t)value,
	};
	seat->request[slot] = request;
	return 0;
}

/* send_question(slot): sends what was kept; how many servers it reached. */
helper long send_question(struct seat *seat, long slot, long unused)
{
	(void)unused;
	seat->pending[slot] = sluice_request_send(seat->request[slot]);
	if (!seat->pending[slot])
		return -errno;
	seat->request[slot] = NULL;
	return sluice_pending_response_servers(seat->pending[slot]);
}

/* drop_question(slot): gives it back unsent. */
STEP_RELEASES(drop_question, request, sluice_request_release)

/* ask(slot, value): sends a number; how many servers it reached. */
helper long ask(struct seat *seat, long slot, long value)
{
	long result = loan_question(seat, slot, value);

	if (result < 0)
		return result;
	result = send_question(seat, slot, 0);
	if (result < 0)
		drop_question(seat, slot, 0);
	return result;
}

/*
 * ask_many(count, first): asks one server in the slots from 0 on, with the numbers from first
 * on.
 */
helper long ask_many(struct seat *seat, long count, long first)
{
	long i, result;

	for (i = 0; i < count; i++) {
		result = ask(seat, i, first + i);
		if (result != 1)
			return result < 0 ? result : -EBADMSG;
	}
	return count;
}

/* ask_one(slot, value): sends a number to one server; how many it reached. */
helper long ask_one(struct seat *seat, long slot, long value)
{
	long result = loan_question(seat, slot, value);
	int r;

	if (result < 0)
		return result;
	r = sluice_request_set_route(seat->request[slot], SLUICE_ROUTE_ONE);
	return r < 0 ? r : send_question(seat, slot, 0);
}

/* The number that a response carries, or -EBADMSG. */
helper long answer_value(const struct sluice_response *response)
{
	const struct answer *answer = response->data;

	if (response->count != 1 || response->size != sizeof(*answer) ||
	    answer->complement != ~answer->value)
		return -EBADMSG;
	return (long)answer->value;
}

/* What a response says; it is released.  NULL: -errno. */
helper long said(struct sluice_response *response)
{
	long value;

	if (!response)
		return -errno;
	value = answer_value(response);
	return sluice_response_release(response) < 0 ? -errno : value;
}

/* hear(slot, timeout): the next response's number; the response is released. */
helper long hear(struct seat *seat, long slot, long timeout)
{
	return said(sluice_pending_response_receive(seat->pending[slot], timeout));
}

/* Receives a response, looks at what is said of it, and releases it. */
helper long hear_info(struct seat *seat, long slot, long timeout,
		      struct sluice_response_info *ret_info)
{
	struct sluice_response *response;

	response = sluice_pending_response_receive(seat->pending[slot], timeout);
	if (!response || sluice_response_info(response, ret_info) < 0)
		return -errno;
	return sluice_response_release(response) < 0 ? -errno : 0;
}

/* hear_many(slot, count): hears the numbers from 0 on. */
helper long hear_many(struct seat *seat, long slot, long count)
{
	long i, result;

	for (i = 0; i < count; i++) {
		result = hear(seat, slot, LONG);
		if (result != i)
			return result < 0 ? result : -EBADMSG;
	}
	return count;
}

/* cancel(slot): releases the pending response. */
STEP_RELEASES(cancel, pending, sluice_pending_response_release)

/* hear_end(slot, timeout): the stream ends in good order, and is released. */
helper long hear_end(struct seat *seat, long slot, long timeout)
{
	long result = hear(seat, slot, timeout);

	if (result != -EPIPE)
		return result < 0 ? result : -EBADMSG;
	return cancel(seat, slot, 0);
}

/* exchange_number(slot, value): asks, hears the number plus 1 and then the end. */
helper long exchange_number(struct seat *seat, long slot, long value)
{
	long result = ask(seat, slot, value);

	if (result != 1)
		return result < 0 ? result : -ENOTCONN;
	result = hear(seat, slot, LONG);
	if (result != value + 1)
		return result < 0 ? result : -EBADMSG;
	return hear_end(seat, slot, LONG);
}

/* exchange_many(first, count): so many exchanges, one after another. */
helper long exchange_many(struct seat *seat, long first, long count)
{
	return repeat(seat, exchange_number, first, count);
}

/* hold(slot, into): as hear(), but the response is kept in another slot. */
helper long hold(struct seat *seat, long slot, long into)
{
	struct sluice_response *response;

	response = sluice_pending_response_receive(seat->pending[slot], LONG);
	if (!response)
		return -errno;
	seat->response[into] = response;
	return answer_value(response);
}

STEP_RELEASES(drop_response, response, sluice_response_release)

/* ---- A server's steps ------------------------------------------------------ */

/* take(slot, timeout): receives a request, keeps it, and returns its number. */
helper long take(struct seat *seat, long slot, long timeout)
{
	struct sluice_active_request *active;
	const struct question *question;

	active = sluice_server_receive(seat->server, timeout);
	if (!active)
		return -errno;
	seat->active[slot] = active;
	question = active->data;
	if (active->count != 1 || active->size != sizeof(*question) ||
	    question->complement != ~question->value)
		return -EBADMSG;
	return (long)question->value;
}

/* take_many(count, first): so many, in the slots from 0 on; their numbers are from first on. */
helper long take_many(struct seat *seat, long count, long first)
{
	long i, value;

	for (i = 0; i < count; i++) {
		value = take(seat, i, LONG);
		if (value != first + i)
			return value < 0 ? value : -EBADMSG;
	}
	return count;
}

/* A reply to this request that carries a number; NULL and errno. */
helper struct sluice_reply *loan_number(struct sluice_active_request *active, long value)
{
	struct sluice_reply *reply = sluice_active_request_loan(active, 1);

	if (reply)
		*(struct answer *)reply->data = (struct answer){
			.value = (uint64_t)value,
			.complement = ~(uint64_t)value,
		};
	return reply;
}

/* loan_answer(slot, value): a reply to the request in slot, kept there unsent. */
helper long loan_answer(struct seat *seat, long slot, long value)
{
	struct sluice_reply *reply = loan_number(seat->active[slot], value);

	if (!reply)
		return -errno;
	seat->reply[slot] = reply;
	return 0;
}

/* send_answer(slot): sends what loan_answer() kept. */
helper long send_answer(struct seat *seat, long slot, long unused)
{
	struct sluice_reply *reply = seat->reply[slot];

	(void)unused;
	seat->reply[slot] = NULL;
	return sluice_reply_send(reply);
}

/* drop_answer(slot): gives it back unsent. */
STEP_RELEASES(drop_answer, reply, sluice_reply_release)

/* answer(slot, value): both of them. */
helper long answer(struct seat *seat, long slot, long value)
{
	long result = loan_answer(seat, slot, value);

	return result < 0 ? result : send_answer(seat, slot, 0);
}

/* answer_many(first, count): so many numbers to the request in slot 0. */
helper long answer_many(struct seat *seat, long first, long count)
{
	return repeat(seat, answer, first, count);
}

/* answer_slowly(slot, count): so many; who is woken by one sleeps before the next. */
helper long answer_slowly(struct seat *seat, long slot, long count)
{
	long i, result;

	for (i = 0; i < count; i++) {
		pause_briefly();
		result = answer(seat, slot, i);
		if (result < 0)
			return result;
	}
	return count;
}

/* done(slot): releases the active request. */
STEP_RELEASES(done, active, sluice_active_request_release)

helper long is_connected(struct seat *seat, long slot, long unused)
{
	(void)unused;
	return sluice_active_request_is_connected(seat->active[slot]);
}

/* answer_and_done(slot, value): answers and releases the request; what became of the answer. */
helper long answer_and_done(struct seat *seat, long slot, long value)
{
	long answered = answer(seat, slot, value);
	long result = done(seat, slot, 0);

	return result < 0 ? result : answered;
}

/* serve(requests): answers so many requests with their number plus 1; clients may go. */
helper long serve(struct seat *seat, long requests, long unused)
{
	long value, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		value = take(seat, 0, LONG);
		if (value < 0)
			return value;
		result = answer_and_done(seat, 0, value + 1);
		if (result < 0 && result != -EPIPE && result != -ECONNRESET)
			return result;
	}
	return requests;
}

/* answer_taken(value): answers what take() has returned, if that is a number, with 1 more. */
helper long answer_taken(struct seat *seat, long value)
{
	return value < 0 ? value : answer_and_done(seat, 0, value + 1);
}

helper long serve_one_late(struct seat *seat, long slot, long unused)
{
	long value = take(seat, slot, LONG);

	(void)unused;
	pause_briefly();
	return answer_taken(seat, value);
}

/* serve_late(requests): as serve(), each after a moment in which the client can fall asleep. */
helper long serve_late(struct seat *seat, long requests, long unused)
{
	(void)unused;
	return repeat(seat, serve_one_late, 0, requests);
}

helper long await_and_serve_one(struct seat *seat, long slot, long unused)
{
	long value;

	(void)unused;
	do
		value = take(seat, slot, SLUICE_FOREVER);
	while (value == -EINTR);
	return answer_taken(seat, value);
}

/*
 * keep_serving(requests): as serve(), however long they take to come, and no client may go.
 * An end that was stopped and goes on is interrupted.
 */
helper long keep_serving(struct seat *seat, long requests, long unused)
{
	(void)unused;
	return repeat(seat, await_and_serve_one, 0, requests);
}

#include "options.h"
#include "blobs.h"
#include "set_up.h"

#endif /* SELFTESTS_STEPS_H */
