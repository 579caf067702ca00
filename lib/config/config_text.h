/* SPDX-License-Identifier: MIT */
/* Values of the configuration as text, and back. */
#ifndef SLUICE_CONFIG_CONFIG_TEXT_H
#define SLUICE_CONFIG_CONFIG_TEXT_H

#include "config/settings.h"

#define CONFIG_TEXT_SIZE	256u

/* NULL; or, in room, why this cannot be the value of a key, as the end of a sentence. */
const char *config_parse(const struct config_key *key, const char *text,
			 uint64_t *ret_number, char room[CONFIG_TEXT_SIZE]) MUST_CHECK;

/* As config_parse() reads it.  Both fill room, and return it. */
const char *config_format(const struct config_key *key, uint64_t number,
			  char room[CONFIG_TEXT_SIZE]);
const char *config_range(const struct config_key *key, char room[CONFIG_TEXT_SIZE]);

#endif /* SLUICE_CONFIG_CONFIG_TEXT_H */
