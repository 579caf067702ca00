// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of crowds: 1,024 clients of one server and 256 servers of one client are all
 * connected, reached and answered, one more is refused, and all of them go without a
 * trace.
 */
#include <sys/resource.h>

#include "steps.h"
#include "rules.h"

#define CLIENTS	1024
#define SERVERS	256

ENDS_FIXTURE(rule_crowd);

/*
 * A port takes five descriptors and a connection two, at most, on either side; with
 * threads both sides are in one process.
 */
static bool may_open(rlim_t ports, bool threads)
{
	struct rlimit files;

#ifdef WITH_THREAD_CHECK
	/* The sanitizer leaves 1.5 TiB for mappings, and each window takes a GiB. */
	if (threads)
		return false;
#endif
	if (getrlimit(RLIMIT_NOFILE, &files))
		return false;
	files.rlim_cur = files.rlim_max;
	return !setrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur >= 10 * ports;
}

/* ---- Clients of one server ----------------------------------------------- */

static struct sluice_client *clients[CLIENTS];
static struct sluice_pending_response *pending[CLIENTS];

/* Each in its turn asks its own number. */
static void ask_all(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	for (i = 0; i < CLIENTS; i++) {
		side->client = clients[i];
		ASSERT_EQ(1, ask(side, 0, i)) TH_LOG("%ld: %s", i, sluice_strerror());
		pending[i] = side->pending[0];
		side->pending[0] = NULL;
	}
	side->client = NULL;
}

static void hear_all(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	for (i = 0; i < CLIENTS; i++) {
		side->pending[0] = pending[i];
		ASSERT_EQ(i + 1, hear(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, hear_end(side, 0, LONG));
	}
}

TEST_F_TIMEOUT(rule_crowd, a_server_has_1024_clients, 200)
{
	static const struct sluice_service_opts crowded = SLUICE_SERVICE_OPTS(
		.max_clients = CLIENTS);
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	if (!may_open(CLIENTS, variant->place == IN_THREAD))
		SKIP(return, "too few files may be open, or too little can be mapped");
	start_server(_metadata, server, variant->place, &calls, &crowded, NULL);
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	for (i = 0; i < CLIENTS; i++) {
		clients[i] = sluice_client_create(side->service, NULL);
		ASSERT_NE(NULL, clients[i]) TH_LOG("%ld: %s", i, sluice_strerror());
	}
	EXPECT_EQ(-EUSERS, open_client(side, 0, 0));
	begin(server, serve, CLIENTS, 0);
	ask_all(_metadata, side);
	EXPECT_EQ(CLIENTS, finish(server)) TH_LOG("%s", server->result.sentence);
	hear_all(_metadata, side);
	for (i = 0; i < CLIENTS; i++)
		sluice_client_destroy(clients[i]);
	EXPECT_EQ(0, open_client(side, 0, 0));
}

/* ---- Servers of one client ----------------------------------------------- */

static struct sluice_server *servers[SERVERS];

/* open_all(): all servers, and the one too many. */
static long open_all(struct side *side, long a, long b)
{
	long result = create_servers(side, servers, SERVERS);

	(void)a, (void)b;
	if (result < 0)
		return result;
	if (sluice_server_create(side->service, NULL) || errno != EUSERS)
		return -EBADMSG;
	return SERVERS;
}

/* serve_all(): each receives the request, and answers with its own number. */
static long serve_all(struct side *side, long a, long b)
{
	long i, result = 0;

	(void)a, (void)b;
	for (i = 0; i < SERVERS && result >= 0; i++) {
		side->server = servers[i];
		result = take(side, 0, LONG);
		if (result == 7)
			result = answer(side, 0, i);
		if (result >= 0)
			result = done(side, 0, 0);
	}
	side->server = NULL;
	return result < 0 ? result : i;
}

static long close_all(struct side *side, long a, long b)
{
	long i;

	(void)side, (void)a, (void)b;
	for (i = 0; i < SERVERS; i++)
		sluice_server_destroy(servers[i]);
	return 0;
}

TEST_F_TIMEOUT(rule_crowd, a_client_has_256_servers, 200)
{
	static const struct sluice_service_opts crowded = SLUICE_SERVICE_OPTS(
		.max_servers = SERVERS);
	struct end *end = &self->end[0];
	bool heard[SERVERS] = { false };
	struct side *side = &self->side;
	long i, value;

	if (!may_open(SERVERS, variant->place == IN_THREAD))
		SKIP(return, "too few files may be open, or too little can be mapped");
	start_service(_metadata, end, variant->place, &calls, &crowded);
	ASSERT_EQ(SERVERS, at(end, open_all, 0, 0)) TH_LOG("%s", end->result.sentence);
	open_client_side(_metadata, side, &calls, NULL, SERVERS);
	ASSERT_EQ(SERVERS, ask(side, 0, 7));
	ASSERT_EQ(SERVERS, at(end, serve_all, 0, 0)) TH_LOG("%s", end->result.sentence);
	for (i = 0; i < SERVERS; i++) {
		value = hear(side, 0, LONG);
		ASSERT_LE(0, value) TH_LOG("%s", sluice_strerror());
		ASSERT_GT(SERVERS, value);
		EXPECT_FALSE(heard[value]);
		heard[value] = true;
	}
	EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
	ASSERT_EQ(0, at(end, close_all, 0, 0));
	EXPECT_TRUE(EVENTUALLY(wait_servers(side, 1, SLUICE_NOWAIT) == -EAGAIN));
}

TEST_HARNESS_MAIN
