// SPDX-License-Identifier: MIT
/*
 * sluice call - sends requests to a service that runs, and prints its responses
 *
 * The contract is not compiled in: it is read from the registry, where the creator of the
 * service has written it.  The service must exist, and is not made.
 *
 * One request is pending at a time.  Each goes to all servers that are connected, and has a
 * deadline, by which enough servers must have come and all of them must have finished:
 *
 *	servers there --> sent --+--> EPIPE, with a response	answered
 *				 +--> anything else		failed
 *
 *  1. A response is copied before it is looked at and printed: whether it is text must
 *     be true of what is printed, and its server can still write where it came from.
 *  2. Responses are released at once, and then printed.  A server that sends faster than
 *     they are printed still pushes out the oldest that was not received.
 *  3. A stream that does not end is left at the deadline.
 *
 * A request that fails does not prevent the next from being sent, so that --count shows how
 * often it happens.  But if the responses cannot be written, the command ends.
 */
#include "call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/interrupt.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

/* A request that was sent. */
struct exchange {
	uint64_t number;
	struct sluice_pending_response *pending;
	int64_t sent, deadline;
	int64_t round_trip;		/* of the first response */
	uint64_t responses;
};

static int64_t now(void)
{
	return sluice_deadline(0);
}

static int64_t left_until(int64_t deadline)
{
	int64_t left = deadline - now();

	return left > 0 ? left : 0;
}

/* ---- The service ----------------------------------------------------------- */

static int open_service(struct call *call)
{
	const struct chosen_service *chosen = &call->options.service;
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.domain = chosen->domain);
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | chosen_service_flags(chosen),
		.refused_flags = chosen->refused);

	call->node = sluice_node_create("sluice-call", &node);
	interrupt_catch(call->node);
	call->service = sluice_service_open(call->node, &call->contract.contract, &service);
	call->client = sluice_client_create(call->service, NULL);
	return call->client ? 0 : call_say("%s", sluice_strerror());
}

/* Everything before the first request.  0, or -1 and a sentence was printed. */
static int prepare(struct call *call)
{
	const struct chosen_service *chosen = &call->options.service;
	char why[CONTRACT_WHY];

	if (contract_find(&call->contract, chosen->domain, chosen->name, why) < 0)
		return call_say("%s", why);
	if (call_read_data(call) < 0 || call_use_fields(call) < 0)
		return -1;
	if (contract_elements(&call->contract.contract.request, call->data.count,
			      &call->elements, why) < 0)
		return call_say("the request %s", why);
	if (call_check_header(call) < 0)
		return -1;
	return open_service(call);
}

static void finish(struct call *call)
{
	interrupt_forget();
	sluice_client_destroy(call->client);
	sluice_service_close(call->service);
	sluice_node_destroy(call->node);
	service_shapes_free(&call->shapes);
	contract_free(&call->contract);
	bytes_free(&call->data);
	bytes_free(&call->header);
	bytes_free(&call->response);
	bytes_free(&call->times);
}

/* ---- One request ----------------------------------------------------------- */

/* Prints how many servers are there.  Returns -1. */
static int lacks_servers(const struct call *call, uint64_t number)
{
	int there = sluice_client_wait_servers(call->client, 0, SLUICE_NOWAIT);
	char limit[TEXT_NUMBER];

	text_ns(limit, (uint64_t)call->options.timeout);
	if (there > 0)
		return call_say("request %" PRIu64 ": %u servers of %s are wanted, and %d are "
				"there after %s", number, call->options.servers,
				call->options.service.name, there, limit);
	return call_say("request %" PRIu64 ": no server of %s is there after %s", number,
			call->options.service.name, limit);
}

static int wait_servers(const struct call *call, const struct exchange *exchange)
{
	int r;

	do
		r = sluice_client_wait_servers(call->client, call->options.servers,
					       left_until(exchange->deadline));
	while (r == -EINTR && !interrupted);
	if (r >= 0 || r == -EINTR)
		return r;
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return lacks_servers(call, exchange->number);
	return call_say("request %" PRIu64 ": %s", exchange->number, sluice_strerror());
}

static void fill(const struct call *call, struct sluice_request *request)
{
	if (request->size)
		memcpy(request->data, call->data.at, request->size);
	if (call->header.count)
		memcpy(request->header, call->header.at, call->header.count);
	else if (request->header)
		memset(request->header, 0, (size_t)call->contract.contract.request_header.size);
}

/* 0, or -1: it was not sent. */
static int send_request(const struct call *call, struct exchange *exchange)
{
	struct sluice_request *request = sluice_client_loan(call->client, call->elements);

	if (!request)
		return -1;
	fill(call, request);
	(void)sluice_request_set_deadline(request, exchange->deadline);
	if (call->options.one)
		(void)sluice_request_set_route(request, SLUICE_ROUTE_ONE);
	exchange->sent = now();
	do
		exchange->pending = sluice_request_send(request);
	while (!exchange->pending && errno == EINTR && !interrupted);
	if (!exchange->pending) {
		int error = errno;

		(void)sluice_request_release(request);
		errno = error;
	}
	return exchange->pending ? 0 : -1;
}

static uint64_t server_of(struct sluice_response *response)
{
	struct sluice_response_info info = SLUICE_RESPONSE_INFO();

	return sluice_response_info(response, &info) < 0 ? 0 : info.server;
}

