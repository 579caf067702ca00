/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scene of an attack: a server and a client that use sluice.h, both honest, and a hostile
 * peer (peer.h) beside them, each in a process of its own.  The peer attacks the server, as a
 * further client; or the client, as a further server.
 *
 * The client asks and is answered from the beginning to the end, and nothing of that may
 * fail.  How long it takes is measured while nothing else happens, beside a process that is
 * as busy as an attacker but has nothing to do with them, and during the attack.  On two CPUs
 * a third process costs the honest ones time, whatever it does; so the second figure is what
 * the third compares with.  All of it is told and not judged, as machines are shared; but
 * what takes LIMIT has hung.  The auditor
 * (audit.h) looks at the victim before the attack and after it.
 */
#ifndef SELFTESTS_HOSTILE_SCENE_H
#define SELFTESTS_HOSTILE_SCENE_H

#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "audit.h"
#include "honest.h"
#include "peer.h"

#define SIZE		64		/* of payloads */

/* Memory that comes and goes with an allocator, and is not the attack's. */
#define SHARED_MARGIN	(8 * 1024)	/* KiB */
#define RESIDENT_MARGIN	(32 * 1024)	/* KiB; not with a sanitizer, which keeps what was freed */

struct scene;
typedef long attack(struct scene *scene, const struct raw_service *service);

struct scene {
	struct root root;
	bool as_server;			/* the peer is one; else it is a client */
	attack *attack;			/* of the peer; how often it did what it does, -errno */
	int64_t attack_time;
	void (*await)(struct scene *scene);	/* instead: until the attack is over */
	rlim_t descriptors;		/* limit of the victim, 0: none */
	uint64_t size_under_attack;	/* of payloads, 0: SIZE */
	int more_mappings;		/* that the victim may have afterwards */
	const struct sluice_service_opts *opts;
	struct stage *stage;
	pid_t server, client, peer;
	struct audit before, most, after;
};

/* ---- The processes ------------------------------------------------------------------ */

/*
 * Becomes a user that nobody else is, if this is root.  The kernel counts descriptors in
 * flight for each user, and has no limit for root; so others that run at the same time
 * would have a say in what the victim can send.
 */
helper int be_a_user_of_its_own(const struct scene *scene)
{
	uid_t user = 100000 + (uid_t)getpid();

	if (geteuid())
		return 0;
	if (chown(scene->root.path, user, user) || setgroups(0, NULL) ||
	    setresgid(user, user, user) || setresuid(user, user, user))
		return -errno;
	/* It may be looked at, and looks at itself. */
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

helper void be_honest(struct scene *scene, bool is_server)
{
	bool is_victim = is_server != scene->as_server;
	struct rlimit limit = { scene->descriptors, scene->descriptors };
	struct sluice_service *service;
	struct sluice_node *node;
	int fds = count_fds();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (is_victim && scene->descriptors && setrlimit(RLIMIT_NOFILE, &limit))
		stage_failed(scene->stage, "limit");
	node = sluice_node_create("honest", NULL);
	service = sluice_service_open(node, &echo, scene->opts);
	if (!service)
		stage_failed(scene->stage, "open");
	if (service && is_server)
		be_server(scene->stage, service);
	else if (service)
		be_client(scene->stage, service);
	sluice_service_close(service);
	sluice_node_destroy(node);
	_exit(count_fds() != fds ? 3 : count_leaks() ? 4 : 0);
}

helper void be_peer(struct scene *scene)
{
	struct raw_service service;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = raw_service_find(&service, scene->root.path, echo.name);
	scene->stage->deeds = r < 0 ? r : scene->attack(scene, &service);
	_exit(0);
}

/* ---- The play -------------------------------------------------------------------- */

helper void scene_make(struct __test_metadata *_metadata, struct scene *scene)
{
	root_make(_metadata, &scene->root);
	scene->stage = mmap(NULL, sizeof(*scene->stage), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)scene->stage);
	scene->stage->size = SIZE;
	scene->attack_time = in_full() ? SECOND : SECOND / 2;
}

helper void scene_drop(struct __test_metadata *_metadata, struct scene *scene)
{
	pid_t pids[] = { scene->peer, scene->client, scene->server };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	munmap(scene->stage, sizeof(*scene->stage));
	TEARDOWN_CHECKS(&scene->root);
}

helper pid_t scene_victim(const struct scene *scene)
{
	return scene->as_server ? scene->client : scene->server;
}

helper bool is_alive(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid;
}

