/* SPDX-License-Identifier: MIT */
/* The contents of a domain as JSON, in one form for all verbs. */
#ifndef TOOLS_DOMAIN_JSON_H
#define TOOLS_DOMAIN_JSON_H

#include <jansson.h>

#include "snapshot.h"

/* Objects as domain_json.c describes them; NULL if there is no memory. */
json_t *domain_json_service(const struct snapshot_service *service);
json_t *domain_json_port(const struct snapshot *snapshot, const struct snapshot_port *port);

/* A string that another process chose. */
json_t *domain_json_text(const char *text);

/* Prints an object as a line, and frees it. 0 or -ENOMEM (it is NULL). */
int domain_json_print(json_t *object);

#endif /* TOOLS_DOMAIN_JSON_H */
