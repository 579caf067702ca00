// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory that is opened again (registry/access.c) is the one that was checked: not
 * another one of its name, and not one that is not safe any more.
 */
#include "registry/access.h"
#include "common.h"

FIXTURE(reopen) {
	struct root root;
	struct identity identity;
	int at;
};

FIXTURE_SETUP(reopen)
{
	int fd;

	root_make(_metadata, &self->root);
	self->at = open(self->root.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->at);
	ASSERT_EQ(0, mkdirat(self->at, "one", 0700));
	fd = access_find_directory(self->at, "one", false, &self->identity);
	ASSERT_LE(0, fd);
	close(fd);
}

FIXTURE_TEARDOWN(reopen)
{
	unlinkat(self->at, "one", AT_REMOVEDIR);
	unlinkat(self->at, "one", 0);
	unlinkat(self->at, "other", AT_REMOVEDIR);
	close(self->at);
	TEARDOWN_CHECKS(&self->root);
}

/* 0, and the descriptor is closed again; or -errno. */
static int open_again(const FIXTURE_DATA(reopen) *self)
{
	int fd = access_reopen_directory(self->at, "one", false, &self->identity);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

TEST_F(reopen, the_same)
{
	EXPECT_EQ(0, open_again(self));
	ASSERT_EQ(0, renameat(self->at, "one", self->at, "other"));
	EXPECT_EQ(-ENOENT, open_again(self));
	ASSERT_EQ(0, renameat(self->at, "other", self->at, "one"));
	EXPECT_EQ(0, open_again(self));
	ASSERT_EQ(0, unlinkat(self->at, "one", AT_REMOVEDIR));
	EXPECT_EQ(-ENOENT, open_again(self));
}

TEST_F(reopen, not_another_one_of_the_name)
{
	ASSERT_EQ(0, renameat(self->at, "one", self->at, "other"));
	ASSERT_EQ(0, mkdirat(self->at, "one", 0700));
	EXPECT_EQ(-ENOENT, open_again(self));
	ASSERT_EQ(0, unlinkat(self->at, "one", AT_REMOVEDIR));
	/* Not even by a link that leads to it. */
	ASSERT_EQ(0, symlinkat("other", self->at, "one"));
	EXPECT_EQ(-EACCES, open_again(self));
}

TEST_F(reopen, not_one_that_others_can_write)
{
	ASSERT_EQ(0, fchmodat(self->at, "one", 0777, 0));
	EXPECT_EQ(-EACCES, open_again(self));
	ASSERT_EQ(0, fchmodat(self->at, "one", 01777, 0));
	EXPECT_EQ(0, open_again(self));
}

TEST_F(reopen, not_one_that_has_got_another_owner)
{
	if (geteuid())
		SKIP(return, "only root can give a directory away");
	ASSERT_EQ(0, fchownat(self->at, "one", 1, 1, 0));
	EXPECT_EQ(-EACCES, open_again(self));
}

TEST_HARNESS_MAIN
