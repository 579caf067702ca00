// SPDX-License-Identifier: MIT
/*
 * The common part of the verbs that look at a domain: their command lines, and their
 * failures.
 *
 * Data goes to standard output and everything else to standard error, one sentence for each
 * thing.  The exit status is 0, 1 (it failed) or 2 (the command line was wrong, and there
 * is nothing on standard output).  An empty domain is no failure: a domain comes and goes
 * with its processes.
 */
#include "look.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>

#include "tools/configured.h"
#include "tools/domain/lost_root.h"
#include "tools/text/printable.h"
#include "tools/text/say.h"
#include "tools/text/suggest.h"

#define NAME_SIZE	256

static int point_to_help(const struct look *look)
{
	fprintf(stderr, "sluice %s --help lists the options.\n", look->verb);
	return LOOK_WRONG;
}

int look_wrong(const struct look *look, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_all(look->verb, format, arguments);
	va_end(arguments);
	return point_to_help(look);
}

int look_failed(const struct look *look, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_all(look->verb, format, arguments);
	va_end(arguments);
	return 1;
}

/* ---- The command line ---- */

static bool take(void *context, int option, char *value)
{
	struct look *look = context;

	if (option == LOOK_DOMAIN)
		look->domain = value;
	else if (option == LOOK_JSON)
		look->json = true;
	else
		return look->take(look->context, option, value);
	return true;
}

int look_parse(struct look *look, int argc, char **argv)
{
	const struct arguments arguments = {
		.verb = look->verb, .intro = look->intro, .options = look->options,
		.rest = look->rest, .argc = argc, .argv = argv,
	};
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, look);
	look->name = argv + optind;
	look->names = argc - optind;
	return r;
}

/* ---- The domain ---- */

int look_at(const struct look *look, struct snapshot *ret_snapshot)
{
	int r = snapshot_take(ret_snapshot, look->domain);
	char name[TEXT_CLEAN(NAME_SIZE)];

	if (!r)
		return 0;
	text_clean(name, sizeof(name), ret_snapshot->domain);
	if (r == -EINVAL)
		return look_wrong(look, "\"%s\" is no name of a domain: at most 63 bytes, no /, and no . in front",
				  name);
	if (r == CONFIGURED_WRONG)
		return look_failed(look, "%s", sluice_strerror());
	if (r == -EACCES)
		return look_failed(look, "domain %s below %s cannot be read: a directory is closed to you, or not safe (of another user, writable by others, or a symbolic link)",
				   name, ret_snapshot->root);
	return look_failed(look, "cannot read domain %s below %s: %s", name, ret_snapshot->root,
			   lost_root_why(r));
}

static bool matches(const char *service, const char *pattern)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '*')
		return !strncmp(service, pattern, length - 1);
	return !strcmp(service, pattern);
}

bool look_is_named(const struct look *look, const char *service)
{
	for (int i = 0; i < look->names; i++)
		if (matches(service, look->name[i]))
			return true;
	return !look->names;
}

bool look_found(const struct look *look, const struct snapshot *snapshot)
{
	char text[SUGGEST_TEXT] = "";

	for (size_t i = 0; i < snapshot->services; i++)
		if (look_is_named(look, snapshot->service[i].info.name))
			return true;
	if (look->names)
		snapshot_suggest(snapshot, look->name[0], text);
	look_failed(look, "no services%s in %s below %s%s", look->names ? " of that name" : "",
		    snapshot->domain, snapshot->root, text);
	return false;
}

void look_tell_unreadable(const struct look *look, const struct snapshot *snapshot)
{
	if (snapshot->unreadable)
		look_failed(look, "%zu %s could not be read: closed to you, of another version, or not whole",
			    snapshot->unreadable, snapshot->unreadable == 1 ? "entry" : "entries");
}

int look_flush(const struct look *look)
{
	if (fflush(stdout) || ferror(stdout))
		return look_failed(look, "cannot write: %s", strerror(errno));
	return 0;
}
