/* SPDX-License-Identifier: MIT */
/* A root directory in which nobody can meet. */
#ifndef SLUICE_TOOLS_LOST_ROOT_H
#define SLUICE_TOOLS_LOST_ROOT_H

#include <stdbool.h>

/*
 * Is it one?  0: it is not, or that cannot be told; -ESTALE: it was removed, and is only
 * still mounted or open; -EOPNOTSUPP: its file system has no files of users.
 */
int lost_root(int root);

/*
 * Is this -errno one of these, or one that registry_open_domain() adds?  -ENXIO: the
 * configured one is not there; -ENOTDIR: it is no directory.
 */
bool lost_root_is(int error);

/* Each of these in words, and any other -errno in those of strerror(). */
const char *lost_root_why(int error);

#endif /* SLUICE_TOOLS_LOST_ROOT_H */
