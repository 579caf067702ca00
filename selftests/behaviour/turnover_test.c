// SPDX-License-Identifier: GPL-2.0-only
/*
 * What comes and goes leaves nothing behind: clients that a server outlives,
 * replies that are loaned and sent for a long time, services that two processes
 * create and close under each other's feet, connections that a server never came
 * round to.
 */
#include "steps.h"
#include "table.h"

PROCESSES_FIXTURE(turnover);

/* ---- What a server has --------------------------------------------------- */

/* Looks once what has happened; no request may be there.  0 or -errno. */
static long look(struct side *side, long a, long b)
{
	long result = take(side, 0, SLUICE_NOWAIT);

	return result == -EAGAIN ? 0 : result < 0 ? result : -EBADMSG;
}

/* Mappings of channels and segments. */
static long mappings(struct side *side, long a, long b)
{
	char line[512];
	long count = 0;
	FILE *file;

	file = fopen("/proc/self/maps", "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		count += strstr(line, "memfd:sluice") != NULL;
	fclose(file);
	return count;
}

static long descriptors(struct side *side, long a, long b)
{
	return count_fds();
}

static long memory_bytes(struct side *side, long a, long b)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	int r;

	r = sluice_server_memory(side->server, &memory);
	return r < 0 ? r : (long)memory.bytes;
}

/* The server looks, and then has as much as it had. */
static bool has(struct end *server, long fds, long maps)
{
	return !at(server, look, 0, 0) && at(server, descriptors, 0, 0) == fds &&
	       at(server, mappings, 0, 0) == maps;
}

static void exchange(struct __test_metadata *_metadata, struct side *client, long value)
{
	ASSERT_EQ(1, ask(client, 0, value)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(value + 1, hear(client, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, hear_end(client, 0, LONG));
}

/* ---- Clients ------------------------------------------------------------- */

#define VISITORS	300		/* or $TURNOVERS */
#define GROWTH_MOST	1024		/* KiB */

/* KiB that the process has in memory. */
static long resident(struct side *side, long a, long b)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long size = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %ld", &size);
	if (file)
		fclose(file);
	return size;
}

/* Of the visitors from i on, at most a hundred, and beside them. */
static long requests_of(long i, long visitors)
{
	long end = i + 100 < visitors ? i + 100 : visitors, count = 0;

	for (; i < end; i++)
		count += 1 + (i % 3 != 0);
	return count;
}

TEST_F_TIMEOUT(turnover, of_clients_beside_one_that_stays, 7200)
{
	long visitors = (long)number_from("TURNOVERS", VISITORS);
	struct end *server = &self->end[0];
	struct side visitor = { 0 };
	long i, fds, maps, size = 0;

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	begin(server, serve, 1, 0);
	exchange(_metadata, &self->side, 1);
	ASSERT_EQ(1, finish(server));
	fds = at(server, descriptors, 0, 0);
	maps = at(server, mappings, 0, 0);
	ASSERT_LT(0, maps);

	/* Every third asks for nothing; the one that stays asks all the time. */
	visitor.service = self->side.service;
	for (i = 0; i < visitors; i++) {
		/* The first hundred show what is made once. */
		if (i % 100 == 0) {
			if (i)
				ASSERT_LT(0, finish(server)) TH_LOG("%s", server->result.sentence);
			if (i == 100)
				size = at(server, resident, 0, 0);
			begin(server, serve, requests_of(i, visitors), 0);
		}
		ASSERT_EQ(0, open_client(&visitor, 0, 0))
			TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(1, wait_servers(&visitor, 1, LONG));
		if (i % 3)
			exchange(_metadata, &visitor, i);
		exchange(_metadata, &self->side, i);
		close_client(&visitor, 0, 0);
	}
	EXPECT_LT(0, finish(server));
	EXPECT_TRUE(EVENTUALLY(has(server, fds, maps)))
		TH_LOG("%ld descriptors and %ld mappings became %ld and %ld", fds,
		       maps, at(server, descriptors, 0, 0),
		       at(server, mappings, 0, 0));
	/* A sanitizer keeps what was freed. */
	if (!IS_SANITIZED) {
		EXPECT_GT(GROWTH_MOST, at(server, resident, 0, 0) - size);
	}
	tell_table("%ld clients came and went: the server's memory grew by %ld KiB, its descriptors by %ld, its mappings by %ld",
		   visitors, at(server, resident, 0, 0) - size,
		   at(server, descriptors, 0, 0) - fds, at(server, mappings, 0, 0) - maps);

	begin(server, serve, 1, 0);
	exchange(_metadata, &self->side, 2);
	EXPECT_EQ(1, finish(server));
}

/* ---- Replies ------------------------------------------------------------- */

#define LOANS		8
#define ROUNDS		200

static const struct sluice_service_opts narrow = SLUICE_SERVICE_OPTS(
	.max_active_requests_per_client = 1,
	.max_loaned_replies_per_request = LOANS,
	.max_response_buffer_size = 1,
	.max_borrowed_responses_per_pending_response = 1);

/* loan_into(slot, value): a reply to the request in slot 0, kept unsent. */
static long loan_into(struct side *side, long slot, long value)
{
	struct sluice_reply *reply = loan_number(side->active[0], value);

	if (!reply)
		return -errno;
	side->reply[slot] = reply;
	return 0;
}

/* Far more may be loaned than the rings to the client and back have room for. */
TEST_F_TIMEOUT(turnover, of_replies_that_are_loaned_together, 120)
{
	struct end *server = &self->end[0];
	long i, round, bytes = 0;

	start_server(_metadata, server, IN_PROCESS, &calls, &narrow, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < LOANS; i++) {
			ASSERT_EQ(0, at(server, loan_into, i, i))
				TH_LOG("%s", server->result.sentence);
		}
		for (i = 0; i < LOANS; i++) {
			ASSERT_EQ(0, at(server, send_answer, i, 0))
				TH_LOG("%s", server->result.sentence);
			ASSERT_EQ(i, hear(&self->side, 0, LONG))
				TH_LOG("%s", sluice_strerror());
		}
		if (round == ROUNDS / 20)
			bytes = at(server, memory_bytes, 0, 0);
	}
	ASSERT_LT(0, bytes);
	EXPECT_LE(at(server, memory_bytes, 0, 0), bytes);
	EXPECT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
}

