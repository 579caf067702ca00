/* SPDX-License-Identifier: MIT */
/* The identity of a file, whatever its name. */
#ifndef SLUICE_OS_IDENTITY_H
#define SLUICE_OS_IDENTITY_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The kernel gives it to no other file as long as it knows this one. */
struct identity {
	dev_t device;
	ino_t inode;
};

static inline struct identity identity_from(const struct stat *st)
{
	return (struct identity){ .device = st->st_dev, .inode = st->st_ino };
}

static inline bool identity_equals(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/*
 * The identity of the file with this name; no symbolic link is followed.  False if there is
 * none.
 */
static inline bool identity_named(int at, const char *name, struct identity *ret_identity)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	*ret_identity = identity_from(&st);
	return true;
}

/* Does this name stand for that file? */
static inline bool identity_is(int at, const char *name, const struct identity *identity)
{
	struct identity named;

	return identity_named(at, name, &named) && identity_equals(&named, identity);
}

/* The identity of the file that is open as fd.  False if it cannot be found out. */
static inline bool identity_open(int fd, struct identity *ret_identity)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	*ret_identity = identity_from(&st);
	return true;
}

/* Does the name stand for the file that is open as fd? */
static inline bool identity_is_open(int at, const char *name, int fd)
{
	struct identity open;

	return identity_open(fd, &open) && identity_is(at, name, &open);
}

#endif /* SLUICE_OS_IDENTITY_H */
