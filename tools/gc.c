// SPDX-License-Identifier: MIT
/*
 * sluice gc - removes what dead processes have left in a domain
 *
 * The library does that too, whenever a service is opened, so the next program that comes
 * will do.  This verb is for when none comes, for who wants to know what there is, and
 * for what the library does not look for: it begins only if a node's record can be
 * locked, so not where a child holds the locks of its dead parent, nor where a sweep was
 * cut short after the nodes.  Opening a service here, to have the library sweep, would
 * make a node and a service for others to see, and could not say what it has removed.
 *
 * How a thing may be removed is in leftover.c.  The order is that of the library: ports,
 * then services that nobody has open, then nodes; a node's record tells the library that
 * there is something to do, so it stays until all else is gone.  The name that a node has
 * in a service goes with the ports there, and is not listed apart.  At the end goes the
 * domain, if it is empty and the root directory is of one user.
 *
 * A directory without a contract is that of a service which is being made, or whose maker
 * died; it is taken for the latter when it is older than any opening takes.  One that has
 * a contract but not yet its name is like any other.
 *
 * What belongs to another user, in a directory of a third, is for these to remove, or for
 * root.
 */
#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#include "configured.h"
#include "domain_json.h"
#include "leftover.h"
#include "look.h"
#include "lost_root.h"
#include "printable.h"
#include "registry.h"
#include "text.h"
#include "verbs.h"

#define PATIENCE_S	10	/* the library gives an opening up after 2 s */

static const char help[] =
"usage: sluice gc [OPTION]...\n"
"\n"
"Removes what dead processes have left in a domain: records of nodes and ports,\n"
"their sockets, and services that nobody has open. What lives is not touched, and\n"
"others may use the domain meanwhile. Programs do the same when they open a\n"
"service, so this is needed only where none does. Memory is never left behind.\n"
"\n"
"  -d, --domain NAME  this domain, not $SLUICE_DOMAIN or \"default\"\n"
"  -n, --dry-run      only list what would be removed\n"
"      --json         a line of JSON for each thing\n"
"  -h, --help\n"
"\n"
"The exit status is 0, also if there was nothing, or 1 if something that is left\n"
"could not be removed.\n"
"\n"
"Examples\n"
"  sluice gc --dry-run\n"
"  sluice gc --domain robot --json | jq -r .kind\n";

enum { DRY_RUN = 'n' };

static const struct option options[] = {
	LOOK_OPTIONS,
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ 0 },
};

struct gc {
	struct look look;
	bool dry_run;
	unsigned long found;
	bool failed;

	/* The service that is being looked at. */
	const char *hash;
	char service[SLUICE_SERVICE_NAME_SIZE];
	int servers;			/* the directory of its sockets, or -1 */
};

/* What is found, for the list. */
struct thing {
	const char *kind;
	const char *entry;		/* its name in the registry */
	const char *name;		/* that it was given, or NULL */
	const char *service;		/* of a port, or NULL */
	uint64_t id;			/* or 0 */
	uint32_t pid;			/* or 0 */
};

/* ---- The list --------------------------------------------------------------- */

static json_t *text(const char *name)
{
	return name ? domain_json_text(name) : json_null();
}

static int print_json(const struct thing *thing, bool removed)
{
	char id[TEXT_NUMBER];

	return domain_json_print(json_pack("{s:b, s:s, s:o, s:o, s:o, s:o, s:o}",
		"removed", removed,
		"kind", thing->kind,
		"entry", text(thing->entry),
		"name", text(thing->name),
		"service", text(thing->service),
		"id", thing->id ? json_string(text_id(id, thing->id)) : json_null(),
		"pid", thing->pid ? json_integer(thing->pid) : json_null()));
}

static void print_text(const struct thing *thing, bool removed)
{
	char clean[TEXT_CLEAN(SLUICE_SERVICE_NAME_SIZE)];

	printf("%s %s ", removed ? "removed" : "would remove", thing->kind);
	if (thing->name && *thing->name)
		printf("%s, ", text_clean(clean, sizeof(clean), thing->name));
	printf("%s", text_clean(clean, sizeof(clean), thing->entry));
	if (thing->service)
		printf(" of %s", text_clean(clean, sizeof(clean), thing->service));
	if (thing->pid)
		printf(", of process %u", thing->pid);
	putchar('\n');
}

