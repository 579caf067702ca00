/* SPDX-License-Identifier: MIT */
/* Finds the shapes of types in the debug information of a program. */
#ifndef TOOLS_PAYLOAD_SHAPE_OF_H
#define TOOLS_PAYLOAD_SHAPE_OF_H

#include <sluice.h>

#include "shape.h"
#include "tools/types/program.h"

/*
 * The shape of a type of this name, size and fingerprint; one of C's own numbers needs no
 * program, which may be NULL then.  NULL, and ret_why is a sentence of at most size bytes.
 */
struct shape *shape_of_type(const struct program *program, const struct sluice_type *type,
			    char *ret_why, size_t size);

/* Is it one of C's own numbers? */
bool shape_is_scalar(const struct sluice_type *type);

#endif /* TOOLS_PAYLOAD_SHAPE_OF_H */
