// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process kills itself before or after each of its stores to shared memory and each of its
 * system calls, from its first one to its last: as a client, as a server, with empty and full
 * rings, one channel and several.
 *
 * After each death the survivor is told once that its peer has gone, every request under way
 * ends once, with ECONNRESET or EPIPE as the state of the request demands, and no slice,
 * descriptor, mapping, block of memory or file is left.  The bystander was served all the time.
 * Then a new process takes the place of the dead one.
 *
 * make check tries POINTS points of each scene, by chance; make check-hard tries all, until
 * victims live to their end.
 *
 *	CRASH_POINTS=1000000 SEED=1 build/selftests/hard/crash_points_test
 *	CRASH_POINT=123 build/selftests/hard/crash_points_test -t client_full
 */
#include "death.h"

/* Of a scene, if nobody says otherwise. */
#define POINTS		6

/* All points have been tried when so many lives after another had no further one. */
#define LIVES_AT_LAST	8

/* A hang is what lasts long so many times. */
#define LATE_MOST	4

/* ---- All points of a scene ------------------------------------------------------------- */

static void tell(FIXTURE_DATA(crash) *self, const struct scene *scene)
{
	tell_table("crash points, %s: %llu points (%llu at stores, %llu at system calls); %lu tried, %lu %s there; %lu hangs over 1 s; %lu took that, and not when tried again, the longest %.0f ms",
		   scene->name, (unsigned long long)self->seen, (unsigned long long)self->stores,
		   (unsigned long long)self->calls, self->points, self->died,
		   scene->stops ? "stopped" : "died", self->hangs, self->slow,
		   (double)self->longest / MILLISECOND);
}

typedef bool try(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		 const struct scene *scene, uint64_t point);

/* What lasted long does so each time, or the machine was busy.  Whether there is such a point. */
static bool try_again(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		      const struct scene *scene, uint64_t point, try *try_one)
{
	unsigned long hangs = self->hangs;
	bool died = true;
	int late;

	for (late = 0; late < LATE_MOST; late++) {
		self->hangs = hangs;
		died = try_one(_metadata, self, scene, point);
		if (self->hangs == hangs)
			break;
	}
	if (late && late < LATE_MOST)
		self->slow++;
	return died;
}

/*
 * So many points by chance, or all of them, one after another.  A life is shorter when the peer
 * was sooner, so a life that ends before the point is not yet the end of all.
 */
static void sweep_points(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			 const struct scene *scene, try *try_one)
{
	unsigned long wanted = number_from("CRASH_POINTS", POINTS);
	unsigned int random = (unsigned int)number_from("SEED", 1);
	bool all = wanted >= self->seen, died;
	uint64_t point = number_from("CRASH_POINT", 0);
	int spared = 0;

	if (point)
		wanted = 1;
	while (self->points < wanted && spared < LIVES_AT_LAST && _metadata->exit_code == KSFT_PASS) {
		if (!number_from("CRASH_POINT", 0))
			point = all ? point + 1 : 1 + (uint64_t)rand_r(&random) % self->seen;
		died = try_again(_metadata, self, scene, point, try_one);
		self->died += died;
		self->points += died || !all;
		spared = died || !all ? 0 : spared + 1;
	}
}

/* The survivor turns until nothing more goes. */
static void settle(FIXTURE_DATA(crash) *self)
{
	int calm = 0, fds = count_fds();

	while (calm < 50) {
		turn_once(&self->survivor);
		calm = count_fds() == fds ? calm + 1 : 0;
		fds = count_fds();
	}
}

/* Lives that nothing happens to: how many points they have, and what is made only once. */
static void sweep_scene(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			const struct scene *scene, try *try_one)
{
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_FALSE(try_one(_metadata, self, scene, 0));
		ASSERT_EQ(KSFT_PASS, _metadata->exit_code);
		self->seen = victim->seen;
		self->stores = victim->stores;
		self->calls = victim->calls;
	}
	self->hangs = 0;
	self->longest = 0;
	if (self->survivor.side.node)
		settle(self);
	self->before = count_all(self);
	sweep_points(_metadata, self, scene, try_one);
	tell(self, scene);
}

static bool try_and_look(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			 const struct scene *scene, uint64_t point)
{
	bool died = try_point(_metadata, self, scene, point);

	if (self->before.fds && !self->survivor.wrong)
		judge_as_before(_metadata, self);
	return died;
}

/* ---- Clients die ----------------------------------------------------------------------- */

