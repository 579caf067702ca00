// SPDX-License-Identifier: GPL-2.0-only
/*
 * A watch while somebody removes the directories and their owners write them again, before,
 * between and during its calls: once or twice between two of them, or with one event read in the
 * middle.  Nothing is told twice (watched.h), the port that came back is known again under its
 * id, and what comes later is told of.
 */
#include "steps.h"
#include "watched.h"

#include <glob.h>

PROCESSES_FIXTURE(watch_renewed);

/* Is the node's entry there? */
static bool is_there(const struct side *side)
{
	char pattern[PATH_MAX];
	glob_t found;
	int r;

	snprintf(pattern, sizeof(pattern), "%s/default/nodes/%016llx*", getenv("SLUICE_ROOT"),
		 (unsigned long long)sluice_node_id(side->node));
	r = glob(pattern, 0, NULL, &found);
	if (!r)
		globfree(&found);
	return !r;
}

/* renew(): until its entries are written again, which one look does for all of them. */
static long renew(struct side *side, long a, long b)
{
	int64_t end = now() + RENEWAL_LONG;

	(void)a, (void)b;
	while (!is_there(side) && now() < end)
		(void)!sluice_node_wait(side->node, SECOND / 20);
	return is_there(side);
}

static void remove_all(struct __test_metadata *_metadata)
{
	ASSERT_EQ(0, system("rm -rf $SLUICE_ROOT/default"));
}

/* The watch knows this port and no other, and finds those that come. */
static void expect_whole(struct __test_metadata *_metadata, FIXTURE_DATA(watch_renewed) *self,
			 struct watched *known, uint64_t id)
{
	(void)watched_for(_metadata, known, SECOND / 5);
	ASSERT_TRUE(WATCHED_UNTIL(known, known->ports == 1));
	EXPECT_EQ(id, known->port[0]);
	EXPECT_EQ(1, known->services);
	EXPECT_EQ(1, known->is_there);
	EXPECT_EQ(known->came, known->went + known->died);
	EXPECT_EQ(0, known->left_out);
	start_service(_metadata, &self->end[1], IN_PROCESS, &calls, NULL);
	ASSERT_EQ(0, at(&self->end[1], open_client, 0, 0));
	ASSERT_TRUE(WATCHED_UNTIL(known, known->ports == 2));
	end_stop(&self->end[1]);
	ASSERT_TRUE(WATCHED_UNTIL(known, known->ports == 1));
}

static void sequence(struct __test_metadata *_metadata, FIXTURE_DATA(watch_renewed) *self,
		     enum watched_way way)
{
	struct end *server = &self->end[0];
	struct sluice_watch_event event;
	struct watched known;
	uint64_t id;
	int times;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(1, at(server, renew, 0, 0));
	watched_open(_metadata, &known, way, NULL);
	ASSERT_TRUE(WATCHED_UNTIL(&known, known.all_told));
	ASSERT_EQ(1, known.ports);
	id = known.port[0];
	/* Between two calls, once and twice. */
	for (times = 1; times <= 2; times++) {
		for (int i = 0; i < times; i++) {
			remove_all(_metadata);
			ASSERT_EQ(1, at(server, renew, 0, 0));
		}
		expect_whole(_metadata, self, &known, id);
	}
	/* The watch sees that all is gone, and later that it is back. */
	remove_all(_metadata);
	ASSERT_TRUE(WATCHED_UNTIL(&known, !known.ports && !known.services));
	ASSERT_EQ(1, at(server, renew, 0, 0));
	expect_whole(_metadata, self, &known, id);
	/* One event is read, and the others when all is back; and removed once more at that. */
	remove_all(_metadata);
	(void)!watched_next(_metadata, &known, &event, SECOND / 10);
	ASSERT_EQ(1, at(server, renew, 0, 0));
	(void)!watched_next(_metadata, &known, &event, SECOND / 100);
	remove_all(_metadata);
	begin(server, renew, 0, 0);
	(void)watched_for(_metadata, &known, SECOND / 20);
	ASSERT_EQ(1, finish(server));
	expect_whole(_metadata, self, &known, id);
	watched_close(&known);
}

TEST_F_TIMEOUT(watch_renewed, by_its_own_call, 300)
{
	sequence(_metadata, self, BY_NEXT);
}

TEST_F_TIMEOUT(watch_renewed, by_a_wait_of_the_node, 300)
{
	sequence(_metadata, self, BY_NODE);
}

TEST_F_TIMEOUT(watch_renewed, by_a_loop_of_the_program, 300)
{
	sequence(_metadata, self, BY_POLL);
}

TEST_HARNESS_MAIN
