/* SPDX-License-Identifier: MIT */
/* The options of a verb. */
#ifndef TOOLS_ARGUMENTS_H
#define TOOLS_ARGUMENTS_H

#include <stdbool.h>

#include <getopt.h>

/*
 * One verb's command line.  The table of getopt_long(3) contains all options: a val that is a
 * letter is the short form.
 */
struct arguments {
	const char *verb;
	const char *help;		/* for arguments_take(): what --help prints */
	const struct option *options;
	bool leading;			/* options end at the first argument that is no option */
	int argc;
	char **argv;
};

/* Begins with the first argument. */
void arguments_begin(void);

/*
 * Returns the val of the next option, with its value in optarg; -1: there are no more, and
 * optind is the first argument that is no option; '?': the option is wrong, and a sentence
 * was printed.
 */
int arguments_next(const struct arguments *arguments);

/* The val of --help, in the tables of all verbs. */
#define ARGUMENTS_HELP	'h'

/*
 * Gives all options up to the first argument that is no option to take(), each with its value
 * or NULL.  take() returns false if the value cannot be used.  Returns 0; -1: help was asked
 * for, and printed; 2: the command line is wrong, and a sentence was printed.
 */
int arguments_take(const struct arguments *arguments,
		   bool (*take)(void *context, int option, char *value), void *context);

/* The name of the option with this val. */
const char *arguments_name(const struct option *options, int val);

/* Prints that optarg is not a valid value of the option.  Returns the exit status 2. */
int arguments_refuse(const struct arguments *arguments, int val);

#endif /* TOOLS_ARGUMENTS_H */
