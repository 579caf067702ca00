/* SPDX-License-Identifier: MIT */
/* Listing a directory that is open already. */
#ifndef SLUICE_OS_DIRECTORY_H
#define SLUICE_OS_DIRECTORY_H

#include <dirent.h>
#include <fcntl.h>

#include "os/fd.h"

/* A fresh stream of the entries, for directory_close(); or NULL. */
static inline DIR *directory_list_at(int at, const char *path)
{
	int fd = fd_own(openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(fd);
	return dir;
}

static inline DIR *directory_list(int fd)
{
	return directory_list_at(fd, ".");
}

static inline void directory_close(DIR *dir)
{
	fd_hold_forks();
	fd_forget(dirfd(dir));
	closedir(dir);
	fd_let_forks();
}

/* A directory that is no symbolic link, owned; or a negative number with errno. */
static inline int directory_open(int at, const char *name)
{
	return fd_own(openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

#endif /* SLUICE_OS_DIRECTORY_H */
