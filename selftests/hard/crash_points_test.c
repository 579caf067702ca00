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
 * make check tries POINTS points of each scene, by chance; make check-hard tries all, until a
 * victim lives to its end.
 *
 *	CRASH_POINTS=1000000 SEED=1 build/selftests/hard/crash_points_test
 *	CRASH_POINT=123 build/selftests/hard/crash_points_test -t client_full
 */
#include "survivor.h"

#include "belongings.h"
#include "table.h"

/* Of a scene, if nobody says otherwise. */
#define POINTS		6
/* What has lasted so long is a hang in the table at the end. */
#define HANG		SECOND

FIXTURE(crash) {
	struct root root;
	struct survivor survivor;
	struct end mother;	/* of the victims */
	struct scene *played;	/* by the victim; shared with it */
	life *life;
	struct belongings before;
	unsigned long points, died, hangs, slow;
	int64_t longest;
	uint64_t seen, stores, calls;
};

FIXTURE_SETUP(crash)
{
	root_make(_metadata, &self->root);
	victim = share(_metadata, sizeof(*victim));
	self->played = share(_metadata, sizeof(*self->played));
	self->survivor.may_read = true;
	end_start(_metadata, &self->mother, IN_PROCESS);
}

FIXTURE_TEARDOWN(crash)
{
	ends_stop(_metadata, &self->mother, 1);
	munmap(victim, sizeof(*victim));
	munmap(self->played, sizeof(*self->played));
	TEARDOWN_CHECKS(&self->root);
}

/* ---- The victim ------------------------------------------------------------------------ */

/* 1: it has killed itself; 0: it has lived to its end. */
static long run_victim(struct side *side, long what, long scene)
{
	pid_t pid = fork();
	int status;

	(void)side;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		crash_begin();
		live((life *)what, (const struct scene *)scene);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 1;
	return status ? -EPROTO : 0;
}

static void start_victim(FIXTURE_DATA(crash) *self, const struct scene *scene, uint64_t point)
{
	*victim = (struct victim){ .at = point };
	*self->played = *scene;
	self->survivor.scene = scene;
	self->survivor.may_read = false;
	begin(&self->mother, run_victim, PTR(self->life), PTR(self->played));
}

