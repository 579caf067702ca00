// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that do not overflow flow as fast as they are read, however many there are.
 * Who waits for room is rung for each time that there is some, and goes on heeding those
 * rings; they are not rings in vain.  A peer that rings for room and makes none is heeded
 * 64 times.
 *
 * What is not heeded any more is looked at every millisecond.  Such looks are counted
 * here, by standing in front of wait_look_again() (selftests/build.mk); nothing is judged
 * by the time it takes.
 */
#include "hostile.h"

#include "base/limits.h"
#include "room.h"

#include <stdatomic.h>

ENDS_FIXTURE(flow);

/* Rings of a peer that this thread, or the forked end that it is, did not heed. */
static __thread long unheeded;

void __real_wait_look_again(struct wait *wait, int64_t time);
void __wrap_wait_look_again(struct wait *wait, int64_t time);

void __wrap_wait_look_again(struct wait *wait, int64_t time)
{
	unheeded++;
	__real_wait_look_again(wait, time);
}

#define BUFFERED	4

static const struct sluice_service_opts narrow = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_active_requests_per_client = BUFFERED,
	.max_response_buffer_size = BUFFERED);

/* More than the rings that are heeded in vain. */
#define MANY		200
#define WIDE		256

static const struct sluice_service_opts wide = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_active_requests_per_client = WIDE,
	.max_borrowed_responses_per_pending_response = WIDE,
	.max_response_buffer_size = WIDE);

/* ---- Steps ---------------------------------------------------------------- */

/* not_heeded(): how many rings were not heeded since this was asked last. */
static long not_heeded(struct side *side, long a, long b)
{
	long n = unheeded;

	(void)side, (void)a, (void)b;
	unheeded = 0;
	return n;
}

/* stream(slot, count): so many answers to the request there. */
static long stream(struct side *side, long slot, long count)
{
	long i, r = 0;

	for (i = 0; i < count && r >= 0; i++)
		r = answer(side, slot, i);
	return r < 0 ? r : count;
}

/* The client hears so many, in order. */
static void hear_all(struct __test_metadata *_metadata, struct side *side, long slot, long count)
{
	long i;

	for (i = 0; i < count; i++) {
		ASSERT_EQ(i, hear(side, slot, LONG)) TH_LOG("%s", sluice_strerror());
	}
}

/* How long it took is told, and not judged. */
static void tell_time(struct __test_metadata *_metadata, const char *what, long count,
		      int64_t begun)
{
	TH_LOG("%ld %s: %lld us", count, what, (long long)(now() - begun) / 1000);
}

/* ---- Responses ------------------------------------------------------------- */

static const long bursts[] = { 5000, 2000, 2000, 2000, 2000, 2000, 2000, 2000 };

TEST_F(flow, responses_of_one_stream)
{
	struct end *server = &self->end[0];
	int64_t begun;
	size_t i;

	SET_UP_PAIR(&narrow);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < ARRAY_SIZE(bursts); i++) {
		begun = now();
		begin(server, stream, 0, bursts[i]);
		hear_all(_metadata, &self->side, 0, bursts[i]);
		ASSERT_EQ(bursts[i], finish(server)) TH_LOG("%s", server->result.sentence);
		tell_time(_metadata, "responses", bursts[i], begun);
		EXPECT_EQ(0, at(server, not_heeded, 0, 0));
		EXPECT_EQ(0, not_heeded(&self->side, 0, 0));
	}
}

/* Each time there is room the server sleeps for it. */
TEST_F_TIMEOUT(flow, each_response_is_waited_for, 120)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&narrow);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	begin(server, stream, 0, BUFFERED + MANY);
	for (i = 0; i < MANY; i++) {
		until_asleep(server);
		ASSERT_EQ(i, hear(&self->side, 0, LONG));
	}
	ASSERT_EQ(BUFFERED + MANY, finish(server));
	EXPECT_EQ(0, at(server, not_heeded, 0, 0));
}

/* The server waits for room in one stream; the client reads another, and then that. */
TEST_F_TIMEOUT(flow, room_elsewhere_is_not_in_vain, 120)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&wide);
	for (i = 0; i < 2; i++) {
		ASK_AND_TAKE(&self->side, server, i, i);
	}
	ASSERT_EQ(WIDE, at(server, stream, 1, WIDE));
	begin(server, stream, 0, WIDE + 1);
	for (i = 0; i < MANY; i++) {
		until_asleep(server);
		ASSERT_EQ(i, hear(&self->side, 1, LONG));
	}
	ASSERT_EQ(0, hear(&self->side, 0, LONG));
	ASSERT_EQ(WIDE + 1, finish(server));
	EXPECT_EQ(0, at(server, not_heeded, 0, 0));
}

