/* SPDX-License-Identifier: MIT */
/* The options of a verb. */
#ifndef TOOLS_ARGUMENTS_H
#define TOOLS_ARGUMENTS_H

#include <stdbool.h>

#include <getopt.h>

/*
 * An option of a verb.  A val that is a letter is the short form.  Without a text it shares
 * that of the next one; a text without a name is a heading.  A table ends with zeros.
 */
struct verb_option {
	const char *name;
	int val;
	const char *value;	/* what it is called; "[=TIME]": it may be left out; NULL: none */
	const char *text;	/* what it does; --help breaks it into lines */
};

/* The val of --help, in the tables of all verbs. */
#define ARGUMENTS_HELP	'h'
#define HELP_OPTION	{ "help", ARGUMENTS_HELP, NULL, "print this" }

/*
 * One verb's command line.  The intro of --help ends in front of the options, and begins with a
 * line of how the verb is used; the rest comes behind them.
 */
struct arguments {
	const char *verb;
	const char *intro;
	const struct verb_option *options;
	const char *rest;
	bool leading;			/* options end at the first argument that is no option */
	int argc;
	char **argv;
};

/* Begins with the first argument. */
void arguments_begin(void);

/*
 * Returns the val of the next option, with its value in optarg; -1: there are no more, and
 * optind is the first argument that is no option; '?': the option is wrong, and a sentence
 * was printed; ARGUMENTS_LIST: the options are to be listed.
 */
#define ARGUMENTS_LIST	(-2)
int arguments_next(const struct arguments *arguments);

/*
 * Gives all options up to the first argument that is no option to take(), each with its value
 * or NULL.  take() returns false if the value cannot be used.  Returns 0; -1: help was asked
 * for, and printed, or the options were (arguments_help.c); 2: the command line is wrong, and a
 * sentence was printed.
 */
int arguments_take(const struct arguments *arguments,
		   bool (*take)(void *context, int option, char *value), void *context);

/* Prints the help, and the options for those who complete command lines. */
void arguments_print_help(const struct arguments *arguments);
void arguments_print_list(const struct arguments *arguments);

/* The name of the option with this val. */
const char *arguments_name(const struct verb_option *options, int val);

/* Prints that optarg is not a valid value of the option.  Returns the exit status 2. */
int arguments_refuse(const struct arguments *arguments, int val);

#endif /* TOOLS_ARGUMENTS_H */
