// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that keep their memory from being swapped out: their segments, as these grow
 * too, what they have mapped of their peers, the channels between them, and the tables
 * in their heap are locked; of a port that does not ask for it, nothing is.  What
 * RLIMIT_MEMLOCK does not allow is told when the port is made, or costs the connection,
 * or the loan, that asks for more; and nothing else.
 */
#include "steps.h"
#include "locking.h"

PROCESSES_FIXTURE(lock);

static const struct sluice_client_opts clients[] = {
	SLUICE_CLIENT_OPTS(.port = { .flags = SLUICE_PORT_LOCK }),
	SLUICE_CLIENT_OPTS(.port = { .flags = SLUICE_PORT_LOCK, .strategy = SLUICE_BEST_FIT }),
	SLUICE_CLIENT_OPTS(.port = { .flags = SLUICE_PORT_LOCK, .strategy = SLUICE_STATIC,
				     .initial_max_slice_len = 3000 }),
};

static const struct sluice_server_opts servers[] = {
	SLUICE_SERVER_OPTS(.port = { .flags = SLUICE_PORT_LOCK }),
	SLUICE_SERVER_OPTS(.port = { .flags = SLUICE_PORT_LOCK, .strategy = SLUICE_BEST_FIT }),
	SLUICE_SERVER_OPTS(.port = { .flags = SLUICE_PORT_LOCK, .strategy = SLUICE_STATIC,
				     .initial_max_slice_len = 3000 }),
};

/* A user other than root may lock some MiB. */
static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(.max_servers = 2);

/* ---- What is locked ------------------------------------------------------------- */

struct found {
	long locked, unlocked;	/* mappings that have pages */
};

/* Mappings with this name, or the one at an address, that have pages. */
static struct found look_at_mappings(const char *name, uintptr_t address)
{
	struct found found = { 0 };
	unsigned long begin, end;
	bool wanted = false;
	char line[512];
	long rss = 0;
	FILE *file = fopen("/proc/self/smaps", "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			wanted = name ? strstr(line, name) != NULL :
				 address >= begin && address < end;
		sscanf(line, "Rss: %ld kB", &rss);
		if (strncmp(line, "VmFlags:", 8) || !wanted || !rss)
			continue;
		if (strstr(line, " lo"))
			found.locked++;
		else
			found.unlocked++;
	}
	if (file)
		fclose(file);
	return found;
}

/* shared_locked(locked): how many mappings are so and have pages; none is otherwise. */
static long shared_locked(struct side *side, long locked, long unused)
{
	struct found found = look_at_mappings("memfd:sluice", 0);

	(void)side, (void)unused;
	if (locked ? found.unlocked : found.locked)
		return -EBADMSG;
	return locked ? found.locked : found.unlocked;
}

/* Handles lie in the tables of a port. */
static long handle_locked(struct side *side, long a, long b)
{
	void *handle = side->client ? (void *)side->pending[0] : (void *)side->active[0];

	(void)a, (void)b;
	return look_at_mappings(NULL, (uintptr_t)handle).locked;
}

static void exchange(struct __test_metadata *_metadata, struct end *server, struct end *client,
		     long size)
{
	begin(server, serve_blobs, 1, 0);
	EXPECT_EQ(0, at(client, exchange_blob, 0, size)) TH_LOG("%s", client->result.sentence);
	EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
}

static void check_tables(struct __test_metadata *_metadata, struct end *server,
			 struct end *client)
{
	ASSERT_EQ(1, at(client, ask_blob, 0, 1));
	ASSERT_EQ(1, at(server, take_blob, 0, LONG));
	EXPECT_EQ(1, at(client, handle_locked, 0, 0));
	EXPECT_EQ(1, at(server, handle_locked, 0, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
}

TEST_F(lock, everything)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i, longest;

	if (CAN_LOCK && !may_lock(4 * MIB))
		SKIP(return, "RLIMIT_MEMLOCK is too low");
	for (i = 0; i <= SLUICE_STATIC; i++) {
		longest = i == SLUICE_STATIC ? 3000 : 500000;
		end_start(_metadata, server, IN_PROCESS);
		end_start(_metadata, client, IN_PROCESS);
		ASSERT_EQ(0, at(server, open_service, PTR(&blobs), PTR(&few)));
		ASSERT_EQ(0, at(client, open_service, PTR(&blobs), PTR(&few)));
		ASSERT_EQ(0, at(server, open_server, PTR(&servers[i]), 0))
			TH_LOG("%s", server->result.sentence);
		ASSERT_EQ(0, at(client, open_client, PTR(&clients[i]), 0))
			TH_LOG("%s", client->result.sentence);
		ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
		exchange(_metadata, server, client, 1);
		exchange(_metadata, server, client, longest);
		if (CAN_LOCK) {
			/* The channel, one's own segments, and the peer's. */
			EXPECT_LE(3, at(server, shared_locked, true, 0));
			EXPECT_LE(3, at(client, shared_locked, true, 0));
			check_tables(_metadata, server, client);
		}
		end_stop(client);
		end_stop(server);
	}
}

TEST_F(lock, one_side)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_LOCKING(4 * MIB);
	end_start(_metadata, server, IN_PROCESS);
	end_start(_metadata, client, IN_PROCESS);
	ASSERT_EQ(0, at(server, open_service, PTR(&blobs), PTR(&few)));
	ASSERT_EQ(0, at(client, open_service, PTR(&blobs), PTR(&few)));
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	ASSERT_EQ(0, at(client, open_client, PTR(&clients[0]), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange(_metadata, server, client, 100000);
	EXPECT_LE(3, at(client, shared_locked, true, 0));
	EXPECT_LE(3, at(server, shared_locked, false, 0));
	EXPECT_EQ(0, at(server, status_of, PTR("VmLck"), 0));
}

/* Ports that come and go leave no more locked than the heap keeps. */
TEST_F(lock, again_and_again)
{
	struct side *side = &self->side;
	long i, before;

	NEEDS_LOCKING(4 * MIB);
	ASSERT_EQ(0, open_service(side, PTR(&blobs), PTR(&few)));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, open_client(side, PTR(&clients[2]), 0));
		close_client(side, 0, 0);
	}
	before = status_of(side, PTR("VmLck"), 0);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, open_client(side, PTR(&clients[i % 3]), 0));
		close_client(side, 0, 0);
	}
	EXPECT_GE(before + 256, status_of(side, PTR("VmLck"), 0));
}

