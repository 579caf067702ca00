/* SPDX-License-Identifier: MIT */
/* What the configuration says, and what becomes of options by it. */
#ifndef SLUICE_CONFIG_CONFIG_H
#define SLUICE_CONFIG_CONFIG_H

#include "config/settings.h"

/* Where something was said; the later wins. */
enum config_from {
	CONFIG_BUILT_IN,
	CONFIG_SYSTEM_FILE,
	CONFIG_USER_FILE,		/* or the one that was asked for */
	CONFIG_ENVIRONMENT,
};

#define CONFIG_FILES	3u		/* by enum config_from; the first is none */

struct config_value {
	uint64_t number;
	uint32_t line;			/* of a file */
	uint32_t from;			/* an enum config_from */
};

struct config {
	struct config_value value[CONFIG_KEYS];
	struct config_value ceiling[CONFIG_KEYS];
	char *text[CONFIG_TEXTS];	/* of the first keys; NULL: built in */
	char *file[CONFIG_FILES];	/* names of those that were there */
};

/*
 * Reads the configuration of this process: the files, and the environment.  Or, if there
 * is a path, that file alone.  0, -EINVAL, -EACCES, -ENOENT, -ENOMEM or -errno, and then
 * there is nothing to free.
 */
int config_load(struct config *config, const char *path) MUST_CHECK;

void config_free(struct config *config);

/* Where a value was said: "FILE:LINE".  Fills room, and returns it. */
const char *config_place(const struct config *config, const struct config_value *value,
			 char *room, size_t size);

/* How to wait if a program leaves it open.  An enum sluice_wait, or -EINVAL. */
int config_wait(const struct config *config) MUST_CHECK;

/* The most that a key may be, where files say that; else UINT64_MAX. */
uint64_t config_ceiling(const struct config *config, unsigned int key);

/* What a key is if a program says nothing: as files and ceilings have it. */
struct config_value config_effective(const struct config *config, unsigned int key);

/*
 * Fill in, in the options of a service, what the program has left open.  0, or -EPERM: it
 * has asked for more than a ceiling allows.
 */
int config_fill_service(const struct config *config,
			struct sluice_service_opts *opts) MUST_CHECK;

/* Likewise for ports: of how many requests the service has, and whether of slices. */
int config_fill_client(const struct config *config, struct sluice_client_opts *opts,
		       uint32_t requests, bool slices) MUST_CHECK;
int config_fill_server(const struct config *config, struct sluice_server_opts *opts,
		       bool slices) MUST_CHECK;

#endif /* SLUICE_CONFIG_CONFIG_H */
