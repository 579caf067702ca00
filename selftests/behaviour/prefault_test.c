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
#include "prefault_steps.h"

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

static long count_allocations(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return allocations;
}

static long count_faults(struct side *side, long a, long b)
{
	struct rusage usage;

	(void)side, (void)a, (void)b;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
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
