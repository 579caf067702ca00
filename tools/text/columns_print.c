// SPDX-License-Identifier: MIT
/*
 * Prints rows with libsmartcols.  Into a file or a pipe each row is a line, however long.  On a
 * terminal the last column is broken into lines if it does not fit, and the others stay whole.
 *
 * The widths are those that columns.c has measured over all rows, also over those before: so
 * each part of a table is aligned with the others.  The library would escape what a terminal
 * does not show; text_clean() has done so.
 */
#include "columns.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libsmartcols.h>

static size_t columns_used(const struct columns *columns)
{
	return strlen(columns->alignment);
}

static int add_columns(const struct columns *columns, struct libscols_table *table)
{
	size_t count = columns_used(columns);
	int flags;

	for (size_t i = 0; i < count; i++) {
		flags = columns->alignment[i] == 'r' ? SCOLS_FL_RIGHT : 0;
		if (i == count - 1 && !flags)
			flags = SCOLS_FL_WRAP;
		/* The last one ends where it ends. */
		if (!scols_table_new_column(table, "", i == count - 1 && flags != SCOLS_FL_RIGHT ?
					    0 : (double)columns->width[i], flags))
			return -ENOMEM;
	}
	return 0;
}

static int add_row(const struct columns *columns, struct libscols_table *table,
		   const struct columns_row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	const char *text = row->text;
	size_t length;
	char *cell;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < columns_used(columns); i++) {
		length = strcspn(text, "\t");
		cell = strndup(text, length);
		if (!cell || scols_line_refer_data(line, i, cell)) {
			free(cell);
			return -ENOMEM;
		}
		if (!text[length])
			return 0;
		text += length + 1;
	}
	return 0;
}

static void print_lines(const char *text, enum style style)
{
	int length;

	for (; *text; text += length, text += *text == '\n') {
		length = (int)strcspn(text, "\n");
		printf("%s%.*s%s\n", style_begin(style), length, text, style_end(style));
	}
}

/* Rows of one style. */
static int print_rows(const struct columns *columns, size_t first, size_t end)
{
	struct libscols_table *table = scols_new_table();
	enum style style = columns->row[first].style;
	char *text = NULL;
	int r = table ? add_columns(columns, table) : -ENOMEM;

	for (size_t i = first; r == 0 && i < end; i++)
		r = add_row(columns, table, &columns->row[i]);
	if (r == 0)
		r = scols_table_enable_noheadings(table, 1);
	if (r == 0)
		r = scols_table_enable_noencoding(table, 1);
	if (r == 0)
		r = scols_table_set_column_separator(table, "  ");
	if (r == 0)
		r = scols_print_table_to_string(table, &text);
	if (r == 0)
		print_lines(text, style);
	free(text);
	scols_unref_table(table);
	return r ? -ENOMEM : 0;
}

int columns_print_rows(const struct columns *columns, size_t first, size_t end)
{
	size_t same;
	int r = 0;

	for (; r == 0 && first < end; first = same) {
		same = first + 1;
		while (same < end && columns->row[same].style == columns->row[first].style)
			same++;
		r = print_rows(columns, first, same);
	}
	return r;
}
