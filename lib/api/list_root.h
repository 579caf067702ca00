/* SPDX-License-Identifier: MIT */
/* The root directory and the domain that are listed. */
#ifndef SLUICE_API_LIST_ROOT_H
#define SLUICE_API_LIST_ROOT_H

#include <sluice_list.h>

#include "config/config.h"

struct list_root {
	const char *path;	/* NULL: the default one */
	const char *domain;
	struct config config;	/* which may own them */
};

/* opts may be NULL.  0, -EINVAL, -E2BIG or as config_load(). */
int list_root_choose(struct list_root *ret_root, const struct sluice_list_opts *opts) MUST_CHECK;
void list_root_free(struct list_root *root);

#endif /* SLUICE_API_LIST_ROOT_H */