static void tell(struct gc *gc, const struct thing *thing)
{
	gc->found++;
	if (gc->look.json)
		gc->failed |= print_json(thing, !gc->dry_run) < 0;
	else
		print_text(thing, !gc->dry_run);
}

static void fail(struct gc *gc, const char *what, const struct thing *thing, int error)
{
	char clean[TEXT_CLEAN(SLUICE_SERVICE_NAME_SIZE)];

	gc->failed = true;
	look_failed(&gc->look, "cannot %s %s %s: %s", what, thing->kind,
		    text_clean(clean, sizeof(clean), thing->entry), strerror(-error));
}

/* What became of it: 0 or -errno. */
static void conclude(struct gc *gc, const struct thing *thing, int r)
{
	if (r == 0)
		tell(gc, thing);
	else if (r != -ENOENT)		/* else somebody was faster */
		fail(gc, "remove", thing, r);
}

/* ---- Records ---------------------------------------------------------------- */

static void look_at_node(void *context, int nodes, const char *name)
{
	struct thing thing = { .kind = "node", .entry = name };
	struct gc *gc = context;
	struct leftover leftover;
	int r;

	if (!leftover_is_id(name))
		return;			/* a mailbox */
	r = leftover_take_node(&leftover, nodes, name);
	if (r < 0)
		fail(gc, "look at", &thing, r);
	if (r <= 0)
		return;
	thing.id = leftover.record.node.id;
	thing.pid = leftover.record.node.pid;
	thing.name = leftover.record.node.name;
	conclude(gc, &thing, gc->dry_run ? 0 : leftover_remove_node(&leftover));
	leftover_release(&leftover);
}

/* A name that a dead node has in a service, which goes untold with the node. */
static void look_at_member(struct gc *gc, int ports, const char *name)
{
	struct thing thing = { .kind = "node", .entry = name, .service = gc->service };
	struct leftover leftover;
	int r;

	r = leftover_take_node(&leftover, ports, name);
	if (r > 0) {
		r = gc->dry_run ? 0 : leftover_remove_node(&leftover);
		leftover_release(&leftover);
	}
	if (r < 0 && r != -ENOENT)
		fail(gc, "remove", &thing, r);
}

static void look_at_port(void *context, int ports, const char *name)
{
	struct gc *gc = context;
	struct thing thing = { .kind = "port", .entry = name, .service = gc->service };
	struct leftover leftover;
	int r;

	if (registry_is_member(name)) {
		look_at_member(gc, ports, name);
		return;
	}
	r = leftover_take_port(&leftover, ports, name);
	if (r < 0)
		fail(gc, "look at", &thing, r);
	if (r <= 0)
		return;
	thing.id = leftover.record.port.id;
	thing.pid = leftover.record.port.pid;
	conclude(gc, &thing, gc->dry_run ? 0 : leftover_remove_port(&leftover, gc->servers));
	leftover_release(&leftover);
}

/* ---- Services ---------------------------------------------------------------- */

static void name_service(struct gc *gc, int services)
{
	struct sluice_registry_contract contract;
	struct stat status;

	if (registry_read_contract(services, gc->hash, &contract, NULL, &status) < 0)
		snprintf(gc->service, sizeof(gc->service), "%s", gc->hash);
	else
		memcpy(gc->service, contract.name, sizeof(gc->service));
}

/* Each entry of a directory; what cannot be looked at is told, or it would pass for empty. */
static void look_at_each(struct gc *gc, int at, const char *name, registry_entry *call)
{
	const struct thing directory = { .kind = "the directory", .entry = name };
	int r = registry_each(at, name, NULL, gc, call);

	if (r < 0)
		fail(gc, "read", &directory, r);
}

static void look_at_ports(struct gc *gc, int services)
{
	int service = registry_open_directory(services, gc->hash);

	if (service < 0)
		return;
	gc->servers = registry_open_directory(service, "servers");
	look_at_each(gc, service, "ports", look_at_port);
	if (gc->servers >= 0)
		close(gc->servers);
	close(service);
}

