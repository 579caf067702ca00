/* SPDX-License-Identifier: MIT */
/* The settings of a service, by name. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <sluice/registry.h>

#include "tools/text/columns.h"

/* A row for each, of its name and its value. */
void settings_add(struct columns *columns, const struct sluice_registry_settings *settings);

/* The object that settings.c describes; NULL if there is no memory. */
json_t *settings_json(const struct sluice_registry_settings *settings);

/*
 * The SLUICE_SERVICE_* of these names, between commas, are added to the flags.  False if
 * one of them is none.
 */
bool settings_take_flags(const char *names, uint64_t *flags);

#endif /* TOOLS_SETTINGS_H */
