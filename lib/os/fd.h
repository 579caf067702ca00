/* SPDX-License-Identifier: MIT */
/* The library's own file descriptors, and what becomes of them after fork(). */
#ifndef SLUICE_OS_FD_H
#define SLUICE_OS_FD_H

#include <stdint.h>

#include "base/compiler.h"

/*
 * fd_own() - note a descriptor that is kept, so that a forked child closes it.
 * Its argument is the system call that makes the descriptor: no fork comes in between.
 * The descriptor; or -ENOMEM with it closed.  A negative one is passed through.
 */
#define fd_own(call)	(fd_hold_forks(), fd_owned(call))

/*
 * The same in parts: between the first two, other threads' forks wait, and what is made
 * there is noted there.  Nothing else of this file may be called there.
 */
void fd_hold_forks(void);
void fd_let_forks(void);
int fd_note(int fd);
void fd_forget(int fd);

/* As fd_note(), but one that cannot be noted stays open: 0 or -ENOMEM. */
int fd_note_open(int fd);

/* Notes a descriptor, and lets forks go on. */
int fd_owned(int fd);

/* fd_note_open() for one that is open already; harmless if it is noted. */
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
