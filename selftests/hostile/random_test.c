// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile peer that does anything: packets of all types and lengths with descriptors of all
 * kinds, messages, returns and bells in any order, while a second thread of it writes the
 * shared words.  Half of what it says is in order, so that it gets further than the first
 * check, and most of the rest is only just not.
 *
 *	SEED=	of the sequence; it is printed, and gives the same sequence again
 *	STEPS=	how many
 *
 * The sequence depends on the seed alone; what the victim is doing at each step does not.
 * After a failure the last steps are printed.
 */
#include <pthread.h>

#include "walk.h"

SCENE_FIXTURE(random);

#define STEPS		100000
/* ---- The second thread ------------------------------------------------------------------ */

/* It writes words all the time, in bursts, so that some channels are left alone for long. */
static void *scribble(void *argument)
{
	uint64_t state = diary->seed ^ UINT64_C(0x5deece66d5deece6), at;
	struct walk *walk = argument;
	struct raw_end *end;
	int i;

	while (!__atomic_load_n(&walk->stop, __ATOMIC_RELAXED)) {
		raw_pause(MILLISECOND / 2);
		walk->writing = true;
		end = walk->shown;
		for (i = 0; end && i < 8; i++) {
			at = (draw(&state) >> 16) % (end->service->layout.size / 8);
			/* A slot or return that is there is bent, and not only what is empty. */
			__atomic_fetch_xor((uint64_t *)(void *)end->memory + at,
					   UINT64_C(1) << (draw(&state) >> 58), __ATOMIC_RELAXED);
		}
		walk->writing = false;
	}
	return NULL;
}

static void hide(struct walk *walk)
{
	walk->shown = NULL;
	while (walk->writing)
		sched_yield();
}

/* ---- The walk ------------------------------------------------------------------------------ */

typedef void deed(struct walk *walk);

/* As often as it stands here: those that end a channel are rare. */
static deed *const deeds[] = {
	send_good_segment, send_good_segment, send_good_segment, send_retire, send_retire,
	say_good, say_good, say_good, say_good, say_good, say_good, say_good, say_good,
	give_back, give_back, give_back, give_back,
};
static deed *const bad_deeds[] = {
	send_bad_segment, send_any, send_any, send_fds, say_anything, say_anything,
	write_word, punch, send_letter,
};

static bool meet(struct scene *scene, const struct raw_service *service, struct walk *walk)
{
	if (walk->end.memory && !raw_hung_up(&walk->end))
		return true;
	hide(walk);
	if (walk->end.memory)
		raw_leave(&walk->end);
	walk->last_segment = 0;
	if (raw_meet(&walk->end, service, scene->as_server) < 0) {
		walk->end = (struct raw_end){ .fd = -1, .memory_fd = -1, .load_fd = -1 };
		return false;
	}
	note("new channel", ++diary->channels, 0);
	/* Every second channel is left to the packets alone. */
	if (diary->channels % 2)
		walk->shown = &walk->end;
	return true;
}

static void take_step(struct walk *walk)
{
	if (below(walk, 16) == 0)
		bad_deeds[below(walk, ARRAY_SIZE(bad_deeds))](walk);
	else
		deeds[below(walk, ARRAY_SIZE(deeds))](walk);
	if (below(walk, 8) == 0)
		raw_bell(&walk->end);
	if (below(walk, 32) == 0)
		listen_to_victim(walk);
	if (below(walk, 256) == 0)
		raw_pause((int64_t)below(walk, 1000) * 1000);
	if (below(walk, 4096) == 0)
		raw_goodbye(&walk->end);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static long wander(struct scene *scene, const struct raw_service *service)
{
	uint64_t steps = from_environment("STEPS", in_full() ? STEPS : STEPS / 4);
	struct walk walk = { .random = diary->seed, .end = { .fd = -1 } };
	int64_t until = now() + (getenv("STEPS") ? INT64_MAX / 2 : 30 * SECOND);
	pthread_t second;

	make_files(&walk, scene->root.path);
	if (pthread_create(&second, NULL, scribble, &walk))
		return -EAGAIN;
	while (diary->steps < steps && now() < until) {
		if (meet(scene, service, &walk))
			take_step(&walk);
		diary->steps++;
	}
	hide(&walk);
	walk.stop = true;
	pthread_join(second, NULL);
	raw_leave(&walk.end);
	return (long)diary->steps;
}

static void tell_last(struct __test_metadata *_metadata)
{
	uint64_t i = diary->steps < LAST ? 0 : diary->steps - LAST + 1;

	for (; i <= diary->steps; i++)
		TH_LOG("step %llu: %s %llu %llu", (unsigned long long)i,
		       diary->last[i % LAST].what ? diary->last[i % LAST].what : "nothing",
		       (unsigned long long)diary->last[i % LAST].a,
		       (unsigned long long)diary->last[i % LAST].b);
}

/* It is killed if its victim has died, which it would go on to wait for. */
static void await_walk(struct scene *scene)
{
	while (is_alive(scene->peer) && is_alive(scene_victim(scene)) && !scene->stage->failures)
		raw_pause(20 * MILLISECOND);
}

/*
 * A peer that has broken the protocol is made to wait; the walk breaks it at nearly each
 * channel, and is to see many.  So the victim does without these pauses here.
 */
bool __wrap_server_keeps_waiting(void *server, void *channel);
void __wrap_client_grow_wary(void *client);

bool __wrap_server_keeps_waiting(void *server, void *channel)
{
	(void)server, (void)channel;
	return false;
}

void __wrap_client_grow_wary(void *client)
{
	(void)client;
}

TEST_F_TIMEOUT(random, walk, 86400)
{
	char fifo[128];

	diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)diary);
	diary->seed = from_environment("SEED", (uint64_t)now() | 1);
	TH_LOG("SEED=%llu", (unsigned long long)diary->seed);
	self->scene.await = await_walk;
	self->scene.more_mappings = 2;
	scene_play(_metadata, &self->scene, wander);
	TH_LOG("%llu steps through %llu channels", (unsigned long long)diary->steps,
	       (unsigned long long)diary->channels);
	if (_metadata->exit_code != KSFT_PASS)
		tell_last(_metadata);
	munmap(diary, sizeof(*diary));
	snprintf(fifo, sizeof(fifo), "%s/fifo", self->scene.root.path);
	unlink(fifo);
}

TEST_HARNESS_MAIN
