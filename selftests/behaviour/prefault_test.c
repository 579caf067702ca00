// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that want their memory from the start.  A client and a server, each in a
 * process of its own, are static and prefaulted.  From the time they are connected
 * nobody calls malloc(3), and neither process has a page fault: not in a thousand round
 * trips, and not when everything that may be loaned, sent, queued and held is.
 *
 * The limits are large enough for the tables to have pages of their own, and exchanges
 * over another service, with ports of no such wish, come first; so what is counted is
 * the tables, and not the program.
 */
#include <sys/resource.h>

#include "allocations.h"
#include "steps.h"

#define ACTIVE		128	/* requests pending */
#define LOANED		256	/* requests loaned */
#define REPLIES		16	/* loaned, for each request */
#define BUFFER		16	/* responses unread */
#define BORROWED	32	/* responses held, for each request */
#define LENGTH		1000	/* elements of a slice */
#define ROUNDS		1000

static const struct sluice_contract large = BLOBS("test/prefault");

static const struct sluice_service_opts limits = SLUICE_SERVICE_OPTS(
	.max_servers = 2,
	.max_clients = 2,
	.max_active_requests_per_client = ACTIVE,
	.max_loaned_requests = LOANED,
	.max_loaned_replies_per_request = REPLIES,
	.max_response_buffer_size = BUFFER,
	.max_borrowed_responses_per_pending_response = BORROWED);

FIXTURE(prefault) {
	struct root root;
	struct end server, client;
};

FIXTURE_VARIANT(prefault) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(prefault, prefaulted) {
	.flags = SLUICE_PORT_PREFAULT,
};

FIXTURE_VARIANT_ADD(prefault, huge) {
	.flags = SLUICE_PORT_PREFAULT | SLUICE_PORT_HUGE_PAGES,
};

/*
 * The root is on a tmpfs: the file system of a disk makes the pages of its files
 * read-only when it has written them, and a port counts in such a page.
 */
