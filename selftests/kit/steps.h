/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps that many tests share; see end.h.  Each is a handful of calls of the
 * public API that end in 0 or more, or -errno.
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

static const struct sluice_contract calls __attribute__((__unused__)) = {
	.name = "test/calls",
	.request = SLUICE_TYPE(struct question),
	.response = SLUICE_TYPE(struct answer),
};

static const struct sluice_contract blobs __attribute__((__unused__)) = {
	.name = "test/blobs",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

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

helper long close_client(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	sluice_client_destroy(seat->client);
	seat->client = NULL;
	return 0;
}

helper long close_server(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	sluice_server_destroy(seat->server);
	seat->server = NULL;
	return 0;
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
helper long drop_question(struct seat *seat, long slot, long unused)
{
	int result = sluice_request_release(seat->request[slot]);

	(void)unused;
	seat->request[slot] = NULL;
	return result;
}

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

/* hear(slot, timeout): the next response's number; the response is released. */
helper long hear(struct seat *seat, long slot, long timeout)
{
	struct sluice_response *response;
	long value;

	response = sluice_pending_response_receive(seat->pending[slot], timeout);
	if (!response)
		return -errno;
	value = answer_value(response);
	return sluice_response_release(response) < 0 ? -errno : value;
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

helper long drop_response(struct seat *seat, long slot, long unused)
{
	int result = sluice_response_release(seat->response[slot]);

	(void)unused;
	seat->response[slot] = NULL;
	return result;
}

/* cancel(slot): releases the pending response. */
helper long cancel(struct seat *seat, long slot, long unused)
{
	int result = sluice_pending_response_release(seat->pending[slot]);

	(void)unused;
	seat->pending[slot] = NULL;
	return result;
}

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

/* loan_answer(slot, value): a reply to the request in slot, kept there unsent. */
helper long loan_answer(struct seat *seat, long slot, long value)
{
	struct sluice_reply *reply;
	struct answer *answer;

	reply = sluice_active_request_loan(seat->active[slot], 1);
	if (!reply)
		return -errno;
	answer = reply->data;
	answer->value = (uint64_t)value;
	answer->complement = ~(uint64_t)value;
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

/* answer(slot, value): both of them. */
helper long answer(struct seat *seat, long slot, long value)
{
	long result = loan_answer(seat, slot, value);

	return result < 0 ? result : send_answer(seat, slot, 0);
}

/* answer_many(first, count): so many numbers to the request in slot 0. */
helper long answer_many(struct seat *seat, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = answer(seat, 0, i);
		if (result < 0)
			return result;
	}
	return count;
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
helper long done(struct seat *seat, long slot, long unused)
{
	int result = sluice_active_request_release(seat->active[slot]);

	(void)unused;
	seat->active[slot] = NULL;
	return result;
}

helper long is_connected(struct seat *seat, long slot, long unused)
{
	(void)unused;
	return sluice_active_request_is_connected(seat->active[slot]);
}

/* serve(requests): answers so many requests with their number plus 1. */
helper long serve(struct seat *seat, long requests, long unused)
{
	long value, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		value = take(seat, 0, LONG);
		if (value < 0)
			return value;
		result = answer(seat, 0, value + 1);
		if (result < 0 && result != -EPIPE && result != -ECONNRESET)
			return result;
		result = done(seat, 0, 0);
		if (result < 0)
			return result;
	}
	return requests;
}

/*
 * keep_serving(requests): as serve(), however long they take to come; who is stopped and
 * goes on is interrupted.
 */
helper long keep_serving(struct seat *seat, long requests, long unused)
{
	long value, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		do
			value = take(seat, 0, SLUICE_FOREVER);
		while (value == -EINTR);
		if (value < 0)
			return value;
		result = answer(seat, 0, value + 1);
		if (result < 0)
			return result;
		result = done(seat, 0, 0);
		if (result < 0)
			return result;
	}
	return requests;
}

/* ---- Slices ---------------------------------------------------------------- */

/* ask_blob(slot, size): sends so many bytes; how many servers they reached. */
helper long ask_blob(struct seat *seat, long slot, long size)
{
	struct sluice_request *request;

	request = sluice_client_loan(seat->client, (size_t)size);
	if (!request)
		return -errno;
	if (request->count != (size_t)size || request->size != (size_t)size)
		return -EBADMSG;
	pattern_fill(request->data, request->size, request->count);
	seat->pending[slot] = sluice_request_send(request);
	if (!seat->pending[slot])
		return -errno;
	return sluice_pending_response_servers(seat->pending[slot]);
}

/* hear_blob(slot, timeout): length of the next response, every byte checked. */
helper long hear_blob(struct seat *seat, long slot, long timeout)
{
	struct sluice_response *response;
	long size;

	response = sluice_pending_response_receive(seat->pending[slot], timeout);
	if (!response)
		return -errno;
	size = (long)response->count;
	if (response->size != response->count ||
	    !pattern_holds(response->data, response->size, ~response->count))
		size = -EBADMSG;
	return sluice_response_release(response) < 0 ? -errno : size;
}

/* take_blob(slot, timeout): receives a request; its length, every byte checked. */
helper long take_blob(struct seat *seat, long slot, long timeout)
{
	struct sluice_active_request *active;

	active = sluice_server_receive(seat->server, timeout);
	if (!active)
		return -errno;
	seat->active[slot] = active;
	if (active->size != active->count ||
	    !pattern_holds(active->data, active->size, active->count))
		return -EBADMSG;
	return (long)active->count;
}

/* answer_blob(slot, size): sends so many bytes back. */
helper long answer_blob(struct seat *seat, long slot, long size)
{
	struct sluice_reply *reply;

	reply = sluice_active_request_loan(seat->active[slot], (size_t)size);
	if (!reply)
		return -errno;
	if (reply->count != (size_t)size || reply->size != (size_t)size)
		return -EBADMSG;
	pattern_fill(reply->data, reply->size, ~reply->count);
	return sluice_reply_send(reply);
}

/* serve_blobs(requests): answers so many, each with as many bytes as it has. */
helper long serve_blobs(struct seat *seat, long requests, long unused)
{
	long size, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		size = take_blob(seat, 0, LONG);
		if (size < 0)
			return size;
		result = answer_blob(seat, 0, size);
		if (result < 0)
			return result;
		result = done(seat, 0, 0);
		if (result < 0)
			return result;
	}
	return requests;
}

/* exchange_blob(slot, size): asks for so many bytes and hears all of them. */
helper long exchange_blob(struct seat *seat, long slot, long size)
{
	long result;

	result = ask_blob(seat, slot, size);
	if (result < 0)
		return result;
	result = hear_blob(seat, slot, LONG);
	if (result != size)
		return result < 0 ? result : -EBADMSG;
	result = hear_blob(seat, slot, LONG);
	if (result != -EPIPE)
		return result < 0 ? result : -EBADMSG;
	return cancel(seat, slot, 0);
}

/* ---- Set-ups ------------------------------------------------------------------ */

/* An end that has the service open and a server in it. */
helper void start_server(struct __test_metadata *_metadata, struct end *end,
			 enum place place, const struct sluice_contract *contract,
			 const struct sluice_service_opts *service,
			 const struct sluice_server_opts *server)
{
	end_start(_metadata, end, place);
	ASSERT_EQ(0, at(end, open_service, PTR(contract), PTR(service)))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(0, at(end, open_server, PTR(server), 0))
		TH_LOG("%s", end->result.sentence);
}

/* A seat, the test's own, with a client that so many servers are connected to. */
helper void take_client_seat(struct __test_metadata *_metadata, struct seat *seat,
			     const struct sluice_contract *contract,
			     const struct sluice_client_opts *client, long servers)
{
	ASSERT_EQ(0, open_service(seat, PTR(contract), 0));
	ASSERT_EQ(0, open_client(seat, PTR(client), 0));
	ASSERT_EQ(servers, wait_servers(seat, servers, LONG))
		TH_LOG("%s", sluice_strerror());
}

/* An end that has a client, to which so many servers are connected. */
helper void start_client(struct __test_metadata *_metadata, struct end *end,
			 enum place place, const struct sluice_contract *contract,
			 long servers)
{
	end_start(_metadata, end, place);
	ASSERT_EQ(0, at(end, open_service, PTR(contract), 0))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(0, at(end, open_client, 0, 0))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(servers, at(end, wait_servers, servers, LONG))
		TH_LOG("%s", end->result.sentence);
}

#endif /* SELFTESTS_STEPS_H */
