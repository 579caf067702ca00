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
#include "steps.h"

#define INJECT_ALLOCATIONS
#include "inject.h"

/* More calls than anything here makes. */
#define CALLS_MOST	2000


FIXTURE(setup_failures) {
	struct root root;
	struct end other;
	struct seat seat;
};

FIXTURE_SETUP(setup_failures)
{
	root_make(_metadata, &self->root);
	self->seat = (struct seat){ .contract = &blobs };
}

FIXTURE_TEARDOWN(setup_failures)
{
	leave(&self->seat, 0, 0);
	if (self->other.pid)
		end_stop(&self->other);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- What is tried -------------------------------------------------------------- */

/* The steps before and after are never hit; each is 0 or more, or -errno. */
struct trial {
	const char *name;
	step *before, *run, *after;
	long argument;
	bool waits;		/* for a peer, and may do so in vain */
	bool relays;		/* the end of a channel, which has words of its own */
};

static long nothing(struct seat *seat, long a, long b)
{
	(void)seat, (void)a, (void)b;
	return 0;
}

static long make_node(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	seat->node = sluice_node_create("test", NULL);
	return seat->node ? 0 : -errno;
}

static long drop_node(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	sluice_node_destroy(seat->node);
	seat->node = NULL;
	return 0;
}

static long make_service(struct seat *seat, long opts, long b)
{
	(void)b;
	seat->service = sluice_service_open(seat->node, seat->contract,
					    (const struct sluice_service_opts *)opts);
	return seat->service ? 0 : -errno;
}

static long drop_service(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	sluice_service_close(seat->service);
	seat->service = NULL;
	return 0;
}

static long plain_client(struct seat *seat, long a, long b)
{
	(void)a;
	return open_client(seat, 0, b);
}

static long loan_first(struct seat *seat, long count, long b)
{
	(void)b;
	seat->request[0] = sluice_client_loan(seat->client, (size_t)count);
	return seat->request[0] ? 0 : -errno;
}

static long drop_client(struct seat *seat, long a, long b)
{
	sluice_request_release(seat->request[0]);
	sluice_response_release(seat->response[0]);
	sluice_pending_response_release(seat->pending[0]);
	seat->request[0] = NULL;
	seat->response[0] = NULL;
	seat->pending[0] = NULL;
	return close_client(seat, a, b);
}

static long drop_server(struct seat *seat, long a, long b)
{
	sluice_active_request_release(seat->active[0]);
	seat->active[0] = NULL;
	return close_server(seat, a, b);
}

static long connect_client(struct seat *seat, long a, long b)
{
	long r = open_client(seat, 0, 0);

	/* When a connection that has failed is tried again is not the question here. */
	(void)a, (void)b;
	return r < 0 ? r : wait_servers(seat, 1, inject_armed ? SECOND / 5 : LONG);
}

/* A connected client with a request that grew its memory. */
static long get_ready_to_send(struct seat *seat, long count, long b)
{
	long r = connect_client(seat, 0, 0);

	return r < 0 ? r : loan_first(seat, count, b);
}

static long send_first(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	seat->pending[0] = sluice_request_send(seat->request[0]);
	if (!seat->pending[0])
		return -errno;
	seat->request[0] = NULL;
	return 0;
}

/* A request is under way; the first response lies in memory that is not mapped yet. */
static long get_ready_to_receive(struct seat *seat, long count, long b)
{
	long r = get_ready_to_send(seat, count, b);

	if (r < 0)
		return r;
	pattern_fill(seat->request[0]->data, seat->request[0]->size, seat->request[0]->count);
	return send_first(seat, 0, 0);
}

static long receive_first(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	seat->response[0] = sluice_pending_response_receive(seat->pending[0], LONG);
	return seat->response[0] ? 0 : -errno;
}

/* Mappings of the library: of memfds, of rings, and of files below a root, if there is one. */
static int count_mappings(const char *root)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += strstr(line, "memfd:sluice") || strstr(line, "io_uring") ||
			 (root && strstr(line, root));
	if (file)
		fclose(file);
	return count;
}