FIXTURE_SETUP(prefault)
{
	root_make(_metadata, &self->root);
	ASSERT_EQ(0, rmdir(self->root.path));
	strcpy(self->root.path, "/dev/shm/prefault-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root.path));
	ASSERT_EQ(0, setenv("SLUICE_ROOT", self->root.path, 1));
	ends_mix(&self->server, 1);
}

FIXTURE_TEARDOWN(prefault)
{
	ends_stop(_metadata, &self->server, 1);
	ends_stop(_metadata, &self->client, 1);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- What is counted ------------------------------------------------------------ */

static long count_allocations(struct seat *seat, long a, long b)
{
	(void)seat, (void)a, (void)b;
	return allocations;
}

static long count_faults(struct seat *seat, long a, long b)
{
	struct rusage usage;

	(void)seat, (void)a, (void)b;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* ---- Steps ------------------------------------------------------------------------ */

/* The program's own tables, which it has touched before. */
static struct {
	struct sluice_request *loaned[LOANED];
	struct sluice_pending_response *pending[ACTIVE];
	struct sluice_response *held[ACTIVE][BORROWED];
	struct sluice_active_request *active[ACTIVE];
	struct sluice_reply *reply[ACTIVE][REPLIES];
} own;

static long get_ready(struct seat *seat, long a, long b)
{
	(void)seat, (void)a, (void)b;
	memset(&own, 0xff, sizeof(own));
	/* A page that is made one huge page meanwhile may fault. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return 0;
}

static long open_large_server(struct seat *seat, long flags, long unused)
{
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .strategy = SLUICE_STATIC,
			  .flags = (uint32_t)flags });

	return open_server(seat, PTR(&opts), unused);
}

static long open_large_client(struct seat *seat, long flags, long unused)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .strategy = SLUICE_STATIC,
			  .flags = (uint32_t)flags });

	return open_client(seat, PTR(&opts), unused);
}

/* The server has let so many clients in. */
static long await_clients(struct seat *seat, long clients, long unused)
{
	struct sluice_event event = SLUICE_EVENT();
	int r;

	(void)unused;
	while (clients > 0) {
		r = sluice_node_wait(seat->node, LONG);
		if (r < 0)
			return r;
		while (sluice_node_next(seat->node, &event) > 0)
			if (event.kind == SLUICE_EVENT_CONNECTED)
				clients -= (long)event.peers;
	}
	return 0;
}

/* The client reads what the server has said when it let it in. */
static long look(struct seat *seat, long a, long b)
{
	int i, r = 0;

	(void)a, (void)b;
	for (i = 0; i < 100 && (!r || r == -EAGAIN); i++) {
		r = sluice_node_wait(seat->node, SLUICE_NOWAIT);
		pause_briefly();
	}
	return !r || r == -EAGAIN ? 0 : r;
}

/* answer_rounds(rounds): each request gets as many replies as may be unread. */
static long answer_rounds(struct seat *seat, long rounds, long replies)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;
	long i, k;

	for (i = 0; i < rounds; i++) {
		active = sluice_server_receive(seat->server, LONG);
		if (!active)
			return -errno;
		for (k = 0; k < replies; k++) {
			reply = sluice_active_request_loan(active, LENGTH);
			if (!reply)
				return -errno;
			memset(reply->data, (int)k, reply->size);
			if (sluice_reply_send(reply) < 0)
				return -errno;
		}
		if (sluice_active_request_release(active) < 0)
			return -errno;
	}
	return rounds;
}

/* call_rounds(rounds): asks and hears everything. */
static long call_rounds(struct seat *seat, long rounds, long replies)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct sluice_request *request;
	long i, heard;

	for (i = 0; i < rounds; i++) {
		request = sluice_client_loan(seat->client, LENGTH);
		if (!request)
			return -errno;
		memset(request->data, (int)i, request->size);
		pending = sluice_request_send(request);
		heard = 0;
		sluice_for_each_response(response, pending, LONG)
			heard += response->size == LENGTH;
		if (errno != EPIPE)
			return -errno;
		if (heard != replies)
			return -EBADMSG;
		if (sluice_pending_response_release(pending) < 0)
			return -errno;
	}
	return rounds;
}

/* Loans all there is, sends what may be sent, and loans again. */
static long fill_client(struct seat *seat, long a, long b)
{
	long i;

	(void)a, (void)b;
	for (i = 0; i < LOANED; i++) {
		own.loaned[i] = sluice_client_loan(seat->client, LENGTH);
		if (!own.loaned[i])
			return -errno;
		memset(own.loaned[i]->data, 1, LENGTH);
	}
	if (sluice_client_loan(seat->client, LENGTH) || errno != ENOBUFS)
		return -EBADMSG;
	for (i = 0; i < ACTIVE; i++) {
		own.pending[i] = sluice_request_send(own.loaned[i]);
		if (!own.pending[i])
			return -errno;
		own.loaned[i] = sluice_client_loan(seat->client, LENGTH);
		if (!own.loaned[i])
			return -errno;
		memset(own.loaned[i]->data, 2, LENGTH);
	}
	return 0;
}

static long take_all(struct seat *seat, long a, long b)
{
	long i;

	(void)a, (void)b;
	for (i = 0; i < ACTIVE; i++) {
		own.active[i] = sluice_server_receive(seat->server, LONG);
		if (!own.active[i])
			return -errno;
	}
	return 0;
}

/* send_all(rounds): so often as many as may be unread, to each request. */
static long send_all(struct seat *seat, long a, long b)
{
	struct sluice_reply *reply;
	long i, k;

	(void)seat, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = 0; k < BUFFER; k++) {
			reply = sluice_active_request_loan(own.active[i], LENGTH);
			if (!reply)
				return -errno;
			memset(reply->data, 3, LENGTH);
			if (sluice_reply_send(reply) < 0)
				return -errno;
		}
	return 0;
}

/* hold_all(from): as many responses as are unread of each request. */
static long hold_all(struct seat *seat, long from, long b)
{
	long i, k;

	(void)seat, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = from; k < from + BUFFER; k++) {
			own.held[i][k] = sluice_pending_response_receive(own.pending[i], LONG);
			if (!own.held[i][k])
				return -errno;
		}
	return 0;
}

static long loan_all(struct seat *seat, long a, long b)
{
	long i, k;

	(void)seat, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = 0; k < REPLIES; k++) {
			own.reply[i][k] = sluice_active_request_loan(own.active[i], LENGTH);
			if (!own.reply[i][k])
				return -errno;
			memset(own.reply[i][k]->data, 4, LENGTH);
		}
	return 0;
}

static long empty_server(struct seat *seat, long a, long b)
{
	long i;

	(void)seat, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		if (sluice_active_request_release(own.active[i]) < 0)
			return -errno;
	return 0;
}

static long empty_client(struct seat *seat, long a, long b)
{
	long i, k;

	(void)seat, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++) {
		for (k = 0; k < BORROWED; k++)
			if (sluice_response_release(own.held[i][k]) < 0)
				return -errno;
		if (sluice_pending_response_release(own.pending[i]) < 0)
			return -errno;
	}
	for (i = 0; i < LOANED; i++)
		if (sluice_request_release(own.loaned[i]) < 0)
			return -errno;
	return 0;
}

