/* SPDX-License-Identifier: MIT */
/* A root directory of one's own, for a verb that must meet no other process. */
#ifndef TOOLS_PRIVATE_ROOT_H
#define TOOLS_PRIVATE_ROOT_H

#define PRIVATE_ROOT	64	/* bytes of a path */

/*
 * Makes a directory whose name begins so, and makes this process and its children use it as
 * $SLUICE_ROOT. 0 or -errno, and then the path is "".
 */
int private_root_make(char path[PRIVATE_ROOT], const char *name);

/* Removes it, with everything in it; "" means that there is none. */
void private_root_remove(const char *path);

#endif /* TOOLS_PRIVATE_ROOT_H */
