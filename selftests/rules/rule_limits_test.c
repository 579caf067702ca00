// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of limits: how many clients, servers and nodes a service has, that a refusal
 * costs nothing, and that whoever goes, dead or alive, makes room for one.  Here they
 * are small; see rule_largest_test.c for the other end.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_limits);
PROCESSES_FIXTURE(rule_limits_death);

static const struct sluice_service_opts of_1 = SLUICE_SERVICE_OPTS(LIMITS_OF(1));

static const struct sluice_service_opts of_1_node = SLUICE_SERVICE_OPTS(
	.max_nodes = 1);

static const struct sluice_service_opts of_2_nodes = SLUICE_SERVICE_OPTS(
	.max_nodes = 2);

/* ---- Ports --------------------------------------------------------------- */

/* The side has the only port of a kind; another end has no second one, but one of the other kind. */
static void expect_one(struct __test_metadata *_metadata, struct side *side, struct end *other,
		       enum place place, step *open_port, const char *limit,
		       step *open_other_port)
{
	start_without_peers(_metadata, side, open_port, other, place, &calls, &of_1);
	EXPECT_EQ(-EUSERS, at(other, open_port, 0, 0));
	EXPECT_NE(NULL, strstr(other->result.sentence, limit));
	EXPECT_EQ(0, at(other, open_other_port, 0, 0));
}

TEST_F(rule_limits, max_clients_is_told_when_a_client_is_made)
{
	expect_one(_metadata, &self->side, &self->end[0], variant->place,
		   open_client, "max_clients", open_server);
}

TEST_F(rule_limits, max_servers_is_told_when_a_server_is_made)
{
	expect_one(_metadata, &self->side, &self->end[0], variant->place,
		   open_server, "max_servers", open_client);
}

TEST_F(rule_limits, a_refused_port_leaves_nothing)
{
	struct end *server = &self->end[0], *other = &self->end[1];
	long i;

	SET_UP_PAIR(&of_1);
	start_service(_metadata, other, variant->place, &calls, NULL);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-EUSERS, at(other, open_client, 0, 0));
		ASSERT_EQ(-EUSERS, at(other, open_server, 0, 0));
	}
	EXPECT_EXCHANGE(&self->side, server);
}

TEST_F(rule_limits, a_destroyed_port_makes_room_for_one)
{
	struct end *other = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	ASSERT_EQ(0, open_server(&self->side, 0, 0));
	start_service(_metadata, other, variant->place, &calls, NULL);
	close_client(&self->side, 0, 0);
	close_server(&self->side, 0, 0);
	EXPECT_EQ(0, at(other, open_client, 0, 0));
	EXPECT_EQ(0, at(other, open_server, 0, 0));
	EXPECT_EQ(-EUSERS, open_client(&self->side, 0, 0));
	EXPECT_EQ(-EUSERS, open_server(&self->side, 0, 0));
}

/* Not even reaped, and nobody has opened a service since. */
TEST_F(rule_limits_death, a_killed_port_makes_room_for_one)
{
	struct end *dead = &self->end[0];

	start_server(_metadata, dead, IN_PROCESS, &calls, &of_1, NULL);
	ASSERT_EQ(0, at(dead, open_client, 0, 0));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-EUSERS, open_client(&self->side, 0, 0));
	EXPECT_EQ(-EUSERS, open_server(&self->side, 0, 0));
	end_kill(dead);
	EXPECT_TRUE(EVENTUALLY(open_client(&self->side, 0, 0) == 0));
	EXPECT_TRUE(EVENTUALLY(open_server(&self->side, 0, 0) == 0));
	EXPECT_EQ(1, wait_servers(&self->side, 1, LONG));
	end_reap(dead);
	sweep(_metadata);
}

TEST_F(rule_limits, more_servers_than_there_can_be_are_not_waited_for)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(-EUSERS, wait_servers(&self->side, 2, SLUICE_FOREVER));
	EXPECT_SAYS("max_servers");
}

/* ---- Nodes --------------------------------------------------------------- */

TEST_F(rule_limits, max_nodes_is_told_when_a_service_is_opened)
{
	struct end *other = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1_node)));
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));
	EXPECT_NE(NULL, strstr(other->result.sentence, "max_nodes"));
	EXPECT_EQ(0, at(other, open_service, PTR(&blobs), 0));
}

TEST_F(rule_limits, a_refused_node_leaves_nothing)
{
	struct end *other = &self->end[0];
	long i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1_node)));
	end_start(_metadata, other, variant->place);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));
	}
	leave(&self->side, 0, 0);
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), PTR(&of_1_node)));
}

