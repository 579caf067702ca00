// SPDX-License-Identifier: MIT
/* The keys and their actions.  Other keys are ignored. */
#include "top.h"

#include <ncurses.h>
#include <string.h>

#define KEY_ESCAPE	27
#define KEY_DELETE	127

const char *const top_keys_help[] = {
	"up down, page up, page down, home end   other rows",
	"left right   other columns                 /   services with this in their names",
	"< > or s     sort by another column        d   dead leftovers too",
	"r            the other way round           space   pause",
	"+ -          longer, shorter interval      h   this, and back      q   quit",
	NULL,
};

/* ---- Typing a filter ---- */

static void type(struct top_live *live, int key)
{
	char *filter = live->view.filter;
	size_t length = strlen(filter);

	switch (key) {
	case KEY_ESCAPE:
		filter[0] = '\0';
		live->typing = false;
		break;
	case '\n': case '\r': case KEY_ENTER:
		live->typing = false;
		break;
	case KEY_BACKSPACE: case KEY_DELETE: case '\b':
		if (length)
			filter[length - 1] = '\0';
		break;
	default:
		if (key >= ' ' && key <= '~' && length + 1 < TOP_FILTER) {
			filter[length] = (char)key;
			filter[length + 1] = '\0';
		}
	}
}

/* ---- Moving ---- */

static void move_rows(struct top_live *live, size_t rows, bool down)
{
	size_t shown = live->frame.shown;
	size_t last = shown > live->page ? shown - live->page : 0;

	if (down)
		live->first = rows < last - live->first ? live->first + rows : last;
	else
		live->first = rows < live->first ? live->first - rows : 0;
}

static bool move_key(struct top_live *live, int key)
{
	switch (key) {
	case KEY_UP: case KEY_DOWN:
		move_rows(live, 1, key == KEY_DOWN);
		return true;
	case KEY_PPAGE: case KEY_NPAGE:
		move_rows(live, live->page, key == KEY_NPAGE);
		return true;
	case KEY_HOME: case KEY_END:
		move_rows(live, live->frame.shown, key == KEY_END);
		return true;
	case KEY_LEFT:
		live->skip -= live->skip > 0;
		return true;
	case KEY_RIGHT:
		live->skip += live->more;
		return true;
	default:
		return false;
	}
}

/* ---- All others ---- */

static void set_interval(struct top_live *live, bool longer)
{
	static const int64_t steps[] = { 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000 };
	const int count = sizeof(steps) / sizeof(steps[0]);
	int64_t milliseconds = live->interval / 1000000;
	int i;

	if (longer) {
		for (i = 0; i < count && steps[i] <= milliseconds; i++)
			;
		if (i == count)
			return;
	} else {
		for (i = count - 1; i >= 0 && steps[i] >= milliseconds; i--)
			;
		if (i < 0)
			return;
	}
	live->interval = steps[i] * 1000000;
}

static void sort_by(struct top_live *live, unsigned int columns)
{
	live->view.sort = (live->view.sort + columns) % top_columns_count;
}

static void command(struct top_live *live, int key)
{
	switch (key) {
	case '>': case 's':
		sort_by(live, 1);
		break;
	case '<':
		sort_by(live, top_columns_count - 1);
		break;
	case 'r':
		live->view.reverse = !live->view.reverse;
		break;
	case '/':
		live->typing = true;
		break;
	case ' ':
		live->paused = !live->paused;
		break;
	case '+': case '-':
		set_interval(live, key == '+');
		break;
	case 'd':
		live->view.dead = !live->view.dead;
		break;
	case 'h': case '?':
		live->help = true;
		break;
	case 'q':
		live->quit = true;
		break;
	}
}

void top_key(struct top_live *live, int key)
{
	if (key == KEY_RESIZE)
		return;		/* ncurses has taken note */
	if (live->typing)
		type(live, key);
	else if (live->help && key != 'q')
		live->help = false;
	else if (!move_key(live, key))
		command(live, key);
}
