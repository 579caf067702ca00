/* SPDX-License-Identifier: MIT */
/* A root directory in which no processes can meet. */
#ifndef SLUICE_TOOLS_LOST_ROOT_H
#define SLUICE_TOOLS_LOST_ROOT_H

#include <stdbool.h>

/*
 * Does this -errno of sluice_list_open() say so?  -ESTALE: it was removed, and is only
 * still mounted or open; -EOPNOTSUPP: its file system has no files of users; -ENXIO: the
 * configured one is not there; -ENOTDIR: it is no directory.
 */
bool lost_root_is(int error);

/* The text of each of these; for any other -errno, that of strerror(). */
const char *lost_root_why(int error);

#endif /* SLUICE_TOOLS_LOST_ROOT_H */
