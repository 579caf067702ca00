// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which root directory it is if nobody names one.  /run and /dev/shm are empty ones here, in
 * a mount namespace of this test, so that no real directory is looked at or made.
 */
#include <sched.h>
#include <sys/mount.h>

#include <sluice_config.h>

#include "end.h"

#define USER		61234
#define OTHER		61235
#define SHM		"/dev/shm/sluice-61234"
#define RUNTIME		"/run/user/61234"
#define ELSEWHERE	"/run/elsewhere"

FIXTURE(default_root)
{
	const char *unused;
};

static int mount_empty(const char *path, const char *options)
{
	return mount("none", path, "tmpfs", 0, options);
}

/* As root for a moment: a directory, and what a name stands for. */
static int make(const char *path, uid_t user, mode_t mode)
{
	int r;

	if (seteuid(0))
		return -errno;
	r = mkdir(path, 0700) || chmod(path, mode) || chown(path, user, user) ? -errno : 0;
	return seteuid(USER) ? -errno : r;
}

static int name(const char *target, const char *path)
{
	int r;

	if (seteuid(0))
		return -errno;
	r = symlink(target, path) ? -errno : 0;
	return seteuid(USER) ? -errno : r;
}

FIXTURE_SETUP(default_root)
{
	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount_empty("/run", "mode=755") ||
	    mount_empty("/dev/shm", "mode=1777"))
		SKIP(return, "this needs root, and a mount namespace");
	ASSERT_EQ(0, mkdir("/run/user", 0755));
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", "/dev/null", 1));
	unsetenv("SLUICE_ROOT");
	unsetenv("XDG_RUNTIME_DIR");
	ASSERT_EQ(0, setegid(USER));
	ASSERT_EQ(0, seteuid(USER));
}

FIXTURE_TEARDOWN(default_root)
{
}

/* A node is made in the root that the configuration names; the library can say why. */
static void expect_root(struct __test_metadata *_metadata, const char *path, const char *why)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	struct sluice_config *config = sluice_config_read(NULL);
	struct sluice_node *node;
	char domain[128];
	unsigned int i;

	ASSERT_NE(NULL, config) TH_LOG("%s", sluice_strerror());
	for (i = 0; sluice_config_get(config, i, &key) > 0; i++)
		if (!strcmp(key.name, "node.root"))
			break;
	EXPECT_STREQ(path, key.value);
	EXPECT_NE(NULL, strstr(key.source, why)) TH_LOG("%s", key.source);
	sluice_config_free(config);

	node = sluice_node_create("default", NULL);
	ASSERT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	snprintf(domain, sizeof(domain), "%s/default", path);
	EXPECT_EQ(0, access(domain, F_OK)) TH_LOG("%s", domain);
	sluice_node_destroy(node);
	EXPECT_NE(0, access(domain, F_OK)) TH_LOG("%s", domain);
}

#define NOTHING_ELSE	"no private runtime directory"
#define THERE_ALREADY	"nodes of this user are there already"

TEST_F(default_root, without_anything)
{
	expect_root(_metadata, SHM, NOTHING_ELSE);
}

TEST_F(default_root, the_administrators)
{
	ASSERT_EQ(0, make(RUNTIME, USER, 0700));
	ASSERT_EQ(0, make("/run/sluice", USER, 0700));
	expect_root(_metadata, "/run/sluice", "the administrator has made it");
}

TEST_F(default_root, a_runtime_directory_that_is_named)
{
	ASSERT_EQ(0, make(RUNTIME, USER, 0700));
	ASSERT_EQ(0, make(ELSEWHERE, USER, 0700));
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", ELSEWHERE, 1));
	expect_root(_metadata, ELSEWHERE "/sluice", "$XDG_RUNTIME_DIR is private");
}

