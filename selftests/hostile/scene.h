/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scene of an attack: a server and a client that use sluice.h, both honest, and a hostile
 * peer (peer.h) beside them, each in a process of its own.  The peer attacks the server, as a
 * further client; or the client, as a further server.
 *
 * The client asks and is answered from the beginning to the end, and nothing of that may
 * fail.  How long it takes is measured while nothing else happens, beside a process that is
 * as busy as an attacker but has nothing to do with them, and during the attack.  The work
 * is the same in all three: the same payloads, from a client that is made anew if they are
 * larger than its memory.
 *
 * The honest ones share a processor, and the peer has another one.  So the figures tell how
 * long the victim works for the peer while an honest one waits.  If the scheduler chooses,
 * they tell mostly what it has chosen: two processes on one processor answer each other in
 * 5 us, and on two in 45 us if the other one has to be woken (a virtual machine, Linux 6.18);
 * and a third process that wakes now and then, hostile or not, changes the choice.
 * SCENE_CPUS=any leaves it to the scheduler.
 *
 * Round trips are told and not judged, as machines are shared; but what takes LIMIT has hung.
 * Judged is what does not depend on other load: what the victim did for the peer (looks.h),
 * and what it has before the attack and after it (audit.h).
 */
#ifndef SELFTESTS_HOSTILE_SCENE_H
#define SELFTESTS_HOSTILE_SCENE_H

#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "judge.h"
#include "peer.h"

#define SIZE		64		/* of payloads */

struct scene;
typedef long attack(struct scene *scene, const struct raw_service *service);

struct scene {
	struct root root;
	bool as_server;			/* the peer is one; else it is a client */
	attack *attack;			/* of the peer; how often it did what it does, -errno */
	int64_t attack_time;
	void (*await)(struct scene *scene);	/* instead: until the attack is over */
	rlim_t descriptors;		/* limit of the victim, 0: none */
	uint64_t size;			/* of payloads in the three phases, 0: SIZE */
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
	prctl(PR_SET_NAME, is_server ? "honest-server" : "honest-client");
	if (take_cpu(false) < 0)
		stage_failed(scene->stage, "take a processor");
	if (is_victim && scene->descriptors && setrlimit(RLIMIT_NOFILE, &limit))
		stage_failed(scene->stage, "limit");
	looks = is_victim ? &scene->stage->looks : NULL;
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
	prctl(PR_SET_NAME, "hostile-peer");
	if (take_cpu(true) < 0)
		stage_failed(scene->stage, "take a processor");
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

#define ROUNDS	10

/* A quiet or busy phase: for a while, and until some round trips were made. */
helper void play_phase(struct scene *scene, enum phase phase)
{
	const uint64_t *count = &scene->stage->figures[phase].count;
	int64_t until = now() + LONG;

	scene_watch(scene, 300 * MILLISECOND);
	while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < ROUNDS && now() < until &&
	       is_alive(scene_victim(scene)))
		scene_watch(scene, 20 * MILLISECOND);
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
	do {
		deeds += send(pair[0], "", 1, 0) == 1 && recv(pair[1], &byte, 1, 0) == 1;
	} while (!stage_has(&scene->stage->attack_ends));
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
	pid_t pid = fork();

	EXPECT_LE(0, pid);
	if (!pid)
		be_honest(scene, is_server);
	return pid;
}

/* A client that has not grown yet. */
helper void make_pair(struct __test_metadata *_metadata, struct scene *scene)
{
	struct stage *stage = scene->stage;
	int pair = stage->pair + 1;

	scene_phase(scene, SETTLING);
	scene_size(scene, SIZE);
	__atomic_store_n(&stage->pair, pair, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(EVENTUALLY(__atomic_load_n(&stage->pair_ready, __ATOMIC_SEQ_CST) == pair));
	raw_pause(300 * MILLISECOND);
}

helper void begin_phase(struct __test_metadata *_metadata, struct scene *scene, enum phase phase)
{
	if (scene->size && phase != QUIET)
		make_pair(_metadata, scene);
	scene_phase(scene, phase);
	if (scene->size)
		scene_size(scene, scene->size);
}

helper void play_attack(struct __test_metadata *_metadata, struct scene *scene, attack *what)
{
	struct looks *seen = &scene->stage->looks;

	begin_phase(_metadata, scene, ATTACK);
	memset(seen, 0, sizeof(*seen));
	seen->since = now();
	send_peer(_metadata, scene, what);
	seen->peer = scene->peer;
	if (scene->await)
		scene->await(scene);
	else
		scene_watch(scene, scene->attack_time);
	await_peer(_metadata, scene, "the attack");
	__atomic_store_n(&seen->until, now(), __ATOMIC_SEQ_CST);
}

helper void scene_tell(struct __test_metadata *_metadata, struct scene *scene)
{
	struct stage *stage = scene->stage;

	TH_LOG("%ld deeds of a hostile %s, note %ld", stage->deeds,
	       scene->as_server ? "server" : "client", stage->note);
	tell_rounds(_metadata, stage->figures, scene->as_server);
	looks_tell(_metadata, &stage->looks);
	tell_audits(_metadata, &scene->before, &scene->most, &scene->after);
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
	EXPECT_TRUE(EVENTUALLY(stage_has(&stage->server_ready)));
	scene->client = raise_honest(_metadata, scene, false);
	send_peer(_metadata, scene, visit);
	await_peer(_metadata, scene, "the visit");
	make_pair(_metadata, scene);
	scene->before = audit(scene_victim(scene));
	begin_phase(_metadata, scene, QUIET);
	play_phase(scene, QUIET);
	begin_phase(_metadata, scene, BUSY);
	send_peer(_metadata, scene, keep_busy);
	play_phase(scene, BUSY);
	await_peer(_metadata, scene, "the control");
	play_attack(_metadata, scene, what);
	scene_phase(scene, AFTER);
	/* The victim must also give back what payloads of another size needed. */
	scene_size(scene, SIZE);
	play_phase(scene, AFTER);
	scene->after = judge_audit(_metadata, scene_victim(scene), &scene->before,
				   scene->more_mappings);
	stage_set(&stage->client_ends);
	end_honest(_metadata, &scene->client, "client");
	stage_set(&stage->server_ends);
	end_honest(_metadata, &scene->server, "server");
	judge_honest(_metadata, stage);
	looks_judge(_metadata, &stage->looks);
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
