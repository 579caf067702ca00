/* SPDX-License-Identifier: MIT */
/* Reads a payload from JSON, by its fields. */
#ifndef TOOLS_PAYLOAD_READ_H
#define TOOLS_PAYLOAD_READ_H

#include "shape.h"
#include "tools/text/bytes.h"

#define PAYLOAD_WHY	512	/* a sentence */

/*
 * Appends the bytes of one element, or of all elements of a list.  0; or -EINVAL or -ENOMEM,
 * and ret_why is a sentence.
 */
int payload_from_json(struct bytes *out, const struct shape *shape, const char *text, size_t length,
		 char ret_why[PAYLOAD_WHY]);
int slice_from_json(struct bytes *out, const struct shape *shape, const char *text,
		       size_t length, char ret_why[PAYLOAD_WHY]);

#endif /* TOOLS_PAYLOAD_READ_H */
