// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slot of a dead client or server can be claimed at once, whether the process was
 * reaped or not, and even if a child that was made behind the library's back holds its
 * lock.  One gets it and keeps it; nobody gets that of somebody who lives, or may live.
 */
#include <sched.h>

#include "steps.h"
#include "victims.h"

PROCESSES_FIXTURE(slots);

/* ---- The slots of the dead ---------------------------------------------------- */

#define ZOMBIES	200

static long serve_and_come(struct side *side)
{
	long result = open_server(side, 0, 0);

	say(result < 0 ? result : open_client(side, 0, 0));
	return 0;
}

/* Both kinds of port, which see each other, and an exchange between them. */
static void use_slots(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(0, open_client(side, 0, 0)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, open_server(side, 0, 0)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	ASSERT_EQ(1, ask(side, 0, 5)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(5, take(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, answer_and_done(side, 0, 6));
	ASSERT_EQ(6, hear(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, hear_end(side, 0, LONG));
	close_client(side, 0, 0);
	close_server(side, 0, 0);
}

/* No process opens a service, and so none sweeps, between the death and the claim. */
TEST_F_TIMEOUT(slots, frees_the_slots_of_zombies, 120)
{
	struct end *killer = &self->end[0];
	long i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&one_of_each)));
	end_start(_metadata, killer, IN_PROCESS);
	for (i = 0; i < ZOMBIES; i++) {
		ASSERT_EQ(0, at(killer, raise_victim, PTR(serve_and_come), 0));
		EXPECT_EQ(-EUSERS, open_client(&self->side, 0, 0));
		EXPECT_EQ(-EUSERS, open_server(&self->side, 0, 0));
		ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
		use_slots(_metadata, &self->side);
	}
	ASSERT_EQ(ZOMBIES, at(killer, reap_victims, 0, 0));
	sweep(_metadata);
}

/* ---- Slots of the dead whose child holds the lock ------------------------------ */

/* Only raw system calls: the child has the memory of a process that may be dead. */
static int outlive(void *unused)
{
	const struct timespec minute = { .tv_sec = 60 };

	(void)unused;
	syscall(SYS_nanosleep, &minute, NULL);
	syscall(SYS_exit, 0);
	return 0;
}

/* A child that libc does not know of, and that has all descriptors and mappings; its pid. */
static long clone_child(void)
{
	static _Alignas(16) char stack[64 * 1024];
	int pid = clone(outlive, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

	return pid < 0 ? -errno : pid;
}

static long serve_and_come_with_child(struct side *side)
{
	long result = open_server(side, 0, 0);

	if (result >= 0)
		result = open_client(side, 0, 0);
	say(result < 0 ? result : clone_child());
	return 0;
}

/* The killer has to be told to be the parent of its victims' orphans. */
static long adopt_orphans(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return prctl(PR_SET_CHILD_SUBREAPER, 1) ? -errno : 0;
}

static long end_orphan(struct side *side, long pid, long unused)
{
	(void)side, (void)unused;
	if (kill((pid_t)pid, SIGKILL))
		return -errno;
	return waitpid((pid_t)pid, NULL, 0) < 0 ? -errno : 0;
}

static bool can_open_pidfds(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

#define NEEDS_PIDFDS()							\
	do {								\
		if (!can_open_pidfds())					\
			SKIP(return, "there is no pidfd_open");		\
	} while (0)

/* A service with one slot of each kind, and a killer, which has the orphans of its victims. */
static void start_slots(struct __test_metadata *_metadata, struct side *side,
			struct end *killer)
{
	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&one_of_each)));
	end_start(_metadata, killer, IN_PROCESS);
	ASSERT_EQ(0, at(killer, adopt_orphans, 0, 0));
}

static void take_over(struct __test_metadata *_metadata, struct side *side,
		      struct end *killer, bool reap)
{
	long child;

