// SPDX-License-Identifier: MIT
/*
 * A frame as lines of text.
 *
 * Columns of values have a width that all values fit, so that they do not move from one
 * frame to the next.  A column of names is as wide as its longest name.  If room is short
 * it has three tenths of the room at most, and a name that does not fit ends with a "+".
 */
#include "tools/text/printable.h"
#include "top.h"

#include <stdio.h>
#include <string.h>

#include "tools/text/text.h"

#define NAME_LEAST	12
#define LAST_LEAST	8	/* so much of the last column is still of use */

/* ---- Room ---- */

static int widest(const struct top_frame *frame, const struct top_column *column)
{
	size_t widest = strlen(column->heading), width;
	char cell[TOP_CELL];

	for (size_t i = 0; i < frame->shown; i++) {
		top_cell(column, &frame->row[i], cell);
		width = text_width(cell, strlen(cell));
		widest = width > widest ? width : widest;
	}
	return (int)widest;
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

/* A line as it is written, from left to right. */
struct line {
	char *text;
	size_t length;		/* bytes */
	size_t width;		/* columns of the terminal */
};

static void append(struct line *line, const char *text, size_t bytes)
{
	if (line->length + bytes >= TOP_LINE)
		return;
	memcpy(line->text + line->length, text, bytes);
	line->length += bytes;
	line->text[line->length] = '\0';
	line->width += text_width(text, bytes);
}

static void fill(struct line *line, size_t width)
{
	while (line->width < width && line->length + 1 < TOP_LINE)
		append(line, " ", 1);
}

static void put(struct line *line, const struct top_layout *layout, unsigned int place,
		const char *text)
{
	const struct top_column *column = &top_columns[layout->column[place]];
	size_t at = (size_t)layout->at[place], room = (size_t)layout->width[place];
	size_t width = text_width(text, strlen(text));

	fill(line, column->name || width > room ? at : at + room - width);
	if (width <= room) {
		append(line, text, strlen(text));
		return;
	}
	append(line, text, text_fit(text, room - 1));
	fill(line, at + room - 1);
	append(line, "+", 1);
}

static void trim(char *line)
{
	size_t length = strlen(line);

	while (length && line[length - 1] == ' ')
		line[--length] = '\0';
}

void top_line_headings(char *line, const struct top_layout *layout)
{
	struct line written = { .text = line };

	*line = '\0';
	for (unsigned int i = 0; i < layout->count; i++)
		put(&written, layout, i, top_columns[layout->column[i]].heading);
	trim(line);
}

void top_line_row(char *line, const struct top_layout *layout, const struct top_row *row)
{
	struct line written = { .text = line };
	char cell[TOP_CELL];

	*line = '\0';
	for (unsigned int i = 0; i < layout->count; i++)
		put(&written, layout, i, top_cell(&top_columns[layout->column[i]], row, cell));
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
	char domain[TEXT_CLEAN(TOP_CELL)], messages[TOP_CELL], bytes[TOP_CELL];
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