/* The client of the trials of a server, in another process; what there is without it. */
static struct end *peer;
static int fds_alone, mappings_alone;

/* A client has connected and asked, which the server has not seen. */
static long be_asked(struct seat *seat, long a, long b)
{
	(void)seat, (void)a, (void)b;
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
static long take_first(struct seat *seat, long a, long b)
{
	int patience = LONG / (SECOND / 5);

	(void)a, (void)b;
	do
		seat->active[0] = sluice_server_receive(seat->server, SECOND / 5);
	while (!seat->active[0] && errno == ETIMEDOUT && !(inject_armed && inject.hit) &&
	       --patience);
	return seat->active[0] ? 0 : -errno;
}

static long be_asked_and_take(struct seat *seat, long a, long b)
{
	long r = be_asked(seat, a, b);

	return r < 0 ? r : take_first(seat, 0, 0);
}

static long answer_first(struct seat *seat, long count, long b)
{
	struct sluice_reply *reply = sluice_active_request_loan(seat->active[0], (size_t)count);

	(void)b;
	return reply ? sluice_reply_send(reply) : -errno;
}

/* Has the server let go of the client's channel?  What is large goes bit by bit. */
static bool is_alone(void)
{
	return count_fds() == fds_alone && count_mappings(NULL) == mappings_alone;
}

/* The client leaves, and the server has seen that. */
static long part(struct seat *seat, long a, long b)
{
	struct sluice_active_request *active;

	sluice_active_request_release(seat->active[0]);
	seat->active[0] = NULL;
	at(peer, cancel, 0, 0);
	at(peer, close_client, 0, 0);
	(void)a, (void)b;
	(void)EVENTUALLY((active = sluice_server_receive(seat->server, SLUICE_NOWAIT),
			  sluice_active_request_release(active), is_alone()));
	return 0;
}

static const struct trial node_trial = {
	.name = "node_create", .before = nothing, .run = make_node, .after = drop_node,
};
static const struct trial service_trial = {
	.name = "service_open", .before = nothing, .run = make_service, .after = drop_service,
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

/* ---- Nothing is left over ---------------------------------------------------------- */

struct belongings {
	int fds, watches, mappings, entries;
	long blocks;
};

static struct belongings count_belongings(const struct root *root)
{
	return (struct belongings){
		.fds = count_fds(),
		.watches = count_fds_of(true),
		.mappings = count_mappings(root->path),
		.entries = tree_walk(root->path, false).entries,
		.blocks = inject_blocks(),
	};
}

/* A name whose removal has failed is left: it is a leftover like that of a dead process. */
static bool removes(long call)
{
	const char *name = inject_name(call);

	return !strncmp(name, "unlink", 6) || !strncmp(name, "rmdir", 5);
}

/* ---- The trial ----------------------------------------------------------------------- */

/* What the errno of a call is told as. */
static bool is_told_as(int error, int told)
{
	/* Memory that may not be locked, or is full, is memory that is lacking. */
	return told == error ||
	       /* Without io_uring, it is as if there were none. */
	       (told == ENOSYS && error == EPERM && strstr(inject_name(inject.call), "io_uring")) ||
	       (told == ENOMEM && (error == EAGAIN || error == ENOSPC || error == ENOBUFS));
}

/* One line for each mistake; all of them are of interest. */
static void complain(struct __test_metadata *_metadata, const struct trial *trial,
		     const char *mistake, long r)
{
	EXPECT_EQ(0, 1)
		TH_LOG("%s, call %ld, %s() with \"%s\": %s, %ld; the sentence is \"%s\"",
		       trial->name, inject.nth, inject.reached ? inject_name(inject.call) : "none",
		       strerror(inject.error), mistake, r, sluice_strerror());
}

static void judge_failure(struct __test_metadata *_metadata, const struct trial *trial, long r)
{
	const char *sentence = sluice_strerror();

	if (!inject.hit)
		complain(_metadata, trial, "has failed without a reason", r);
	else if (!is_told_as(inject.error, (int)-r) &&
		 !(trial->relays && (r == -ECONNRESET || r == -EAGAIN)))
		complain(_metadata, trial, "has failed with another errno", r);
	else if (errno != -r)
		complain(_metadata, trial, "errno is something else", r);
	else if (!strcmp(sentence, "no failure") || !*sentence)
		complain(_metadata, trial, "has no sentence", r);
	else if (!trial->relays && !strstr(sentence, strerror((int)-r)) &&
		 !strstr(sentence, strerror(inject.error)) && !strstr(sentence, "no memory") &&
		 !strstr(sentence, "RLIMIT_MEMLOCK"))
		complain(_metadata, trial, "does not say why", r);
}

static void judge_belongings(struct __test_metadata *_metadata, const struct trial *trial,
			     const struct belongings *before, const struct belongings *after,
			     const struct seat *seat)
{
	if (before->fds != after->fds)
		complain(_metadata, trial, "descriptors are left", after->fds - before->fds);
	/* A node may have got its inotify instance meanwhile, or lost it. */
	if (after->watches > (seat->node ? 1 : 0))
		complain(_metadata, trial, "inotify instances are left", after->watches);
	if (before->mappings != after->mappings)
		complain(_metadata, trial, "mappings are left",
			 after->mappings - before->mappings);
	if (before->entries != after->entries && !removes(inject.call))
		complain(_metadata, trial, "files are left", after->entries - before->entries);
	if (before->blocks != after->blocks)
		complain(_metadata, trial, "memory is left", after->blocks - before->blocks);
}

/* Once with the n-th call failing with its k-th errno. */
static void try_once(struct __test_metadata *_metadata, const struct root *root,
		     struct seat *seat, const struct trial *trial, long n, int k,
		     enum inject_many many)
{
	struct belongings before = count_belongings(root), after;
	long r;

	ASSERT_LE(0, trial->before(seat, trial->argument, 0)) TH_LOG("%s", sluice_strerror());
	inject_arm(n, k, many);
	r = trial->run(seat, trial->argument, 0);
	inject_disarm();
	EXPECT_EQ(0, inject.unknown) TH_LOG("inject.h has no row for %ld", inject.unknown);
	if (r < 0 && !(inject.hit && trial->waits && r == -ETIMEDOUT) && r != -EINTR)
		judge_failure(_metadata, trial, r);
	trial->after(seat, 0, 0);
	after = count_belongings(root);
	judge_belongings(_metadata, trial, &before, &after, seat);
}

static void try_all(struct __test_metadata *_metadata, const struct root *root,
		    struct seat *seat, const struct trial *trial, enum inject_many many)
{
	bool more = true;
	long n;
	int k;

	/* What libc and the library make once is there before anything is counted. */
	ASSERT_LE(0, trial->before(seat, trial->argument, 0));
	ASSERT_LE(0, trial->run(seat, trial->argument, 0)) TH_LOG("%s", sluice_strerror());
	ASSERT_LE(0, trial->after(seat, 0, 0));
	for (n = 1; more && n < CALLS_MOST; n++)
		for (k = 0;; k++) {
			try_once(_metadata, root, seat, trial, n, k, many);
			more = inject.reached;
			if (!inject.hit)
				break;
			try_once(_metadata, root, seat, trial, CALLS_MOST, 0, many);
		}
	EXPECT_LT(n, CALLS_MOST);
	EXPECT_LT(1, n);
	TH_LOG("%s: %ld calls and allocations", trial->name, n - 2);
}

static void install(struct __test_metadata *_metadata)
{
	const char *why = inject_install();

	if (why)
		SKIP(exit(KSFT_SKIP), "%s", why);
}

#define FAILURES(trial, many)						\
	try_all(_metadata, &self->root, &self->seat, trial, many)

TEST_F_TIMEOUT(setup_failures, node, 120)
{
	install(_metadata);
	FAILURES(&node_trial, INJECT_ONCE);
	FAILURES(&node_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, service_made, 120)
{
	install(_metadata);
	ASSERT_EQ(0, make_node(&self->seat, 0, 0));
	FAILURES(&service_trial, INJECT_ONCE);
	FAILURES(&service_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, service_found, 120)
{
	end_start(_metadata, &self->other, IN_PROCESS);
	ASSERT_EQ(0, at(&self->other, open_service, PTR(&blobs), 0));
	install(_metadata);
	ASSERT_EQ(0, make_node(&self->seat, 0, 0));
	FAILURES(&service_trial, INJECT_ONCE);
	FAILURES(&service_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, client, 120)
{
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&client_trial, INJECT_ONCE);
	FAILURES(&client_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, server, 120)
{
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&server_trial, INJECT_ONCE);
	FAILURES(&server_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, loan, 120)
{
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&loan_trial, INJECT_ONCE);
	FAILURES(&loan_trial, INJECT_ON);
}

/* ---- With a peer ------------------------------------------------------------------- */

#define ENOUGH	3		/* the size of a request that says so */

/* Answers whoever still listens. */
static long serve_all(struct seat *seat, long a, long b)
{
	struct sluice_active_request *active;
	long size;

	(void)a, (void)b;
	while ((active = sluice_server_receive(seat->server, SLUICE_FOREVER))) {
		size = (long)active->count;
		seat->active[0] = active;
		(void)!answer_blob(seat, 0, size);
		done(seat, 0, 0);
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

static void stop_answering(struct __test_metadata *_metadata, struct seat *seat,
			   struct end *other)
{
	ASSERT_EQ(1, connect_client(seat, 0, 0));
	ASSERT_EQ(1, ask_blob(seat, 0, ENOUGH)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, finish(other));
	ASSERT_EQ(0, drop_client(seat, 0, 0));
}

TEST_F_TIMEOUT(setup_failures, connect, 240)
{
	start_answering(_metadata, &self->other);
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&connect_trial, INJECT_ONCE);
	FAILURES(&connect_trial, INJECT_ON);
	stop_answering(_metadata, &self->seat, &self->other);
}

TEST_F_TIMEOUT(setup_failures, send, 240)
{
	start_answering(_metadata, &self->other);
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&send_trial, INJECT_ONCE);
	FAILURES(&send_trial, INJECT_ON);
	stop_answering(_metadata, &self->seat, &self->other);
}

TEST_F_TIMEOUT(setup_failures, receive, 240)
{
	start_answering(_metadata, &self->other);
	install(_metadata);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	FAILURES(&receive_trial, INJECT_ONCE);
	FAILURES(&receive_trial, INJECT_ON);
	stop_answering(_metadata, &self->seat, &self->other);
}

/* ---- As a server ---------------------------------------------------------------------- */

static void start_asking(struct __test_metadata *_metadata, struct seat *seat,
			 struct end *other)
{
	ASSERT_EQ(0, join_server(seat, PTR(&blobs), 0));
	end_start(_metadata, other, IN_PROCESS);
	ASSERT_EQ(0, at(other, open_service, PTR(&blobs), 0));
	peer = other;
}

TEST_F_TIMEOUT(setup_failures, take, 240)
{
	start_asking(_metadata, &self->seat, &self->other);
	install(_metadata);
	FAILURES(&take_trial, INJECT_ONCE);
	FAILURES(&take_trial, INJECT_ON);
}

TEST_F_TIMEOUT(setup_failures, answer, 240)
{
	start_asking(_metadata, &self->seat, &self->other);
	install(_metadata);
	FAILURES(&answer_trial, INJECT_ONCE);
	FAILURES(&answer_trial, INJECT_ON);
}

TEST_HARNESS_MAIN
