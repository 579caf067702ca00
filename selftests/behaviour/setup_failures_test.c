// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system call of set-up fails in turn, and every allocation (inject.h): those of a
 * node, of a service that is made or found, of ports, of the first loan, the first send,
 * the connection and the first message, at both ends.
 *
 * What fails says so: by NULL or -errno, the errno of the call that has failed, and a
 * sentence with that errno in words.  What does not fail has found another way.  In both
 * cases nothing is left over: no descriptor, mapping, block of memory or file; and the
 * same operation, tried once more, succeeds.
 */
#include "trials.h"

/* ---- What is tried -------------------------------------------------------------- */

static long nothing(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return 0;
}

static long make_node(struct side *side, long a, long b)
{
	(void)a, (void)b;
	side->node = sluice_node_create("test", NULL);
	return side->node ? 0 : -errno;
}

static long make_service(struct side *side, long opts, long b)
{
	(void)b;
	side->service = sluice_service_open(side->node, side->contract,
					    (const struct sluice_service_opts *)opts);
	return side->service ? 0 : -errno;
}

static long plain_client(struct side *side, long a, long b)
{
	(void)a;
	return open_client(side, 0, b);
}

static long loan_first(struct side *side, long count, long b)
{
	(void)b;
	side->request[0] = sluice_client_loan(side->client, (size_t)count);
	return side->request[0] ? 0 : -errno;
}

static long drop_client(struct side *side, long a, long b)
{
	sluice_request_release(side->request[0]);
	sluice_response_release(side->response[0]);
	sluice_pending_response_release(side->pending[0]);
	side->request[0] = NULL;
	side->response[0] = NULL;
	side->pending[0] = NULL;
	return close_client(side, a, b);
}

static long drop_server(struct side *side, long a, long b)
{
	sluice_active_request_release(side->active[0]);
	side->active[0] = NULL;
	return close_server(side, a, b);
}

static long connect_client(struct side *side, long a, long b)
{
	long r = open_client(side, 0, 0);

	/* When a connection that has failed is tried again is not the question here. */
	(void)a, (void)b;
	return r < 0 ? r : wait_servers(side, 1, inject_armed ? SECOND / 5 : LONG);
}

/* A connected client with a request that grew its memory. */
static long get_ready_to_send(struct side *side, long count, long b)
{
	long r = connect_client(side, 0, 0);

	return r < 0 ? r : loan_first(side, count, b);
}

static long send_first(struct side *side, long a, long b)
{
	(void)a, (void)b;
	side->pending[0] = sluice_request_send(side->request[0]);
	if (!side->pending[0])
		return -errno;
	side->request[0] = NULL;
	return 0;
}

/* A request is under way; the first response lies in memory that is not mapped yet. */
static long get_ready_to_receive(struct side *side, long count, long b)
{
	long r = get_ready_to_send(side, count, b);

	if (r < 0)
		return r;
	pattern_fill(side->request[0]->data, side->request[0]->size, side->request[0]->count);
	return send_first(side, 0, 0);
}

static long receive_first(struct side *side, long a, long b)
{
	(void)a, (void)b;
	side->response[0] = sluice_pending_response_receive(side->pending[0], LONG);
	return side->response[0] ? 0 : -errno;
}

/* The client of the trials of a server, in another process; what there is without it. */
static struct end *peer;
static int fds_alone, mappings_alone;

/* A client has connected and asked, which the server has not seen. */
static long be_asked(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	fds_alone = count_fds();
	mappings_alone = count_mappings(NULL);
	if (at(peer, open_client, 0, 0) < 0 || at(peer, wait_servers, 1, LONG) != 1)
		return -ENOTCONN;
	return at(peer, ask_blob, 0, 100000);
}

/*
 * A server that lacked something waits before it accepts again, a second at most; so only
 * who has met the failure gives up soon.
 */
static long take_first(struct side *side, long a, long b)
{
	int patience = LONG / (SECOND / 5);

	(void)a, (void)b;
	do
		side->active[0] = sluice_server_receive(side->server, SECOND / 5);
	while (!side->active[0] && errno == ETIMEDOUT && !(inject_armed && inject.hit) &&
	       --patience);
	return side->active[0] ? 0 : -errno;
}

static long be_asked_and_take(struct side *side, long a, long b)
{
	long r = be_asked(side, a, b);

	return r < 0 ? r : take_first(side, 0, 0);
}

static long answer_first(struct side *side, long count, long b)
{
	struct sluice_reply *reply = sluice_active_request_loan(side->active[0], (size_t)count);
	int r;

	(void)b;
	if (!reply)
		return -errno;
	r = sluice_reply_send(reply);
	/* A loan that the library has to void would keep the memory of its handle (void_test). */
	if (r < 0) {
		(void)sluice_reply_release(reply);
		errno = -r;
	}
	return r;
}

/* Has the server let go of the client's channel?  What is large goes bit by bit. */
static bool is_alone(void)
{
	return count_fds() == fds_alone && count_mappings(NULL) == mappings_alone;
}

/* The client leaves, and the server has seen that. */
static long part(struct side *side, long a, long b)
{
	struct sluice_active_request *active;

	sluice_active_request_release(side->active[0]);
	side->active[0] = NULL;
	at(peer, cancel, 0, 0);
	at(peer, close_client, 0, 0);
	(void)a, (void)b;
	(void)EVENTUALLY((active = sluice_server_receive(side->server, SLUICE_NOWAIT),
			  sluice_active_request_release(active), is_alone()));
	return 0;
}

