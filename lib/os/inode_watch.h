/* SPDX-License-Identifier: MIT */
/* Noticing that a file loses a name, or is moved. */
#ifndef SLUICE_OS_INODE_WATCH_H
#define SLUICE_OS_INODE_WATCH_H

#include <stdbool.h>

#include "base/compiler.h"

/* A descriptor, owned, that is readable when there was an event; or -errno, quiet. */
int inode_watch_make(void) MUST_CHECK;

/* Watches the file with this name, a directory for moves only.  0 or -errno, quiet. */
int inode_watch_file(int watch, int at, const char *name) MUST_CHECK;
int inode_watch_directory(int watch, const char *path) MUST_CHECK;
int inode_watch_open_directory(int watch, int fd) MUST_CHECK;

/* Drops the events.  Were there any? */
bool inode_watch_drain(int watch);

#endif /* SLUICE_OS_INODE_WATCH_H */
