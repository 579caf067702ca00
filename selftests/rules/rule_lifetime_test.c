// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of lifetimes: what outlives what, that objects may be destroyed in any order,
 * whose they are, and when a service ends.
 */
#include "steps.h"
#include "rules.h"
#include "orders.h"

ENDS_FIXTURE(rule_lifetime);

/* ---- A client and what it has sent --------------------------------------- */

TEST_F(rule_lifetime, pending_responses_outlive_their_client)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	close_client_amid_exchange(_metadata, &self->side, server);
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
}

TEST_F(rule_lifetime, pending_responses_outlive_their_node_and_service)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(side, 0, 8));
	sluice_node_destroy(side->node);
	sluice_service_close(side->service);
	sluice_client_destroy(side->client);
	side->node = NULL;
	side->service = NULL;
	side->client = NULL;
	EXPECT_EQ(1, at(server, serve, 1, 0));
	EXPECT_EQ(9, hear(side, 0, LONG));
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
}

TEST_F(rule_lifetime, responses_outlive_their_pending_response)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 0, 8));
	ASSERT_EQ(1, at(server, serve, 1, 0));
	ASSERT_EQ(9, hold(&self->side, 0, 0));
	EXPECT_EQ(0, cancel(&self->side, 0, 0));
	EXPECT_EXCHANGE(&self->side, server);
	EXPECT_EQ(9, answer_value(self->side.response[0]));
}

TEST_F(rule_lifetime, loaned_requests_go_with_their_client)
{
	struct sluice_request *request;

	SET_UP_PORTS(&blobs, NULL, NULL, NULL);
	ASSERT_EQ(1, ask_blob(&self->side, 0, 100));
	request = sluice_client_loan(self->side.client, 100000);
	ASSERT_NE(NULL, request);
	close_client(&self->side, 0, 0);
	EXPECT_EQ(100, at(&self->end[0], take_blob, 0, LONG));
}

TEST_F(rule_lifetime, active_requests_outlive_their_server)
{
	const struct question *question;
	struct end *client = &self->end[0];

	start_reversed(_metadata, client, variant->place, &self->side, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 8));
	ASSERT_EQ(8, take(&self->side, 0, LONG));
	close_server(&self->side, 0, 0);
	EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
	end_stop(client);
	question = self->side.active[0]->data;
	EXPECT_EQ(8u, question->value);
	EXPECT_EQ(0, done(&self->side, 0, 0));
}

/* Another process finds the service, and it is still the same. */
TEST_F(rule_lifetime, a_pending_response_keeps_its_service)
{
	struct end *other = &self->end[0];
	struct side *side = &self->side;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, ask(side, 0, 1));
	close_client(side, 0, 0);
	sluice_service_close(side->service);
	side->service = NULL;
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), PTR(&must_exist)));
	ASSERT_EQ(0, at(other, leave, 0, 0));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_EQ(-ENOENT, at(other, open_service, PTR(&calls), PTR(&must_exist)));
}

/* ---- In every order ------------------------------------------------------ */

#define HANDLES	5	/* of either side */

static void drop_of_client(struct side *side, size_t which)
{
	static step *const drops[HANDLES] = {
		close_node, close_service, close_client, cancel, drop_response,
	};

	drops[which](side, 0, 0);
}

TEST_F_TIMEOUT(rule_lifetime, what_a_client_has_made_goes_in_every_order, 120)
{
	struct end *server = &self->end[0];
	size_t order[HANDLES], index, i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (index = 0; index < factorial(HANDLES); index++) {
		permute(order, HANDLES, index);
		open_client_side(_metadata, &self->side, &calls, NULL, 1);
		ASSERT_EQ(1, ask(&self->side, 0, 5));
		ASSERT_EQ(1, at(server, serve, 1, 0));
		ASSERT_EQ(6, hold(&self->side, 0, 0));
		for (i = 0; i < HANDLES; i++) {
			drop_of_client(&self->side, order[i]);
			if (self->side.pending[0]) {
				ASSERT_EQ(-EPIPE, hear(&self->side, 0, LONG));
			}
			if (self->side.response[0]) {
				ASSERT_EQ(6, answer_value(self->side.response[0]));
			}
		}
	}
}