/* The same, and what the client does is to release what it holds. */
TEST_F_TIMEOUT(flow, returns_are_not_in_vain, 120)
{
	static struct sluice_response *held[MANY];
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(&wide);
	ASK_AND_TAKE(side, server, 0, 1);
	ASSERT_EQ(MANY, at(server, stream, 0, MANY));
	for (i = 0; i < MANY; i++) {
		held[i] = sluice_pending_response_receive(side->pending[0], LONG);
		ASSERT_NE(NULL, held[i]);
	}
	begin(server, stream, 0, WIDE + 1);
	for (i = 0; i < MANY; i++) {
		until_asleep(server);
		ASSERT_EQ(0, sluice_response_release(held[i]));
	}
	ASSERT_EQ(0, hear(side, 0, LONG));
	ASSERT_EQ(WIDE + 1, finish(server));
	EXPECT_EQ(0, at(server, not_heeded, 0, 0));
}

/* A server that waits for room is not woken by requests, which it does not receive then. */
TEST_F_TIMEOUT(flow, requests_do_not_wake_who_waits_for_room, 120)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(&wide);
	ASK_AND_TAKE(side, server, 0, 1);
	begin(server, stream, 0, WIDE + 1);
	for (i = 0; i < MANY; i++) {
		until_asleep(server);
		ASSERT_EQ(1, ask(side, 1, i));
		ASSERT_EQ(0, cancel(side, 1, 0));
	}
	ASSERT_EQ(0, hear(side, 0, LONG));
	ASSERT_EQ(WIDE + 1, finish(server));
	EXPECT_EQ(0, at(server, not_heeded, 0, 0));
	/* And they are all there. */
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(i, at(server, take, 1, LONG));
		ASSERT_EQ(0, at(server, done, 1, 0));
	}
}

/* ---- Ends ------------------------------------------------------------------ */

/* send_many(count): so many requests, the last of which is kept in slot 0. */
static long send_many(struct side *side, long count, long unused)
{
	static __thread struct sluice_pending_response *others[MANY];
	struct sluice_request *request;
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		request = sluice_client_loan_zeroed(side->client, 1);
		others[i] = sluice_request_send(request);
		if (!others[i])
			return -errno;
	}
	i = hear(side, 0, LONG);
	while (count--)
		if (sluice_pending_response_release(others[count]) < 0)
			return -errno;
	return i;
}

/* A client waits for one answer, while the server ends many other requests without one. */
TEST_F_TIMEOUT(flow, ends_of_other_requests_are_not_in_vain, 120)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_server(_metadata, server, variant->place, &calls, &wide, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASK_FROM_AND_TAKE(client, server, 0, 7);
	begin(client, send_many, MANY, 0);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(-EBADMSG, at(server, take, 1, LONG));
		until_asleep(client);
		ASSERT_EQ(0, at(server, done, 1, 0));
	}
	ASSERT_EQ(0, at(server, answer, 0, 8));
	EXPECT_EQ(8, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(0, at(client, not_heeded, 0, 0));
}

/* ---- Requests -------------------------------------------------------------- */

TEST_F(flow, requests_to_one_server)
{
	struct end *server = &self->end[0];
	int64_t begun;
	size_t i;

	SET_UP_PAIR(&narrow);
	for (i = 0; i < ARRAY_SIZE(bursts); i++) {
		begun = now();
		begin(server, take_only, 0, bursts[i]);
		ASSERT_EQ(bursts[i], ask_only(&self->side, 0, bursts[i]));
		ASSERT_EQ(bursts[i], finish(server)) TH_LOG("%s", server->result.sentence);
		tell_time(_metadata, "requests", bursts[i], begun);
		EXPECT_EQ(0, not_heeded(&self->side, 0, 0));
		EXPECT_EQ(0, at(server, not_heeded, 0, 0));
	}
}

TEST_F_TIMEOUT(flow, each_request_is_waited_for, 120)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	start_server(_metadata, server, variant->place, &calls, &narrow, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	begin(client, ask_only, 0, BUFFERED + MANY);
	for (i = 0; i < MANY; i++) {
		until_asleep(client);
		ASSERT_EQ(1, at(server, take_only, i, 1));
	}
	ASSERT_EQ(BUFFERED + MANY, finish(client)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(0, at(client, not_heeded, 0, 0));
}

static const struct sluice_service_opts forgets = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET);