/* ---- The test ------------------------------------------------------------------------ */

#define AT(end, ...)							\
	ASSERT_EQ(0, at(end, __VA_ARGS__)) TH_LOG("%s", (end)->result.sentence)

static void exchange_rounds(struct __test_metadata *_metadata, struct end *server,
			    struct end *client, long rounds, long replies)
{
	begin(server, answer_rounds, rounds, replies);
	EXPECT_EQ(rounds, at(client, call_rounds, rounds, replies))
		TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(rounds, finish(server)) TH_LOG("%s", server->result.sentence);
}

static void fill_everything(struct __test_metadata *_metadata, struct end *server,
			    struct end *client)
{
	AT(client, fill_client, 0, 0);
	AT(server, take_all, 0, 0);
	AT(server, send_all, 0, 0);
	AT(client, hold_all, 0, 0);
	AT(server, send_all, 0, 0);
	AT(client, hold_all, BUFFER, 0);
	AT(server, send_all, 0, 0);
	AT(server, loan_all, 0, 0);
	AT(server, empty_server, 0, 0);
	AT(client, empty_client, 0, 0);
}

/* Ports that do as others do; what they leave in the heap is little. */
static void warm_up(struct __test_metadata *_metadata, struct end *server, struct end *client)
{
	AT(server, get_ready, 0, 0);
	AT(client, get_ready, 0, 0);
	AT(server, open_service, PTR(&blobs), 0);
	AT(client, open_service, PTR(&blobs), 0);
	AT(server, open_server, PTR(0), 0);
	AT(client, open_client, PTR(0), 0);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange_rounds(_metadata, server, client, 10, 3);
	AT(client, close_client, 0, 0);
	AT(server, close_server, 0, 0);
}

struct costs {
	long faults[2], mallocs[2];	/* of the server, of the client */
};

/* New ports, that have all their memory, do all that they may. */
static void measure(struct __test_metadata *_metadata, struct end *server, struct end *client,
		    long flags, struct costs *costs)
{
	struct end *end[2] = { server, client };
	long round;
	int i;

	AT(server, open_service, PTR(&large), PTR(&limits));
	AT(client, open_service, PTR(&large), 0);
	AT(server, open_large_server, flags, 0);
	AT(client, open_large_client, flags, 0);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	AT(server, await_clients, 1, 0);
	AT(client, look, 0, 0);
	AT(server, look, 0, 0);

	for (i = 0; i < 2; i++) {
		costs->mallocs[i] = at(end[i], count_allocations, 0, 0);
		costs->faults[i] = at(end[i], count_faults, 0, 0);
	}
	exchange_rounds(_metadata, server, client, ROUNDS, BUFFER);
	for (round = 0; round < 3; round++)
		fill_everything(_metadata, server, client);
	for (i = 0; i < 2; i++) {
		costs->faults[i] = at(end[i], count_faults, 0, 0) - costs->faults[i];
		costs->mallocs[i] = at(end[i], count_allocations, 0, 0) - costs->mallocs[i];
	}
	AT(client, close_client, 0, 0);
	AT(server, close_server, 0, 0);
	AT(client, leave, 0, 0);
	AT(server, leave, 0, 0);
}

/*
 * The kernel takes a page away now and then, to move it or to see whether it is used, and
 * that is a fault of nobody's.  What is left to do is left to do in new processes too.
 */
TEST_F(prefault, nothing_is_left_to_do)
{
	struct end *server = &self->server, *client = &self->client;
	struct costs costs = { .faults = { 1 } };
	int attempt;

	for (attempt = 0; attempt < 5 && (costs.faults[0] || costs.faults[1]); attempt++) {
		end_start(_metadata, server, IN_PROCESS);
		end_start(_metadata, client, IN_PROCESS);
		warm_up(_metadata, server, client);
		AT(server, leave, 0, 0);
		AT(client, leave, 0, 0);
		measure(_metadata, server, client, variant->flags, &costs);
		if (CAN_COUNT_ALLOCATIONS) {
			EXPECT_EQ(0, costs.mallocs[0]);
			EXPECT_EQ(0, costs.mallocs[1]);
		}
		end_stop(client);
		end_stop(server);
	}
	if (!CAN_COUNT_ALLOCATIONS)
		SKIP(return, "a sanitizer allocates and faults itself");
	EXPECT_EQ(0, costs.faults[0]);
	EXPECT_EQ(0, costs.faults[1]);
}

TEST_HARNESS_MAIN
