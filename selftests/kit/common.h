/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every test of behaviour needs: a root directory of its own, a look at
 * what was left behind, a clock, and payloads whose bytes can be told from all
 * others.
 *
 * A fixture holds a struct root.  root_make() in its setup makes a directory
 * under /tmp and points SLUICE_ROOT there, so that a test meets neither other tests
 * nor other programs of the machine.  TEARDOWN_CHECKS() in its teardown proves
 * that nothing was lost: no descriptor, no memory, no file under the root, no
 * name in /dev/shm.  After a failure nothing is checked: the test has stopped in the
 * middle, and the consequences would only hide its message.
 *
 * Helpers are static, as the harness demands, and take _metadata where they check
 * something.  A helper that may run in a thread or in a forked child uses EXPECT and
 * never ASSERT, which jumps.  Each of the two macros is two statements, so a loop or a
 * branch around one of them has braces.
 */
#ifndef SELFTESTS_COMMON_H
#define SELFTESTS_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <fnmatch.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include <sluice.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LEAK_CHECK 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_LEAK_CHECK 1
#endif
#ifdef WITH_LEAK_CHECK
#include <sanitizer/lsan_interface.h>
#endif

#if defined(__SANITIZE_THREAD__)
#define WITH_THREAD_CHECK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_THREAD_CHECK 1
#endif
#endif

#if defined(WITH_LEAK_CHECK) || defined(WITH_THREAD_CHECK)
#define IS_SANITIZED	1
#else
#define IS_SANITIZED	0
#endif

#define helper static __attribute__((__unused__))

#define MILLISECOND	INT64_C(1000000)
#define SECOND		(1000 * MILLISECOND)

/* 1; or $SELFTEST_PATIENCE, on a machine that is emulated. */
helper int64_t times_as_long(void)
{
	const char *factor = getenv("SELFTEST_PATIENCE");

	return factor ? atoi(factor) : 1;
}

/* Nothing takes nearly as long as this; a test that waits so long has failed. */
#define LONG		(10 * SECOND * times_as_long())

/*
 * How long names that were taken away may take to come back.  The kernel has 128 inotify
 * instances for all processes of a user, so the nodes of other tests may have taken them
 * all.  A node without one looks once in 10 s, and may then be refused once more.
 */
#define RENEWAL_LONG	(6 * LONG)

/*
 * EXPECT_FAILS() - a call that returns a pointer fails with this errno, and has
 * a sentence to say about it.
 */
#define EXPECT_FAILS(error, call)					\
	do {								\
		errno = 0;						\
		EXPECT_EQ(NULL, (const void *)(call));			\
		EXPECT_EQ(error, errno)					\
			TH_LOG("instead: %s", sluice_strerror());	\
		EXPECT_NE(0, sluice_strerror()[0]);			\
	} while (0)

/* EXPECT_FAILS_INT() - the same for a call that returns -errno. */
#define EXPECT_FAILS_INT(error, call)					\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-(error), (call))				\
			TH_LOG("instead: %s", sluice_strerror());	\
		EXPECT_EQ(error, errno);				\
		EXPECT_NE(0, sluice_strerror()[0]);			\
	} while (0)

/* EXPECT_SAYS() - the sentence of the last failure names this. */
#define EXPECT_SAYS(word)						\
	EXPECT_NE(NULL, strstr(sluice_strerror(), word))		\
		TH_LOG("'%s' is not in '%s'", word, sluice_strerror())

/* EXPECT_TIMES_OUT() - a call ends with ETIMEDOUT, and not before the timeout. */
#define EXPECT_TIMES_OUT(timeout, call)					\
	do {								\
		int64_t begun_ = now();					\
									\
		EXPECT_EQ(-ETIMEDOUT, (call))				\
			TH_LOG("%s", sluice_strerror());		\
		EXPECT_LE((timeout), now() - begun_);			\
	} while (0)

struct root {
	char path[64];
	int fds, watches;	/* open before anything was made */
	int shm;		/* names in /dev/shm then */
};

/* Whether long tests run in full: they do in one way of waiting, and without a sanitizer. */
helper bool in_full(void)
{
#if defined(WITH_LEAK_CHECK) || defined(WITH_THREAD_CHECK)
	return false;
#else
	const char *wait = getenv("SLUICE_WAIT");

	return !getenv("SELFTEST_MIXED") && !(wait && !strcmp(wait, "socket"));
#endif
}

helper int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* Lets others run for a moment, in a loop that looks again until a deadline. */
helper void pause_briefly(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = MILLISECOND / 5 }, NULL);
}

/*
 * EVENTUALLY() - look again and again until this holds, LONG at most; 0 if it
 * never did.
 */
#define EVENTUALLY(condition)						\
	__extension__({							\
		int64_t eventually_ = now() + LONG;			\
		bool holds_;						\
									\
		while (!(holds_ = (condition)) && now() < eventually_)	\
			pause_briefly();				\
		holds_;							\
	})

/* Entries of a directory whose names this function takes; -1 if it cannot be read. */
helper int count_entries(const char *path, bool (*takes)(const char *name))
{
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		count += takes(entry->d_name);
	closedir(dir);
	return count;
}

/*
 * A node has an inotify instance if the kernel has one left for its user, of 128, and gets
 * one later if not.  Other programs of the user have some, too.
 */