/* Lets a phase last so long, and be looked at all the while; until the victim dies. */
helper void scene_watch(struct scene *scene, int64_t time)
{
	int64_t until = now() + time;
	struct audit seen;

	while (now() < until && is_alive(scene_victim(scene))) {
		seen = audit(scene_victim(scene));
		if (seen.fds > scene->most.fds)
			scene->most.fds = seen.fds;
		if (seen.mappings > scene->most.mappings)
			scene->most.mappings = seen.mappings;
		if (seen.shared > scene->most.shared)
			scene->most.shared = seen.shared;
		raw_pause(10 * MILLISECOND);
	}
}

helper void scene_phase(struct scene *scene, enum phase phase)
{
	__atomic_store_n(&scene->stage->phase, (int)phase, __ATOMIC_SEQ_CST);
}

helper void scene_size(struct scene *scene, uint64_t size)
{
	__atomic_store_n(&scene->stage->size, size, __ATOMIC_SEQ_CST);
}

/* A peer that keeps the protocol comes and goes, so that the victim has made all it makes once. */
helper long visit(struct scene *scene, const struct raw_service *service)
{
	struct raw_end end;
	int r = raw_meet(&end, service, scene->as_server);

	if (r >= 0) {
		raw_goodbye(&end);
		raw_leave(&end);
	}
	return r < 0 ? r : 1;
}