	child = at(killer, raise_victim, PTR(serve_and_come_with_child), 0);
	ASSERT_LT(0, child);
	EXPECT_EQ(-EUSERS, open_client(side, 0, 0));
	EXPECT_EQ(-EUSERS, open_server(side, 0, 0));
	ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
	if (reap) {
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	}
	use_slots(_metadata, side);
	use_slots(_metadata, side);
	ASSERT_EQ(0, at(killer, end_orphan, child, 0));
	if (!reap) {
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	}
}

static long serve_with_child(struct side *side)
{
	long result = open_server(side, 0, 0);

	say(result < 0 ? result : clone_child());
	return 0;
}

/* Its socket listens on, in the child, but there is nobody to be counted. */
TEST_F(slots, do_not_count_a_listener_of_the_dead)
{
	struct end *killer = &self->end[0];
	long child;

	end_start(_metadata, killer, IN_PROCESS);
	ASSERT_EQ(0, at(killer, adopt_orphans, 0, 0));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	child = at(killer, raise_victim, PTR(serve_with_child), 0);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(-EAGAIN, wait_servers(&self->side, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->side, 1, 10 * MILLISECOND));
	EXPECT_EQ(0, ask(&self->side, 0, 5));
	EXPECT_EQ(-ENOTCONN, hear(&self->side, 0, LONG));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	ASSERT_EQ(0, at(killer, end_orphan, child, 0));
	ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	leave(&self->side, 0, 0);
	sweep(_metadata);
}

TEST_F_TIMEOUT(slots, frees_slots_that_a_child_holds, 120)
{
	struct end *killer = &self->end[0];
	long i;

	NEEDS_PIDFDS();
	start_slots(_metadata, &self->side, killer);
	for (i = 0; i < 20; i++) {
		take_over(_metadata, &self->side, killer, i % 2);
	}
	sweep(_metadata);
}

/* /proc calls a process a zombie whose first thread has ended. */
static void *stay(void *unused)
{
	(void)unused;
	say(clone_child());
	for (;;)
		pause();
	return NULL;
}

static long go_on_without_first_thread(struct side *side)
{
	long result = open_server(side, 0, 0);
	pthread_t thread;

	if (result >= 0)
		result = open_client(side, 0, 0);
	if (result >= 0)
		result = -pthread_create(&thread, NULL, stay, NULL);
	if (result < 0)
		say(result);
	syscall(SYS_exit, 0);
	return 0;
}

static long signal_victim(struct side *side, long signal, long unused)
{
	(void)side, (void)unused;
	return kill(victims[victim_count - 1], (int)signal) ? -errno : 0;
}

static void expect_full(struct __test_metadata *_metadata, struct side *side)
{
	int i;

	for (i = 0; i < 20; i++) {
		pause_briefly();
		EXPECT_EQ(-EUSERS, open_client(side, 0, 0));
		EXPECT_EQ(-EUSERS, open_server(side, 0, 0));
		sweep(_metadata);
	}
}

/* The living: stopped, with a child or without, or left by their first thread. */
TEST_F(slots, robs_nobody_of_a_slot)
{
	static deed *const deeds[] = {
		serve_and_come, serve_and_come_with_child, go_on_without_first_thread,
	};
	struct end *killer = &self->end[0];
	long child;
	size_t i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&one_of_each)));
	end_start(_metadata, killer, IN_PROCESS);
	ASSERT_EQ(0, at(killer, adopt_orphans, 0, 0));
	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		child = at(killer, raise_victim, PTR(deeds[i]), 0);
		ASSERT_LE(0, child);
		ASSERT_EQ(0, at(killer, signal_victim, i < 2 ? SIGSTOP : 0, 0));
		expect_full(_metadata, &self->side);
		ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
		if (child) {
			ASSERT_EQ(0, at(killer, end_orphan, child, 0));
		}
		use_slots(_metadata, &self->side);
	}
	sweep(_metadata);
}

/* ---- Who may claim them ---------------------------------------------------------- */

