// SPDX-License-Identifier: MIT
/*
 * sluice ls - the services of a domain, and their processes
 *
 * A service is a line, or with --tree a line and one for each of its ports.  Ports whose
 * process has died without leaving are counted separately, and a service that nobody has
 * open is printed dim.  Both go when the next process opens a service.
 *
 * As JSON it is one object:
 *
 *	root, domain	strings: the root directory and the domain
 *	unreadable	how many entries could not be read
 *	services	by name; each as domain_json.c describes it, and with --tree also
 *	  ports		clients first; each as domain_json.c describes it
 *
 * With --domains it lists domains instead (domains.c).
 */
#include "tools/text/printable.h"
#include "tools/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domains.h"
#include "tools/domain/domain_json.h"
#include "tools/domain/port_process.h"
#include "tools/domain/port_title.h"
#include "tools/look.h"
#include "tools/text/columns.h"
#include "tools/text/text.h"

#define PIDS_SHOWN	8
#define PIDS_TEXT	(PIDS_SHOWN * 12 + TEXT_NUMBER)

static const char help_intro[] =
"usage: sluice ls [NAME...] [OPTION]...\n"
"   or: sluice ls --domains [--json]\n"
"\n"
"Lists the services of a domain, or those of these names; NAME* stands for all\n"
"that begin so. It tells the types of requests and responses, [] for slices of\n"
"them, and counts the clients and servers that live, and those that have died\n"
"and left something behind.\n";

static const char help_rest[] =
"Examples\n"
"  sluice ls\n"
"  sluice ls 'example/*' --tree\n"
"  sluice ls --json | jq -r '.services[] | select(.dead > 0).name'\n";

enum { TREE = 'l', DOMAINS = LOOK_OWN };

static const struct verb_option options[] = {
	{ "tree", TREE, NULL, "also each client and server: name, id, process and node" },
	{ "domains", DOMAINS, NULL, "the domains that there are, and how many are in each" },
	LOOK_DOMAIN_OPTION,
	{ "json", LOOK_JSON, NULL, "print an object; man sluice-ls describes it" },
	HELP_OPTION,
	{ 0 },
};

struct wanted {
	bool tree, domains;
};

static bool take(void *context, int option, const char *value)
{
	struct wanted *wanted = context;

	(void)value;
	if (option == TREE)
		wanted->tree = true;
	else
		wanted->domains = true;
	return true;
}

/* ---- For people ---- */

static enum style style_of(const struct snapshot_service *service)
{
	return service->alive ? STYLE_PLAIN : STYLE_DIM;
}

/* "1 2 3", or the first few and how many more. */
static void pids_text(char *buffer, const struct snapshot_service *service)
{
	size_t count = 0;
	uint32_t *pids = port_process_pids(service, &count);
	int length = 0;

	for (size_t i = 0; i < count && i < PIDS_SHOWN; i++)
		length += snprintf(buffer + length, (size_t)(PIDS_TEXT - length), "%s%u",
				   i ? " " : "", pids[i]);
	if (count > PIDS_SHOWN)
		snprintf(buffer + length, (size_t)(PIDS_TEXT - length), " and %zu more",
			 count - PIDS_SHOWN);
	if (!count)
		strcpy(buffer, service->alive ? "-" : "left behind");
	free(pids);
}

static void add_service(struct columns *columns, const struct snapshot_service *service)
{
	const struct sluice_type *asked = &snapshot_request(service)->payload;
	const struct sluice_type *answered = &snapshot_response(service)->payload;
	char name[TEXT_CLEAN(SNAPSHOT_NAME)], pids[PIDS_TEXT];
	char request[TEXT_CLEAN(SNAPSHOT_NAME)], response[TEXT_CLEAN(SNAPSHOT_NAME)];

	pids_text(pids, service);
	columns_add(columns, style_of(service), "%s\t%s%s\t%s%s\t%u\t%u\t%zu\t%s",
		    text_clean(name, sizeof(name), service->info.name),
		    text_clean(request, sizeof(request), asked->name),
		    asked->kind ? "[]" : "",
		    text_clean(response, sizeof(response), answered->name),
		    answered->kind ? "[]" : "", service->clients, service->servers,
		    service->ports - service->clients - service->servers, pids);
}

static int print_list(const struct look *look, const struct snapshot *snapshot)
{
	struct columns columns = { .alignment = "lllrrrl" };

	columns_add(&columns, STYLE_BOLD,
		    "SERVICE\tREQUEST\tRESPONSE\tCLIENTS\tSERVERS\tDEAD\tPIDS");
	for (size_t i = 0; i < snapshot->services; i++)
		if (look_is_named(look, snapshot->service[i].info.name))
			add_service(&columns, &snapshot->service[i]);
	return columns_print(&columns);
}

