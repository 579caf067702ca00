// SPDX-License-Identifier: MIT
/*
 * A frame on the terminal: two lines that sum it up, the headings, and rows.
 *
 * Text of other processes is printable when it comes here (text.c), and each line is cut
 * where the screen ends.  Everything is drawn again each time; ncurses sends only changes.
 *
 * Colours say nothing that is not written too.
 */
#include "top.h"

#include <errno.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>

#include "tools/text/text.h"

#define LINES_ABOVE	3	/* the rows */
#define DEAD		1	/* pairs of colours */
#define TROUBLE		2

static SCREEN *screen;
static bool coloured;

/* ---- Opening and closing ---- */

static void set_colours(void)
{
	const char *no = getenv("NO_COLOR");

	coloured = !(no && *no) && has_colors() && start_color() != ERR &&
		   use_default_colors() != ERR;
	if (!coloured)
		return;
	init_pair(DEAD, COLOR_RED, -1);
	init_pair(TROUBLE, COLOR_YELLOW, -1);
}

void top_screen_close(void)
{
	endwin();
	delscreen(screen);
}

int top_screen_open(void)
{
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENOTTY;
	if (!tigetstr("cup")) {		/* it cannot move its cursor */
		top_screen_close();
		return -ENOTTY;
	}
	set_escdelay(50);	/* milliseconds between Esc and what a key sends after it */
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	set_colours();
	return 0;
}

void top_screen_keys(struct top_live *live)
{
	int key;

	while ((key = getch()) != ERR)
		top_key(live, key);
}

/* ---- Drawing ---- */

static void draw(int y, attr_t attributes, const char *line)
{
	attrset((int)attributes);
	mvaddnstr(y, 0, line, COLS);
	attrset(A_NORMAL);
}

static void draw_totals(const struct top_live *live)
{
	char line[TOP_LINE];

	top_line_totals(line, &live->frame);
	draw(0, A_BOLD, line);
}

static void draw_typing(const struct top_live *live)
{
	char line[TOP_LINE];

	snprintf(line, sizeof(line), "filter: %s_   Enter keeps it, Esc drops it",
		 live->view.filter);
	draw(1, A_BOLD, line);
}

/* How rows are chosen and sorted, and what is left out of them. */
static void draw_state(const struct top_live *live)
{
	const struct top_view *view = &live->view;
	size_t last = live->first + live->page;
	char line[TOP_LINE], rows[64] = "";

	if (live->frame.shown > live->page)
		snprintf(rows, sizeof(rows), ", rows %zu-%zu of %zu", live->first + 1, last,
			 live->frame.shown);
	snprintf(line, sizeof(line), "%sby %s%s, every %g s%s%s%s%s%s, h: help",
		 live->paused ? "PAUSED, " : "", top_columns[view->sort].key,
		 view->reverse ? " reversed" : "", (double)live->interval / (double)SECOND_NS,
		 rows, view->dead ? ", dead too" : "", view->filter[0] ? ", filter \"" : "",
		 view->filter, view->filter[0] ? "\"" : "");
	draw(1, A_NORMAL, line);
}

/* The column by which rows are sorted stands out. */
static void draw_headings(const struct top_live *live, const struct top_layout *layout)
{
	char line[TOP_LINE];

	top_line_headings(line, layout);
	mvhline(2, 0, ' ' | A_REVERSE, COLS);
	draw(2, A_REVERSE, line);
	for (unsigned int i = 0; i < layout->count; i++)
		if (layout->column[i] == live->view.sort)
			mvchgat(2, layout->at[i], layout->width[i], A_BOLD | A_UNDERLINE, 0,
				NULL);
}

static attr_t look(const struct top_row *row)
{
	if (!row->port->alive)
		return coloured ? (attr_t)COLOR_PAIR(DEAD) : A_DIM;
	if (row->trouble)
		return coloured ? (attr_t)COLOR_PAIR(TROUBLE) | A_BOLD : A_BOLD;
	return A_NORMAL;
}

static void draw_rows(const struct top_live *live, const struct top_layout *layout)
{
	const struct top_row *row = live->frame.row + live->first;
	size_t left = live->frame.shown - live->first;
	char line[TOP_LINE];

	for (size_t i = 0; i < left && i < live->page; i++) {
		top_line_row(line, layout, &row[i]);
		draw(LINES_ABOVE + (int)i, look(&row[i]), line);
	}
}

static void draw_help(void)
{
	char line[TOP_LINE];
	int y = 1;

	for (int i = 0; top_keys_help[i]; i++)
		draw(y++, A_NORMAL, top_keys_help[i]);
	y++;
	for (unsigned int i = 0; i < top_columns_count; i++) {
		const struct top_column *column = &top_columns[i];

		snprintf(line, sizeof(line), "%-10s%-10s%s", column->key,
			 column->heading ? column->heading : "", column->meaning);
		draw(y++, A_NORMAL, line);
	}
}

/* The screen may be larger or smaller now, and there may be other rows. */
static void keep_in_range(struct top_live *live)
{
	size_t shown = live->frame.shown;

	live->page = LINES > LINES_ABOVE ? (size_t)(LINES - LINES_ABOVE) : 0;
	if (live->first + live->page > shown)
		live->first = shown > live->page ? shown - live->page : 0;
}

static void draw_frame(struct top_live *live)
{
	struct top_layout layout;

	keep_in_range(live);
	top_layout(&layout, &live->frame, COLS, live->skip);
	live->more = !layout.all;
	if (live->typing)
		draw_typing(live);
	else
		draw_state(live);
	draw_headings(live, &layout);
	draw_rows(live, &layout);
}

void top_screen_draw(struct top_live *live)
{
	erase();
	draw_totals(live);
	if (live->help)
		draw_help();
	else
		draw_frame(live);
	refresh();
}
