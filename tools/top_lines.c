// SPDX-License-Identifier: MIT
/*
 * A frame as lines of text.
 *
 * Columns of values have a width that all values fit, so that they stand still from one
 * frame to the next.  A column of names is as wide as its longest; where room is short,
 * three tenths of it at most, and what does not fit ends with a "+".
 */
#include "top.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define NAME_LEAST	12
#define LAST_LEAST	8	/* so much of the last column is still of use */

/* ---- Room ---- */

static int widest(const struct top_frame *frame, const struct top_column *column)
{
	size_t width = strlen(column->heading), length;
	char cell[TOP_CELL];

	for (size_t i = 0; i < frame->shown; i++) {
		length = strlen(top_cell(column, &frame->row[i], cell));
		width = length > width ? length : width;
	}
	return (int)width;
}

static int width_of(const struct top_frame *frame, const struct top_column *column, int room)
{
	int part = room / 10 * 3, most = part > NAME_LEAST ? part : NAME_LEAST;
	int width = column->width ? column->width : widest(frame, column);

	return room && width > most ? most : width;
}

/* False if there is no room for it. */
static bool add(struct top_layout *layout, const struct top_frame *frame, unsigned int number,
		int room)
{
	int width = width_of(frame, &top_columns[number], room), at = 0;
	unsigned int last = layout->count;

	if (last)
		at = layout->at[last - 1] + layout->width[last - 1] + 1;
	if (room && at + width > room) {
		layout->all = false;
		width = room - at;
		if (!top_columns[number].name || width < LAST_LEAST)
			return false;
	}
	layout->column[last] = number;
	layout->at[last] = at;
	layout->width[last] = width;
	layout->count++;
	return true;
}

void top_layout(struct top_layout *layout, const struct top_frame *frame, int room,
		unsigned int skip)
{
	layout->count = 0;
	layout->all = true;
	for (unsigned int i = 0; i < top_columns_count; i++) {
		if (!top_columns[i].heading)
			continue;
		if (i >= TOP_COLUMNS_FIXED && skip) {
			skip--;
			continue;
		}
		if (!add(layout, frame, i, room))
			return;
	}
}

/* ---- Lines ---- */

/* Into a line of spaces. */
static void put(char *line, const struct top_layout *layout, unsigned int place,
		const char *text)
{
	const struct top_column *column = &top_columns[layout->column[place]];
	size_t width = (size_t)layout->width[place], length = strlen(text);
	char *cell = line + layout->at[place];

	if (length > width) {
		memcpy(cell, text, width);
		cell[width - 1] = '+';
	} else {
		memcpy(column->name ? cell : cell + (width - length), text, length);
	}
}

static void clear(char *line)
{
	memset(line, ' ', TOP_LINE - 1);
	line[TOP_LINE - 1] = '\0';
}

static void trim(char *line)
{
	size_t length = strlen(line);

	while (length && line[length - 1] == ' ')
		line[--length] = '\0';
}

void top_line_headings(char *line, const struct top_layout *layout)
{
	clear(line);
	for (unsigned int i = 0; i < layout->count; i++)
		put(line, layout, i, top_columns[layout->column[i]].heading);
	trim(line);
}

void top_line_row(char *line, const struct top_layout *layout, const struct top_row *row)
{
	char cell[TOP_CELL];

	clear(line);
	for (unsigned int i = 0; i < layout->count; i++)
		put(line, layout, i, top_cell(&top_columns[layout->column[i]], row, cell));
	trim(line);
}

/* ", 3 ports"; or nothing at all if there are none. */
static int print_some(char *line, int at, size_t count, const char *what)
{
	if (!count)
		return at;
	return at + snprintf(line + at, (size_t)(TOP_LINE - at), ", %zu %s", count, what);
}

void top_line_totals(char *line, const struct top_frame *frame)
{
	const struct top_totals *totals = &frame->totals;
	char domain[TOP_CELL], messages[TOP_CELL], bytes[TOP_CELL];
	int at;

	at = snprintf(line, TOP_LINE, "domain %s: %zu service%s, %zu port%s",
		      text_clean(domain, sizeof(domain), frame->now.domain),
		      totals->services, totals->services == 1 ? "" : "s",
		      totals->ports, totals->ports == 1 ? "" : "s");
	at = print_some(line, at, totals->dead, "dead");
	at = print_some(line, at, frame->now.unreadable, "not readable");
	snprintf(line + at, (size_t)(TOP_LINE - at), ", %s messages/s, %s MB/s",
		 top_text_rate(messages, totals->messages),
		 top_text_megabytes(bytes, totals->bytes));
}
