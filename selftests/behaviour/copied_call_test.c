// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_call(), which copies a question and its answer: each answer belongs to its question;
 * it waits for a server that comes late; it ends once, with the errno of what went wrong, and
 * leaves nothing behind and the answer untouched then.
 */
#include "steps.h"

ENDS_FIXTURE(copied_call);
PROCESSES_FIXTURE(copied_call_death);

#define NOTHING	UINT64_C(0x5555555555555555)

/* ask_copied(value, timeout): the number answered, or -errno with the answer untouched. */
static long ask_copied(struct side *side, long value, long timeout)
{
	const struct question question = {
		.value = (uint64_t)value, .complement = ~(uint64_t)value,
	};
	struct answer answer = { .value = NOTHING, .complement = NOTHING };
	int r = sluice_call(side->client, &question, &answer, timeout);

	if (r < 0)
		return answer.value == NOTHING && answer.complement == NOTHING ? r : -EBADMSG;
	return !r && answer.complement == ~answer.value ? (long)answer.value : -EBADMSG;
}

/* ask_copied_many(first, count): each is answered with 1 more. */
static long ask_copied_many(struct side *side, long first, long count)
{
	long i, value;

	for (i = first; i < first + count; i++) {
		value = ask_copied(side, i, LONG);
		if (value != i + 1)
			return value < 0 ? value : -EBADMSG;
	}
	return count;
}

/* take_and_finish(slot): receives a request and releases it without an answer; its number. */
static long take_and_finish(struct side *side, long slot, long unused)
{
	long value = take(side, slot, LONG);

	(void)unused;
	return done(side, slot, 0) < 0 ? -errno : value;
}

/* Nothing of earlier calls is left: so many can be loaned and pending as ever. */
static long has_all(struct side *side, long first, long count)
{
	long i, result = ask_many(side, count, first);

	for (i = 0; i < count; i++)
		cancel(side, i, 0);
	return result;
}

TEST_F(copied_call, answers_belong_to_questions)
{
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	begin(server, serve, 1000, 0);
	EXPECT_EQ(1000, ask_copied_many(&self->side, 0, 1000)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(1000, finish(server));
}

TEST_F(copied_call, waits_for_a_server)
{
	struct end *client = &self->end[0];

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	begin(client, ask_copied_many, 7, 1);
	until_asleep(client);
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	EXPECT_EQ(1, serve(&self->side, 1, 0));
	EXPECT_EQ(1, finish(client));
}

/* The first answer counts; the other servers find that nobody waits for theirs. */
TEST_F(copied_call, several_servers)
{
	long i, round;

	start_servers(_metadata, self->end, 4, variant->place, &self->side, &calls);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 4; i++)
			begin(&self->end[i], serve, 1, 0);
		EXPECT_EQ(round + 1, ask_copied(&self->side, round, LONG));
		for (i = 0; i < 4; i++) {
			EXPECT_EQ(1, finish(&self->end[i]));
		}
	}
}

/* ---- How it ends --------------------------------------------------------- */

TEST_F(copied_call, without_a_server)
{
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-EAGAIN, ask_copied(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, ask_copied(&self->side, 1, 20 * MILLISECOND));
	EXPECT_EQ(-ETIMEDOUT, ask_copied(&self->side, 1, 1));
}

/* A server that answers late answers nobody: the next question has its own answer. */
TEST_F(copied_call, that_times_out)
{
	static const struct sluice_service_opts four = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = 4);
	struct end *server = &self->end[0];

	SET_UP_PAIR(&four);
	EXPECT_EQ(-EAGAIN, ask_copied(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, ask_copied(&self->side, 3, 50 * MILLISECOND));
	EXPECT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(-EPIPE, at(server, answer_and_done, 0, 2));
	/* Nobody begins with a request whose time has passed. */
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	begin(server, serve, 10, 0);
	EXPECT_EQ(10, ask_copied_many(&self->side, 100, 10)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(10, finish(server));
	EXPECT_EQ(4, has_all(&self->side, 0, 4));
}

TEST_F(copied_call, of_a_server_that_does_not_answer)
{
	struct end *server = &self->end[0];
	long i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	for (i = 0; i < 20; i++) {
		begin(server, take_and_finish, 0, 0);
		EXPECT_EQ(-EPIPE, ask_copied(&self->side, i, LONG));
		EXPECT_EQ(i, finish(server));
	}
}

TEST_F(copied_call, refused)
{
	uint64_t number[2];

	EXPECT_FAILS_INT(EINVAL, sluice_call(NULL, number, number, LONG));
	start_pair(_metadata, &self->end[0], variant->place, &self->side, &calls);
	EXPECT_FAILS_INT(EINVAL, sluice_call(self->side.client, NULL, number, LONG));
	EXPECT_SAYS("question is NULL");
	EXPECT_FAILS_INT(EINVAL, sluice_call(self->side.client, number, NULL, LONG));
	EXPECT_SAYS("answer is NULL");
}

TEST_F(copied_call, refused_with_slices)
{
	uint64_t number[2];

	start_pair(_metadata, &self->end[0], variant->place, &self->side, &blobs);
	EXPECT_FAILS_INT(EINVAL, sluice_call(self->side.client, number, number, LONG));
	EXPECT_SAYS("slices");
}

TEST_F(copied_call, with_headers)
{
	static const struct sluice_contract headed = {
		.name = "test/headed",
		.request = SLUICE_TYPE(struct question),
		.response = SLUICE_TYPE(struct answer),
		.request_header = SLUICE_TYPE(uint64_t),
		.response_header = SLUICE_TYPE(uint64_t),
	};
	struct end *server = &self->end[0];

	start_pair(_metadata, server, variant->place, &self->side, &headed);
	begin(server, serve, 10, 0);
	EXPECT_EQ(10, ask_copied_many(&self->side, 0, 10));
	EXPECT_EQ(10, finish(server));
}

TEST_F(copied_call_death, of_the_server)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	start_two(_metadata, server, client, IN_PROCESS, &calls);
	begin(client, ask_copied, 5, LONG);
	ASSERT_EQ(5, at(server, take, 0, LONG));
	until_asleep(client);
	end_kill_and_reap(server);
	EXPECT_EQ(-ECONNRESET, finish(client));
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	begin(client, ask_copied_many, 9, 1);
	EXPECT_EQ(1, serve(&self->side, 1, 0));
	EXPECT_EQ(1, finish(client));
}

TEST_HARNESS_MAIN