static const struct trial node_trial = {
	.name = "node_create", .before = nothing, .run = make_node, .after = close_node,
};
static const struct trial service_trial = {
	.name = "service_open", .before = nothing, .run = make_service, .after = close_service,
};
static const struct trial client_trial = {
	.name = "client_create", .before = nothing, .run = open_client, .after = drop_client,
};
static const struct trial server_trial = {
	.name = "server_create", .before = nothing, .run = open_server, .after = drop_server,
};
static const struct trial loan_trial = {
	.name = "client_loan", .before = plain_client, .run = loan_first, .after = drop_client,
	.argument = 1 << 20,
};
static const struct trial connect_trial = {
	.name = "connect", .before = nothing, .run = connect_client, .after = drop_client,
	.waits = true,
};
static const struct trial send_trial = {
	.name = "request_send", .before = get_ready_to_send, .run = send_first,
	.after = drop_client, .argument = 1 << 20,
};
static const struct trial receive_trial = {
	.name = "pending_response_receive", .before = get_ready_to_receive, .run = receive_first,
	.after = drop_client, .argument = 1 << 20, .relays = true,
};

static const struct trial take_trial = {
	.name = "server_receive", .before = be_asked, .run = take_first, .after = part,
	.waits = true,
};
static const struct trial answer_trial = {
	.name = "active_request_loan", .before = be_asked_and_take, .run = answer_first,
	.after = part, .argument = 1 << 20, .relays = true,
};

/* With each call failing once, and with each one failing from then on. */
static void try_both(struct __test_metadata *_metadata, FIXTURE_DATA(setup_failures) *self,
		     const struct trial *trial)
{
	try_all(_metadata, &self->root, &self->side, trial, INJECT_ONCE);
	try_all(_metadata, &self->root, &self->side, trial, INJECT_ON);
}

/* The same with a service that the side has open. */
static void try_in_service(struct __test_metadata *_metadata, FIXTURE_DATA(setup_failures) *self,
			   const struct trial *trial)
{
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), 0));
	try_both(_metadata, self, trial);
}

TEST_F_TIMEOUT(setup_failures, node, 120)
{
	install(_metadata);
	try_both(_metadata, self, &node_trial);
}

TEST_F_TIMEOUT(setup_failures, service_made, 120)
{
	install(_metadata);
	ASSERT_EQ(0, make_node(&self->side, 0, 0));
	try_both(_metadata, self, &service_trial);
}

TEST_F_TIMEOUT(setup_failures, service_found, 120)
{
	start_service(_metadata, &self->other, IN_PROCESS, &blobs, NULL);
	install(_metadata);
	ASSERT_EQ(0, make_node(&self->side, 0, 0));
	try_both(_metadata, self, &service_trial);
}

TEST_F_TIMEOUT(setup_failures, client, 120)
{
	try_in_service(_metadata, self, &client_trial);
}

TEST_F_TIMEOUT(setup_failures, server, 120)
{
	try_in_service(_metadata, self, &server_trial);
}

TEST_F_TIMEOUT(setup_failures, loan, 120)
{
	try_in_service(_metadata, self, &loan_trial);
}

/* ---- With a peer ------------------------------------------------------------------- */

#define ENOUGH	3		/* the size of a request that says so */

/* Answers whoever still listens. */
static long serve_all(struct side *side, long a, long b)
{
	struct sluice_active_request *active;
	long size;

	(void)a, (void)b;
	while ((active = sluice_server_receive(side->server, SLUICE_FOREVER))) {
		size = (long)active->count;
		side->active[0] = active;
		(void)!answer_blob(side, 0, size);
		done(side, 0, 0);
		if (size == ENOUGH)
			return 0;
	}
	return -errno;
}

/* A server in another process, which answers what it is asked. */
static void start_answering(struct __test_metadata *_metadata, struct end *other)
{
	start_server(_metadata, other, IN_PROCESS, &blobs, NULL, NULL);
	begin(other, serve_all, 0, 0);
}

static void stop_answering(struct __test_metadata *_metadata, struct side *side,
			   struct end *other)
{
	ASSERT_EQ(1, connect_client(side, 0, 0));
	ASSERT_EQ(1, ask_blob(side, 0, ENOUGH)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, finish(other));
	ASSERT_EQ(0, drop_client(side, 0, 0));
}

/* try_in_service() while the server answers. */
static void try_with_server(struct __test_metadata *_metadata, FIXTURE_DATA(setup_failures) *self,
			    const struct trial *trial)
{
	start_answering(_metadata, &self->other);
	try_in_service(_metadata, self, trial);
	stop_answering(_metadata, &self->side, &self->other);
}

TEST_F_TIMEOUT(setup_failures, connect, 240)
{
	try_with_server(_metadata, self, &connect_trial);
}

TEST_F_TIMEOUT(setup_failures, send, 240)
{
	try_with_server(_metadata, self, &send_trial);
}

TEST_F_TIMEOUT(setup_failures, receive, 240)
{
	try_with_server(_metadata, self, &receive_trial);
}

/* ---- As a server ---------------------------------------------------------------------- */

static void start_asking(struct __test_metadata *_metadata, struct side *side,
			 struct end *other)
{
	ASSERT_EQ(0, join_server(side, PTR(&blobs), 0));
	start_service(_metadata, other, IN_PROCESS, &blobs, NULL);
	peer = other;
}

/* The side has a server, and its client is the other end. */
static void try_with_client(struct __test_metadata *_metadata, FIXTURE_DATA(setup_failures) *self,
			    const struct trial *trial)
{
	start_asking(_metadata, &self->side, &self->other);
	install(_metadata);
	try_both(_metadata, self, trial);
}

TEST_F_TIMEOUT(setup_failures, take, 240)
{
	try_with_client(_metadata, self, &take_trial);
}

TEST_F_TIMEOUT(setup_failures, answer, 240)
{
	try_with_client(_metadata, self, &answer_trial);
}

TEST_HARNESS_MAIN
