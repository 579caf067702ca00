/* SPDX-License-Identifier: MIT */
/* Being told when a file loses a name, or is moved. */
#ifndef SLUICE_OS_INODE_WATCH_H
#define SLUICE_OS_INODE_WATCH_H

#include <stdbool.h>

#include "base/compiler.h"

/* A descriptor, owned, that is readable when something was told; or -errno, quiet. */
int inode_watch_make(void) MUST_CHECK;

/* Watches what has this name, a directory for moves only.  0 or -errno, quiet. */
int inode_watch_file(int watch, int at, const char *name) MUST_CHECK;
int inode_watch_directory(int watch, const char *path) MUST_CHECK;
int inode_watch_open_directory(int watch, int fd) MUST_CHECK;

/* Forgets what was told.  Was anything? */
bool inode_watch_drain(int watch);

#endif /* SLUICE_OS_INODE_WATCH_H */
