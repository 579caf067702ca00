// SPDX-License-Identifier: MIT
/*
 * Sends the requests of a recording at their pace, and counts what comes back.
 *
 * One client sends all requests, in the order in which they were recorded.  A request is
 * due when the time since the beginning is the recorded time divided by the speed.  It is
 * sent when it is due and the service permits one more pending request (a *flight* here).
 * A service that is slower than the recorded one delays it.
 *
 *	due and there is room --> sent --+--> EPIPE		answered
 *					 +--> the deadline	timed out
 *					 +--> another errno	failed
 *
 *  1. A request has a deadline, so that each flight ends, whatever its servers do.
 *  2. Responses are received as they come, and released at once: the library keeps
 *     only so many of each request that nobody has read.
 *  3. A server that streams faster than it is read keeps nobody else waiting: of one
 *     flight only so many responses are received at a time.
 *
 * Responses do not say which server they come from.  If one server was recorded and the
 * request has reached one, its replies are compared in order: a response is the same as the
 * first recorded reply that it equals, behind the one found last.  With several servers the
 * order among them is chance, and all recorded replies are searched.  Then the remaining
 * responses and replies are paired as different; the rest is missing, or extra.
 *
 * Lengths of the recording fit the contract (recording.c), and the service has that very
 * contract, since the library has compared it.  A response is read in place.  If its server
 * changes it meanwhile, it is the same or not, and nothing else depends on it.
 */
#include "resend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Responses of one flight that are received before the others' turn (3). */
#define TURN		64u

static int64_t now(void)
{
	return sluice_deadline(0);
}

/* ---- One flight ------------------------------------------------------------ */

/* Only the first is told: those after it are mostly its consequences. */
static void failed(struct resend *resend, const struct message *request)
{
	struct tally *tally = &resend->tally;

	tally->failed++;
	if (!tally->why[0])
		snprintf(tally->why, sizeof(tally->why),
			 "request %" PRIu64 " of client %016" PRIx64 ": %s",
			 request->number, request->client, sluice_strerror());
}

static bool equal(const struct resend *resend, const struct message *reply,
		  const struct sluice_response *response)
{
	size_t header = (size_t)resend->service->messages[SLUICE_LIST_RESPONSE].header.size;

	/* The padding of the header belongs to neither. */
	return reply->bytes == response->size &&
	       (!header || memcmp(reply->payload, response->header, header) == 0) &&
	       memcmp(reply->payload + reply->lead, response->data, response->size) == 0;
}

static void compare(const struct resend *resend, struct flight *flight,
		    const struct sluice_response *response)
{
	struct message *request = flight->request;

	for (size_t i = flight->next; i < request->reply_count; i++) {
		struct message *reply = &request->replies[i];

		if (reply->matched || !equal(resend, reply, response))
			continue;
		reply->matched = true;
		flight->same++;
		if (flight->in_order)
			flight->next = i + 1;
		return;
	}
	flight->unknown++;
}

static void count_differences(struct tally *tally, const struct flight *flight)
{
	uint64_t left = flight->request->reply_count - flight->same;
	uint64_t different = left < flight->unknown ? left : flight->unknown;

	tally->same += flight->same;
	tally->different += different;
	tally->missing += left - different;
	tally->extra += flight->unknown - different;
}

/* The last flight takes its place. */
static void end(struct resend *resend, unsigned int i, int error)
{
	struct flight *flight = &resend->flight[i];
	struct tally *tally = &resend->tally;

	if (error == EPIPE)
		tally->answered++;
	else if (error == ETIMEDOUT)
		tally->timed_out++;
	else
		failed(resend, flight->request);
	count_differences(tally, flight);
	sluice_pending_response_release(flight->pending);
	*flight = resend->flight[--resend->flights];
}

/* Receives what there is.  Whether the flight is still under way. */
static bool receive(struct resend *resend, unsigned int i)
{
	struct flight *flight = &resend->flight[i];
	struct sluice_response *response;

	for (unsigned int turn = 0; turn < TURN; turn++) {
		response = sluice_pending_response_receive(flight->pending, SLUICE_NOWAIT);
		if (!response && (errno == EAGAIN || errno == EINTR))
			return true;
		if (!response) {
			end(resend, i, errno);
			return false;
		}
		resend->tally.responses++;
		resend->tally.response_bytes += response->size;
		compare(resend, flight, response);
		(void)sluice_response_release(response);
	}
	return true;
}

/* ---- Sending --------------------------------------------------------------- */

static bool one_server(const struct message *request)
{
	for (size_t i = 1; i < request->reply_count; i++)
		if (request->replies[i].server != request->replies[0].server)
			return false;
	return true;
}

static void fill(const struct resend *resend, struct sluice_request *request,
		 const struct message *message)
{
	size_t header = (size_t)resend->service->messages[SLUICE_LIST_REQUEST].header.size;

	if (header)
		memcpy(request->header, message->payload, header);
	memcpy(request->data, message->payload + message->lead, request->size);
}

