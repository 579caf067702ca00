/* SPDX-License-Identifier: MIT */
/* What a service is, as bridges tell each other: types, settings, attributes. */
#ifndef TOOLS_BRIDGE_DESCRIPTION_H
#define TOOLS_BRIDGE_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice.h>

#include "sluice/registry.h"

/* Types, numbers, attributes: more than a description can have. */
#define DESCRIPTION_MOST	8192

/* Points into itself, so it must not move. */
struct description {
	struct sluice_contract contract;
	struct sluice_service_opts settings;	/* as demands of another host */
	struct sluice_attribute attribute[SLUICE_ATTRIBUTES_MAX];
	uint64_t digest;			/* of all of it */
	unsigned char bytes[DESCRIPTION_MOST];	/* as it is sent */
	size_t size;
	char type_name[SLUICE_REGISTRY_MESSAGES][SLUICE_TYPE_NAME_SIZE];
	char key[SLUICE_ATTRIBUTES_MAX][SLUICE_ATTRIBUTE_KEY_SIZE];
	char value[SLUICE_ATTRIBUTES_MAX][SLUICE_ATTRIBUTE_VALUE_SIZE];
};

/* Describes an open service. */
void description_write(struct description *description, struct sluice_service *service,
		       const struct sluice_contract *contract);

/*
 * Reads what another bridge has sent, of the service of this name, which must stay valid.
 * False: it is no description.
 */
bool description_read(struct description *description, const void *bytes, size_t size,
		      const char *name);

#endif /* TOOLS_BRIDGE_DESCRIPTION_H */
