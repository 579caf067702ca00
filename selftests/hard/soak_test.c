// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients and servers that come and go at random, exchange messages of random lengths, and are
 * killed, stopped and resumed at random.  Then nothing more is done to them, and each must make
 * progress; and at the end nothing is left.
 *
 *	SOAK_SECONDS=	of the storm (1)
 *	SEED=		of what is done to whom; it is printed
 *
 * The seed gives the same deeds again, though not at the same moments.  make soak runs this for
 * SECONDS=, beside a tracer that comes and goes where processes can be traced.
 */
#include <sys/wait.h>

#include "steps.h"
#include "table.h"

#define SERVERS		2
#define ENDS		6		/* the others are clients */
#define PROGRESS	10		/* exchanges of each in the calm */

/* One end, whichever process it is; shared memory. */
struct soak_end {
	uint64_t lives, exchanges, failures;
	int64_t since;			/* the last exchange */
	char wrong[120];		/* the first thing that must not be */
};

struct soak {
	struct soak_end ends[ENDS];
	bool over;
};

FIXTURE(soak) {
	struct root root;
	struct soak *soak;
	pid_t pids[ENDS];
	bool stopped[ENDS];
	unsigned long kills, stops;
	unsigned int random;
};

FIXTURE_SETUP(soak)
{
	root_make(_metadata, &self->root);
	self->soak = mmap(NULL, sizeof(*self->soak), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->soak);
}

FIXTURE_TEARDOWN(soak)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (self->pids[i] > 0) {
			kill(self->pids[i], SIGKILL);
			waitpid(self->pids[i], NULL, 0);
		}
	munmap(self->soak, sizeof(*self->soak));
	TEARDOWN_CHECKS(&self->root);
}

/* ---- An end ------------------------------------------------------------------------------ */

static struct soak_end *own;

static bool is_over(const struct soak *soak)
{
	return __atomic_load_n(&soak->over, __ATOMIC_RELAXED);
}

static void note_wrong(const char *what, long value)
{
	if (!own->wrong[0])
		snprintf(own->wrong, sizeof(own->wrong), "%s: %ld (%s)", what, value,
			 sluice_strerror());
}

/* What may happen to who does nothing wrong, while others die. */
static bool may_happen(long r)
{
	return r == -ETIMEDOUT || r == -EAGAIN || r == -EPIPE || r == -ECONNRESET ||
	       r == -ENOTCONN || r == -ENOBUFS || r == -EINTR || r == -ECONNABORTED ||
	       r == -EUSERS;
}

static void note_exchange(void)
{
	own->exchanges++;
	own->since = now();
}

static bool went_well(const char *what, long r)
{
	if (r >= 0)
		return true;
	own->failures++;
	if (!may_happen(r))
		note_wrong(what, r);
	return false;
}

/* Of any length up to 256 KiB, and more often a short one. */
static long draw_length(unsigned int *random)
{
	return 1 + rand_r(random) % (1 << (rand_r(random) % 19));
}

static bool soak_ask(struct side *side, unsigned int *random)
{
	long size = draw_length(random), r, heard = 0;

	if (!went_well("a request", r = ask_blob(side, 0, size)))
		return false;
	while (r > 0 && (r = hear_blob(side, 0, 50 * MILLISECOND)) > 0) {
		if (r != size)
			note_wrong("a response of another length", r);
		heard++;
	}
	if (heard)
		note_exchange();
	if (r < 0 && r != -EPIPE)
		went_well("a response", r);
	return went_well("a release", cancel(side, 0, 0));
}

static bool soak_serve(struct side *side, unsigned int *random)
{
	long size = take_blob(side, 0, 20 * MILLISECOND), r;

	if (size == -ETIMEDOUT)
		return true;
	if (!went_well("a request that came", size))
		return false;
	r = answer_blob(side, 0, size);
	if (!r && rand_r(random) % 4 == 0)
		r = answer_blob(side, 0, size);
	if (went_well("a reply", r))
		note_exchange();
	return went_well("the release of a request", done(side, 0, 0));
}

/* One life of its ports after another; the process may be killed in each. */
static void soak_live(struct soak *soak, int which, unsigned int random)
{
	struct side side = { .wait = SLUICE_WAIT_AUTO };
	bool serves = which < SERVERS;
	long exchanges, r;

	own = &soak->ends[which];
	while (!is_over(soak)) {
		own->lives++;
		exchanges = rand_r(&random) % 200;
		r = serves ? join_server(&side, PTR(&blobs), 0) :
			     join_client(&side, PTR(&blobs), 0);
		if (went_well("a port", r) && !serves)
			wait_servers(&side, 1, 100 * MILLISECOND);
		while (r >= 0 && exchanges-- && !is_over(soak))
			if (!(serves ? soak_serve(&side, &random) : soak_ask(&side, &random)))
				break;
		leave(&side, 0, 0);
	}
	_exit(0);
}

