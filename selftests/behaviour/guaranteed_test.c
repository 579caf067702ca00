// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port whose loans stay within its limits gets them, whatever its peers hold: with the
 * smallest limits and with the largest, a client of several servers, each of which holds
 * as many requests as it may, all of them others than the next one holds, with its queue
 * full beside; and a server whose client has all responses unread or held that can be.
 * A server that was destroyed counts for as long as it holds requests, and lets the next
 * one in when it gives back the last.
 */
#include "steps.h"
#include "holding.h"

#define SERVERS	3

FIXTURE(guaranteed) {
	struct root root;
	struct end server[SERVERS];
	struct end client;
};

FIXTURE_VARIANT(guaranteed) {
	uint32_t strategy;
};

STRATEGY_VARIANTS(guaranteed);

FIXTURE_SETUP(guaranteed)
{
	root_make(_metadata, &self->root);
	ends_mix(self->server, SERVERS);
}

FIXTURE_TEARDOWN(guaranteed)
{
	ends_stop(_metadata, self->server, SERVERS);
	ends_stop(_metadata, &self->client, 1);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- Limits ------------------------------------------------------------------------- */

static const struct sluice_service_opts smallest = SLUICE_SERVICE_OPTS(LIMITS_OF(1));

static const struct sluice_service_opts several = SLUICE_SERVICE_OPTS(
	.max_clients = 1,
	.max_servers = SERVERS,
	.max_active_requests_per_client = 5,
	.max_loaned_requests = 3,
	.max_loaned_replies_per_request = 4,
	.max_response_buffer_size = 3,
	.max_borrowed_responses_per_pending_response = 6);

/* A channel has at most 64 MiB, so not all of them can be the largest at once. */
static const struct sluice_service_opts many_requests = SLUICE_SERVICE_OPTS(
	.max_clients = 1,
	.max_servers = SERVERS,
	.max_active_requests_per_client = MOST,
	.max_loaned_requests = MOST,
	.max_loaned_replies_per_request = MOST,
	.max_response_buffer_size = 2,
	.max_borrowed_responses_per_pending_response = 2);

static const struct sluice_service_opts many_responses = SLUICE_SERVICE_OPTS(
	.max_clients = 1,
	.max_servers = SERVERS,
	.max_active_requests_per_client = 4,
	.max_loaned_requests = MOST,
	.max_loaned_replies_per_request = MOST,
	.max_response_buffer_size = MOST,
	.max_borrowed_responses_per_pending_response = MOST);

/* ---- Everything that can be held ----------------------------------------------------- */

#define AT(end, ...)							\
	ASSERT_EQ(0, at(end, __VA_ARGS__)) TH_LOG("%s", (end)->result.sentence)

static void start(struct __test_metadata *_metadata, struct end *server, struct end *client,
		  const struct sluice_service_opts *opts, long strategy)
{
	long i, servers = opts->max_servers;

	for (i = 0; i < servers; i++) {
		end_start(_metadata, &server[i], IN_PROCESS);
		AT(&server[i], open_limited, PTR(opts), 0);
		AT(&server[i], open_own_server, strategy, 0);
	}
	end_start(_metadata, client, IN_PROCESS);
	AT(client, open_limited, 0, 0);
	AT(client, open_own_client, strategy, 0);
	ASSERT_EQ(servers, at(client, wait_servers, servers, LONG));
}

/* Each server holds other requests, and has the last ones queued. */
static void hold_requests(struct __test_metadata *_metadata, struct end *server,
			  struct end *client, long servers)
{
	long i;

	for (i = 0; i < servers; i++) {
		AT(client, send_all, i, 0);
		AT(&server[i], take_all, i, 0);
		AT(client, cancel_all, 0, 0);
	}
	AT(client, send_all, servers, 0);
	AT(client, loan_requests, 0, 0);
	for (i = 0; i < servers; i++)
		AT(&server[i], still, i, 0);
	AT(client, cancel_all, 0, 0);
	for (i = 0; i < servers; i++) {
		AT(&server[i], release_all, 0, 0);
		AT(&server[i], drain, 0, 0);
	}
}

/* The first server's client holds what it may; of the others the rings are full. */
static void hold_responses(struct __test_metadata *_metadata, struct end *server,
			   struct end *client, const struct sluice_service_opts *opts,
			   long loans)
{
	long i, servers = opts->max_servers, left;
	long buffer = opts->max_response_buffer_size;
	long borrowed = opts->max_borrowed_responses_per_pending_response;

	AT(client, send_all, 7, 0);
	for (i = 0; i < servers; i++)
		AT(&server[i], take_all, 7, 0);
	AT(&server[0], answer_each, buffer, 0);
	left = borrowed < buffer ? borrowed : buffer;
	AT(client, hold_each, left, 0);
	for (i = 0; i < servers; i++) {
		AT(&server[i], answer_each, buffer + 1, 0);
		AT(&server[i], loan_each, i ? (loans < 4 ? loans : 4) : loans, 0);
		AT(&server[i], answer_each, 1, 0);
	}
	/* The answers are not wanted any more, but are still there. */
	AT(client, cancel_all, 0, 0);
	AT(client, send_all, 8, 0);
	for (i = 0; i < servers; i++)
		AT(&server[i], loan_each, i ? (loans < 4 ? loans : 4) : loans, 0);
	AT(client, drop_held, 0, 0);
	AT(client, cancel_all, 0, 0);
	for (i = 0; i < servers; i++) {
		AT(&server[i], release_all, 0, 0);
		AT(&server[i], drain, 0, 0);
	}
}

static void hold_everything(struct __test_metadata *_metadata, struct end *server,
			    struct end *client, const struct sluice_service_opts *opts,
			    long strategy, long loans)
{
	int round;

	start(_metadata, server, client, opts, strategy);
	for (round = 0; round < 2; round++) {
		hold_requests(_metadata, server, client, opts->max_servers);
		hold_responses(_metadata, server, client, opts, loans);
	}
}

TEST_F_TIMEOUT(guaranteed, smallest, 60)
{
	hold_everything(_metadata, self->server, &self->client, &smallest,
			variant->strategy, 1);
}

TEST_F_TIMEOUT(guaranteed, several, 60)
{
	hold_everything(_metadata, self->server, &self->client, &several,
			variant->strategy, 4);
}

/* A million loans in full. */
TEST_F_TIMEOUT(guaranteed, many_requests, 120)
{
	hold_everything(_metadata, self->server, &self->client, &many_requests,
			variant->strategy,
			in_full() && variant->strategy == SLUICE_STATIC ? MOST : 4);
}

TEST_F_TIMEOUT(guaranteed, many_responses, 120)
{
	hold_everything(_metadata, self->server, &self->client, &many_responses,
			variant->strategy, MOST);
}

/* ---- A server that has left with what it holds --------------------------------------- */

static const struct sluice_service_opts one_at_a_time = SLUICE_SERVICE_OPTS(
	.max_clients = 1,
	.max_servers = 1,
	.max_active_requests_per_client = 4,
	.max_loaned_requests = 2);

/* Server 0 is no port any more, and holds all it can, and has as much in its queue. */
static void leave_with_requests(struct __test_metadata *_metadata, struct end *server,
				struct end *client, long strategy)
{
	start(_metadata, server, client, &one_at_a_time, strategy);
	AT(client, send_all, 1, 0);
	AT(&server[0], take_all, 1, 0);
	AT(client, cancel_all, 0, 0);
	AT(client, send_all, 2, 0);
	AT(&server[0], close_server, 0, 0);
	end_start(_metadata, &server[1], IN_PROCESS);
	AT(&server[1], open_limited, 0, 0);
	AT(&server[1], open_own_server, strategy, 0);
}

static void meet_the_next(struct __test_metadata *_metadata, struct end *server,
			  struct end *client)
{
	AT(client, cancel_all, 0, 0);
	AT(client, send_all, 3, 0);
	AT(server, take_all, 3, 0);
	AT(client, cancel_all, 0, 0);
	AT(client, send_all, 4, 0);
	AT(server, still, 3, 0);
	AT(client, cancel_all, 0, 0);
	AT(server, release_all, 0, 0);
	AT(server, drain, 0, 0);
}

TEST_F(guaranteed, one_that_left)
{
	struct end *server = self->server, *client = &self->client;

	leave_with_requests(_metadata, server, client, variant->strategy);
	if (variant->strategy == SLUICE_STATIC) {
		ASSERT_EQ(-ETIMEDOUT, at(client, wait_servers, 1, 50 * MILLISECOND));
		AT(client, loan_requests, 0, 0);
		AT(&server[0], still, 1, 0);
		AT(&server[0], release_all, 0, 0);
	}
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG)) TH_LOG("%s", client->result.sentence);
	meet_the_next(_metadata, &server[1], client);
	if (variant->strategy != SLUICE_STATIC) {
		AT(&server[0], still, 1, 0);
		AT(&server[0], release_all, 0, 0);
	}
}

/* It is told while it sleeps, in a wait for servers or for the whole node. */
TEST_F(guaranteed, one_that_left_wakes_the_client)
{
	struct end *server = self->server, *client = &self->client;

	leave_with_requests(_metadata, server, client, variant->strategy);
	begin(client, wait_servers, 1, SLUICE_FOREVER);
	if (variant->strategy == SLUICE_STATIC)
		until_asleep(client);
	AT(&server[0], release_all, 0, 0);
	ASSERT_EQ(1, finish(client)) TH_LOG("%s", client->result.sentence);
	meet_the_next(_metadata, &server[1], client);
}

TEST_F(guaranteed, one_that_died)
{
	struct end *server = self->server, *client = &self->client;

	leave_with_requests(_metadata, server, client, variant->strategy);
	end_kill_and_reap(&server[0]);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG)) TH_LOG("%s", client->result.sentence);
	meet_the_next(_metadata, &server[1], client);
	end_stop(client);
	end_stop(&server[1]);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
