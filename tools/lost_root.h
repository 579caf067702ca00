/* SPDX-License-Identifier: MIT */
/* A root directory that is there, and in which nobody can meet. */
#ifndef SLUICE_TOOLS_LOST_ROOT_H
#define SLUICE_TOOLS_LOST_ROOT_H

/*
 * Is it one?  0: it is not, or that cannot be told; -ESTALE: it was removed, and is only
 * still mounted or open; -EOPNOTSUPP: its file system has no files of users.
 */
int lost_root(int root);

/* Either of these in words, or any other -errno in those of strerror(). */
const char *lost_root_why(int error);

#endif /* SLUICE_TOOLS_LOST_ROOT_H */
