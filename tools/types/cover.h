/* SPDX-License-Identifier: MIT */
/* The bytes of a struct that its members have, and the bytes that no member has. */
#ifndef TOOLS_TYPES_COVER_H
#define TOOLS_TYPES_COVER_H

#include "tools/types/layout.h"

struct extent {
	uint64_t begin, end;
};

struct cover {
	struct extent *extent;
	size_t extents;
	bool no_memory;
};

void cover_add(struct cover *cover, uint64_t begin, uint64_t size);

/* The end of the last member. */
uint64_t cover_end(const struct cover *cover);

/* Adds the holes up to an end to those of the layout; path is that of the struct. */
void cover_holes(struct cover *cover, struct layout *layout, const char *path, uint64_t end);

void cover_free(struct cover *cover);

#endif /* TOOLS_TYPES_COVER_H */