static void add_port(struct columns *columns, const struct snapshot *snapshot,
		     const struct snapshot_port *port)
{
	const struct snapshot_node *node = snapshot_node(snapshot, port->info.node);
	char id[TEXT_NUMBER], comm[PORT_COMMAND], name[TEXT_CLEAN(SNAPSHOT_NAME)] = "?";
	char title[PORT_TITLE];
	const char *command = port_process_command(comm, port);

	if (!command)
		command = !port->alive ? "dead" :
			  port_process_is_elsewhere(port) ? "other pid namespace" : "?";
	if (node)
		text_clean(name, sizeof(name), node->info.name);
	columns_add(columns, port->alive ? STYLE_PLAIN : STYLE_DIM,
		    "  %s\t%s\tpid %u\t%s\tnode %s", port_title(title, port),
		    text_id(id, port->info.id), port->info.pid, command, name);
}

/* A service as a heading across the columns. */
static void add_heading(struct columns *columns, const struct snapshot_service *service)
{
	const struct sluice_type *asked = &snapshot_request(service)->payload;
	const struct sluice_type *answered = &snapshot_response(service)->payload;
	char name[TEXT_CLEAN(SNAPSHOT_NAME)];
	char request[TEXT_CLEAN(SNAPSHOT_NAME)], response[TEXT_CLEAN(SNAPSHOT_NAME)];

	columns_add(columns, service->alive ? STYLE_BOLD : STYLE_DIM, "%s: %s%s to %s%s%s",
		    text_clean(name, sizeof(name), service->info.name),
		    text_clean(request, sizeof(request), asked->name),
		    asked->kind ? "[]" : "",
		    text_clean(response, sizeof(response), answered->name),
		    answered->kind ? "[]" : "",
		    service->alive ? "" : ", left behind");
}

static int print_tree(const struct look *look, const struct snapshot *snapshot)
{
	struct columns columns = { .alignment = "lllll" };
	const struct snapshot_service *service;

	for (size_t i = 0; i < snapshot->services; i++) {
		service = &snapshot->service[i];
		if (!look_is_named(look, service->info.name))
			continue;
		add_heading(&columns, service);
		for (size_t j = 0; j < service->ports; j++)
			add_port(&columns, snapshot, &service->port[j]);
	}
	return columns_print(&columns);
}

/* ---- JSON ---- */

static json_t *service_json(const struct snapshot *snapshot,
			    const struct snapshot_service *service, bool tree)
{
	json_t *object = domain_json_service(service), *ports = json_array();

	for (size_t i = 0; tree && i < service->ports; i++)
		json_array_append_new(ports, domain_json_port(snapshot, &service->port[i]));
	if (tree)
		json_object_set(object, "ports", ports);
	json_decref(ports);
	return object;
}

static int print_json(const struct look *look, const struct snapshot *snapshot, bool tree)
{
	json_t *services = json_array();

	for (size_t i = 0; i < snapshot->services; i++)
		if (look_is_named(look, snapshot->service[i].info.name))
			json_array_append_new(services,
					      service_json(snapshot, &snapshot->service[i], tree));
	return domain_json_print(json_pack("{s:o, s:o, s:I, s:o}",
					   "root", domain_json_text(snapshot->root),
					   "domain", domain_json_text(snapshot->domain),
					   "unreadable", (json_int_t)snapshot->unreadable,
					   "services", services));
}

/* ---- The verb ---- */

static int print(const struct look *look, const struct snapshot *snapshot, bool tree)
{
	bool any = look_found(look, snapshot);
	int r = 0;

	if (look->json)
		r = print_json(look, snapshot, tree);
	else if (any)
		r = tree ? print_tree(look, snapshot) : print_list(look, snapshot);
	look_tell_unreadable(look, snapshot);
	return r < 0 ? look_failed(look, "no memory") : look_flush(look);
}

int verb_ls(int argc, char **argv)
{
	struct wanted wanted = { .tree = false };
	struct look look = {
		.verb = "ls", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take, .context = &wanted,
	};
	struct snapshot snapshot;
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	if (wanted.domains && (wanted.tree || look.names || look.domain))
		return look_wrong(&look, "--domains lists all domains, and takes no name");
	if (wanted.domains)
		return domains_list(&look);
	r = look_at(&look, &snapshot);
	if (r)
		return r;
	r = print(&look, &snapshot, wanted.tree);
	snapshot_free(&snapshot);
	return r;
}