/* The result of a claim by a process in a pid namespace of its own. */
static long come_from_elsewhere(struct side *side)
{
	struct side stranger = { .node = NULL };
	long result;
	pid_t pid;

	(void)side;
	if (unshare(CLONE_NEWPID)) {
		say(-errno);
		return 0;
	}
	pid = fork();
	if (!pid) {
		open_service(&stranger, PTR(&calls), 0);
		result = open_client(&stranger, 0, 0);
		leave(&stranger, 0, 0);
		say(result);
		_exit(0);
	}
	return waitpid(pid, NULL, 0);
}

static long come_with_child(struct side *side)
{
	long result = open_client(side, 0, 0);

	say(result < 0 ? result : clone_child());
	return 0;
}

#define CLAIMERS	3

/*
 * Several claim the slot at once, while the lock may fall at any time: one has it, and
 * keeps it.
 */
static void race_for_slot(struct __test_metadata *_metadata, struct side *side,
			  struct end *killer, struct end *claimers, long when)
{
	long child, result;
	int i, won = 0;

	child = at(killer, raise_victim, PTR(come_with_child), 0);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
	for (i = 0; i < CLAIMERS; i++)
		begin(&claimers[i], open_client, 0, 0);
	nanosleep(&(struct timespec){ .tv_nsec = when }, NULL);
	EXPECT_EQ(0, at(killer, end_orphan, child, 0));
	for (i = 0; i < CLAIMERS; i++) {
		result = finish(&claimers[i]);
		EXPECT_TRUE(result == 0 || result == -EUSERS)
			TH_LOG("%s", claimers[i].result.sentence);
		won += result == 0;
	}
	EXPECT_EQ(1, won);
	EXPECT_EQ(-EUSERS, open_client(side, 0, 0));
	for (i = 0; i < CLAIMERS; i++) {
		ASSERT_EQ(0, at(&claimers[i], close_client, 0, 0));
	}
	ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
}

TEST_F_TIMEOUT(slots, gives_a_slot_to_one, 120)
{
	struct end *killer = &self->end[0];
	unsigned int random = 5;
	long i;

	NEEDS_PIDFDS();
	start_slots(_metadata, &self->side, killer);
	for (i = 1; i <= CLAIMERS; i++) {
		start_service(_metadata, &self->end[i], IN_PROCESS, &calls, NULL);
	}
	for (i = 0; i < rounds() / 2; i++) {
		race_for_slot(_metadata, &self->side, killer, &self->end[1],
			      rand_r(&random) % 200000);
	}
	sweep(_metadata);
}

/* There the pid is somebody else's, or nobody's, and nothing can be said of it. */
TEST_F(slots, gives_no_slot_to_another_pid_namespace)
{
	struct end *killer = &self->end[0];
	long child, result;

	end_start(_metadata, killer, IN_PROCESS);
	ASSERT_EQ(0, at(killer, adopt_orphans, 0, 0));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&one_of_each)));
	result = at(killer, raise_victim, PTR(come_from_elsewhere), 0);
	if (result == -EPERM || result == -EINVAL || !can_open_pidfds())
		SKIP(return, "no pid namespace can be made, or no pidfd opened");
	ASSERT_EQ(0, result);
	child = at(killer, raise_victim, PTR(come_with_child), 0);
	ASSERT_LT(0, child);
	ASSERT_EQ(0, at(killer, leave_zombies, 2, 0));
	EXPECT_EQ(-EUSERS, at(killer, raise_victim, PTR(come_from_elsewhere), 0));
	EXPECT_EQ(0, open_client(&self->side, 0, 0));
	ASSERT_EQ(0, at(killer, leave_zombies, 1, 0));
	ASSERT_EQ(3, at(killer, reap_victims, 0, 0));
	ASSERT_EQ(0, at(killer, end_orphan, child, 0));
	sweep(_metadata);
}

TEST_HARNESS_MAIN
