// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two meet at a service that goes away, at the one moment that was once forgotten:
 *
 *	the opener				the remover, the last to have it open
 *	opens the directory of the service
 *						renames the directory away
 *						removes the contract
 *	finds no contract, and writes one
 *						removes the directory
 *
 * The calls of the library that open a contract and remove a directory are wrapped by the
 * linker, and make the two take turns.
 */
#include "common.h"

#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <sluice.h>

static const struct sluice_contract numbers = {
	.name = "test/numbers",
	.request = SLUICE_TYPE(uint64_t),
	.response = SLUICE_TYPE(uint64_t),
};

/* What this process does at its call, once. */
static void (*at_contract)(void), (*at_removal)(void);

/* Shared by the two processes. */
static struct turns {
	sem_t is_open, removal_may_begin, is_before_removal, removal_may_end;
} *turns;

static void once(void (**what)(void))
{
	void (*now_due)(void) = *what;

	*what = NULL;
	if (now_due)
		now_due();
}

int __real_openat(int at, const char *path, int flags, mode_t mode);
int __wrap_openat(int at, const char *path, int flags, mode_t mode);
int __real_unlinkat(int at, const char *path, int flags);
int __wrap_unlinkat(int at, const char *path, int flags);

int __wrap_openat(int at, const char *path, int flags, mode_t mode)
{
	if (!strcmp(path, "contract"))
		once(&at_contract);
	return __real_openat(at, path, flags, mode);
}

int __wrap_unlinkat(int at, const char *path, int flags)
{
	if (flags & AT_REMOVEDIR && strstr(path, ".gone"))
		once(&at_removal);
	return __real_unlinkat(at, path, flags);
}

static void let_it_be_removed(void)
{
	sem_post(&turns->removal_may_begin);
	sem_wait(&turns->is_before_removal);
}

static void wait_for_the_opener(void)
{
	sem_post(&turns->is_before_removal);
	sem_wait(&turns->removal_may_end);
}

/* The exit status of the remover: 0 if it has removed the service. */
static int remove_in_turn(void)
{
	struct sluice_node *node = sluice_node_create("remover", NULL);
	struct sluice_service *service = sluice_service_open(node, &numbers, NULL);

	sem_post(&turns->is_open);
	if (!service)
		return 1;
	sem_wait(&turns->removal_may_begin);
	at_removal = wait_for_the_opener;
	sluice_service_close(service);
	sem_post(&turns->is_before_removal);
	sluice_node_destroy(node);
	return !!at_removal;
}

FIXTURE(opening_race) {
	struct root root;
};

FIXTURE_SETUP(opening_race)
{
	root_make(_metadata, &self->root);
	turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, turns);
	sem_init(&turns->is_open, 1, 0);
	sem_init(&turns->removal_may_begin, 1, 0);
	sem_init(&turns->is_before_removal, 1, 0);
	sem_init(&turns->removal_may_end, 1, 0);
}

FIXTURE_TEARDOWN(opening_race)
{
	TEARDOWN_CHECKS(&self->root);
}

TEST_F(opening_race, a_contract_that_came_too_late_goes_too)
{
	struct sluice_service *service;
	struct sluice_node *node;
	int status;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(remove_in_turn());
	}
	sem_wait(&turns->is_open);
	node = sluice_node_create("opener", NULL);
	at_contract = let_it_be_removed;
	service = sluice_service_open(node, &numbers, NULL);
	EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
	EXPECT_TRUE(!at_contract);
	sem_post(&turns->removal_may_begin);
	sem_post(&turns->removal_may_end);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the service was not removed");
	/* Before another sweep: no name at all is left. */
	EXPECT_NE(0, system("find $SLUICE_ROOT -name '*.gone' | grep ."));
	sluice_service_close(service);
	sluice_node_destroy(node);
}

TEST_HARNESS_MAIN