static void kill_clients(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			 const struct scene *scene)
{
	struct survivor *survivor = &self->survivor;
	const struct sluice_service_opts opts = service_of(scene);
	long i;

	self->life = live_as_client;
	survivor->scene = scene;
	ASSERT_EQ(0, open_service(&survivor->side, PTR(&crash_contract), PTR(&opts)));
	ASSERT_EQ(0, create_servers(&survivor->side, survivor->servers, scene->ports));
	survivor->clients[0] = sluice_client_create(survivor->side.service, &four_active);
	ASSERT_TRUE(TURN_UNTIL(survivor->exchanges));
	ASSERT_EQ(scene->ports, survivor->came);
	sweep_scene(_metadata, self, scene, try_and_look);
	if (survivor->aside.pending)
		forget(survivor, &survivor->aside);
	sluice_client_destroy(survivor->clients[0]);
	for (i = 0; i < scene->ports; i++)
		sluice_server_destroy(survivor->servers[i]);
	leave(&survivor->side, 0, 0);
}

#define CLIENTS_DIE(scene_name, ...)					\
	TEST_F_TIMEOUT(crash, scene_name, 7200)		\
	{								\
		static const struct scene scene = {			\
			.name = #scene_name, __VA_ARGS__	\
		};							\
									\
		kill_clients(_metadata, self, &scene);			\
	}

CLIENTS_DIE(client_empty, .ports = 1, .requests = 4, .responses = 1, .waits = true)
CLIENTS_DIE(client_partly, .ports = 1, .requests = 2, .responses = 3, .reads = HOLDS)
CLIENTS_DIE(client_full, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 1,
	    .reads = READS_LATE)
CLIENTS_DIE(client_no_overflow, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 5,
	    .flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW)
CLIENTS_DIE(client_channels, .ports = 2, .requests = ACTIVE, .responses = 2, .reads = HOLDS)

/* ---- Servers die ----------------------------------------------------------------------- */

static void kill_servers(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			 const struct scene *scene)
{
	struct survivor *survivor = &self->survivor;
	const struct sluice_service_opts opts = service_of(scene);

	self->life = live_as_server;
	survivor->scene = scene;
	ASSERT_EQ(0, open_service(&survivor->side, PTR(&crash_contract), PTR(&opts)));
	survivor->bystander = sluice_server_create(survivor->side.service, NULL);
	ASSERT_NE(NULL, survivor->bystander) TH_LOG("%s", sluice_strerror());
	sweep_scene(_metadata, self, scene, try_and_look);
	sluice_server_destroy(survivor->bystander);
	leave(&survivor->side, 0, 0);
}

#define SERVERS_DIE(scene_name, ...)					\
	TEST_F_TIMEOUT(crash, scene_name, 7200)		\
	{								\
		static const struct scene scene = {			\
			.name = #scene_name, __VA_ARGS__	\
		};							\
									\
		kill_servers(_metadata, self, &scene);			\
	}

SERVERS_DIE(server_empty, .ports = 1, .requests = 1, .responses = 3)
SERVERS_DIE(server_partly, .ports = 1, .requests = 2, .responses = 2)
SERVERS_DIE(server_full, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 5,
	    .reads = READS_LATE)
SERVERS_DIE(server_no_overflow, .ports = 1, .requests = ACTIVE, .responses = 5,
	    .flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW)
SERVERS_DIE(server_channels, .ports = 2, .requests = ACTIVE, .responses = 2)

/* ---- Nobody dies ----------------------------------------------------------------------- */

/* A peer that is stopped anywhere, and goes on, loses nothing and is not told dead. */
CLIENTS_DIE(stopped_client, .ports = 2, .requests = ACTIVE, .withdrawn = 1, .responses = 2,
	    .reads = HOLDS, .stops = true)
SERVERS_DIE(stopped_server, .ports = 2, .requests = ACTIVE, .responses = 2, .stops = true)

/* ---- The first of a domain dies -------------------------------------------------------- */

static void live_alone(struct side *side, const struct scene *scene)
{
	(void)scene;
	VICTIM_NEEDS(open_client(side, 0, 0) == 0);
	VICTIM_NEEDS(open_server(side, 0, 0) == 0);
}

/* It makes the domain, the service and two ports; another finds the same, or what is left. */
static bool try_alone(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		      const struct scene *scene, uint64_t point)
{
	const struct sluice_service_opts opts = service_of(scene);
	struct side side = { .node = NULL };
	long result;
	int64_t begun;

	start_victim(self, scene, point);
	result = finish(&self->mother);
	begun = now();
	EXPECT_LE(0, result);
	EXPECT_EQ(0, open_service(&side, PTR(&crash_contract), PTR(&opts)))
		TH_LOG("%s; the victim died %s", sluice_strerror(), crash_place());
	if (side.service)
		live_alone(&side, scene);
	leave(&side, 0, 0);
	self->hangs += now() - begun > HANG;
	self->longest = now() - begun > self->longest ? now() - begun : self->longest;
	if (self->before.fds)
		judge_as_before(_metadata, self);
	return result == 1;
}

TEST_F_TIMEOUT(crash, alone, 7200)
{
	static const struct scene scene = { .name = "alone" };

	self->life = live_alone;
	sweep_scene(_metadata, self, &scene, try_alone);
}

TEST_HARNESS_MAIN
