/* SPDX-License-Identifier: MIT */
/* The settings of a service, by name. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <sluice_list.h>

#include "tools/text/columns.h"

/* Adds a row with the name and the value of each setting. */
void settings_add(struct columns *columns, const struct sluice_list_service *service);

/* The object that settings.c describes; NULL if there is no memory. */
json_t *settings_json(const struct sluice_list_service *service);

/*
 * Adds the SLUICE_SERVICE_* of these names, which have commas between them, to the flags.
 * False: one of them is not the name of a flag.
 */
bool settings_take_flags(const char *names, uint64_t *flags);

#endif /* TOOLS_SETTINGS_H */
