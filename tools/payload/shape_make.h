/* SPDX-License-Identifier: MIT */
/* Makes a shape of a type that the debug information describes. */
#ifndef TOOLS_PAYLOAD_SHAPE_MAKE_H
#define TOOLS_PAYLOAD_SHAPE_MAKE_H

#include <elfutils/libdw.h>

#include "shape.h"
#include "tools/types/program.h"

/* NULL: it is too large, or there is no memory. */
struct shape *shape_make(const struct program *program, Dwarf_Die *type);

/* The bytes of a type; 0 if it has none, or too many. */
uint64_t shape_make_size(Dwarf_Die *type);

/* The kind of a base type with this encoding of DWARF. */
enum shape_kind shape_make_kind(uint64_t encoding, uint64_t size);

#endif /* TOOLS_PAYLOAD_SHAPE_MAKE_H */