/* ---- Limits ---------------------------------------------------------------------- */

static void start_nobody(struct __test_metadata *_metadata, struct end *end)
{
	end_start(_metadata, end, IN_PROCESS);
	ASSERT_EQ(0, at(end, become_nobody, 0, 0));
	ASSERT_EQ(0, at(end, open_service, PTR(&blobs), PTR(&few)));
}

static void start_nobodies(struct __test_metadata *_metadata, const struct root *root,
			   struct end *server, struct end *client)
{
	ASSERT_EQ(0, give_to_nobody(root));
	start_nobody(_metadata, server);
	start_nobody(_metadata, client);
}

#define EXPECT_TOO_MUCH(error, end, ...)				\
	do {								\
		EXPECT_EQ(-(error), at(end, __VA_ARGS__));		\
		EXPECT_NE(NULL, strstr((end)->result.sentence,		\
				       "RLIMIT_MEMLOCK"))		\
			TH_LOG("%s", (end)->result.sentence);		\
	} while (0)

/* The port is not made, or is if the limit allows it. */
TEST_F(lock, limit_of_ports)
{
	static const struct sluice_client_opts much = SLUICE_CLIENT_OPTS(
		.port = { .flags = SLUICE_PORT_LOCK, .strategy = SLUICE_STATIC,
			  .initial_max_slice_len = 100000 });
	struct end *end = &self->end[0];

	NEEDS_LOCKING(4 * MIB);
	ASSERT_EQ(0, give_to_nobody(&self->root));
	start_nobody(_metadata, end);
	ASSERT_EQ(0, at(end, limit_locks, 0, 0));
	EXPECT_TOO_MUCH(EPERM, end, open_client, PTR(&clients[0]), 0);
	EXPECT_TOO_MUCH(EPERM, end, open_server, PTR(&servers[0]), 0);
	ASSERT_EQ(0, at(end, limit_locks, 8 * KIB, 0));
	EXPECT_TOO_MUCH(ENOMEM, end, open_client, PTR(&clients[0]), 0);
	ASSERT_EQ(0, at(end, limit_locks, 4 * MIB, 0));
	EXPECT_TOO_MUCH(ENOMEM, end, open_client, PTR(&much), 0);
	ASSERT_EQ(0, at(end, open_client, PTR(&clients[0]), 0))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(0, at(end, open_server, PTR(&servers[0]), 0))
		TH_LOG("%s", end->result.sentence);
}

static long loan_only(struct side *side, long size, long unused)
{
	struct sluice_request *request = sluice_client_loan(side->client, (size_t)size);

	(void)unused;
	return request ? sluice_request_release(request) : -errno;
}

TEST_F(lock, limit_of_loans)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_LOCKING(4 * MIB);
	start_nobodies(_metadata, &self->root, server, client);
	ASSERT_EQ(0, at(client, limit_locks, 4 * MIB, 0));
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	ASSERT_EQ(0, at(client, open_client, PTR(&clients[0]), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	EXPECT_TOO_MUCH(ENOMEM, client, loan_only, 5 * MIB, 0);
	exchange(_metadata, server, client, 100000);
	EXPECT_TOO_MUCH(ENOMEM, client, loan_only, 5 * MIB, 0);
	exchange(_metadata, server, client, 200000);
}

/* The pool of a client's replies is made with its connection, which is not taken then. */
TEST_F(lock, limit_of_connections)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_LOCKING(4 * MIB);
	start_nobodies(_metadata, &self->root, server, client);
	ASSERT_EQ(0, at(server, limit_locks, 128 * KIB, 0));
	ASSERT_EQ(0, at(server, open_server, PTR(&servers[2]), 0))
		TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	ASSERT_EQ(1, at(client, ask_blob, 0, 1));
	ASSERT_EQ(-EAGAIN, at(server, take_blob, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-ECONNABORTED, at(client, hear_blob, 0, LONG))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(client, cancel, 0, 0));

	/* With less to lock, or more that may be, it goes on; the client has come again. */
	ASSERT_EQ(0, at(server, limit_locks, 8 * MIB, 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange(_metadata, server, client, 1000);
}

TEST_HARNESS_MAIN