/* Both ends are in one thread: the server is armed, and looks when all is over. */
TEST_F_TIMEOUT(flow, withdrawn_requests_are_not_in_vain, 120)
{
	struct side *side = &self->side, other = { 0 };
	long i;

	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&forgets)));
	ASSERT_EQ(0, open_server(side, 0, 0));
	ASSERT_EQ(0, join_client(&other, PTR(&calls), 0));
	ASSERT_EQ(1, wait_servers(&other, 1, LONG));
	not_heeded(side, 0, 0);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(-ETIMEDOUT, take(side, 0, MILLISECOND / 10));
		ASSERT_EQ(1, ask(&other, 0, i));
		ASSERT_EQ(0, cancel(&other, 0, 0));
	}
	EXPECT_EQ(0, not_heeded(side, 0, 0));
	leave(&other, 0, 0);
}

/* ---- Hostile peers --------------------------------------------------------- */

static atomic_bool enough;

/* Rings for room, and makes none, as often as it can. */
static void *ring_for_room(void *channel)
{
	while (!atomic_load(&enough)) {
		channel_ring(channel, SLUICE_DOORBELL_SPACE);
		pause_briefly();
	}
	return NULL;
}

#define WHILE_RINGING(channel)							\
	for (atomic_store(&enough, false),					\
	     thread_failed = pthread_create(&thread, NULL, ring_for_room, channel);	\
	     !atomic_load(&enough); atomic_store(&enough, true),		\
	     pthread_join(thread, NULL))

TEST_F_TIMEOUT(flow, a_client_that_makes_no_room_is_not_heeded_for_ever, 120)
{
	struct side *side = &self->side, bad = { 0 };
	struct responder *responder;
	pthread_t thread;
	int thread_failed = 0;
	long r = 0;

	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&narrow)));
	ASSERT_EQ(0, open_server(side, 0, 0));
	ASSERT_EQ(0, open_service(&bad, PTR(&calls), PTR(&narrow)));
	ASSERT_EQ(0, open_client(&bad, 0, 0));
	ASSERT_EQ(1, wait_servers(&bad, 1, LONG));
	ASSERT_LE(0, ask_until(&bad, 0, sluice_deadline(2 * SECOND)));
	ASSERT_LE(0, take(side, 0, LONG));
	responder = &side->server->current->responder;
	ASSERT_EQ(BUFFERED, stream(side, 0, BUFFERED));
	ASSERT_EQ(0, loan_answer(side, 0, 1));
	not_heeded(side, 0, 0);
	WHILE_RINGING(&bad.client->channels[0]->requester.channel)
		r = sluice_reply_send(side->reply[0]);
	ASSERT_EQ(0, thread_failed);
	EXPECT_EQ(-ETIMEDOUT, r) TH_LOG("%s", sluice_strerror());
	EXPECT_LT(0, not_heeded(side, 0, 0));
	EXPECT_EQ(VAIN_RINGS_MAX + 1, responder->channel.vain);

	/* It is as soon as it makes room. */
	ASSERT_EQ(BUFFERED, hear_many(&bad, 0, BUFFERED));
	EXPECT_EQ(0, sluice_reply_send(side->reply[0]));
	side->reply[0] = NULL;
	EXPECT_EQ(0u, responder->channel.vain);
	leave(&bad, 0, 0);
}

TEST_F_TIMEOUT(flow, a_server_that_makes_no_room_is_not_heeded_for_ever, 120)
{
	struct side *side = &self->side, bad = { 0 };
	struct requester *requester;
	pthread_t thread;
	int thread_failed = 0;
	long r = 0, i;

	ASSERT_EQ(0, open_service(&bad, PTR(&calls), PTR(&narrow)));
	ASSERT_EQ(0, open_server(&bad, 0, 0));
	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&narrow)));
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	requester = &side->client->channels[0]->requester;
	ASSERT_EQ(BUFFERED, ask_only(side, 0, BUFFERED));
	/* It lets the client in. */
	ASSERT_EQ(0, sluice_node_wait(bad.node, LONG));
	not_heeded(side, 0, 0);
	WHILE_RINGING(&bad.server->newest->responder.channel)
		r = ask_until(side, 0, sluice_deadline(2 * SECOND));
	ASSERT_EQ(0, thread_failed);
	EXPECT_EQ(-ETIMEDOUT, r) TH_LOG("%s", sluice_strerror());
	EXPECT_LT(0, not_heeded(side, 0, 0));
	EXPECT_EQ(VAIN_RINGS_MAX + 1, requester->channel.vain);

	/* It is as soon as it makes room. */
	for (i = 0; i < BUFFERED; i++) {
		ASSERT_EQ(i, take(&bad, i, LONG));
	}
	EXPECT_EQ(1, ask_until(side, 0, sluice_deadline(LONG)));
	EXPECT_EQ(0u, requester->channel.vain);
	leave(&bad, 0, 0);
}

TEST_HARNESS_MAIN