/* Takes a response over (1, 2).  0, or -errno: it could not be printed. */
static int take(struct call *call, struct exchange *exchange, struct sluice_response *response,
		int64_t round_trip)
{
	size_t header = (size_t)call->contract.contract.response_header.size;
	struct call_response printed = {
		.request = exchange->number,
		.index = ++exchange->responses,
		.round_trip = round_trip,
		.bytes = &call->response,
		.header = header,
		.server = server_of(response),
		.call = call,
	};
	int r = 0;

	if (exchange->responses == 1)
		exchange->round_trip = round_trip;
	call->response.count = 0;
	if ((header && bytes_add(&call->response, response->header, header) < 0) ||
	    bytes_add(&call->response, response->data, response->size) < 0)
		r = -ENOMEM;
	(void)sluice_response_release(response);
	if (r == 0 && call->options.verbose)
		call_tell_server(&printed);
	return r < 0 ? r : call_print(call->options.form, &printed);
}

/*
 * Receives up to the end of the stream.  Returns the errno that ended it; or -errno: the output
 * cannot be written.
 */
static int receive(struct call *call, struct exchange *exchange)
{
	struct sluice_response *response;
	int64_t came;
	int r;

	for (;;) {
		response = sluice_pending_response_receive(exchange->pending, SLUICE_FOREVER);
		came = now();
		if (!response && errno == EINTR && !interrupted)
			continue;
		if (!response)
			return errno;
		r = take(call, exchange, response, came - exchange->sent);
		if (interrupted)
			return EINTR;
		if (r < 0)
			return r;
		if (came >= exchange->deadline)
			return ETIMEDOUT;
	}
}

/* Prints a sentence about the errno that ended the stream.  Returns -1. */
static int failed(const struct call *call, const struct exchange *exchange, int error)
{
	uint64_t number = exchange->number, responses = exchange->responses;
	struct sluice_status status = SLUICE_STATUS();
	char limit[TEXT_NUMBER], text[TEXT_CLEAN(sizeof(status.text))];

	if (error == EREMOTEIO && exchange->pending &&
	    sluice_pending_response_status(exchange->pending, &status) > 0)
		return call_say("request %" PRIu64 ": status %" PRId32 "%s%s", number, status.code,
				*status.text ? ", " : "",
				text_clean(text, sizeof(text), status.text));
	if (error == EPIPE)
		return call_say("request %" PRIu64 ": no server has answered it", number);
	if (error == ETIMEDOUT)
		return call_say("request %" PRIu64 ": it did not end within %s; responses: %" PRIu64,
				number, text_ns(limit, (uint64_t)call->options.timeout), responses);
	return call_say("request %" PRIu64 ": %s", number, sluice_strerror());
}

static void count_answer(struct call *call, const struct exchange *exchange)
{
	call->answered++;
	/* If there is no memory for its time, the answer is counted without it. */
	(void)bytes_add(&call->times, &exchange->round_trip, sizeof(exchange->round_trip));
}

/* 0, also if the request failed, which was printed and counted; or -1: the command ends. */
static int perform(struct call *call, uint64_t number)
{
	struct exchange exchange = {
		.number = number,
		.deadline = sluice_deadline(call->options.timeout),
	};
	int r;

	if (wait_servers(call, &exchange) < 0) {
		call->failed += !interrupted;
		return 0;
	}
	r = send_request(call, &exchange) < 0 ? errno : receive(call, &exchange);
	call->sent += exchange.pending != NULL;
	if (r < 0) {
		(void)sluice_pending_response_release(exchange.pending);
		return call_say("cannot write the response: %s", strerror(-r));
	}
	if (r == EPIPE && exchange.responses) {
		count_answer(call, &exchange);
	} else if (r != EINTR) {
		(void)failed(call, &exchange, r);
		call->failed++;
	}
	(void)sluice_pending_response_release(exchange.pending);
	return 0;
}

/* ---- The course of it ------------------------------------------------------ */

/* Waits until the request is due.  The first one is due at once. */
static void pause_before(const struct call *call, uint64_t number, int64_t begin)
{
	double since = (double)(number - 1) / call->options.rate * 1e9;
	int64_t due = since > (double)(INT64_MAX / 4) ? INT64_MAX / 2 : begin + (int64_t)since;
	struct sluice_event event = SLUICE_EVENT();

	while (!interrupted && now() < due) {
		(void)sluice_node_wait(call->node, left_until(due));
		while (sluice_node_next(call->node, &event) > 0)
			;
	}
}

static int perform_all(struct call *call)
{
	int64_t begin = now();
	int r = 0;

	for (uint64_t i = 1; i <= call->options.count && r == 0 && !interrupted; i++) {
		if (call->options.rate > 0)
			pause_before(call, i, begin);
		if (!interrupted)
			r = perform(call, i);
	}
	return r;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void summarise(struct call *call)
{
	char least[TEXT_NUMBER], median[TEXT_NUMBER], most[TEXT_NUMBER];
	size_t n = call->times.count / sizeof(int64_t);
	int64_t *time = (int64_t *)(void *)call->times.at;

	fprintf(stderr, "%" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " failed", call->sent,
		call->answered, call->failed);
	if (n) {
		qsort(time, n, sizeof(*time), by_size);
		fprintf(stderr, "; round trip %s min, %s median, %s max",
			text_ns(least, (uint64_t)time[0]), text_ns(median, (uint64_t)time[n / 2]),
			text_ns(most, (uint64_t)time[n - 1]));
	}
	fputc('\n', stderr);
}

static int run(struct call *call)
{
	int r;

	setvbuf(stderr, NULL, _IOLBF, 0);	/* others write there, too */
	if (prepare(call) < 0)
		return -1;
	r = perform_all(call);
	if (call->options.count > 1 || interrupted)
		summarise(call);
	return call->failed || interrupted ? -1 : r;
}

int verb_call(int argc, char **argv)
{
	static struct call call;
	int r = call_parse(&call, argc, argv);

	if (r == 0)
		r = run(&call) < 0 ? 1 : 0;
	else if (r < 0)
		r = 0;
	finish(&call);
	return r;
}