/* It holds no contract. */
static int remove_unfilled(const struct gc *gc, int services)
{
	struct stat status;

	if (fstatat(services, gc->hash, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    status.st_mtime + PATIENCE_S > time(NULL))
		return -ENOENT;
	if (gc->dry_run)
		return 0;
	return unlinkat(services, gc->hash, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Another user's, and not for this one to look at. */
static bool is_closed(const struct gc *gc, int services)
{
	struct stat status;

	return geteuid() && fstatat(services, gc->hash, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode) && status.st_uid != geteuid() &&
	       faccessat(services, gc->hash, R_OK | X_OK, AT_EACCESS) < 0;
}

static void look_at_contract(struct gc *gc, int services)
{
	struct thing thing = {
		.kind = "service", .entry = gc->hash, .name = gc->service,
		.id = strtoull(gc->hash, NULL, 16),
	};
	int contract = leftover_lock_service(services, gc->hash);

	if (contract == -ENOENT)
		conclude(gc, &thing, remove_unfilled(gc, services));
	else if (contract >= 0)
		conclude(gc, &thing, gc->dry_run ? 0 :
			 leftover_remove_service(services, gc->hash));
	else if (contract != -EBUSY)
		fail(gc, "look at", &thing, contract);
	if (contract >= 0)
		close(contract);
}

static void look_at_service(void *context, int services, const char *name)
{
	struct thing remains = { .kind = "remains", .entry = name };
	struct gc *gc = context;

	if (leftover_is_renamed(name))
		conclude(gc, &remains,
			 gc->dry_run ? 0 : leftover_delete_renamed(services, name));
	if (!leftover_is_id(name) && !leftover_is_unnamed(name))
		return;
	gc->hash = name;
	if (is_closed(gc, services))
		return;
	name_service(gc, services);
	look_at_ports(gc, services);
	look_at_contract(gc, services);
}

/* ---- All of it ---------------------------------------------------------------- */

/*
 * As the last node does that leaves it, if it is of one user; who comes meanwhile makes
 * it again.
 */
static void remove_domain(struct gc *gc, int root, int domain)
{
	const char *name = configured_domain(gc->look.domain);
	struct thing thing = { .kind = "domain", .entry = name };

	if ((unlinkat(domain, "nodes", AT_REMOVEDIR) < 0 && errno != ENOENT) ||
	    (unlinkat(domain, "services", AT_REMOVEDIR) < 0 && errno != ENOENT))
		return;
	if (unlinkat(root, name, AT_REMOVEDIR) == 0)
		tell(gc, &thing);
}

static void remove_domain_of_one(struct gc *gc, int domain)
{
	bool shared;
	int root = registry_open_root(&shared);

	if (root >= 0 && !shared)
		remove_domain(gc, root, domain);
	if (root >= 0)
		close(root);
}

static int tell_root(const struct gc *gc, const char *domain, int error)
{
	char root[PATH_MAX];

	configured_root(root, sizeof(root));
	return look_failed(&gc->look, "there can be no domain %s below %s: %s", domain, root,
			   lost_root_why(error));
}

static int sweep(struct gc *gc)
{
	const char *domain = configured_domain(gc->look.domain);
	int fd = registry_open_domain(gc->look.domain);

	if (fd == -ENOENT)
		return 0;
	if (fd == -EINVAL)
		return look_wrong(&gc->look, "\"%s\" is no name of a domain", domain);
	if (lost_root_is(fd))
		return tell_root(gc, domain, fd);
	if (fd == CONFIGURED_WRONG)
		return look_failed(&gc->look, "%s", sluice_strerror());
	if (fd < 0)
		return look_failed(&gc->look, "domain %s is not to be read, or its directories are not safe: %s",
				   domain, strerror(-fd));
	look_at_each(gc, fd, "services", look_at_service);
	look_at_each(gc, fd, "nodes", look_at_node);
	if (gc->found && !gc->dry_run)
		remove_domain_of_one(gc, fd);
	close(fd);
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
		.look = { .verb = "gc", .help = help, .options = options, .take = take },
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