/* NULL if it cannot be sent now, or nobody is there to take it. */
static struct sluice_pending_response *launch(struct resend *resend, const struct message *message,
					      int64_t deadline)
{
	const struct sluice_list_message *type =
		&resend->service->messages[SLUICE_LIST_REQUEST];
	size_t count = (size_t)(message->bytes / type->payload.size);
	struct sluice_request *request = sluice_client_loan(resend->client, count);
	struct sluice_pending_response *pending;

	if (!request)
		return NULL;
	fill(resend, request, message);
	(void)sluice_request_set_deadline(request, deadline);
	do
		pending = sluice_request_send(request);
	while (!pending && errno == EINTR && !*resend->stop);
	if (!pending) {
		int error = errno;

		(void)sluice_request_release(request);
		errno = error;
	}
	return pending;
}

static void send_next(struct resend *resend)
{
	struct message *message = &resend->recording->requests.at[resend->next++];
	struct flight *flight = &resend->flight[resend->flights];
	int64_t deadline = sluice_deadline(resend->timeout);
	struct sluice_pending_response *pending = launch(resend, message, deadline);

	if (!pending && errno == ETIMEDOUT)
		resend->tally.timed_out++;
	else if (!pending && errno != EINTR)
		failed(resend, message);
	if (!pending)
		return;
	resend->tally.sent++;
	resend->tally.request_bytes += pending->size;
	*flight = (struct flight){
		.pending = pending,
		.request = message,
		.deadline = deadline,
		.in_order = one_server(message) && sluice_pending_response_servers(pending) == 1,
	};
	/* If no server has it, that is known at once. */
	if (sluice_pending_response_servers(pending) < 1)
		receive(resend, resend->flights++);
	else
		resend->flights++;
}

/* ---- The course of it ------------------------------------------------------ */

static bool is_room(const struct resend *resend)
{
	return resend->next < resend->recording->requests.count &&
	       resend->flights < FLIGHTS_MAX &&
	       resend->flights < resend->service->settings->max_active_requests_per_client;
}

static int64_t due(const struct resend *resend)
{
	const struct message *requests = resend->recording->requests.at;
	uint64_t passed = requests[resend->next].time - requests[0].time;
	double wanted;

	if (resend->speed <= 0)
		return resend->begin;
	/* A capture may contain any time; a quarter of the range is enough. */
	wanted = (double)passed / resend->speed;
	if (wanted > (double)(INT64_MAX / 4))
		return INT64_MAX / 2;
	return resend->begin + (int64_t)wanted;
}

/* How long there is nothing to do, if nothing comes. */
static int64_t idle_time(const struct resend *resend)
{
	int64_t until = is_room(resend) ? due(resend) : INT64_MAX, left;

	for (unsigned int i = 0; i < resend->flights; i++)
		if (resend->flight[i].deadline < until)
			until = resend->flight[i].deadline;
	left = until - now();
	return left > 0 ? left : 0;
}

static int wait_for_something(struct resend *resend)
{
	int r = sluice_node_wait(resend->node, idle_time(resend));

	if (r == 0 || r == -EAGAIN || r == -ETIMEDOUT || r == -EINTR)
		return 0;
	snprintf(resend->tally.why, sizeof(resend->tally.why), "cannot wait: %s",
		 sluice_strerror());
	return -1;
}

static void receive_what_came(struct resend *resend)
{
	struct sluice_event event = SLUICE_EVENT();

	while (sluice_node_next(resend->node, &event) > 0) {
		if (event.kind != SLUICE_EVENT_RESPONSE)
			continue;
		for (unsigned int i = 0; i < resend->flights; i++) {
			if (resend->flight[i].pending == event.pending) {
				receive(resend, i);
				break;
			}
		}
	}
}

/* Backwards, since the last one takes the place of one that has ended. */
static void end_what_is_late(struct resend *resend)
{
	int64_t time = now();

	for (unsigned int i = resend->flights; i-- > 0; )
		if (resend->flight[i].deadline <= time && receive(resend, i))
			end(resend, i, ETIMEDOUT);
}

static void cancel(struct resend *resend)
{
	while (resend->flights)
		(void)sluice_pending_response_release(resend->flight[--resend->flights].pending);
}

static void send_what_is_due(struct resend *resend)
{
	while (is_room(resend) && !*resend->stop && due(resend) <= now())
		send_next(resend);
}

/* Then nothing would end a wait. */
static bool is_over(const struct resend *resend)
{
	return !is_room(resend) && !resend->flights;
}

int resend_all(struct resend *resend)
{
	int r = 0;

	resend->begin = now();
	while (r == 0 && !*resend->stop) {
		send_what_is_due(resend);
		if (is_over(resend))
			break;
		r = wait_for_something(resend);
		receive_what_came(resend);
		end_what_is_late(resend);
	}
	resend->tally.time = now() - resend->begin;
	resend->tally.interrupted = !is_over(resend);
	cancel(resend);
	return r;
}
