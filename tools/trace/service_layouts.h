/* SPDX-License-Identifier: MIT */
/* The layouts of the messages of services in a capture. */
#ifndef TRACE_SERVICE_LAYOUTS_H
#define TRACE_SERVICE_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice.h>

#include "pcapng.h"
#include "tools/contract.h"
#include "tools/payload/program_contract.h"
#include "tools/payload/service_shapes.h"

/* So many services are looked for; messages of others are bytes. */
#define SERVICE_LAYOUTS_MOST	64

struct service_layout {
	char *name;				/* of the service */
	struct contract registered;		/* owns what contract points to: this */
	struct program_contract compiled;	/* or this */
	const struct sluice_contract *contract;	/* NULL: it is not known */
	struct service_shapes shapes;
	bool misfit;				/* a message did not fit, which was told */
};

struct service_layouts {
	const char *program;	/* whose types are taken; NULL: those of the processes */
	const char *domain;	/* in which services are looked for, or NULL */

	struct service_layout *at[SERVICE_LAYOUTS_MOST];
	size_t count;
	bool full;		/* there are more services, which was told */
};

/* What is known of the type of a message, and of its user header. */
struct message_layout {
	const struct sluice_type *type, *header;	/* NULL: nothing */
	const struct shape *shape, *header_shape;	/* NULL: it has no known fields */
};

/*
 * Finds the layout of a message, and tells on standard error, once for each service, if it is
 * not known or the message cannot have it.  0, or -1: the program cannot be read, or there is
 * no memory, and a sentence was printed.
 */
int service_layouts_find(struct service_layouts *layouts, const struct capture_packet *packet,
			 struct message_layout *ret_layout);

void service_layouts_free(struct service_layouts *layouts);

#endif /* TRACE_SERVICE_LAYOUTS_H */