/* The control: as many system calls as it can make, at a socket of its own. */
helper long keep_busy(struct scene *scene, const struct raw_service *service)
{
	long deeds = 0;
	int pair[2];
	char byte;

	(void)service;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return -errno;
	while (!stage_has(&scene->stage->attack_ends))
		deeds += send(pair[0], "", 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 1;
	close(pair[0]);
	close(pair[1]);
	return deeds;
}

helper void send_peer(struct __test_metadata *_metadata, struct scene *scene, attack *what)
{
	attack *kept = scene->attack;

	scene->stage->deeds = 0;
	scene->stage->attack_ends = false;
	scene->attack = what;
	scene->peer = fork();
	ASSERT_LE(0, scene->peer);
	if (!scene->peer)
		be_peer(scene);
	scene->attack = kept;
}

/* The peer ends by itself, when it is told. */
helper void await_peer(struct __test_metadata *_metadata, struct scene *scene, const char *what)
{
	int status = 0;

	stage_set(&scene->stage->attack_ends);
	EXPECT_EQ(scene->peer, waitpid(scene->peer, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the peer itself ended with status 0x%x", status);
	scene->peer = 0;
	EXPECT_LT(0, scene->stage->deeds)
		TH_LOG("%s did not happen: %s", what, strerror((int)-scene->stage->deeds));
}

helper pid_t raise_honest(struct __test_metadata *_metadata, struct scene *scene, bool is_server)
{
	const bool *ready = is_server ? &scene->stage->server_ready : &scene->stage->client_ready;
	pid_t pid = fork();

	EXPECT_LE(0, pid);
	if (!pid)
		be_honest(scene, is_server);
	EXPECT_TRUE(EVENTUALLY(stage_has(ready)));
	return pid;
}

helper bool is_back(const struct audit *before, const struct audit *after, int more_mappings)
{
	return after->fds == before->fds && after->mappings >= before->mappings &&
	       after->mappings <= before->mappings + more_mappings &&
#if !defined(WITH_LEAK_CHECK) && !defined(WITH_THREAD_CHECK)
	       after->resident <= before->resident + RESIDENT_MARGIN &&
#endif
	       after->shared <= before->shared + SHARED_MARGIN;
}

helper int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

helper uint32_t median(struct figures *figures)
{
	size_t n = figures->count < SAMPLES ? figures->count : SAMPLES;

	qsort(figures->samples, n, sizeof(uint32_t), by_value);
	return n ? figures->samples[n / 2] : 0;
}

helper void scene_tell(struct __test_metadata *_metadata, struct scene *scene)
{
	static const char *const names[] = { "quiet", "beside a busy process", "under attack",
					     "afterwards" };
	struct figures *figures = scene->stage->figures;
	int phase;

	TH_LOG("%ld deeds of a hostile %s, note %ld", scene->stage->deeds,
	       scene->as_server ? "server" : "client", scene->stage->note);
	for (phase = 0; phase < PHASES; phase++)
		TH_LOG("round trips %s: %llu, median %u us, longest %u us", names[phase],
		       (unsigned long long)figures[phase].count, median(&figures[phase]),
		       figures[phase].longest);
	TH_LOG("descriptors %d, at most %d, %d afterwards; mappings %d, %d, %d; shared KiB %ld, %ld, %ld; resident KiB %ld, %ld afterwards",
	       scene->before.fds, scene->most.fds, scene->after.fds,
	       scene->before.mappings, scene->most.mappings, scene->after.mappings,
	       scene->before.shared, scene->most.shared, scene->after.shared,
	       scene->before.resident, scene->after.resident);
}

/* The victim may need a while to come down to what it had before. */
helper void judge_audit(struct __test_metadata *_metadata, struct scene *scene)
{
	pid_t victim = scene_victim(scene);
	int64_t until = now() + 2 * LONG;

	do {
		pause_briefly();
		scene->after = audit(victim);
	} while (!is_back(&scene->before, &scene->after, scene->more_mappings) && now() < until);
	EXPECT_TRUE(is_back(&scene->before, &scene->after, scene->more_mappings))
		TH_LOG("the victim does not have again what it had before");
}

helper void end_honest(struct __test_metadata *_metadata, pid_t *pid, const char *who)
{
	int status = 0;

	EXPECT_EQ(*pid, waitpid(*pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the %s ended with status 0x%x", who, status);
	*pid = 0;
}

helper void judge_honest(struct __test_metadata *_metadata, struct scene *scene)
{
	struct stage *stage = scene->stage;
	int phase;

	for (phase = 0; phase < PHASES; phase++) {
		EXPECT_LT(0, stage->figures[phase].count) TH_LOG("in phase %d", phase);
		EXPECT_GT(LIMIT / 1000, stage->figures[phase].longest) TH_LOG("in phase %d", phase);
	}
	EXPECT_EQ(0, stage->failures) TH_LOG("the first: %s", stage->failure);
}

/* All of it; what an attack has besides to be judged by, its test looks at afterwards. */
helper void scene_play(struct __test_metadata *_metadata, struct scene *scene,
		       attack *what)
{
	struct stage *stage = scene->stage;

	if (scene->descriptors) {
		ASSERT_EQ(0, be_a_user_of_its_own(scene));
	}
	scene->server = raise_honest(_metadata, scene, true);
	scene->client = raise_honest(_metadata, scene, false);
	send_peer(_metadata, scene, visit);
	await_peer(_metadata, scene, "the visit");
	raw_pause(300 * MILLISECOND);
	scene->before = audit(scene_victim(scene));
	memset(&stage->figures[QUIET], 0, sizeof(stage->figures[QUIET]));
	scene_watch(scene, 300 * MILLISECOND);
	scene_phase(scene, BUSY);
	send_peer(_metadata, scene, keep_busy);
	scene_watch(scene, 300 * MILLISECOND);
	await_peer(_metadata, scene, "the control");
	scene_phase(scene, ATTACK);
	if (scene->size_under_attack)
		scene_size(scene, scene->size_under_attack);
	send_peer(_metadata, scene, what);
	if (scene->await)
		scene->await(scene);
	else
		scene_watch(scene, scene->attack_time);
	await_peer(_metadata, scene, "the attack");
	scene_phase(scene, AFTER);
	/* The victim must also give back what payloads of another size needed. */
	scene_size(scene, SIZE);
	raw_pause(300 * MILLISECOND);
	judge_audit(_metadata, scene);
	stage_set(&stage->client_ends);
	end_honest(_metadata, &scene->client, "client");
	stage_set(&stage->server_ends);
	end_honest(_metadata, &scene->server, "server");
	judge_honest(_metadata, scene);
	scene_tell(_metadata, scene);
}

helper bool attack_goes_on(const struct scene *scene)
{
	return !stage_has(&scene->stage->attack_ends);
}

/* A peer that is thrown out comes again. */
helper bool have_end(struct scene *scene, const struct raw_service *service, struct raw_end *end)
{
	if (end->memory && !raw_hung_up(end))
		return true;
	if (end->memory)
		raw_leave(end);
	return raw_meet(end, service, scene->as_server) >= 0;
}

/* A fixture whose tests run with a client that attacks a server, and the other way round. */
#define SCENE_FIXTURE(name)							\
	FIXTURE(name) {								\
		struct scene scene;						\
	};									\
										\
	FIXTURE_VARIANT(name) { bool as_server; };				\
	FIXTURE_VARIANT_ADD(name, client) { .as_server = false };		\
	FIXTURE_VARIANT_ADD(name, server) { .as_server = true };		\
										\
	FIXTURE_SETUP(name)							\
	{									\
		scene_make(_metadata, &self->scene);				\
		self->scene.as_server = variant->as_server;			\
	}									\
										\
	FIXTURE_TEARDOWN(name)							\
	{									\
		scene_drop(_metadata, &self->scene);				\
	}									\
	struct name##_needs_a_semicolon

#endif /* SELFTESTS_HOSTILE_SCENE_H */