/* ---- The storm ------------------------------------------------------------------------- */

static void soak_start(struct __test_metadata *_metadata, FIXTURE_DATA(soak) *self, int which)
{
	unsigned int random = (unsigned int)rand_r(&self->random);

	self->pids[which] = fork();
	ASSERT_LE(0, self->pids[which]);
	if (!self->pids[which]) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		soak_live(self->soak, which, random);
	}
}

static void soak_kill(struct __test_metadata *_metadata, FIXTURE_DATA(soak) *self, int which)
{
	int status;

	ASSERT_EQ(0, kill(self->pids[which], SIGKILL));
	ASSERT_EQ(self->pids[which], waitpid(self->pids[which], &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		TH_LOG("end %d had ended with status %#x", which, status);
	self->stopped[which] = false;
	self->kills++;
	soak_start(_metadata, self, which);
}

/* One is killed, or stopped, or goes on; most of them run. */
static void soak_deed(struct __test_metadata *_metadata, FIXTURE_DATA(soak) *self)
{
	int which = rand_r(&self->random) % ENDS;

	if (self->stopped[which]) {
		ASSERT_EQ(0, kill(self->pids[which], SIGCONT));
		self->stopped[which] = false;
	} else if (rand_r(&self->random) % 3 == 0) {
		ASSERT_EQ(0, kill(self->pids[which], SIGSTOP));
		self->stopped[which] = true;
		self->stops++;
	} else {
		soak_kill(_metadata, self, which);
	}
}

static void judge_wrong(struct __test_metadata *_metadata, const struct soak *soak)
{
	int i;

	for (i = 0; i < ENDS; i++)
		EXPECT_STREQ("", soak->ends[i].wrong) {
			TH_LOG("%s %d", i < SERVERS ? "server" : "client", i);
		}
}

static bool all_make_progress(const struct soak *soak, const uint64_t *before)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (soak->ends[i].exchanges < before[i] + PROGRESS)
			return false;
	return true;
}

/* Nothing more is done to anybody: each end exchanges messages. */
static int64_t calm_down(struct __test_metadata *_metadata, FIXTURE_DATA(soak) *self)
{
	uint64_t before[ENDS];
	int64_t begun = now();
	int i;

	for (i = 0; i < ENDS; i++) {
		kill(self->pids[i], SIGCONT);
		before[i] = self->soak->ends[i].exchanges;
	}
	EXPECT_TRUE(EVENTUALLY(all_make_progress(self->soak, before))) {
		for (i = 0; i < ENDS; i++)
			TH_LOG("end %d made %lu exchanges", i,
			       (unsigned long)(self->soak->ends[i].exchanges - before[i]));
	}
	return now() - begun;
}

static void end_all(struct __test_metadata *_metadata, FIXTURE_DATA(soak) *self)
{
	int i, status;

	__atomic_store_n(&self->soak->over, true, __ATOMIC_RELAXED);
	for (i = 0; i < ENDS; i++) {
		ASSERT_EQ(self->pids[i], waitpid(self->pids[i], &status, 0));
		EXPECT_EQ(0, status) TH_LOG("end %d", i);
		self->pids[i] = 0;
	}
}

TEST_F_TIMEOUT(soak, storm_and_calm, 604800)
{
	unsigned long seed = number_from("SEED", (unsigned long)now() % 1000000);
	int64_t end = now() + (int64_t)number_from("SOAK_SECONDS", 1) * SECOND, calm;
	uint64_t exchanges = 0, lives = 0;
	int i;

	TH_LOG("SEED=%lu", seed);
	self->random = (unsigned int)seed;
	for (i = 0; i < ENDS; i++)
		soak_start(_metadata, self, i);
	while (now() < end && _metadata->exit_code == KSFT_PASS) {
		nanosleep(&(struct timespec){ .tv_nsec = rand_r(&self->random) % 20000000 }, NULL);
		soak_deed(_metadata, self);
		judge_wrong(_metadata, self->soak);
	}
	calm = calm_down(_metadata, self);
	end_all(_metadata, self);
	judge_wrong(_metadata, self->soak);
	sweep(_metadata);
	for (i = 0; i < ENDS; i++) {
		exchanges += self->soak->ends[i].exchanges;
		lives += self->soak->ends[i].lives;
	}
	tell_table("soak, seed %lu: %lu kills, %lu stops, %llu lives, %llu exchanges at both ends; in the calm all made progress within %.0f ms",
		   seed, self->kills, self->stops, (unsigned long long)lives,
		   (unsigned long long)exchanges, (double)calm / MILLISECOND);
}

TEST_HARNESS_MAIN
