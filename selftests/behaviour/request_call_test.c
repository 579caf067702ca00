// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_request_call(), which sends a request and receives the first response: it
 * ends as the two separate calls would have ended, whatever ends it, and *pending says
 * how far it has come.  Where that is NULL the request is still the caller's.
 */
#include "steps.h"
#include "loans.h"

ENDS_FIXTURE(combined);
PROCESSES_FIXTURE(combined_death);

/* separate(slot, timeout): what call_loaned() does, as two calls. */
static long separate(struct side *side, long slot, long timeout)
{
	long result = send_question(side, slot, 0);

	return result < 0 ? result : hear(side, slot, timeout);
}

/* The call, once as two and once as one, ends the same way. */
#define EXPECT_BOTH(result, prepare, timeout)				\
	do {								\
		static step *const how_[] = { separate, call_loaned };	\
		size_t k_;						\
									\
		for (k_ = 0; k_ < ARRAY_SIZE(how_); k_++) {		\
			ASSERT_EQ(0, loan_question(&self->side, 0, 3));	\
			prepare;					\
			EXPECT_EQ(result,				\
				  how_[k_](&self->side, 0, timeout))	\
				TH_LOG("%zu: %s", k_,			\
				       sluice_strerror());		\
			EXPECT_NE(0, sluice_strerror()[0]);		\
			if (self->side.pending[0]) {			\
				EXPECT_EQ(0, cancel(&self->side, 0, 0)); \
			} else {					\
				EXPECT_EQ(0, drop_question(&self->side,	\
							   0, 0));	\
			}						\
		}							\
	} while (0)

/* ---- It was sent --------------------------------------------------------- */

TEST_F(combined, call_without_a_server)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_BOTH(-ENOTCONN, (void)0, SLUICE_FOREVER);
	EXPECT_BOTH(-ENOTCONN, (void)0, SLUICE_NOWAIT);
	ASSERT_EQ(-ENOTCONN, call(&self->side, 0, LONG));
	ASSERT_NE(NULL, self->side.pending[0]);
	EXPECT_EQ(0, sluice_pending_response_servers(self->side.pending[0]));
}

TEST_F(combined, call_that_times_out)
{
	static const int64_t times[] = {
		1, 1000, MILLISECOND, 20 * MILLISECOND,
	};
	struct end *server = &self->end[0];
	int64_t begun;
	size_t i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		begun = now();
		EXPECT_BOTH(-ETIMEDOUT, (void)0, times[i]);
		EXPECT_LE(2 * times[i], now() - begun);
	}
	EXPECT_BOTH(-EAGAIN, (void)0, SLUICE_NOWAIT);
	for (i = 0; i < 2 * ARRAY_SIZE(times) + 2; i++) {
		ASSERT_EQ(3, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
	}

	/* It was sent, and what is pending goes on as usual. */
	ASSERT_EQ(-EAGAIN, call(&self->side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(-ETIMEDOUT, call(&self->side, 1, MILLISECOND));
	EXPECT_EQ(1, sluice_pending_response_servers(self->side.pending[0]));
	EXPECT_EQ(1, sluice_pending_response_servers(self->side.pending[1]));
	begin(server, serve_on, 2, 0);
	EXPECT_EQ(1, hear(&self->side, 0, LONG));
	EXPECT_EQ(2, hear(&self->side, 1, LONG));
	EXPECT_EQ(2, finish(server));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 1, LONG));
}

TEST_F(combined, call_with_a_deadline)
{
	struct sluice_request **request = self->side.request;
	int64_t deadline = 0;

	SET_UP_PAIR(NULL);
	EXPECT_BOTH(-ETIMEDOUT,
		    (deadline = sluice_deadline(20 * MILLISECOND),
		     sluice_request_set_deadline(request[0], deadline)),
		    SLUICE_FOREVER);
	EXPECT_LE(deadline, now());

	/* That it was not even sent shows in *pending. */
	ASSERT_EQ(0, loan_question(&self->side, 1, 5));
	ASSERT_EQ(0, sluice_request_set_deadline(request[1], 1));
	EXPECT_EQ(-ETIMEDOUT, call_loaned(&self->side, 1, SLUICE_FOREVER));
	EXPECT_EQ(NULL, (void *)self->side.pending[1]);
	EXPECT_EQ(0, sluice_request_set_deadline(request[1], 0));
	begin(&self->end[0], serve, 1, 0);
	EXPECT_EQ(6, call_loaned(&self->side, 1, SLUICE_FOREVER));
	EXPECT_EQ(1, finish(&self->end[0]));
}

