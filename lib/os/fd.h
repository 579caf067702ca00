/* SPDX-License-Identifier: MIT */
/* The library's own file descriptors, and what becomes of them after fork(). */
#ifndef SLUICE_OS_FD_H
#define SLUICE_OS_FD_H

#include <stdint.h>

#include "base/compiler.h"

/*
 * fd_own() - note a descriptor that is kept, so that a forked child closes it.  Its
 * argument is the system call that makes the descriptor: no fork comes in between.  Returns
 * the descriptor; or -ENOMEM, and the descriptor is closed.  A negative one is passed
 * through.
 */
#define fd_own(call)	(fd_hold_forks(), fd_owned(call))

/*
 * The same in parts.  Between the first two, forks of other threads wait, and a descriptor
 * that is made there must be noted there.  No other function of this file may be called
 * there.
 */
void fd_hold_forks(void);
void fd_let_forks(void);
int fd_note(int fd);
void fd_forget(int fd);

/* As fd_note(), but a descriptor that cannot be noted stays open: 0 or -ENOMEM. */
int fd_note_open(int fd);

/* Notes a descriptor, and lets forks go on. */
int fd_owned(int fd);

/* fd_note_open() for one that is open already; harmless if it is noted. */
int fd_keep(int fd) MUST_CHECK;

/* Closes a descriptor, owned or not, and returns -1.  Keeps errno. */
int fd_close(int fd);

/* Gives the descriptor to another owner: it stays open in a forked child. */
int fd_disown(int fd);

/* A duplicate, owned, of a descriptor that belongs to another owner.  Or -errno. */
int fd_duplicate(int fd) MUST_CHECK;

/* The number of forks between the first process that used the library and this one. */
uint64_t fd_fork_generation(void);

#endif /* SLUICE_OS_FD_H */
