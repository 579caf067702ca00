/* SPDX-License-Identifier: MIT */
/* Listing a directory that is open already. */
#ifndef SLUICE_OS_DIRECTORY_H
#define SLUICE_OS_DIRECTORY_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

/* A fresh stream of the entries, for closedir(); or NULL. */
static inline DIR *directory_list(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = again < 0 ? NULL : fdopendir(again);

	if (!dir && again >= 0)
		close(again);
	return dir;
}

/* A directory that is no symbolic link; a descriptor or -1 with errno. */
static inline int directory_open(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

#endif /* SLUICE_OS_DIRECTORY_H */
