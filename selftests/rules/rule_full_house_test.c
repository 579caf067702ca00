// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of limits: a service has as many clients and servers as one may ask for at most,
 * and as many nodes as it has without a word; one more is refused, and one that goes
 * makes room for one.
 */
#include <sys/resource.h>

#include "steps.h"
#include "rules.h"

PROCESSES_FIXTURE(rule_full_house);

#define CLIENTS		4096
#define FEWER		1024	/* when not in full */
#define SERVERS		1024
#define NODES		512
#define PROCESSES	4

static const struct sluice_service_opts full_house = SLUICE_SERVICE_OPTS(
	.max_clients = CLIENTS, .max_servers = SERVERS);
static const struct sluice_service_opts smaller_house = SLUICE_SERVICE_OPTS(
	.max_clients = FEWER, .max_servers = SERVERS);

/* A client takes five descriptors, a server fewer; a node with its service ten. */
static bool may_open_enough(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return false;
	files.rlim_cur = files.rlim_max;
	return !setrlimit(RLIMIT_NOFILE, &files) &&
	       files.rlim_cur >= 6 * CLIENTS / PROCESSES;
}

/* These are of each process its own. */
static void *objects[CLIENTS];

typedef void *maker(struct side *side);

static void *make_client(struct side *side)
{
	return sluice_client_create(side->service, NULL);
}

static void *make_server(struct side *side)
{
	return sluice_server_create(side->service, NULL);
}

static void drop(maker *make, void *object)
{
	if (make == make_client)
		sluice_client_destroy(object);
	else
		sluice_server_destroy(object);
}

/* make_all(maker, count): so many ports. */
static long make_all(struct side *side, long make, long count)
{
	long i;

	for (i = 0; i < count; i++) {
		objects[i] = ((maker *)make)(side);
		if (!objects[i])
			return -errno;
	}
	return count;
}

/* exchange_one(maker): drops one and makes another; there is no room for two. */
static long exchange_one(struct side *side, long make, long unused)
{
	(void)unused;
	if (((maker *)make)(side) || errno != EUSERS)
		return -EBADMSG;
	drop((maker *)make, objects[0]);
	objects[0] = ((maker *)make)(side);
	if (!objects[0])
		return -errno;
	return ((maker *)make)(side) || errno != EUSERS ? -EBADMSG : 0;
}

static long drop_all(struct side *side, long make, long count)
{
	(void)side;
	while (count--)
		drop((maker *)make, objects[count]);
	return 0;
}

static void fill_house(struct __test_metadata *_metadata, struct end *ends, maker *make,
		       long count)
{
	long i;

	for (i = 0; i < PROCESSES; i++) {
		end_start(_metadata, &ends[i], IN_PROCESS);
		ASSERT_EQ(0, at(&ends[i], open_service, PTR(&calls),
				in_full() ? PTR(&full_house) :
					    PTR(&smaller_house)));
		ASSERT_EQ(count / PROCESSES,
			  at(&ends[i], make_all, PTR(make), count / PROCESSES))
			TH_LOG("%s", ends[i].result.sentence);
	}
	for (i = 0; i < PROCESSES; i++) {
		EXPECT_EQ(0, at(&ends[i], exchange_one, PTR(make), 0))
			TH_LOG("%s", ends[i].result.sentence);
	}
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(0, at(&ends[i], drop_all, PTR(make), count / PROCESSES));
	}
}

TEST_F_TIMEOUT(rule_full_house, a_service_has_all_clients_that_one_may_ask_for, 200)
{
	if (!may_open_enough())
		SKIP(return, "too few files may be open");
	fill_house(_metadata, self->end, make_client,
		   in_full() ? CLIENTS : FEWER);
}

TEST_F_TIMEOUT(rule_full_house, a_service_has_all_servers_that_one_may_ask_for, 200)
{
	if (!may_open_enough())
		SKIP(return, "too few files may be open");
	fill_house(_metadata, self->end, make_server, SERVERS);
}

/* ---- Nodes --------------------------------------------------------------- */

static struct sluice_service *services[NODES];

/* One more node, and the service opened from it. */
static long join(long i)
{
	objects[i] = sluice_node_create(NULL, NULL);
	services[i] = sluice_service_open(objects[i], &calls, NULL);
	return services[i] ? 0 : -errno;
}

static void part(long i)
{
	sluice_service_close(services[i]);
	sluice_node_destroy(objects[i]);
}

static long join_all(struct side *side, long count, long unused)
{
	long i, result;

	(void)side, (void)unused;
	for (i = 0; i < count; i++) {
		result = join(i);
		if (result < 0)
			return result;
	}
	return count;
}

static long join_one(struct side *side, long i, long unused)
{
	long result = join(i);

	(void)side, (void)unused;
	if (result < 0)
		sluice_node_destroy(objects[i]);
	return result;
}

static long part_from(struct side *side, long first, long count)
{
	long i;

	(void)side;
	for (i = first; i < first + count; i++)
		part(i);
	return 0;
}

TEST_F_TIMEOUT(rule_full_house, a_service_has_512_nodes_without_a_word, 200)
{
	const long each = NODES / PROCESSES;
	struct end *end = self->end;
	long i;

	if (!may_open_enough())
		SKIP(return, "too few files may be open");
	for (i = 0; i < PROCESSES; i++) {
		end_start(_metadata, &end[i], IN_PROCESS);
		ASSERT_EQ(each, at(&end[i], join_all, each, 0))
			TH_LOG("%ld: %s", i, end[i].result.sentence);
	}
	EXPECT_EQ(-EUSERS, at(&end[0], join_one, each, 0));
	ASSERT_EQ(0, at(&end[1], part_from, 0, 1));
	EXPECT_EQ(0, at(&end[0], join_one, each, 0));
	EXPECT_EQ(-EUSERS, at(&end[1], join_one, 0, 0));
	ASSERT_EQ(0, at(&end[0], part_from, each, 1));
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(0, at(&end[i], part_from, i == 1, each - (i == 1)));
	}
}

TEST_HARNESS_MAIN
