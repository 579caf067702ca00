/* SPDX-License-Identifier: MIT */
/* The shapes of the messages of a service. */
#ifndef TOOLS_PAYLOAD_SERVICE_SHAPES_H
#define TOOLS_PAYLOAD_SERVICE_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice.h>

#include "shape.h"
#include "tools/domain/snapshot.h"
#include "tools/text/bytes.h"

#define SERVICE_SHAPES_WHY	512	/* a sentence */

/* NULL: the message has no such part, or is a slice of bytes, or the shape is not known. */
struct service_shapes {
	struct shape *request, *response;
	struct shape *request_header, *response_header;
	char program[SERVICE_SHAPES_WHY / 2];	/* where they were found */
	char why[SERVICE_SHAPES_WHY];		/* one is not known: a sentence */
};

/*
 * Finds them: in the program of this path, or, if it is NULL, in those of the processes
 * of the service.  0, or -1 and shapes->why: none but those of C's own numbers is known.
 */
int service_shapes_find(struct service_shapes *shapes, const struct sluice_contract *contract,
			const struct snapshot_service *service, const char *program);
void service_shapes_free(struct service_shapes *shapes);

/* Is it a slice of single bytes, which has no fields? */
bool service_shapes_is_bytes(const struct sluice_type *type);

/* Appends a message of this type by its fields, as payload_to_json() returns it. */
int service_shapes_print(struct bytes *out, const struct shape *shape,
			 const struct sluice_type *type, const void *data, size_t size);

/* Reads a message, as payload_from_json() does; ret_why has SERVICE_SHAPES_WHY bytes. */
int service_shapes_read(struct bytes *out, const struct shape *shape,
			const struct sluice_type *type, const char *text, size_t length,
			char *ret_why);

#endif /* TOOLS_PAYLOAD_SERVICE_SHAPES_H */
