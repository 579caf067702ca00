// SPDX-License-Identifier: MIT
/*
 * A table whose columns are as wide as their contents.  So all rows are collected first.
 * Each is one string, in which a \t ends a cell.  A row of a single cell is a heading
 * across the columns, and does not make the first of them wider.  Text of other processes
 * has gone through text_clean().  The width of a column is what a terminal shows.
 *
 * columns_print.c prints the rows between two headings with libsmartcols; without that library
 * no_smartcols.c does, which leaves lines that are too long to the terminal.
 */
#include "columns.h"
#include "printable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void measure(struct columns *columns, const char *text)
{
	size_t length, width;

	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		length = strcspn(text, "\t");
		width = text_width(text, length);
		if (width > columns->width[i])
			columns->width[i] = width;
		if (!text[length])
			return;
		text += length + 1;
	}
}

/* The address of one more row, or NULL. */
static struct columns_row *grow(struct columns *columns)
{
	size_t rows = columns->rows;
	struct columns_row *grown;

	/* At 0, 1, 2, 4, 8, ... there is no room. */
	if (!(rows & (rows - 1))) {
		grown = realloc(columns->row, (rows ? 2 * rows : 1) * sizeof(*grown));
		if (!grown)
			return NULL;
		columns->row = grown;
	}
	return &columns->row[rows];
}

void columns_add(struct columns *columns, enum style style, const char *format, ...)
{
	struct columns_row *row = grow(columns);
	va_list arguments;
	int r = -1;

	if (row) {
		va_start(arguments, format);
		r = vasprintf(&row->text, format, arguments);
		va_end(arguments);
	}
	if (r < 0) {
		columns->failed = true;
		return;
	}
	row->style = style;
	columns->rows++;
	if (strchr(row->text, '\t'))
		measure(columns, row->text);
}

/* Prints the rows up to the next heading, and returns where that is. */
static size_t print_part(struct columns *columns, size_t first)
{
	size_t end = first;

	while (end < columns->rows && strchr(columns->row[end].text, '\t'))
		end++;
	columns->failed |= columns_print_rows(columns, first, end) < 0;
	return end;
}

int columns_print(struct columns *columns)
{
	for (size_t i = 0; i < columns->rows; i++) {
		const struct columns_row *row = &columns->row[i];

		if (strchr(row->text, '\t'))
			i = print_part(columns, i) - 1;
		else
			printf("%s%s%s\n", style_begin(row->style), row->text, style_end(row->style));
	}
	for (size_t i = 0; i < columns->rows; i++)
		free(columns->row[i].text);
	free(columns->row);
	columns->row = NULL;
	columns->rows = 0;
	return columns->failed ? -ENOMEM : 0;
}