helper bool is_inotify(const char *fd)
{
	char path[PATH_MAX], target[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%s", fd);
	length = readlink(path, target, sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	return !strcmp(target, "anon_inode:inotify");
}

helper bool is_no_inotify(const char *fd)
{
	return fd[0] != '.' && !is_inotify(fd);
}

/* inotify instances of this process. */
helper int count_watches(void)
{
	return count_entries("/proc/self/fd", is_inotify);
}

/* All other descriptors of this process, but for the one that counts them. */
helper int count_fds(void)
{
	return count_entries("/proc/self/fd", is_no_inotify) - 1;
}

/* Blocks of memory that no pointer points to; always 0 without LeakSanitizer. */
helper int count_leaks(void)
{
#ifdef WITH_LEAK_CHECK
	return __lsan_do_recoverable_leak_check();
#else
	return 0;
#endif
}

/* ---- What lies under the root ------------------------------------------- */

/* What nftw() has found; it passes no argument of ours to its function. */
static struct tree {
	int entries;		/* of every kind, the root itself excepted */
	int files;		/* that are no directories */
	int alive;		/* files under a lock that somebody holds */
	int unsafe;		/* entries that others may write */
	bool tell;
} tree;

helper bool is_locked(const char *path)
{
	bool locked;
	int fd;

	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_EX | LOCK_NB) < 0;
	close(fd);
	return locked;
}

helper int tree_visit(const char *path, const struct stat *status, int type,
		      struct FTW *where)
{
	if (type == FTW_NS || where->level == 0)
		return 0;
	tree.entries++;
	if (!S_ISLNK(status->st_mode) && !S_ISSOCK(status->st_mode) &&
	    (status->st_mode & 077))
		tree.unsafe++;
	if (S_ISDIR(status->st_mode))
		return 0;
	tree.files++;
	if (S_ISREG(status->st_mode) && is_locked(path))
		tree.alive++;
	if (tree.tell)
		fprintf(TH_LOG_STREAM, "# left: %s\n", path);
	return 0;
}

helper struct tree tree_walk(const char *path, bool tell)
{
	tree = (struct tree){ .tell = tell };
	nftw(path, tree_visit, 16, FTW_PHYS);
	return tree;
}

helper int tree_remove_visit(const char *path, const struct stat *status,
			     int type, struct FTW *where)
{
	(void)status, (void)type, (void)where;
	remove(path);
	return 0;
}

/* Every user may have a root in /dev/shm, which is not a leftover of a test. */
helper bool is_leftover(const char *name)
{
	return strstr(name, "sluice") && fnmatch("sluice-[0-9]*", name, 0);
}

/* Names in /dev/shm that speak of the library. */
helper int count_shm(void)
{
	int count = count_entries("/dev/shm", is_leftover);

	return count < 0 ? 0 : count;
}

/* ---- The fixture's part -------------------------------------------------- */

helper void root_make(struct __test_metadata *_metadata, struct root *root)
{
	strcpy(root->path, "/tmp/sluice-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(root->path));
	ASSERT_EQ(0, setenv("SLUICE_ROOT", root->path, 1));
	ASSERT_EQ(0, unsetenv("SLUICE_DOMAIN"));
	/* The configuration of this machine is not what is tested. */
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", "/dev/null", 1));
	root->fds = count_fds();
	root->watches = count_watches();
	root->shm = count_shm();
}

helper void root_drop(struct __test_metadata *_metadata, struct root *root)
{
	struct tree left;

	if (_metadata->exit_code == KSFT_PASS) {
		left = tree_walk(root->path, true);
		EXPECT_EQ(0, left.alive);
		EXPECT_EQ(0, left.files);
		EXPECT_EQ(root->shm, count_shm());
		EXPECT_EQ(root->fds, count_fds());
		EXPECT_EQ(root->watches, count_watches());
		EXPECT_EQ(0, count_leaks());
	}
	nftw(root->path, tree_remove_visit, 16, FTW_PHYS | FTW_DEPTH);
}

#define TEARDOWN_CHECKS(root)	root_drop(_metadata, root)

/* ROOT_FIXTURE() - a fixture with a root, and nothing else. */
#define ROOT_FIXTURE(name)						\
	FIXTURE(name) {							\
		struct root root;					\
	};								\
									\
	FIXTURE_SETUP(name)						\
	{								\
		root_make(_metadata, &self->root);			\
	}								\
									\
	FIXTURE_TEARDOWN(name)						\
	{								\
		TEARDOWN_CHECKS(&self->root);				\
	}								\
	struct name##_needs_a_semicolon

/* ---- Payloads -------------------------------------------------------------- */

/* Eight bytes of the pattern of a seed; odd multipliers mix well enough. */
helper uint64_t pattern_word(uint64_t seed, uint64_t index)
{
	return (index + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
	       (seed + 1) * UINT64_C(0xd6e8feb86659fd93);
}

helper void pattern_fill(void *data, size_t size, uint64_t seed)
{
	unsigned char *bytes = data;
	uint64_t word;
	size_t done;

	for (done = 0; done < size; done += sizeof(word)) {
		word = pattern_word(seed, done / sizeof(word));
		memcpy(bytes + done, &word,
		       size - done < sizeof(word) ? size - done : sizeof(word));
	}
}

/* Whether every byte is as pattern_fill() left it. */
helper bool pattern_holds(const void *data, size_t size, uint64_t seed)
{
	const unsigned char *bytes = data;
	uint64_t word;
	size_t done;

	for (done = 0; done < size; done += sizeof(word)) {
		word = pattern_word(seed, done / sizeof(word));
		if (memcmp(bytes + done, &word,
			   size - done < sizeof(word) ? size - done : sizeof(word)))
			return false;
	}
	return true;
}

helper bool all_zero(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

#endif /* SELFTESTS_COMMON_H */
