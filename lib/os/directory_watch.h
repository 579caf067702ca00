/* SPDX-License-Identifier: MIT */
/* Noticing that names come and go in directories. */
#ifndef SLUICE_OS_DIRECTORY_WATCH_H
#define SLUICE_OS_DIRECTORY_WATCH_H

#include <stdbool.h>

#include "base/compiler.h"

/* What the kernel has reported. */
struct directory_change {
	int directory;		/* as directory_watch_add() has returned it */
	const char *name;	/* that has come or gone; "" if it concerns the directory itself */
	bool closed;		/* a file in the directory was closed by a process that may write it */
	bool ended;		/* the kernel does not watch the directory any more */
	bool lost;		/* changes of any directory were lost */
};

/*
 * Watches a directory that is open as fd, through an inode_watch; with closes, also that files
 * in it are closed.  Returns the number of the directory, the same if it is watched already;
 * or -errno, quiet.
 */
int directory_watch_add(int watch, int fd, bool closes) MUST_CHECK;
void directory_watch_remove(int watch, int directory);

/*
 * Reads some changes and calls heard() with each.  Returns how many there were; 0: there are
 * no more for now.
 */
unsigned int directory_watch_read(int watch,
				  void (*heard)(void *context, const struct directory_change *change),
				  void *context);

#endif /* SLUICE_OS_DIRECTORY_WATCH_H */