TEST_F(combined, call_that_is_interrupted)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	EXPECT_BOTH(-EINTR, interrupt(&self->side, 0, 0), SLUICE_FOREVER);
	EXPECT_EQ(3, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(3, at(server, take, 0, LONG));
	EXPECT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, interrupt(&self->side, 0, 0));
	ASSERT_EQ(-EINTR, call(&self->side, 0, SLUICE_FOREVER));
	begin(server, serve, 1, 0);
	EXPECT_EQ(1, hear(&self->side, 0, SLUICE_FOREVER));
	EXPECT_EQ(1, finish(server));
}

/* The client calls with this number and sleeps; the server holds the request in slot 0. */
static void begin_call(struct __test_metadata *_metadata, struct end *client,
		       struct end *server, long number)
{
	begin(client, call, number, SLUICE_FOREVER);
	ASSERT_EQ(number, at(server, take, 0, LONG));
	until_asleep(client);
}

/* It ends without a response, by a server that has none to give or leaves. */
TEST_F(combined, call_without_an_answer)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, variant->place, &calls);
	begin_call(_metadata, client, server, 0);
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client));
	EXPECT_EQ(0, at(client, cancel, 0, 0));
	begin_call(_metadata, client, server, 1);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, finish(client));
	EXPECT_EQ(0, at(server, done, 0, 0));
}

TEST_F(combined_death, of_the_server_that_is_called)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, IN_PROCESS, &calls);
	begin_call(_metadata, client, server, 0);
	end_kill(server);
	EXPECT_EQ(-ECONNRESET, finish(client));
	end_reap(server);
	EXPECT_EQ(0, at(client, cancel, 0, 0));
	EXPECT_EQ(-ENOTCONN, at(client, call, 0, SLUICE_FOREVER));
	sweep(_metadata);
}

/* ---- It was not sent ----------------------------------------------------- */

/* If the request was not sent, *pending is NULL. */
TEST_F(combined, call_that_sends_nothing)
{
	struct sluice_pending_response *pending = UNTOUCHED;
	struct side *side = &self->side;
	struct sluice_request *request;

	SET_UP_PAIR(&one_active);
	EXPECT_FAILS(EINVAL, sluice_request_call(NULL, &pending, LONG));
	EXPECT_EQ(NULL, (void *)pending);

	/* Nowhere to put what is pending: then nothing is sent. */
	ASSERT_EQ(0, loan_question(side, 0, 5));
	request = side->request[0];
	EXPECT_FAILS(EINVAL, sluice_request_call(request, NULL, LONG));
	EXPECT_EQ(-EAGAIN, at(&self->end[0], take, 0, SLUICE_NOWAIT));

	/* All that may be pending is. */
	ASSERT_EQ(-EAGAIN, call_loaned(side, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, loan_question(side, 1, 6));
	EXPECT_EQ(-EBUSY, call_loaned(side, 1, SLUICE_FOREVER));
	EXPECT_EQ(NULL, (void *)side->pending[1]);
	ASSERT_EQ(5, at(&self->end[0], take, 0, LONG));
	begin(&self->end[0], next, 7, LONG);
	EXPECT_EQ(7, hear(side, 0, LONG));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(-EAGAIN, call_loaned(side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(6, finish(&self->end[0]));

	/* Sent before, or released. */
	pending = UNTOUCHED;
	EXPECT_FAILS(EINVAL, sluice_request_call(request, &pending, LONG));
	EXPECT_EQ(NULL, (void *)pending);
}

/* In a service whose requests do not overflow the sending may be what sleeps. */
TEST_F(combined, call_that_waits_for_room)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_server(_metadata, server, variant->place, &calls, &room_for_one, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASSERT_EQ(-EAGAIN, at(client, call, 0, SLUICE_NOWAIT));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	ASSERT_EQ(0, at(client, interrupt, 0, 0));
	EXPECT_EQ(-EINTR, at(client, call, 1, SLUICE_FOREVER));
	begin(client, call_loaned, 1, SLUICE_FOREVER);
	until_asleep(client);
	ASSERT_EQ(0, at(server, take, 0, LONG));
	EXPECT_EQ(1, at(server, next, 9, LONG));
	EXPECT_EQ(-EPIPE, at(server, sent, 0, 0));
	until_asleep(client);
	EXPECT_EQ(-ETIMEDOUT, at(server, next, 10, MILLISECOND));
	EXPECT_EQ(0, at(server, sent, 0, 0));
	EXPECT_EQ(10, finish(client));
}

TEST_HARNESS_MAIN