/* Whether its mother has told of its end. */
static bool is_over(const struct end *mother)
{
	char byte;

	return recv(mother->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* ---- The survivor ---------------------------------------------------------------------- */

/* One more turn of the survivor until this holds; LONG at most. */
#define TURN_UNTIL(condition)						\
	__extension__({							\
		int64_t until_ = now() + LONG;				\
		bool holds_;						\
									\
		while (!(holds_ = (condition)) && now() < until_ &&	\
		       !self->survivor.wrong)				\
			turn_once(&self->survivor);			\
		holds_;							\
	})

/* Nothing that the victim had to do with is left. */
static bool is_calm(const FIXTURE_DATA(crash) *self)
{
	const struct survivor *survivor = &self->survivor;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(survivor->held); i++)
		if (survivor->held[i].active)
			return false;
	for (i = 0; i < ARRAY_SIZE(survivor->asked); i++)
		if (survivor->asked[i].pending && !survivor->asked[i].error)
			return false;
	return survivor->came - survivor->went == survivor->scene->ports;
}

/* The errno that the end of this request must have. */
static bool ends_rightly(const struct asked *asked, long number)
{
	if (asked->servers < 2 || victim->released[number])
		return asked->error == EPIPE;
	if (victim->releases[number] || victim->is_leaving)
		return asked->error == EPIPE || asked->error == ECONNRESET;
	return asked->error == (victim->died ? ECONNRESET : EPIPE);
}

static void judge_asked(struct survivor *survivor, struct asked *asked, long number)
{
	if (!ends_rightly(asked, number))
		survivor_wrong(survivor, "a request ended with this errno", asked->error);
	if (asked->aside < 1 || asked->aside > survivor->scene->responses)
		survivor_wrong(survivor, "responses of the living", asked->aside);
	if (asked->others > survivor->scene->responses)
		survivor_wrong(survivor, "responses of the dead", asked->others);
	if (victim->released[number] && !asked->others)
		survivor_wrong(survivor, "lost responses of request", number);
	/* It ends once: whoever asks again is told the same. */
	if (sluice_pending_response_receive(asked->pending, SLUICE_NOWAIT) ||
	    errno != asked->error)
		survivor_wrong(survivor, "the second time it ended with another errno", errno);
	forget(survivor, asked);
}

static void judge_all_asked(struct survivor *survivor)
{
	long i;

	for (i = 0; i < PORTS_MOST * ACTIVE; i++)
		if (survivor->asked[i].pending)
			judge_asked(survivor, &survivor->asked[i], i);
}

/* All that a client asks in this scene. */
static void send_all(struct survivor *survivor, long client)
{
	struct asked *asked = &survivor->asked[client * ACTIVE];
	long i;

	for (i = 0; i < survivor->scene->withdrawn; i++)
		if (send_one(survivor, survivor->clients[client], &asked[0], 64))
			forget(survivor, &asked[0]);
	for (i = 0; i < survivor->scene->requests; i++)
		send_one(survivor, survivor->clients[client], &asked[i],
			 (size_t)size_of(i, client));
}

static bool all_are_connected(const struct survivor *survivor, unsigned int servers)
{
	long i;

	for (i = 0; i < survivor->scene->ports; i++)
		if (sluice_client_wait_servers(survivor->clients[i], servers, SLUICE_NOWAIT) <
		    (int)servers)
			return false;
	return true;
}

/* ---- One life and its end -------------------------------------------------------------- */

/* The survivor does its part until the victim has ended and nothing is left.  As run_victim(). */
static long outlive(FIXTURE_DATA(crash) *self)
{
	struct survivor *survivor = &self->survivor;
	bool serves = survivor->bystander == NULL;
	long client, exchanges, result;
	int64_t died;

	if (!serves) {
		TURN_UNTIL(is_over(&self->mother) || all_are_connected(survivor, 2));
		for (client = 0; client < survivor->scene->ports; client++)
			send_all(survivor, client);
	}
	TURN_UNTIL(is_over(&self->mother) || victim->sent);
	survivor->may_read = true;
	TURN_UNTIL(is_over(&self->mother));
	if (survivor->wrong)
		return -EPROTO;
	result = finish(&self->mother);
	died = victim->died ? victim->died : now();
	exchanges = survivor->exchanges;
	if (!TURN_UNTIL(is_calm(self)))
		survivor_wrong(survivor, "it hangs; peers that came and did not go",
			       survivor->came - survivor->went);
	if (now() - died > HANG) {
		self->hangs++;
		fprintf(TH_LOG_STREAM, "# %.0f ms until all was known of the victim that died %s\n",
			(double)(now() - died) / MILLISECOND, crash_place());
	}
	if (now() - died > self->longest)
		self->longest = now() - died;
	judge_all_asked(survivor);
	if (serves && !TURN_UNTIL(survivor->exchanges > exchanges + 1))
		survivor_wrong(survivor, "the bystander is not served", exchanges);
	return survivor->wrong ? -EPROTO : result;
}

static void start_clients(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self)
{
	struct survivor *survivor = &self->survivor;
	long i;

	for (i = 0; i < survivor->scene->ports; i++) {
		survivor->clients[i] = sluice_client_create(survivor->side.service, &one_by_one);
		ASSERT_NE(NULL, survivor->clients[i]) TH_LOG("%s", sluice_strerror());
	}
	ASSERT_TRUE(TURN_UNTIL(all_are_connected(survivor, 1)));
}

/* Every slice of its requests has come home. */
static void end_clients(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self)
{
	struct survivor *survivor = &self->survivor;
	struct sluice_client *client;
	uint32_t j;
	long i;

	for (i = 0; i < survivor->scene->ports; i++) {
		client = survivor->clients[i];
		for (j = 0; j < client->count; j++)
			requester_reap(&client->channels[j]->requester);
		EXPECT_EQ(0u, client->pool.used) TH_LOG("%s", crash_place());
		sluice_client_destroy(client);
		survivor->clients[i] = NULL;
	}
	survivor->came = survivor->went = 0;
}

static bool is_as_before(FIXTURE_DATA(crash) *self)
{
	struct belongings after = count_belongings(&self->root);

	return after.fds == self->before.fds && after.mappings == self->before.mappings &&
	       after.entries == self->before.entries && after.blocks == self->before.blocks &&
	       after.watches == self->before.watches;
}

static void judge_as_before(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self)
{
	struct belongings after;

	if (TURN_UNTIL(is_as_before(self)))
		return;
	after = count_belongings(&self->root);
	EXPECT_EQ(self->before.fds, after.fds) TH_LOG("descriptors, %s", crash_place());
	EXPECT_EQ(self->before.mappings, after.mappings) TH_LOG("mappings, %s", crash_place());
	EXPECT_EQ(self->before.blocks, after.blocks) TH_LOG("blocks of memory, %s", crash_place());
	EXPECT_EQ(self->before.entries, after.entries) TH_LOG("files, %s", crash_place());
	EXPECT_EQ(self->before.watches, after.watches) TH_LOG("inotify, %s", crash_place());
	if (self->before.entries != after.entries)
		tree_walk(self->root.path, true);
}

/* A victim dies at the point, and a successor comes.  Whether there is such a point. */
static bool try_point(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		      const struct scene *scene, uint64_t point)
{
	struct scene next = *scene;
	bool is_client = self->survivor.bystander == NULL;
	struct victim last;
	long result;

	next.requests = next.responses = 1;
	next.withdrawn = 0;
	next.waits = true;
	next.reads = READS_AT_ONCE;
	self->survivor.scene = scene;
	if (!is_client)
		start_clients(_metadata, self);
	start_victim(self, scene, point);
	result = outlive(self);
	last = *victim;
	if (!self->survivor.wrong) {
		start_victim(self, &next, 0);
		EXPECT_EQ(0, outlive(self)) TH_LOG("the successor");
		*victim = last;
		self->survivor.scene = scene;
	}
	EXPECT_EQ(NULL, self->survivor.wrong)
		TH_LOG("%s; the victim died %s", self->survivor.wrong, crash_place());
	EXPECT_EQ(last.at && last.at <= last.seen, result) TH_LOG("point %llu of %llu",
		(unsigned long long)last.at, (unsigned long long)last.seen);
	if (!is_client)
		end_clients(_metadata, self);
	return result == 1;
}

/* ---- All points of a scene ------------------------------------------------------------- */

static void tell(FIXTURE_DATA(crash) *self, const struct scene *scene)
{
	tell_table("crash points, %s: %llu points (%llu at stores, %llu at system calls); %lu tried, %lu died there; %lu hangs over 1 s; %lu took that once and not again, the longest %.0f ms",
		   scene->name, (unsigned long long)self->seen, (unsigned long long)self->stores,
		   (unsigned long long)self->calls, self->points, self->died, self->hangs, self->slow,
		   (double)self->longest / MILLISECOND);
}

typedef bool try(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		 const struct scene *scene, uint64_t point);

/* What lasted long does so twice, or the machine was busy.  Whether there is such a point. */
static bool try_again(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		      const struct scene *scene, uint64_t point, try *try_one)
{
	unsigned long hangs = self->hangs;
	bool died = try_one(_metadata, self, scene, point);

	if (self->hangs == hangs)
		return died;
	died = try_one(_metadata, self, scene, point);
	if (self->hangs == hangs + 1)
		self->slow++;
	self->hangs = self->hangs == hangs + 1 ? hangs : hangs + 1;
	return died;
}

/* So many points by chance, or all of them, one after another. */
static void sweep_points(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
			 const struct scene *scene, try *try_one)
{
	unsigned long wanted = number_from("CRASH_POINTS", POINTS);
	unsigned int random = (unsigned int)number_from("SEED", 1);
	bool all = wanted >= self->seen, more = true;
	uint64_t point = number_from("CRASH_POINT", 0);

	if (point)
		wanted = 1;
	while (self->points < wanted && more && _metadata->exit_code == KSFT_PASS) {
		if (!number_from("CRASH_POINT", 0))
			point = all ? point + 1 : 1 + (uint64_t)rand_r(&random) % self->seen;
		more = try_again(_metadata, self, scene, point, try_one);
		self->died += more;
		self->points += more || !all;
		more |= !all;
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
	self->before = count_belongings(&self->root);
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
	survivor->clients[0] = sluice_client_create(survivor->side.service, &one_by_one);
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
	TEST_F_TIMEOUT(crash, client_##scene_name, 7200)		\
	{								\
		static const struct scene scene = {			\
			.name = "client_" #scene_name, __VA_ARGS__	\
		};							\
									\
		kill_clients(_metadata, self, &scene);			\
	}

CLIENTS_DIE(empty, .ports = 1, .requests = 4, .responses = 1, .waits = true)
CLIENTS_DIE(partly, .ports = 1, .requests = 2, .responses = 3, .reads = HOLDS)
CLIENTS_DIE(full, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 1,
	    .reads = READS_LATE)
CLIENTS_DIE(no_overflow, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 5,
	    .flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW)
CLIENTS_DIE(channels, .ports = 2, .requests = ACTIVE, .responses = 2, .reads = HOLDS)

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
	TEST_F_TIMEOUT(crash, server_##scene_name, 7200)		\
	{								\
		static const struct scene scene = {			\
			.name = "server_" #scene_name, __VA_ARGS__	\
		};							\
									\
		kill_servers(_metadata, self, &scene);			\
	}

SERVERS_DIE(empty, .ports = 1, .requests = 1, .responses = 3)
SERVERS_DIE(partly, .ports = 1, .requests = 2, .responses = 2)
SERVERS_DIE(full, .ports = 1, .requests = ACTIVE, .withdrawn = 3, .responses = 5,
	    .reads = READS_LATE)
SERVERS_DIE(no_overflow, .ports = 1, .requests = ACTIVE, .responses = 5,
	    .flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW)
SERVERS_DIE(channels, .ports = 2, .requests = ACTIVE, .responses = 2)

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
