// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: all that a server may send for one request, and how the stream ends.
 * Order and completeness; what happens when the client does not read (the newest
 * responses stay); cancelling, and what a server that goes on answering is told;
 * and the promise that no response ever strays into the stream of another
 * request, however often requests are cancelled and their places used again.
 */
#include "steps.h"

ENDS_FIXTURE(stream);

TEST_F(stream, many_responses)
{
	static const struct sluice_service_opts deep = SLUICE_SERVICE_OPTS(
		.max_response_buffer_size = 1000);
	struct end *server = &self->end[0];
	struct sluice_response *response;
	long round, count;

	SET_UP_PAIR(&deep);
	for (round = 0; round < 4; round++) {
		ASK_AND_TAKE(&self->side, server, 0, round);
		begin(server, answer_many, 0, 1000);
		ASSERT_EQ(500, hear_many(&self->side, 0, 500));
		ASSERT_EQ(1000, finish(server));
		ASSERT_EQ(0, at(server, done, 0, 0));
		count = 0;
		sluice_for_each_response(response, self->side.pending[0], LONG) {
			ASSERT_EQ(500 + count++, answer_value(response));
		}
		ASSERT_EQ(EPIPE, errno);
		ASSERT_EQ(500, count);
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
}

/* A response that does not fit takes the place of the oldest, and no memory is lost. */
TEST_F(stream, newest_stay)
{
	static const struct sluice_service_opts shallow = SLUICE_SERVICE_OPTS(
		.max_response_buffer_size = 4);
	struct end *server = &self->end[0];
	long i, round;

	start_server(_metadata, server, variant->place, &calls, &shallow, &static_server);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	for (round = 0; round < 200; round++) {
		ASK_AND_TAKE(&self->side, server, 0, round);
		ASSERT_EQ(11, at(server, answer_many, 0, 11))
			TH_LOG("%s", server->result.sentence);
		for (i = 7; i < 11; i++) {
			ASSERT_EQ(i, hear(&self->side, 0, LONG));
		}
		ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(1, at(server, answer_many, 0, 1));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

/* Responses that the client holds stay, whatever the server goes on to send. */
TEST_F(stream, held_responses_stay)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&buffer_of_two);
	ASK_AND_TAKE(&self->side, server, 0, 0);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, at(server, answer, 0, 70 + i));
		ASSERT_EQ(70 + i, hold(&self->side, 0, i));
	}
	ASSERT_EQ(100, at(server, answer_many, 0, 100));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(70 + i, answer_value(self->side.response[i]));
	}

	/* Also after the exchange, and after the server's end of it. */
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(70 + i, answer_value(self->side.response[i]));
		ASSERT_EQ(0, drop_response(&self->side, i, 0));
	}
}

/* Each server's answers come in its order, and the last one ends the stream. */
TEST_F(stream, of_several_servers)
{
	long next[3], value, i, round;

	start_servers(_metadata, self->end, 3, variant->place, &self->side, &calls);
	for (round = 0; round < 20; round++) {
		ASSERT_EQ(3, ask(&self->side, 0, round));
		for (i = 0; i < 3; i++) {
			ASSERT_EQ(round, at(&self->end[i], take, 0, LONG));
			for (value = 0; value < 5; value++) {
				ASSERT_EQ(0, at(&self->end[i], answer, 0,
						10 * i + value));
			}
			next[i] = 10 * i;
		}
		ASSERT_EQ(0, at(&self->end[round % 3], done, 0, 0));
		for (i = 0; i < 15; i++) {
			value = hear(&self->side, 0, LONG);
			ASSERT_LE(0, value);
			ASSERT_EQ(next[value / 10], value);
			next[value / 10]++;
		}
		ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(&self->end[(round + 1) % 3], done, 0, 0));
		ASSERT_EQ(-EAGAIN, hear(&self->side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, at(&self->end[(round + 2) % 3], done, 0, 0));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

/* A server may end a stream without a single answer. */
TEST_F(stream, empty)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	for (i = 0; i < 100; i++) {
		ASK_AND_TAKE(&self->side, server, 0, i);
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
}

TEST_F(stream, cancelled)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	ASK_AND_TAKE_MANY(&self->side, server, 2, 1);
	ASSERT_EQ(0, at(server, loan_answer, 0, 5));
	EXPECT_EQ(1, at(server, is_connected, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, at(server, is_connected, 0, 0));
	EXPECT_EQ(1, at(server, is_connected, 1, 0));
	EXPECT_EQ(-EPIPE, at(server, send_answer, 0, 0));
	EXPECT_EQ(-EPIPE, at(server, answer, 0, 6));
	ASSERT_EQ(0, at(server, done, 0, 0));

	/* The other exchange does not notice. */
	ASSERT_EQ(0, at(server, answer_and_done, 1, 7));
	ASSERT_EQ(7, hear(&self->side, 1, LONG));
	ASSERT_EQ(-EPIPE, hear(&self->side, 1, LONG));
}

/* A request that was cancelled before anybody took it is delivered too. */
TEST_F(stream, cancelled_in_the_queue)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		ASSERT_EQ(i, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, is_connected, 0, 0));
		ASSERT_EQ(-EPIPE, at(server, answer, 0, 1));
		ASSERT_EQ(0, at(server, done, 0, 0));
	}
}

