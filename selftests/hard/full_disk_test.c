// SPDX-License-Identifier: GPL-2.0-only
/*
 * A root directory in a file system that is full: of inodes, or of pages.  Whatever does not
 * fit is told with ENOSPC and a sentence, nothing is left of it, and whoever has what he needs
 * goes on; when there is room, the same operation works.
 *
 * The file system is a small tmpfs in a mount namespace of the test, which needs root.
 */
#include <sched.h>
#include <sys/mount.h>

#include "steps.h"

#define MOST	64		/* inodes, or pages: more than two ports need */

FIXTURE(full_disk) {
	struct root root;
	char mounted[80];
	struct side side, other;
};

FIXTURE_SETUP(full_disk)
{
	root_make(_metadata, &self->root);
}

FIXTURE_TEARDOWN(full_disk)
{
	leave(&self->side, 0, 0);
	leave(&self->other, 0, 0);
	if (self->mounted[0]) {
		EXPECT_EQ(0, tree_walk(self->mounted, true).files);
		EXPECT_EQ(0, umount2(self->mounted, MNT_DETACH));
		EXPECT_EQ(0, rmdir(self->mounted));
	}
	TEARDOWN_CHECKS(&self->root);
}

/* False: this user may not mount. */
static bool mount_small(struct __test_metadata *_metadata, FIXTURE_DATA(full_disk) *self)
{
	char path[sizeof(self->mounted)];

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	snprintf(path, sizeof(path), "%s/small", self->root.path);
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, mount("small", path, "tmpfs", 0, "mode=700"));
	ASSERT_EQ(0, setenv("SLUICE_ROOT", path, 1));
	strcpy(self->mounted, path);
	return true;
}

#define MOUNT_SMALL()							\
	do {								\
		if (!mount_small(_metadata, self))			\
			SKIP(return, "this user may not mount");	\
	} while (0)

/* So much room of one kind: "nr_inodes=%d" or "nr_blocks=%d". */
static void resize(struct __test_metadata *_metadata, const char *mounted, const char *kind,
		   int count)
{
	char options[32];

	snprintf(options, sizeof(options), kind, count);
	ASSERT_EQ(0, mount("small", mounted, "tmpfs", MS_REMOUNT, options))
		TH_LOG("%s: %s", options, strerror(errno));
}

/* A client and a server in one thread exchange a message of another length. */
static long exchange_here(struct side *side, long size)
{
	long r = ask_blob(side, 0, size);

	if (r == 1)
		r = take_blob(side, 0, LONG);
	if (r == size)
		r = answer_blob(side, 0, size);
	if (!r)
		r = done(side, 0, 0);
	if (!r)
		r = hear_blob(side, 0, LONG);
	if (r == size)
		r = hear_blob(side, 0, LONG);
	cancel(side, 0, 0);
	return r == -EPIPE ? 0 : r < 0 ? r : -EBADMSG;
}

static long live(struct side *side)
{
	long r = join_server(side, PTR(&blobs), 0);

	if (!r)
		r = open_client(side, 0, 0);
	if (!r)
		r = wait_servers(side, 1, LONG);
	return r == 1 ? exchange_here(side, 100000) : r;
}

/* With room for 1, 2, 3 of them and so on, until the whole life fits in. */
static void fill(struct __test_metadata *_metadata, FIXTURE_DATA(full_disk) *self,
		 const char *kind)
{
	int count, files;
	long r = -1;

	MOUNT_SMALL();
	for (count = 2; count < MOST && r; count++) {
		resize(_metadata, self->mounted, kind, count);
		errno = 0;
		r = live(&self->side);
		if (r) {
			EXPECT_EQ(-ENOSPC, r) TH_LOG("%d: %s", count, sluice_strerror());
			EXPECT_SAYS(strerror(ENOSPC));
		}
		leave(&self->side, 0, 0);
		files = tree_walk(self->mounted, true).files;
		EXPECT_EQ(0, files) TH_LOG("with room for %d", count);
	}
	EXPECT_EQ(0, r);
	TH_LOG("room for %d is enough", count - 1);
}

TEST_F_TIMEOUT(full_disk, no_inodes, 120)
{
	fill(_metadata, self, "nr_inodes=%d");
}

TEST_F_TIMEOUT(full_disk, no_pages, 120)
{
	fill(_metadata, self, "nr_blocks=%d");
}

/* Two that have met need no more of it: messages grow while the disk is full. */
TEST_F_TIMEOUT(full_disk, does_not_matter_to_those_that_have_met, 120)
{
	char name[128], filler[4096] = "";
	int fd, r;

	MOUNT_SMALL();
	ASSERT_EQ(0, live(&self->side)) TH_LOG("%s", sluice_strerror());
	resize(_metadata, self->mounted, "size=%dk", 1024);
	snprintf(name, sizeof(name), "%s/filler", self->mounted);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ASSERT_LE(0, fd);
	while (write(fd, filler, sizeof(filler)) > 0)
		;
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(0, exchange_here(&self->side, 3000000)) TH_LOG("%s", sluice_strerror());

	/* A newcomer is told, and comes when there is room. */
	r = (int)join_client(&self->other, PTR(&blobs), 0);
	EXPECT_EQ(-ENOSPC, r);
	EXPECT_SAYS(strerror(ENOSPC));
	leave(&self->other, 0, 0);
	close(fd);
	ASSERT_EQ(0, unlink(name));
	EXPECT_EQ(0, join_client(&self->other, PTR(&blobs), 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, exchange_here(&self->side, 10)) TH_LOG("%s", sluice_strerror());
}

TEST_HARNESS_MAIN
