/* SPDX-License-Identifier: MIT */
/* Prints a payload as JSON, by its fields. */
#ifndef TOOLS_PAYLOAD_PRINT_H
#define TOOLS_PAYLOAD_PRINT_H

#include "shape.h"
#include "tools/text/bytes.h"

/*
 * Appends one element, or a list of all of them, without the end of a line.  0; -ENOMEM;
 * -EMSGSIZE: the bytes are not whole elements; or -E2BIG: the shape has far more fields than
 * the payload has bytes.  After a failure nothing is appended.
 */
int payload_to_json(struct bytes *out, const struct shape *shape, const void *data, size_t size);
int slice_to_json(struct bytes *out, const struct shape *shape, const void *data,
			size_t size);

#endif /* TOOLS_PAYLOAD_PRINT_H */
