/* SPDX-License-Identifier: MIT */
/* What the verbs have in common that look at a domain: how they are asked, how they fail. */
#ifndef TOOLS_LOOK_H
#define TOOLS_LOOK_H

#include <stdbool.h>

#include "arguments.h"
#include "tools/domain/snapshot.h"

#define LOOK_WRONG	2	/* exit status: asked wrongly */

/*
 * What they all take.  A verb numbers its own options from LOOK_OWN on, or by the letter
 * that is their short form.
 */
enum { LOOK_DOMAIN = 'd', LOOK_HELP = 'h', LOOK_JSON = 256, LOOK_OWN };
#define LOOK_OPTIONS						\
	{ "domain", required_argument, NULL, LOOK_DOMAIN },	\
	{ "json", no_argument, NULL, LOOK_JSON },		\
	{ "help", no_argument, NULL, LOOK_HELP }

struct look {
	/* Of the verb. */
	const char *verb;
	const char *help;
	const struct option *options;
	/* One of its own options, with its value or NULL.  False: that cannot be. */
	bool (*take)(void *context, int option, const char *value);
	void *context;

	/* What was asked for. */
	const char *domain;
	bool json;
	char **name;
	int names;
};

/* 0; LOOK_WRONG, and it was said why; -1: help was asked for, and given. */
int look_parse(struct look *look, int argc, char **argv);

/* Say a sentence on standard error.  LOOK_WRONG; 1. */
__attribute__((__format__(__printf__, 2, 3)))
int look_wrong(const struct look *look, const char *format, ...);
__attribute__((__format__(__printf__, 2, 3)))
int look_failed(const struct look *look, const char *format, ...);

/* Takes a snapshot of the domain.  0, or an exit status, and it was said why. */
int look_at(const struct look *look, struct snapshot *ret_snapshot);

/* Is this service one of those that were named?  NAME* is all that begin so. */
bool look_is_named(const struct look *look, const char *service);

/* Is there a service of those that were named?  Says so if there is none. */
bool look_found(const struct look *look, const struct snapshot *snapshot);

/* Says how many entries could not be read, if there are any. */
void look_tell_unreadable(const struct look *look, const struct snapshot *snapshot);

/* Has everything been written?  An exit status; and it was said why. */
int look_flush(const struct look *look);

#endif /* TOOLS_LOOK_H */