/* ---- Services ------------------------------------------------------------ */

/* churn(times): creates the service and closes it; how often it was there. */
static long churn(struct side *side, long times, long unused)
{
	long i, result, there = 0;

	for (i = 0; i < times; i++) {
		result = open_service(side, PTR(&calls), PTR(&must_create));
		if (result == -EEXIST)
			there++;
		else if (result < 0)
			return result;
		sluice_service_close(side->service);
		side->service = NULL;
	}
	return there;
}

TEST_F_TIMEOUT(turnover, of_a_service_leaves_no_ghost, 120)
{
	long i;

	for (i = 0; i < 2; i++)
		end_start(_metadata, &self->end[i], IN_PROCESS);
	for (i = 0; i < 2; i++)
		begin(&self->end[i], churn, 2000, 0);
	for (i = 0; i < 2; i++) {
		EXPECT_LE(0, finish(&self->end[i]))
			TH_LOG("%s", self->end[i].result.sentence);
	}
	EXPECT_EQ(0, churn(&self->side, 20, 0));
}

/* ---- Servers ------------------------------------------------------------- */

/* Clients that it never came round to are told that it left, not that it died. */
TEST_F_TIMEOUT(turnover, of_a_server_that_took_nobody, 120)
{
	struct end *server = &self->end[0], *other = &self->end[1];

	start_pair(_metadata, server, IN_PROCESS, &self->side, &calls);
	start_client(_metadata, other, IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, ask(&self->side, 0, 1));
	ASSERT_EQ(1, at(other, ask, 0, 2));
	begin(other, hear, 0, LONG);
	until_asleep(other);
	ASSERT_EQ(0, at(server, close_server, 0, 0));
	EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG))
		TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(-EPIPE, finish(other)) TH_LOG("%s", other->result.sentence);
}

TEST_HARNESS_MAIN
