// SPDX-License-Identifier: GPL-2.0-only
/*
 * Roots in which nothing can be made: a directory that was removed but can still be
 * reached, as a mount in a container whose host has made the directory anew; a deleted
 * working directory; and /proc.  The node says what is wrong, and who is handed its NULL
 * passes that on, however much has failed in between.
 */
#include <sched.h>
#include <sys/mount.h>

#include "steps.h"

FIXTURE(root_gone) {
	struct root root;
	char gone[128];		/* a path of the removed directory */
};

FIXTURE_SETUP(root_gone)
{
	root_make(_metadata, &self->root);
	snprintf(self->gone, sizeof(self->gone), "%s/gone", self->root.path);
	ASSERT_EQ(0, mkdir(self->gone, 0700));
}

FIXTURE_TEARDOWN(root_gone)
{
	ASSERT_EQ(0, chdir("/"));
	TEARDOWN_CHECKS(&self->root);
}

/* ---- Ways to lose a root ------------------------------------------------------------ */

/* The working directory is deleted; its path ends in a dot, or it would be a link. */
static void lose_working_directory(struct __test_metadata *_metadata, const char *gone)
{
	ASSERT_EQ(0, chdir(gone));
	ASSERT_EQ(0, rmdir(gone));
	ASSERT_EQ(0, setenv("SLUICE_ROOT", "/proc/self/cwd/.", 1));
}

/* False: this may not be done here. */
static bool lose_mount(struct __test_metadata *_metadata, const struct root *root,
		       const char *gone)
{
	char mounted[sizeof(root->path) + 8];

	snprintf(mounted, sizeof(mounted), "%s/mount", root->path);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	EXPECT_EQ(0, mkdir(mounted, 0700));
	if (mount(gone, mounted, NULL, MS_BIND, NULL))
		return false;
	EXPECT_EQ(0, rmdir(gone));
	EXPECT_EQ(0, setenv("SLUICE_ROOT", mounted, 1));
	return true;
}

/* ---- What is said ------------------------------------------------------------------- */

/* Something else that fails, with another errno and sentence. */
static void fail_otherwise(struct __test_metadata *_metadata, const char *fine)
{
	struct sluice_node *node;

	ASSERT_EQ(0, setenv("SLUICE_ROOT", fine, 1));
	node = sluice_node_create("fine", NULL);
	ASSERT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	EXPECT_FAILS_INT(EAGAIN, sluice_node_wait(node, SLUICE_NOWAIT));
	EXPECT_SAYS("nothing");
	sluice_node_destroy(node);
}

static void expect_the_same(struct __test_metadata *_metadata, const char *sentence)
{
	EXPECT_STREQ(sentence, sluice_strerror());
}

/* Each constructor, each wait and each loan passes on why there is no node. */
static void expect_passed_on(struct __test_metadata *_metadata, int error, const char *sentence)
{
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_server *server;

	EXPECT_FAILS(error, service = sluice_service_open(NULL, &calls, NULL));
	expect_the_same(_metadata, sentence);
	EXPECT_FAILS(error, client = sluice_client_create(service, NULL));
	expect_the_same(_metadata, sentence);
	EXPECT_FAILS(error, server = sluice_server_create(service, NULL));
	expect_the_same(_metadata, sentence);
	EXPECT_FAILS(error, sluice_client_loan(client, 1));
	expect_the_same(_metadata, sentence);
	EXPECT_FAILS(error, sluice_server_receive(server, SLUICE_NOWAIT));
	expect_the_same(_metadata, sentence);
	EXPECT_FAILS_INT(error, sluice_client_wait_servers(client, 1, SLUICE_NOWAIT));
	expect_the_same(_metadata, sentence);
}

static void expect_gone(struct __test_metadata *_metadata, const char *fine, const char *path,
			const char *what)
{
	char sentence[512];

	EXPECT_FAILS(ENOENT, sluice_node_create("lost", NULL));
	EXPECT_SAYS(path);
	EXPECT_SAYS(what);
	EXPECT_SAYS(strerror(ENOENT));
	snprintf(sentence, sizeof(sentence), "%s", sluice_strerror());
	expect_passed_on(_metadata, ENOENT, sentence);
	fail_otherwise(_metadata, fine);
	expect_passed_on(_metadata, ENOENT, sentence);
}

TEST_F(root_gone, working_directory)
{
	lose_working_directory(_metadata, self->gone);
	expect_gone(_metadata, self->root.path, "/proc/self/cwd/.", "was removed");
}

TEST_F(root_gone, mount)
{
	if (!lose_mount(_metadata, &self->root, self->gone))
		SKIP(return, "this user may not mount");
	expect_gone(_metadata, self->root.path, "/mount", "was removed");
	snprintf(self->gone, sizeof(self->gone), "%s/mount", self->root.path);
	EXPECT_EQ(0, umount2(self->gone, MNT_DETACH));
}

TEST_F(root_gone, proc)
{
	ASSERT_EQ(0, setenv("SLUICE_ROOT", "/proc", 1));
	expect_gone(_metadata, self->root.path, "/proc", "nothing can be made");
}

/* A NULL that came of no failure is told as that. */
TEST_F(root_gone, no_failure)
{
	EXPECT_FAILS(EINVAL, sluice_service_open(NULL, &calls, NULL));
	EXPECT_SAYS("node is NULL");
}

TEST_HARNESS_MAIN
