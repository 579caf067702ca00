/* SPDX-License-Identifier: MIT */
/*
 * The common part of the verbs that look at a domain: their command lines, and their
 * failures.
 */
#ifndef TOOLS_LOOK_H
#define TOOLS_LOOK_H

#include <stdbool.h>

#include "arguments.h"
#include "tools/domain/snapshot.h"

#define LOOK_WRONG	2	/* exit status: the command line was wrong */

/*
 * The options of all of them.  A verb numbers its own options from LOOK_OWN on, or by the
 * letter that is their short form.
 */
enum { LOOK_DOMAIN = 'd', LOOK_HELP = ARGUMENTS_HELP, LOOK_JSON = 256, LOOK_OWN };
#define LOOK_DOMAIN_OPTION						\
	{ "domain", LOOK_DOMAIN, "NAME",				\
	  "the domain that is looked at ($SLUICE_DOMAIN, or \"default\")" }

struct look {
	/* Set by the verb. */
	const char *verb;
	const char *intro, *rest;	/* as in struct arguments */
	const struct verb_option *options;
	/*
	 * Takes one of its own options, with its value or NULL.  False: the value is wrong.
	 */
	bool (*take)(void *context, int option, const char *value);
	void *context;

	/* Set from the command line. */
	const char *domain;
	bool json;
	char **name;
	int names;
};

/* 0; LOOK_WRONG, and a sentence was printed; -1: help was asked for, and printed. */
int look_parse(struct look *look, int argc, char **argv);

/* Print a sentence on standard error.  Return LOOK_WRONG; return 1. */
__attribute__((__format__(__printf__, 2, 3)))
int look_wrong(const struct look *look, const char *format, ...);
__attribute__((__format__(__printf__, 2, 3)))
int look_failed(const struct look *look, const char *format, ...);

/* Takes a snapshot of the domain. 0, or an exit status, and a sentence was printed. */
int look_at(const struct look *look, struct snapshot *ret_snapshot);

/* Is this service named by an argument?  NAME* stands for all that begin so. */
bool look_is_named(const struct look *look, const char *service);

/* Is any service named by an argument?  Prints a sentence if there is none. */
bool look_found(const struct look *look, const struct snapshot *snapshot);

/* Prints how many entries could not be read, if there are any. */
void look_tell_unreadable(const struct look *look, const struct snapshot *snapshot);

/* Has everything been written?  An exit status; and a sentence was printed. */
int look_flush(const struct look *look);

#endif /* TOOLS_LOOK_H */