/* A full queue drops its oldest request, whose client is told. */
TEST_F(stream, pushed_out)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&two_active);
	ASSERT_EQ(1, ask(&self->side, 0, 10));
	ASSERT_EQ(1, ask(&self->side, 1, 11));
	ASSERT_EQ(0, cancel(&self->side, 1, 0));
	ASSERT_EQ(1, ask(&self->side, 2, 12));
	EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, LONG));
	EXPECT_EQ(-EAGAIN, hear(&self->side, 2, SLUICE_NOWAIT));
	EXPECT_EQ(11, at(server, take, 1, LONG));
	EXPECT_EQ(0, at(server, is_connected, 1, 0));
	EXPECT_EQ(12, at(server, take, 2, LONG));
	EXPECT_EQ(1, at(server, is_connected, 2, 0));
	EXPECT_EQ(0, at(server, done, 1, 0));
	EXPECT_EQ(0, at(server, answer_and_done, 2, 13));
	EXPECT_EQ(13, hear(&self->side, 2, LONG));
	EXPECT_EQ(-EPIPE, hear(&self->side, 2, LONG));
	EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EQ(0, cancel(&self->side, 2, 0));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

/* loan_and_release(requests, replies): takes requests, loans, sends nothing. */
static long loan_and_release(struct side *side, long requests, long replies)
{
	struct sluice_reply *reply[8];
	long value, i, k;

	for (i = 0; i < requests; i++) {
		value = take(side, 0, LONG);
		if (value < 0)
			return value;
		for (k = 0; k < replies; k++) {
			reply[k] = sluice_active_request_loan(side->active[0], 1);
			if (!reply[k])
				return -errno;
		}
		if (done(side, 0, 0) < 0)
			return -errno;
		for (k = 0; k < replies; k++)
			if (sluice_reply_send(reply[k]) != -EINVAL ||
			    sluice_reply_release(reply[k]) != -EINVAL)
				return -EBADMSG;
	}
	return requests;
}

/* Replies that were loaned and not sent come home with their request. */
TEST_F(stream, unsent_replies_come_back)
{
	static const struct sluice_service_opts two = SLUICE_SERVICE_OPTS(
		.max_loaned_replies_per_request = 2);
	struct end *server = &self->end[0];
	long i;

	start_server(_metadata, server, variant->place, &calls, &two, &static_server);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	begin(server, loan_and_release, 500, 2);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		ASSERT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	ASSERT_EQ(500, finish(server)) TH_LOG("%s", server->result.sentence);
	begin(server, serve, 1, 0);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(2, hear(&self->side, 0, LONG));
	ASSERT_EQ(1, finish(server));
}

/* The server answers a cancelled request while its successor is under way. */
TEST_F(stream, never_another_requests_answer)
{
	static const struct sluice_service_opts narrow = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = 2,
		.max_response_buffer_size = 2);
	struct end *server = &self->end[0];
	long i, old = 0, new = 1;

	SET_UP_PAIR(&narrow);
	ASK_AND_TAKE(&self->side, server, old, 0);
	for (i = 1; i < 1000; i++) {
		if (i % 2) {
			ASSERT_EQ(0, at(server, answer, old, -1 - i));
		}
		ASSERT_EQ(0, cancel(&self->side, old, 0));
		ASK_AND_TAKE(&self->side, server, new, i);
		ASSERT_EQ(-EPIPE, at(server, answer, old, -1 - i));
		ASSERT_EQ(0, at(server, answer, new, i));
		ASSERT_EQ(-EPIPE, at(server, answer, old, -1 - i));
		ASSERT_EQ(0, at(server, done, old, 0));
		ASSERT_EQ(i, hear(&self->side, new, LONG));
		ASSERT_EQ(-EAGAIN, hear(&self->side, new, SLUICE_NOWAIT));
		old = new;
		new = 1 - new;
	}
}

/* The same as fast as both can, with nobody waiting for anybody. */
static long serve_streams(struct side *side, long unused, long responses)
{
	long value, result, i;

	(void)unused;
	do {
		value = take(side, 0, LONG);
		if (value < 0)
			return value;
		for (i = 0; i < responses; i++) {
			result = answer(side, 0, value);
			if (result == -EPIPE)
				break;
			if (result < 0)
				return result;
		}
		result = done(side, 0, 0);
		if (result < 0)
			return result;
	} while (value);
	return 0;
}

TEST_F(stream, never_while_racing)
{
	struct end *server = &self->end[0];
	unsigned int random = 1;
	long i, value, heard;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	begin(server, serve_streams, 0, 5);
	for (i = 1; i <= 3000; i++) {
		ASSERT_EQ(1, ask(&self->side, 0, i));
		for (heard = rand_r(&random) % 7; heard; heard--) {
			value = hear(&self->side, 0, LONG);
			if (value == -EPIPE)
				break;
			ASSERT_EQ(i, value) TH_LOG("%s", sluice_strerror());
		}
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	ASSERT_EQ(1, ask(&self->side, 0, 0));
	ASSERT_EQ(0, finish(server)) TH_LOG("%s", server->result.sentence);
}

TEST_HARNESS_MAIN
