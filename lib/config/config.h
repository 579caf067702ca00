/* SPDX-License-Identifier: MIT */
/* The configuration: what files and the environment say about the settings. */
#ifndef SLUICE_CONFIG_CONFIG_H
#define SLUICE_CONFIG_CONFIG_H

#include "config/settings.h"

/* The source of a value.  A later source wins. */
enum config_from {
	CONFIG_BUILT_IN,
	CONFIG_SYSTEM_FILE,
	CONFIG_USER_FILE,		/* or a file that was named */
	CONFIG_ENVIRONMENT,
	CONFIG_SOURCES
};

struct config_value {
	uint64_t number;
	uint32_t line;			/* of a file */
	uint32_t from;			/* an enum config_from */
};

struct config {
	struct config_value value[SETTINGS];
	struct config_value ceiling[SETTINGS];
	char *text[SETTINGS];		/* NULL: a number, or a text that is not set */
	char *file[CONFIG_SOURCES];	/* the names of the files that were read */
};

/*
 * Reads the configuration of this process: the files and the environment; or, if path is
 * not NULL, that file alone.  0, -EINVAL, -EACCES, -ENOENT, -ENOMEM or -errno.  After a
 * failure there is nothing to free.
 */
int config_load(struct config *config, const char *path) MUST_CHECK;

void config_free(struct config *config);

/* Writes "FILE:LINE", where a value was set, to room, and returns room. */
const char *config_place(const struct config *config, const struct config_value *value,
			 char *room, size_t size);

/* How a node waits if its program leaves that open: an enum sluice_wait, or -EINVAL. */
int config_wait(const struct config *config) MUST_CHECK;

/* The largest value that the files allow for a setting; UINT64_MAX: they set no ceiling. */
uint64_t config_ceiling(const struct config *config, unsigned int setting);

/* The value of a setting that a program leaves open. */
struct config_value config_effective(const struct config *config, unsigned int setting);

#endif /* SLUICE_CONFIG_CONFIG_H */