/* As for cron and sudo: who has the variable and who has not meet. */
TEST_F(default_root, a_runtime_directory_that_is_not_named)
{
	ASSERT_EQ(0, make(RUNTIME, USER, 0700));
	expect_root(_metadata, RUNTIME "/sluice", "has a runtime directory");
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", "", 1));
	expect_root(_metadata, RUNTIME "/sluice", "has a runtime directory");
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", RUNTIME, 1));
	expect_root(_metadata, RUNTIME "/sluice", "$XDG_RUNTIME_DIR is private");
}

TEST_F(default_root, runtime_directories_that_are_not_private)
{
	static const struct { const char *path; uid_t user; mode_t mode; } bad[] = {
		{ "/run/others", OTHER, 0700 },
		{ "/run/roots", 0, 0700 },
		{ "/run/readable", USER, 0750 },
		{ "/run/writable", USER, 0770 },
		{ "/run/sticky", USER, 01777 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(0, make(bad[i].path, bad[i].user, bad[i].mode));
		ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", bad[i].path, 1));
		expect_root(_metadata, SHM, NOTHING_ELSE);
	}
	ASSERT_EQ(0, make(ELSEWHERE, USER, 0700));
	ASSERT_EQ(0, name(ELSEWHERE, "/run/link"));
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", "/run/link", 1));
	expect_root(_metadata, SHM, NOTHING_ELSE);
	ASSERT_EQ(0, chdir("/run"));
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", "elsewhere", 1));
	expect_root(_metadata, SHM, NOTHING_ELSE);
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", "/run/missing", 1));
	expect_root(_metadata, SHM, NOTHING_ELSE);
	ASSERT_EQ(0, setenv("XDG_RUNTIME_DIR", "/proc/self", 1));
	expect_root(_metadata, SHM, NOTHING_ELSE);
}

/* It was there before the user logged in: who comes later meets it. */
TEST_F(default_root, nodes_that_are_there_already)
{
	struct sluice_node *before = sluice_node_create("before", NULL), *after;

	ASSERT_NE(NULL, before) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, access(SHM "/default", F_OK));
	ASSERT_EQ(0, make(RUNTIME, USER, 0700));
	after = sluice_node_create("after", NULL);
	ASSERT_NE(NULL, after) TH_LOG("%s", sluice_strerror());
	EXPECT_NE(0, access(RUNTIME "/sluice", F_OK));
	sluice_node_destroy(before);
	EXPECT_EQ(0, access(SHM "/default", F_OK));
	sluice_node_destroy(after);

	/* The next begins anew, and stays where it is. */
	after = sluice_node_create("after", NULL);
	ASSERT_NE(NULL, after);
	EXPECT_EQ(0, access(RUNTIME "/sluice/default", F_OK));
	ASSERT_EQ(0, mkdir(SHM "/left", 0700));
	before = sluice_node_create("before", NULL);
	ASSERT_NE(NULL, before);
	sluice_node_destroy(after);
	EXPECT_EQ(0, access(RUNTIME "/sluice/default", F_OK));
	sluice_node_destroy(before);
	EXPECT_EQ(0, rmdir(SHM "/left"));
}

/* Another user was faster: it costs nothing where there is a runtime directory. */
TEST_F(default_root, a_name_that_another_user_has_taken)
{
	ASSERT_EQ(0, make(SHM, OTHER, 0755));
	ASSERT_EQ(0, make(SHM "/default", OTHER, 0755));
	EXPECT_EQ(NULL, sluice_node_create("denied", NULL));
	EXPECT_EQ(EACCES, errno);
	EXPECT_NE(NULL, strstr(sluice_strerror(), "taken by another user")) {
		TH_LOG("%s", sluice_strerror());
	}
	EXPECT_NE(NULL, strstr(sluice_strerror(), "SLUICE_ROOT"));
	EXPECT_NE(NULL, strstr(sluice_strerror(), SHM));
	ASSERT_EQ(0, make(RUNTIME, USER, 0700));
	expect_root(_metadata, RUNTIME "/sluice", "has a runtime directory");
}

TEST_HARNESS_MAIN
