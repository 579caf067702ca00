// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of limits, at the largest value that one may ask for: as many can really be
 * had, the next one is refused, and giving back makes room again.  And nothing larger
 * can be asked for.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_largest);

#define LARGEST	1024

static struct sluice_pending_response *pending[LARGEST];
static struct sluice_active_request *active[LARGEST];
static struct sluice_request *requests[LARGEST];
static struct sluice_response *responses[LARGEST];

TEST_F(rule_largest, loaned_requests)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = LARGEST);
	size_t i, round;

	SET_UP_PAIR(&many);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < LARGEST; i++) {
			requests[i] = sluice_client_loan(self->side.client, 1);
			ASSERT_NE(NULL, requests[i]) TH_LOG("%zu: %s", i,
							    sluice_strerror());
		}
		EXPECT_FAILS(ENOBUFS, sluice_client_loan(self->side.client, 1));
		for (i = 0; i < LARGEST; i++) {
			ASSERT_EQ(0, sluice_request_release(requests[i]));
		}
	}
}

/* take_all(requests): so many, held at once, in their order; they are released. */
static long take_all(struct side *side, long count, long unused)
{
	const struct question *question;
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		active[i] = sluice_server_receive(side->server, LONG);
		if (!active[i])
			return -errno;
		question = active[i]->data;
		if (question->value != (uint64_t)i)
			return -EILSEQ;
	}
	for (i = 0; i < count; i++)
		if (sluice_active_request_release(active[i]) < 0)
			return -errno;
	return count;
}

TEST_F(rule_largest, active_requests)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = LARGEST);
	long i, round;

	SET_UP_PAIR(&many);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < LARGEST; i++) {
			ASSERT_EQ(1, ask(&self->side, 0, i))
				TH_LOG("%ld: %s", i, sluice_strerror());
			pending[i] = self->side.pending[0];
			self->side.pending[0] = NULL;
		}
		EXPECT_EQ(-EBUSY, ask(&self->side, 0, i));
		EXPECT_EQ(LARGEST, at(&self->end[0], take_all, LARGEST, 0));
		for (i = 0; i < LARGEST; i++) {
			EXPECT_FAILS(EPIPE, sluice_pending_response_receive(
					     pending[i], LONG));
			ASSERT_EQ(0, sluice_pending_response_release(pending[i]));
		}
	}
}

/* loan_all(replies): so many and no more to the request in slot 0; they are sent. */
static long loan_all(struct side *side, long count, long unused)
{
	static struct sluice_reply *replies[LARGEST];
	struct answer *answer;
	long i;

	(void)unused;
	for (i = 0; i < count; i++) {
		replies[i] = sluice_active_request_loan(side->active[0], 1);
		if (!replies[i])
			return -errno;
		answer = replies[i]->data;
		answer->value = (uint64_t)i;
		answer->complement = ~answer->value;
	}
	if (sluice_active_request_loan(side->active[0], 1) || errno != ENOBUFS)
		return -EBADMSG;
	for (i = 0; i < count; i++)
		if (sluice_reply_send(replies[i]) < 0)
			return -errno;
	return count;
}

TEST_F(rule_largest, loaned_replies_unread_and_borrowed_responses)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
		.max_loaned_replies_per_request = LARGEST,
		.max_response_buffer_size = LARGEST,
		.max_borrowed_responses_per_pending_response = LARGEST);
	struct end *server = &self->end[0];
	long i, round;

	SET_UP_PAIR(&many);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(LARGEST, at(server, loan_all, LARGEST, 0))
			TH_LOG("%s", server->result.sentence);
		for (i = 0; i < LARGEST; i++) {
			ASSERT_EQ(i, hold(&self->side, 0, 0));
			responses[i] = self->side.response[0];
			self->side.response[0] = NULL;
		}
		ASSERT_EQ(0, at(server, answer, 0, 5000));
		EXPECT_EQ(-ENOBUFS, hear(&self->side, 0, SLUICE_FOREVER));
		for (i = 0; i < LARGEST; i++) {
			ASSERT_EQ(i, answer_value(responses[i]));
			ASSERT_EQ(0, sluice_response_release(responses[i]));
		}
		EXPECT_EQ(5000, hear(&self->side, 0, LONG));
	}
}

TEST_F(rule_largest, all_limits_at_once_have_an_exchange)
{
	static const struct sluice_service_opts most = SLUICE_SERVICE_OPTS(
		.max_clients = 4096,
		.max_servers = 1024,
		.max_nodes = 8192,
		.max_loaned_requests = 1024,
		.max_loaned_replies_per_request = 1024,
		.max_borrowed_responses_per_pending_response = 1024);
	struct end *server = &self->end[0];

	SET_UP_PAIR(&most);
	EXPECT_EXCHANGE(&self->side, server);
}

TEST_F(rule_largest, nothing_larger_can_be_asked_for)
{
	size_t i;

	self->side.node = sluice_node_create("test", NULL);
	for (i = 0; i < ARRAY_SIZE(too_large); i++) {
		EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, &calls,
							 &too_large[i].opts));
		EXPECT_SAYS("at most");
	}
}

TEST_HARNESS_MAIN
