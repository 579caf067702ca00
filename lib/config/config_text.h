/* SPDX-License-Identifier: MIT */
/* The values of settings as text, and back. */
#ifndef SLUICE_CONFIG_CONFIG_TEXT_H
#define SLUICE_CONFIG_CONFIG_TEXT_H

#include "config/settings.h"

#define CONFIG_TEXT_SIZE	256u

/*
 * Reads the value of a setting.  NULL; or, if the text cannot be a value, the end of a
 * sentence that says why, in room.  The number of a path or a name is 0.
 */
const char *config_parse(const struct setting *setting, const char *text,
			 uint64_t *ret_number, char room[CONFIG_TEXT_SIZE]) MUST_CHECK;

/*
 * config_format() writes a number as config_parse() reads it.  config_range() writes the
 * values that a setting can have.  Both write to room and return it.
 */
const char *config_format(const struct setting *setting, uint64_t number,
			  char room[CONFIG_TEXT_SIZE]);
const char *config_range(const struct setting *setting, char room[CONFIG_TEXT_SIZE]);

#endif /* SLUICE_CONFIG_CONFIG_TEXT_H */
