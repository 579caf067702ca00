// SPDX-License-Identifier: MIT
/*
 * The bytes of a struct that its members have, and the bytes that no member has.
 *
 * Members may overlap, as those of a union do: a byte that one of them has is no hole.
 * Their places and sizes come from a file and may be anything; an end is never before
 * its beginning.
 */
#include "tools/types/cover.h"

#include <stdlib.h>

void cover_add(struct cover *cover, uint64_t begin, uint64_t size)
{
	struct extent *longer = realloc(cover->extent, (cover->extents + 1) * sizeof(*longer));

	if (!longer) {
		cover->no_memory = true;
		return;
	}
	if (size > UINT64_MAX - begin)
		size = UINT64_MAX - begin;
	cover->extent = longer;
	longer[cover->extents++] = (struct extent){ begin, begin + size };
}

uint64_t cover_end(const struct cover *cover)
{
	uint64_t end = 0;

	for (size_t i = 0; i < cover->extents; i++)
		if (cover->extent[i].end > end)
			end = cover->extent[i].end;
	return end;
}

static int compare(const void *a, const void *b)
{
	const struct extent *one = a, *other = b;

	return (one->begin > other->begin) - (one->begin < other->begin);
}

void cover_holes(struct cover *cover, struct layout *layout, const char *path, uint64_t end)
{
	uint64_t at = 0;

	if (cover->extents)
		qsort(cover->extent, cover->extents, sizeof(*cover->extent), compare);
	for (size_t i = 0; i < cover->extents; i++) {
		if (cover->extent[i].begin > at)
			layout_add_hole(layout, path, at, cover->extent[i].begin - at);
		if (cover->extent[i].end > at)
			at = cover->extent[i].end;
	}
	if (end > at)
		layout_add_hole(layout, path, at, end - at);
}

void cover_free(struct cover *cover)
{
	free(cover->extent);
	*cover = (struct cover){ 0 };
}
