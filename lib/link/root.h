/* SPDX-License-Identifier: MIT */
/* The directories below which processes find each other. */
#ifndef SLUICE_LINK_ROOT_H
#define SLUICE_LINK_ROOT_H

#include <limits.h>

#include <sluice/registry.h>

#include "base/attributes.h"

struct root {
	char path[PATH_MAX];	/* of the domain */
	int domain_fd;
	int nodes_fd;
	int services_fd;
};

/* domain may be NULL.  0, -EACCES (not safe to use), -EINVAL or -errno. */
int root_open(struct root *root, const char *domain) MUST_CHECK;

/* Makes services/ again, which the last node of a domain may have removed. */
int root_reopen_services(struct root *root) MUST_CHECK;

void root_close(struct root *root);

/* Removes the domain's directories if nobody is left in it, and closes. */
void root_leave(struct root *root);

/*
 * Opens a directory in another, making it if it is not there.  What a symbolic
 * link stands for is never opened.  A descriptor or -errno.
 */
int root_directory(int at, const char *name) MUST_CHECK;

#endif /* SLUICE_LINK_ROOT_H */
