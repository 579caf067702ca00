/* SPDX-License-Identifier: MIT */
/*
 * sluice top - shared by its files
 *
 *	top.c		the verb: frames as text or as JSON, one after the other
 *	options.c	the command line
 *	rows.c		from two snapshots to a row for each port, sorted
 *	columns.c	the columns of a row, and the keys for sorting
 *	text.c		numbers in four or five characters
 *	lines.c		a frame as lines of text, as wide as there is room
 *	json.c		a frame as lines of JSON
 *	live.c		the terminal: when there is a new frame, and when it ends
 *	screen.c	a frame on it
 *	keys.c		what keys do
 *
 * Without ncurses no_screen.c stands in for the last three.
 */
#ifndef TOOLS_TOP_H
#define TOOLS_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/domain/port_process.h"
#include "tools/domain/snapshot.h"
#include "tools/look.h"

#define TOP_FILTER	64

/* ---- options.c ---- */

struct top_options {
	struct look look;
	int64_t interval;		/* nanoseconds */
	unsigned int sort;		/* a column */
	uint64_t frames;		/* 0: no end */
	bool frames_given;
	bool batch;
};

/* 0; LOOK_WRONG, and a sentence was printed; or -1: help was asked for, and printed. */
int top_options_parse(struct top_options *options, int argc, char **argv);

/* ---- rows.c ---- */

/* The activity of a port between two snapshots; NAN: not known. */
struct top_rates {
	double sent, sent_bytes;	/* a second */
	double received, received_bytes;
	double wakes;			/* sleeps for each message received */
	double blocked;			/* a share of the time */
};

struct top_row {
	const struct snapshot_service *service;
	const struct snapshot_port *port;
	struct sluice_list_counters before;
	struct top_rates rate;
	double age;			/* seconds since it was active; NAN: never */
	bool trouble;			/* overflows or violations since the last frame */
	char command[PORT_COMMAND];	/* "-": not known */
	size_t place;			/* in the order of the snapshot */
};

struct top_totals {
	size_t services, ports;		/* that are alive */
	size_t dead;			/* ports */
	double messages, bytes;		/* sent, a second */
};

struct top_frame {
	struct snapshot before, now;
	double seconds;			/* between them; 0: there is none before */
	struct top_row *row;		/* those that are shown, then the others */
	size_t rows, shown;
	struct top_totals totals;
};

/* The rows that are shown, and their order. */
struct top_view {
	unsigned int sort;		/* a column */
	bool reverse;
	bool dead;			/* dead leftovers too */
	char filter[TOP_FILTER];	/* a part of the service's name */
};

/* Takes over the next snapshot, and measures against the one before.  0 or -ENOMEM. */
int top_frame_next(struct top_frame *frame, const struct snapshot *taken);
void top_frame_arrange(struct top_frame *frame, const struct top_view *view);
void top_frame_free(struct top_frame *frame);

/* ---- columns.c ---- */

#define TOP_CELL	1024

/* Either a name, or a value and how it is written. */
struct top_column {
	const char *key;		/* of --sort */
	const char *heading;		/* NULL: rows are only sorted by it */
	const char *meaning;
	const char *(*name)(const struct top_row *row);
	double (*value)(const struct top_row *row);
	char *(*format)(char *buffer, double value);
	int width;			/* of values; names are as wide as the longest */
	bool rising;			/* the smallest comes first */
};

extern const struct top_column top_columns[];
extern const unsigned int top_columns_count;

#define TOP_COLUMNS_MAX	20

/* These stay where they are when the others are moved. */
#define TOP_COLUMNS_FIXED	3

/* The number of a column, or -1. */
int top_column_named(const char *key);

/* The text of a cell, in a buffer of TOP_CELL; returns it. */
char *top_cell(const struct top_column *column, const struct top_row *row, char *buffer);

/* As qsort wants it: below 0 if a comes first. */
int top_compare(const struct top_column *column, const struct top_row *a,
		const struct top_row *b);

/* ---- text.c ---- */

/* At most four characters, five of a rate; "-" for NAN.  They return the buffer. */
char *top_text_count(char *buffer, double count);
char *top_text_rate(char *buffer, double per_second);
char *top_text_megabytes(char *buffer, double bytes);
char *top_text_bytes(char *buffer, double bytes);
char *top_text_ratio(char *buffer, double ratio);
char *top_text_percent(char *buffer, double share);
char *top_text_age(char *buffer, double seconds);
char *top_text_whole(char *buffer, double number);	/* all its digits */

/* ---- lines.c ---- */

#define TOP_LINE	8192

/* Which columns there is room for. */
struct top_layout {
	unsigned int column[TOP_COLUMNS_MAX];
	int at[TOP_COLUMNS_MAX], width[TOP_COLUMNS_MAX];
	unsigned int count;
	bool all;			/* none was left out on the right */
};

/* room 0: as wide as it gets; skip: so many of the columns that move. */
void top_layout(struct top_layout *layout, const struct top_frame *frame, int room,
		unsigned int skip);

/* Write a line without its end, TOP_LINE at most. */
void top_line_headings(char *line, const struct top_layout *layout);
void top_line_row(char *line, const struct top_layout *layout, const struct top_row *row);
void top_line_totals(char *line, const struct top_frame *frame);

/* ---- json.c ---- */

/* A line for each row, to standard output; number: of the frame, from 1.  0 or -ENOMEM. */
int top_json(const struct top_frame *frame, uint64_t number);

/* ---- top.c ---- */

/* The time of CLOCK_MONOTONIC, as in snapshots. */
int64_t top_now(void);

/*
 * Waits until that time, or a signal, or until there is a key if keys are waited for.
 * False: it is to end, since a signal said so, or the terminal has gone.
 */
bool top_wait(int64_t until, bool keys);

/* ---- live.c, screen.c, keys.c ---- */

struct top_live {
	int64_t interval;
	struct top_view view;
	struct top_frame frame;
	size_t first;			/* row on the screen */
	size_t page;			/* rows that it has room for */
	unsigned int skip;		/* columns to the left of it */
	bool more;			/* columns to the right of it */
	bool paused, typing, help, quit;
};

/* With keys, until it is ended.  The exit status. */
int top_live(const struct top_options *options);

/* 0 or -ENOTTY: the terminal has no screen. */
int top_screen_open(void);
void top_screen_close(void);
void top_screen_draw(struct top_live *live);

/* The keys that were pressed, without waiting for any. */
void top_screen_keys(struct top_live *live);

/* The action of a key, as getch has it; and a line for each, ended by NULL. */
void top_key(struct top_live *live, int key);
extern const char *const top_keys_help[];

#endif /* TOOLS_TOP_H */