static void drop_of_server(struct side *side, size_t which)
{
	switch (which) {
	case 2:
		close_server(side, 0, 0);
		side->reply[0] = NULL;
		break;
	case 3:
		done(side, 0, 0);
		side->reply[0] = NULL;
		break;
	case 4:
		sluice_reply_release(side->reply[0]);
		side->reply[0] = NULL;
		break;
	default:
		drop_of_client(side, which);
	}
}

TEST_F_TIMEOUT(rule_lifetime, what_a_server_has_made_goes_in_every_order, 120)
{
	struct end *client = &self->end[0];
	size_t order[HANDLES], index, i;
	const struct question *question;

	end_start(_metadata, client, variant->place);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	for (index = 0; index < factorial(HANDLES); index++) {
		permute(order, HANDLES, index);
		answer_and_loan(_metadata, &self->side, client);
		for (i = 0; i < HANDLES; i++) {
			drop_of_server(&self->side, order[i]);
			if (self->side.active[0]) {
				question = self->side.active[0]->data;
				ASSERT_EQ(5u, question->value);
			}
		}
		ASSERT_EQ(6, at(client, hear, 0, LONG));
		ASSERT_EQ(0, at(client, hear_end, 0, LONG));
		ASSERT_TRUE(EVENTUALLY(at(client, wait_servers, 1,
					  SLUICE_NOWAIT) == -EAGAIN));
	}
}

TEST_F(rule_lifetime, nothing_can_be_released)
{
	sluice_node_destroy(NULL);
	sluice_service_close(NULL);
	sluice_client_destroy(NULL);
	sluice_server_destroy(NULL);
	errno = 7;
	EXPECT_EQ(0, sluice_request_release(NULL));
	EXPECT_EQ(0, sluice_pending_response_release(NULL));
	EXPECT_EQ(0, sluice_response_release(NULL));
	EXPECT_EQ(0, sluice_active_request_release(NULL));
	EXPECT_EQ(0, sluice_reply_release(NULL));
	EXPECT_EQ(7, errno);
}

/* ---- Whose they are ------------------------------------------------------ */

/* The errno that a forked child is told; 0 if each call has told ECHILD. */
static int use_in_child(struct side *side)
{
	pid_t pid = fork();
	int status = -1;
	bool good;

	if (pid > 0)
		return waitpid(pid, &status, 0) == pid ? status : -1;
	if (pid < 0)
		return -1;
	good = loan_question(side, 0, 1) == -ECHILD &&
	       send_question(side, 1, 0) == -ECHILD &&
	       hear(side, 2, SLUICE_FOREVER) == -ECHILD &&
	       wait_servers(side, 1, SLUICE_FOREVER) == -ECHILD &&
	       sluice_request_release(side->request[1]) == -ECHILD &&
	       sluice_pending_response_release(side->pending[2]) == -ECHILD &&
	       !sluice_client_create(side->service, NULL) && errno == ECHILD &&
	       !sluice_service_open(side->node, &calls, NULL) && errno == ECHILD;
	sluice_client_destroy(side->client);
	sluice_service_close(side->service);
	sluice_node_destroy(side->node);
	_exit(!good);
}

TEST_F(rule_lifetime, a_forked_child_has_no_part_in_it)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(NULL);
	ASSERT_EQ(0, loan_question(&self->side, 1, 3));
	ASSERT_EQ(1, ask(&self->side, 2, 5));
	EXPECT_EQ(0, use_in_child(&self->side));

	/* And has done no harm. */
	ASSERT_EQ(1, at(server, serve, 1, 0));
	EXPECT_EQ(6, hear(&self->side, 2, LONG));
	EXPECT_EQ(1, send_question(&self->side, 1, 0));
	EXPECT_EQ(3, at(server, take, 0, LONG));
}

static void *use_in_thread(void *argument)
{
	struct side *side = argument;

	if (loan_question(side, 0, 1) != -EBUSY ||
	    hear(side, 2, SLUICE_FOREVER) != -EBUSY)
		return side;
	return NULL;
}

TEST_F(rule_lifetime, another_thread_has_no_part_in_it)
{
	struct end *server = &self->end[0];
	pthread_t thread;
	void *result;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(&self->side, 2, 5));
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_in_thread, &self->side));
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(NULL, result);
	ASSERT_EQ(1, at(server, serve, 1, 0));
	EXPECT_EQ(6, hear(&self->side, 2, LONG));
}

TEST_HARNESS_MAIN
