// SPDX-License-Identifier: MIT
/*
 * sluice gc - removes what dead processes have left in a domain
 *
 * The library does that too, whenever a service is opened, so the next program does it.
 * This verb is for a domain in which no program starts, for users who want to see the
 * entries, and for entries that the library does not look for at that time.  The library
 * finds and removes them (sluice_leftovers_open()); this file prints them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_leftovers.h>

#include "tools/configured.h"
#include "tools/domain/domain_json.h"
#include "tools/domain/lost_root.h"
#include "tools/look.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

static const char *const kinds[] = {
	[SLUICE_LEFTOVER_NODE] = "node",
	[SLUICE_LEFTOVER_PORT] = "port",
	[SLUICE_LEFTOVER_SERVICE] = "service",
	[SLUICE_LEFTOVER_REMAINS] = "remains",
	[SLUICE_LEFTOVER_DOMAIN] = "domain",
	[SLUICE_LEFTOVER_DIRECTORY] = "the directory",
};

static const char help_intro[] =
"usage: sluice gc [OPTION]...\n"
"\n"
"Removes what dead processes have left in a domain: records of nodes and ports,\n"
"their sockets, and services that nobody has open. What lives is not touched, and\n"
"others may use the domain meanwhile. Programs do the same when they open a\n"
"service, so this is needed only where none does. Memory is never left behind.\n";

static const char help_rest[] =
"The exit status is 0, also if there was nothing, or 1 if something that is left\n"
"could not be removed.\n"
"\n"
"Examples\n"
"  sluice gc --dry-run\n"
"  sluice gc --domain robot --json | jq -r .kind\n";

enum { DRY_RUN = 'n' };

static const struct verb_option options[] = {
	LOOK_DOMAIN_OPTION,
	{ "dry-run", DRY_RUN, NULL, "only list what would be removed" },
	{ "json", LOOK_JSON, NULL, "a line of JSON for each thing" },
	HELP_OPTION,
	{ 0 },
};

struct gc {
	struct look look;
	bool dry_run;
	unsigned long found;
	bool failed;
};

/* ---- The list --------------------------------------------------------------- */

static json_t *text(const char *name)
{
	return name ? domain_json_text(name) : json_null();
}

static int print_json(const struct sluice_leftover *thing, bool removed)
{
	char id[TEXT_NUMBER];

	return domain_json_print(json_pack("{s:b, s:s, s:o, s:o, s:o, s:o, s:o}",
		"removed", removed,
		"kind", kinds[thing->kind],
		"entry", text(thing->entry),
		"name", text(thing->name),
		"service", text(thing->service),
		"id", thing->id ? json_string(text_id(id, thing->id)) : json_null(),
		"pid", thing->pid ? json_integer(thing->pid) : json_null()));
}

static void print_text(const struct sluice_leftover *thing, bool removed)
{
	char clean[TEXT_CLEAN(SNAPSHOT_NAME)];

	printf("%s %s ", removed ? "removed" : "would remove", kinds[thing->kind]);
	if (thing->name && *thing->name)
		printf("%s, ", text_clean(clean, sizeof(clean), thing->name));
	printf("%s", text_clean(clean, sizeof(clean), thing->entry));
	if (thing->service)
		printf(" of %s", text_clean(clean, sizeof(clean), thing->service));
	if (thing->pid)
		printf(", of process %u", thing->pid);
	putchar('\n');
}

static void tell(struct gc *gc, const struct sluice_leftover *thing)
{
	gc->found++;
	if (gc->look.json)
		gc->failed |= print_json(thing, !gc->dry_run) < 0;
	else
		print_text(thing, !gc->dry_run);
}

static void fail(struct gc *gc, const struct sluice_leftover *thing)
{
	const char *what = thing->kind == SLUICE_LEFTOVER_DIRECTORY ? "read" :
			   gc->dry_run ? "look at" : "remove";
	char clean[TEXT_CLEAN(SNAPSHOT_NAME)];

	gc->failed = true;
	look_failed(&gc->look, "cannot %s %s %s: %s", what, kinds[thing->kind],
		    text_clean(clean, sizeof(clean), thing->entry), strerror(thing->error));
}

/* ---- All of it ---------------------------------------------------------------- */

/* Prints why the domain could not be searched. */
static int tell_why(const struct gc *gc, const char *domain, int error)
{
	char root[PATH_MAX];

	configured_root(root, sizeof(root));
	if (configured_is_wrong())
		return look_failed(&gc->look, "%s", sluice_strerror());
	if (error == EINVAL)
		return look_wrong(&gc->look, "\"%s\" is no name of a domain", domain);
	if (lost_root_is(-error))
		return look_failed(&gc->look, "there can be no domain %s below %s: %s", domain,
				   root, lost_root_why(-error));
	return look_failed(&gc->look, "domain %s cannot be read, or its directories are not safe: %s",
			   domain, strerror(error));
}

static int sweep(struct gc *gc)
{
	const struct sluice_leftovers_opts opts = SLUICE_LEFTOVERS_OPTS(
		.domain = configured_domain(gc->look.domain),
		.flags = gc->dry_run ? 0 : SLUICE_LEFTOVERS_REMOVE);
	struct sluice_leftovers *leftovers = sluice_leftovers_open(&opts);
	struct sluice_leftover thing = SLUICE_LEFTOVER();

	if (!leftovers)
		return tell_why(gc, opts.domain, errno);
	while (sluice_leftovers_next(leftovers, &thing) > 0)
		if (thing.error)
			fail(gc, &thing);
		else
			tell(gc, &thing);
	sluice_leftovers_close(leftovers);
	return gc->failed;
}

static bool take(void *context, int option, const char *value)
{
	struct gc *gc = context;

	(void)value;
	gc->dry_run = option == DRY_RUN;
	return true;
}

int verb_gc(int argc, char **argv)
{
	struct gc gc = {
		.look = { .verb = "gc", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take },
	};
	int r;

	gc.look.context = &gc;
	r = look_parse(&gc.look, argc, argv);
	if (r)
		return r < 0 ? 0 : r;
	if (gc.look.names)
		return look_wrong(&gc.look, "there are no arguments such as %s", gc.look.name[0]);
	r = sweep(&gc);
	if (!r && !gc.found && !gc.look.json)
		look_failed(&gc.look, "nothing was left behind in the domain %s",
			    configured_domain(gc.look.domain));
	return r ? r : look_flush(&gc.look);
}
