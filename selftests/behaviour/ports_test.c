// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limits of ports and of queues: how many clients and servers a service has
 * room for, in one node or in several, and how many responses wait unread; each
 * with 1 and with a large number, and again after somebody has made room.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(ports);

#define MANY	40

static const struct sluice_service_opts one = SLUICE_SERVICE_OPTS(
	.max_clients = 1,
	.max_servers = 1,
	.max_response_buffer_size = 1);
static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(
	.max_clients = MANY,
	.max_servers = MANY,
	.max_response_buffer_size = 1000);

/* A port of either kind, and the limit of ports of its kind. */
struct port_kind {
	void *(*create)(struct sluice_service *service);
	void (*destroy)(void *port);
	const char *limit;
};

static void *create_client(struct sluice_service *service)
{
	return sluice_client_create(service, NULL);
}

static void destroy_client(void *client)
{
	sluice_client_destroy(client);
}

static void *create_server(struct sluice_service *service)
{
	return sluice_server_create(service, NULL);
}

static void destroy_server(void *server)
{
	sluice_server_destroy(server);
}

static const struct port_kind client_ports = { create_client, destroy_client, "max_clients" };
static const struct port_kind server_ports = { create_server, destroy_server, "max_servers" };

/* Fills a service with ports of one kind from one node, three times. */
static void fill_to_the_limit(struct __test_metadata *_metadata, const struct port_kind *kind,
			      struct sluice_service *service, int limit)
{
	void *port[MANY];
	int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < limit; i++) {
			port[i] = kind->create(service);
			ASSERT_NE(NULL, port[i])
				TH_LOG("%d: %s", i, sluice_strerror());
		}
		EXPECT_FAILS(EUSERS, kind->create(service));
		EXPECT_SAYS(kind->limit);
		kind->destroy(port[limit / 2]);
		port[limit / 2] = kind->create(service);
		ASSERT_NE(NULL, port[limit / 2]);
		EXPECT_FAILS(EUSERS, kind->create(service));
		for (i = 0; i < limit; i++)
			kind->destroy(port[i]);
	}
}

TEST_F(ports, one_of_each)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&one)));
	fill_to_the_limit(_metadata, &client_ports, self->side.service, 1);
	fill_to_the_limit(_metadata, &server_ports, self->side.service, 1);
}

TEST_F(ports, many_of_each)
{
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&many)));
	fill_to_the_limit(_metadata, &client_ports, self->side.service, MANY);
	fill_to_the_limit(_metadata, &server_ports, self->side.service, MANY);
}

/* Ports of other nodes count too, and those that left do not. */
TEST_F(ports, of_several_nodes)
{
	static const struct sluice_service_opts two = SLUICE_SERVICE_OPTS(
		.max_clients = 2,
		.max_servers = 2);
	size_t i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&two)));
	for (i = 0; i < 4; i++) {
		start_service(_metadata, &self->end[i], variant->place, &calls, NULL);
	}
	ASSERT_EQ(0, at(&self->end[0], open_client, 0, 0));
	ASSERT_EQ(0, at(&self->end[1], open_client, 0, 0));
	EXPECT_EQ(-EUSERS, at(&self->end[2], open_client, 0, 0));
	EXPECT_EQ(-EUSERS, open_client(&self->side, 0, 0));
	ASSERT_EQ(0, at(&self->end[2], open_server, 0, 0));
	ASSERT_EQ(0, at(&self->end[3], open_server, 0, 0));
	EXPECT_EQ(-EUSERS, open_server(&self->side, 0, 0));
	EXPECT_EQ(-EUSERS, at(&self->end[0], open_server, 0, 0));
	ASSERT_EQ(2, at(&self->end[0], wait_servers, 2, LONG));
	ASSERT_EQ(2, at(&self->end[1], wait_servers, 2, LONG));

	ASSERT_EQ(0, at(&self->end[1], close_client, 0, 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(-EUSERS, at(&self->end[2], open_client, 0, 0));
	EXPECT_EQ(2, wait_servers(&self->side, 2, LONG));
	EXPECT_EQ(-EUSERS, wait_servers(&self->side, 3, LONG));
	end_stop(&self->end[0]);
	EXPECT_EQ(0, at(&self->end[2], open_client, 0, 0));
	EXPECT_EQ(2, at(&self->end[2], wait_servers, 2, LONG));
}

/* Many clients and many servers of two nodes, everybody connected. */
TEST_F_TIMEOUT(ports, everybody_with_everybody, 120)
{
	struct sluice_server *servers[MANY];
	struct sluice_active_request *active;
	struct end *asker = &self->end[0];
	struct sluice_reply *reply;
	long i, sum;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&many)));
	for (i = 0; i < MANY; i++) {
		servers[i] = sluice_server_create(self->side.service, NULL);
		ASSERT_NE(NULL, servers[i]);
	}
	end_start(_metadata, asker, variant->place);
	ASSERT_EQ(0, at(asker, join_client, PTR(&calls), 0));
	ASSERT_EQ(MANY, at(asker, wait_servers, MANY, LONG));
	ASSERT_EQ(MANY, at(asker, ask, 0, 1));
	for (i = 0; i < MANY; i++) {
		active = sluice_server_receive(servers[i], LONG);
		ASSERT_NE(NULL, active) TH_LOG("%s", sluice_strerror());
		reply = sluice_active_request_loan(active, 1);
		ASSERT_NE(NULL, reply);
		*(struct answer *)reply->data = (struct answer){ i, ~(uint64_t)i };
		ASSERT_EQ(0, sluice_reply_send(reply));
		ASSERT_EQ(0, sluice_active_request_release(active));
	}
	for (sum = 0, i = 0; i < MANY; i++)
		sum += at(asker, hear, 0, LONG);
	EXPECT_EQ(MANY * (MANY - 1) / 2, sum);
	EXPECT_EQ(-EPIPE, at(asker, hear, 0, LONG));
	for (i = 0; i < MANY; i++)
		sluice_server_destroy(servers[i]);
}

/* ---- Unread responses ---------------------------------------------------- */

static void overflow(struct __test_metadata *_metadata, struct side *side,
		     struct end *server, long room)
{
	long i, round, sent;

	for (round = 0; round < 5; round++) {
		sent = room + 3 * round;
		ASK_AND_TAKE(side, server, 0, round);
		ASSERT_EQ(sent, at(server, answer_many, 0, sent))
			TH_LOG("%s", server->result.sentence);
		for (i = sent - room; i < sent; i++) {
			ASSERT_EQ(i, hear(side, 0, LONG));
		}
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, hear_end(side, 0, LONG));
	}
}

TEST_F(ports, room_for_1_response)
{
	SET_UP_PAIR(&one);
	overflow(_metadata, &self->side, &self->end[0], 1);
}

TEST_F(ports, room_for_many_responses)
{
	start_server(_metadata, &self->end[0], variant->place, &calls, &many,
		     NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	overflow(_metadata, &self->side, &self->end[0], 1000);
}

/* Numbers that no service may have. */
TEST_F(ports, absurd_limits)
{
	size_t i;

	self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->side.node);
	for (i = 0; i < ARRAY_SIZE(too_large); i++) {
		EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, &calls,
							 &too_large[i].opts));
		EXPECT_SAYS(too_large[i].name);
		EXPECT_SAYS(too_large[i].value);
	}
}

TEST_HARNESS_MAIN
