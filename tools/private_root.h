/* SPDX-License-Identifier: MIT */
/* A root directory of one's own, for who wants to meet nobody. */
#ifndef TOOLS_PRIVATE_ROOT_H
#define TOOLS_PRIVATE_ROOT_H

#define PRIVATE_ROOT	64	/* bytes of a path */

/*
 * Makes one, whose name begins so, and has this process and its children use it as
 * $SLUICE_ROOT.  0 or -errno, and then the path is "".
 */
int private_root_make(char path[PRIVATE_ROOT], const char *name);

/* Removes it, and whatever is in it; "" is nothing to do. */
void private_root_remove(const char *path);

#endif /* TOOLS_PRIVATE_ROOT_H */
