/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One death: a victim runs in a process of its own and kills itself at a point, the survivor
 * (survivor.h) does its part meanwhile, and what is left of it afterwards is judged.
 *
 * Victims are children of the mother, an end (end.h) that was forked before the survivor opened
 * anything.
 */
#ifndef SELFTESTS_HARD_DEATH_H
#define SELFTESTS_HARD_DEATH_H

#include "survivor.h"

#include "belongings.h"
#include "table.h"

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

#define STOPPED_FOR	(3 * MILLISECOND)

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
	if (pid < 0 || waitpid(pid, &status, WUNTRACED) != pid)
		return -errno;
	if (WIFSTOPPED(status)) {
		nanosleep(&(struct timespec){ .tv_nsec = STOPPED_FOR }, NULL);
		kill(pid, SIGCONT);
		if (waitpid(pid, &status, 0) != pid)
			return -errno;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return 1;
	return status ? -EPROTO : 0;
}

static void start_victim(FIXTURE_DATA(crash) *self, const struct scene *scene, uint64_t point)
{
	*victim = (struct victim){ .at = point, .stops = scene->stops };
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

/*
 * How often one process may come.  The kernel closes the connections of a dead server before
 * its listening socket: a client that is told to look in between finds it once more.
 */
static long most_comings(const struct survivor *survivor)
{
	return survivor->scene->ports * (survivor->bystander && victim->died ? 2 : 1);
}

/* The survivor does its part until the victim has ended and nothing is left.  As run_victim(). */
static long outlive(FIXTURE_DATA(crash) *self)
{
	struct survivor *survivor = &self->survivor;
	bool serves = survivor->bystander == NULL;
	long client, exchanges, result, came = survivor->came;
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
	if (survivor->came - came > most_comings(survivor))
		survivor_wrong(survivor, "one peer came so often", survivor->came - came);
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
		survivor->clients[i] = sluice_client_create(survivor->side.service, &four_active);
		ASSERT_NE(NULL, survivor->clients[i]) TH_LOG("%s", sluice_strerror());
	}
	ASSERT_TRUE(TURN_UNTIL(all_are_connected(survivor, 1) &&
			       survivor->came == survivor->scene->ports));
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
		EXPECT_EQ(0u, pool_out(&client->pool)) TH_LOG("%s", crash_place());
		sluice_client_destroy(client);
		survivor->clients[i] = NULL;
	}
	survivor->came = survivor->went = 0;
}

static struct belongings count_all(FIXTURE_DATA(crash) *self)
{
	struct belongings all = count_belongings(&self->root);

	all.blocks -= inject_blocks() ? accounts_kept(&self->survivor) : 0;
	return all;
}

static bool is_as_before(FIXTURE_DATA(crash) *self)
{
	struct belongings after = count_all(self);

	return after.fds == self->before.fds && after.mappings == self->before.mappings &&
	       after.entries == self->before.entries && after.blocks == self->before.blocks &&
	       after.watches == self->before.watches;
}

static void judge_as_before(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self)
{
	struct belongings after;

	if (TURN_UNTIL(is_as_before(self)))
		return;
	after = count_all(self);
	EXPECT_EQ(self->before.fds, after.fds) TH_LOG("descriptors, %s", crash_place());
	EXPECT_EQ(self->before.mappings, after.mappings) TH_LOG("mappings, %s", crash_place());
	EXPECT_EQ(self->before.blocks, after.blocks) TH_LOG("blocks of memory, %s", crash_place());
	EXPECT_EQ(self->before.entries, after.entries) TH_LOG("files, %s", crash_place());
	EXPECT_EQ(self->before.watches, after.watches) TH_LOG("inotify, %s", crash_place());
	if (self->before.entries != after.entries)
		tree_walk(self->root.path, true);
}

/* A victim dies or stops at the point, and a successor comes.  Whether there is such a point. */
static bool try_point(struct __test_metadata *_metadata, FIXTURE_DATA(crash) *self,
		      const struct scene *scene, uint64_t point)
{
	struct scene next = *scene;
	bool is_client = self->survivor.bystander == NULL;
	struct victim last;
	bool there;
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
	there = last.at && last.at <= last.seen;
	EXPECT_EQ(there && !scene->stops, result) TH_LOG("point %llu of %llu",
		(unsigned long long)last.at, (unsigned long long)last.seen);
	if (!is_client)
		end_clients(_metadata, self);
	return there;
}

#endif /* SELFTESTS_HARD_DEATH_H */
