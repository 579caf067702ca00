/* SPDX-License-Identifier: MIT */
/* The library's own file descriptors, and what becomes of them after fork(). */
#ifndef SLUICE_OS_FD_H
#define SLUICE_OS_FD_H

#include <stdint.h>

#include "base/attributes.h"

/*
 * fd_own() - note a descriptor that is kept, so that a forked child closes it.
 * Returns fd; or -ENOMEM with fd closed.  A negative fd is passed through.
 */
int fd_own(int fd);

/* The same for one that is open: 0; or -ENOMEM, and it is not closed. */
int fd_keep(int fd) MUST_CHECK;

/* Closes a descriptor, owned or not, and returns -1.  Keeps errno. */
int fd_close(int fd);

/* It is somebody else's from here on, and stays open in a forked child. */
int fd_disown(int fd);

/* A duplicate of a descriptor of somebody else's, owned.  Or -errno. */
int fd_duplicate(int fd) MUST_CHECK;

/* How many forks this process is away from the first that used the library. */
uint64_t fd_fork_generation(void);

#endif /* SLUICE_OS_FD_H */
