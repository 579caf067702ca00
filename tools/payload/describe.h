/* SPDX-License-Identifier: MIT */
/* The shape of a payload as JSON: names of types where the payload has values. */
#ifndef TOOLS_PAYLOAD_DESCRIBE_H
#define TOOLS_PAYLOAD_DESCRIBE_H

#include <jansson.h>

#include "shape.h"

/* NULL: no memory. */
json_t *payload_describe(const struct shape *shape);

#endif /* TOOLS_PAYLOAD_DESCRIBE_H */