TEST_F(rule_limits, a_node_counts_once_however_often_it_opens)
{
	struct sluice_service *second, *third;
	struct end *other = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1_node)));
	second = sluice_service_open(self->side.node, &calls, NULL);
	EXPECT_NE(NULL, second) TH_LOG("%s", sluice_strerror());
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));

	/* It has its place until it has closed all of them, in whatever order. */
	sluice_service_close(self->side.service);
	self->side.service = NULL;
	EXPECT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));
	third = sluice_service_open(self->side.node, &calls, NULL);
	EXPECT_NE(NULL, third) TH_LOG("%s", sluice_strerror());
	sluice_service_close(third);
	EXPECT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));
	sluice_service_close(second);
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), 0))
		TH_LOG("%s", other->result.sentence);
}

TEST_F(rule_limits, two_nodes_of_one_thread_are_two)
{
	struct sluice_service *service;
	struct sluice_node *second;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1_node)));
	second = sluice_node_create("second", NULL);
	ASSERT_NE(NULL, second);
	EXPECT_FAILS(EUSERS, sluice_service_open(second, &calls, NULL));
	sluice_service_close(self->side.service);
	self->side.service = NULL;
	service = sluice_service_open(second, &calls, NULL);
	EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
	sluice_service_close(service);
	sluice_node_destroy(second);
}

TEST_F(rule_limits, a_node_that_closes_makes_room_for_one)
{
	struct end *second = &self->end[0], *third = &self->end[1];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_2_nodes)));
	end_start(_metadata, second, variant->place);
	end_start(_metadata, third, variant->place);
	ASSERT_EQ(0, at(second, open_service, PTR(&calls), 0));
	EXPECT_EQ(-EUSERS, at(third, open_service, PTR(&calls), 0));
	ASSERT_EQ(0, at(second, leave, 0, 0));
	EXPECT_EQ(0, at(third, open_service, PTR(&calls), 0));
	EXPECT_EQ(-EUSERS, at(second, open_service, PTR(&calls), 0));
}

TEST_F(rule_limits, a_closed_service_keeps_its_node_while_it_has_ports)
{
	struct end *other = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_1_node)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	sluice_service_close(self->side.service);
	self->side.service = NULL;
	end_start(_metadata, other, variant->place);
	EXPECT_EQ(-EUSERS, at(other, open_service, PTR(&calls), 0));
	close_client(&self->side, 0, 0);
	EXPECT_EQ(0, at(other, open_service, PTR(&calls), 0));
}

TEST_F(rule_limits_death, a_killed_node_makes_room_for_one)
{
	struct end *dead = &self->end[0];

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&of_2_nodes)));
	end_start(_metadata, dead, IN_PROCESS);
	end_start(_metadata, &self->end[1], IN_PROCESS);
	ASSERT_EQ(0, at(dead, open_service, PTR(&calls), 0));
	EXPECT_EQ(-EUSERS, at(&self->end[1], open_service, PTR(&calls), 0));
	end_kill(dead);
	EXPECT_TRUE(EVENTUALLY(at(&self->end[1], open_service, PTR(&calls), 0) == 0));
	end_reap(dead);
	sweep(_metadata);
}

/* ---- Messages, at 1 ------------------------------------------------------ */

TEST_F(rule_limits, one_of_each_is_enough_for_an_exchange)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&of_1);
	for (i = 0; i < 50; i++) {
		EXPECT_EXCHANGE(&self->side, server);
	}
}

TEST_F(rule_limits, each_limit_of_messages_can_be_1)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(&of_1);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, loan_question(side, 0, i));
		EXPECT_EQ(-ENOBUFS, loan_question(side, 1, i));
		ASSERT_EQ(1, send_question(side, 0, 0));
		EXPECT_EQ(-EBUSY, ask(side, 1, 0));
		ASSERT_EQ(i, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, loan_answer, 0, 10));
		EXPECT_EQ(-ENOBUFS, at(server, loan_answer, 0, 0));
		ASSERT_EQ(0, at(server, send_answer, 0, 0));
		ASSERT_EQ(10, hold(side, 0, 0));
		ASSERT_EQ(2, at(server, answer_many, 20, 2));
		EXPECT_EQ(-ENOBUFS, hear(side, 0, SLUICE_FOREVER));
		ASSERT_EQ(0, drop_response(side, 0, 0));
		EXPECT_EQ(21, hear(side, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(0, hear_end(side, 0, LONG));
	}
}

TEST_HARNESS_MAIN
