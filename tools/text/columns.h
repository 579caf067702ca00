/* SPDX-License-Identifier: MIT */
/* A table whose columns are as wide as their contents. */
#ifndef TOOLS_COLUMNS_H
#define TOOLS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "style.h"

#define COLUMNS_MAX	20
#define COLUMNS_GAP	2	/* between two columns */

struct columns_row {
	char *text;
	enum style style;
};

struct columns {
	const char *alignment;		/* a letter for each column: l or r */
	size_t width[COLUMNS_MAX];
	struct columns_row *row;
	size_t rows;
	bool failed;			/* there was no memory for a row */
};

/* Adds a row: its cells have a \t between them. */
__attribute__((__format__(__printf__, 3, 4)))
void columns_add(struct columns *columns, enum style style, const char *format, ...);

/*
 * Prints the rows, on standard output, and removes them.  The widths stay, so that later
 * rows are aligned with them.  0 or -ENOMEM: a row is missing.
 */
int columns_print(struct columns *columns);

/* For columns.c: prints rows without a heading among them.  0 or -ENOMEM. */
int columns_print_rows(const struct columns *columns, size_t first, size_t end);

#endif /* TOOLS_COLUMNS_H */
