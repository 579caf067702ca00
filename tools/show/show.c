// SPDX-License-Identifier: MIT
/*
 * sluice show - everything that can be known of one service from outside
 *
 * Its types and settings are those of the contract.  The counters of its ports are claims
 * of their processes, stored without an order, so counters of one moment may differ by a
 * message.  The memory of a port is the memfds that its process has open, which only the
 * same user and root may look at.
 *
 * As JSON it is one object:
 *
 *	root, domain	strings: where that is
 *	service		as domain_json.c describes it, and also
 *	  fields	an object of request, response, request_header and response_header,
 *			as far as they are known, as payload/describe.c describes them
 *	  settings	as settings.c describes them
 *	  attributes	an array, in the order in which they were given; each an object of
 *	    key, value	strings; a key may be there several times
 *	  ports		clients first; each as domain_json.c describes it, and also
 *	    counters	as counters.c describes them
 *	    memory	null: it may not be looked at; or an array with, for each segment,
 *	      size	bytes
 *	      allocated	bytes that the kernel has given for them
 */
#include "tools/text/printable.h"
#include "tools/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

#include "port_memory.h"
#include "tools/contract.h"
#include "tools/domain/counters.h"
#include "tools/domain/domain_json.h"
#include "tools/domain/port_process.h"
#include "tools/domain/port_title.h"
#include "tools/look.h"
#include "tools/payload/describe.h"
#include "tools/payload/service_shapes.h"
#include "tools/settings.h"
#include "tools/text/columns.h"
#include "tools/text/text.h"

static const char help_intro[] =
"usage: sluice show SERVICE [OPTION]...\n"
"\n"
"Shows one service: its types and their fields, settings and attributes, and of\n"
"each client and server the process, what it has counted, and its memory. Memory\n"
"can be looked at by the user whose process it is, and by root.\n";

static const char help_rest[] =
"Examples\n"
"  sluice show example/calls\n"
"  sluice show example/calls --json | jq '.service.settings.max_clients'\n";

enum { TYPES = LOOK_OWN };

static const struct verb_option options[] = {
	LOOK_DOMAIN_OPTION,
	{ "types", TYPES, "PROGRAM",
	  "the fields of messages are those of PROGRAM, not of the programs of the "
	  "service's processes" },
	{ "json", LOOK_JSON, NULL, "print an object; man sluice-show describes it" },
	HELP_OPTION,
	{ 0 },
};

struct show {
	const struct snapshot *snapshot;
	const struct snapshot_service *service;
	struct service_shapes shapes;
	struct port_memory memory;
};

/* ---- For people ---- */

static void add_type(struct columns *columns, const char *what,
		     const struct sluice_type *type)
{
	char name[TEXT_CLEAN(SNAPSHOT_NAME)];

	if (!type->size) {
		columns_add(columns, STYLE_PLAIN, "  %s\tnone", what);
		return;
	}
	columns_add(columns, STYLE_PLAIN, "  %s\t%s%s, %" PRIu64 " byte%s%s, aligned to %" PRIu32,
		    what, text_clean(name, sizeof(name), type->name), type->kind ? "[]" : "",
		    type->size, type->size == 1 ? "" : "s", type->kind ? " each" : "",
		    type->alignment);
}

/* The fields of a message, in the form in which sluice call takes them. */
static void add_fields(struct columns *columns, const char *what, const struct shape *shape)
{
	json_t *json = shape ? payload_describe(shape) : NULL;
	char *text = json ? json_dumps(json, 0) : NULL;
	size_t size = text ? TEXT_CLEAN(strlen(text) + 1) : 0;
	char *clean = text ? malloc(size) : NULL;

	if (clean)
		columns_add(columns, STYLE_PLAIN, "  %s\t%s", what, text_clean(clean, size, text));
	free(clean);
	free(text);
	json_decref(json);
}

static void add_attributes(struct columns *columns, const struct snapshot_service *service)
{
	char key[TEXT_CLEAN(SNAPSHOT_NAME)], value[TEXT_CLEAN(SNAPSHOT_NAME)];

	for (size_t i = 0; i < service->info.settings->attribute_count; i++)
		columns_add(columns, STYLE_PLAIN, "  attribute\t%s = %s",
			    text_clean(key, sizeof(key), service->info.settings->attributes[i].key),
			    text_clean(value, sizeof(value), service->info.settings->attributes[i].value));
}

static void add_messages(struct columns *columns, const struct show *show)
{
	const struct snapshot_service *service = show->service;
	const struct service_shapes *shapes = &show->shapes;
	char why[TEXT_CLEAN(SERVICE_SHAPES_WHY)];

	add_type(columns, "request", &snapshot_request(service)->payload);
	add_fields(columns, "  of fields", shapes->request);
	add_type(columns, "response", &snapshot_response(service)->payload);
	add_fields(columns, "  of fields", shapes->response);
	add_type(columns, "request header", &snapshot_request(service)->header);
	add_fields(columns, "  of fields", shapes->request_header);
	add_type(columns, "response header", &snapshot_response(service)->header);
	add_fields(columns, "  of fields", shapes->response_header);
	if (shapes->why[0])
		columns_add(columns, STYLE_PLAIN, "  fields\tnot known: %s",
			    text_clean(why, sizeof(why), shapes->why));
}

static void add_service(struct columns *columns, const struct show *show)
{
	const struct snapshot_service *service = show->service;
	char name[TEXT_CLEAN(SNAPSHOT_NAME)], hash[TEXT_CLEAN(SNAPSHOT_ENTRY)];

	columns_add(columns, service->alive ? STYLE_BOLD : STYLE_DIM, "%s%s",
		    text_clean(name, sizeof(name), service->info.name),
		    service->alive ? "" : ", left behind: nobody has it open");
	columns_add(columns, STYLE_PLAIN, "  directory\t%s",
		    text_clean(hash, sizeof(hash), service->info.entry));
	add_messages(columns, show);
	columns_add(columns, STYLE_PLAIN, "  nodes\t%u", service->info.nodes);
	settings_add(columns, &service->info);
	add_attributes(columns, service);
}

static const char *wait_text(uint32_t wait)
{
	if (wait == SLUICE_WAIT_URING)
		return "io_uring";
	return wait == SLUICE_WAIT_SOCKET ? "sockets" : "?";
}

static void add_process(struct columns *columns, const struct snapshot *snapshot,
			const struct snapshot_port *port)
{
	const struct snapshot_node *node = snapshot_node(snapshot, port->info.node);
	char comm[PORT_COMMAND], name[TEXT_CLEAN(SNAPSHOT_NAME)];
	const char *command = port_process_command(comm, port);

	columns_add(columns, STYLE_PLAIN, "  process\t%u%s%s%s", port->info.pid,
		    command ? ", " : "", command ? command : "",
		    port_process_is_elsewhere(port) ? ", other pid namespace" : "");
	if (!node)
		columns_add(columns, STYLE_PLAIN, "  node\tgone");
	else
		columns_add(columns, STYLE_PLAIN, "  node\t%s, waits through %s",
			    text_clean(name, sizeof(name), node->info.name),
			    wait_text(node->info.wait));
}

static void add_traffic(struct columns *columns, const struct sluice_list_counters *c,
			const char *age)
{
	char sent[TEXT_NUMBER], received[TEXT_NUMBER], blocked[TEXT_NUMBER];

	columns_add(columns, STYLE_PLAIN, "  sent\t%" PRIu64 ", %s", c->sent,
		    text_bytes(sent, c->sent_bytes));
	columns_add(columns, STYLE_PLAIN, "  received\t%" PRIu64 ", %s", c->received,
		    text_bytes(received, c->received_bytes));
	columns_add(columns, STYLE_PLAIN, "  loaned\t%" PRIu64, c->loaned);
	columns_add(columns, STYLE_PLAIN, "  depth\t%" PRIu64 ", at most %" PRIu64, c->depth,
		    c->depth_most);
	columns_add(columns, STYLE_PLAIN, "  overflows\t%" PRIu64, c->overflows);
	columns_add(columns, STYLE_PLAIN, "  blocked\t%s", text_ns(blocked, c->blocked));
	columns_add(columns, STYLE_PLAIN, "  receives\t%" PRIu64 " slept, %" PRIu64 " did not",
		    c->woken, c->polled);
	columns_add(columns, STYLE_PLAIN, "  expired\t%" PRIu64, c->expired);
	columns_add(columns, STYLE_PLAIN, "  violations\t%" PRIu64, c->violations);
	columns_add(columns, STYLE_PLAIN, "  active\t%s", age);
}

static void add_memory(struct columns *columns, const struct show *show,
		       const struct snapshot_port *port)
{
	const struct sluice_list_counters *c = &port->counters;
	char size[TEXT_NUMBER], allocated[TEXT_NUMBER];
	const struct port_segment *segment;
	size_t count;

	columns_add(columns, STYLE_PLAIN, "  memory\t%s in %" PRIu64 " segment%s, %" PRIu64
		    " growth%s", text_bytes(size, c->segment_bytes), c->segments,
		    c->segments == 1 ? "" : "s", c->growths, c->growths == 1 ? "" : "s");
	if (!port_memory_is_known(&show->memory, port)) {
		columns_add(columns, STYLE_PLAIN, "  segments\tnot readable");
		return;
	}
	segment = port_memory_of(&show->memory, port->info.id, &count);
	for (size_t i = 0; i < count; i++)
		columns_add(columns, STYLE_PLAIN, "  segment\t%s, %s of it allocated",
			    text_bytes(size, segment[i].size),
			    text_bytes(allocated, segment[i].allocated));
}

static void add_port(struct columns *columns, const struct show *show,
		     const struct snapshot_port *port)
{
	char id[TEXT_NUMBER], age[COUNTERS_AGE], title[PORT_TITLE];

	columns_add(columns, port->alive ? STYLE_BOLD : STYLE_DIM, "%s %s%s",
		    port_title(title, port), text_id(id, port->info.id),
		    port->alive ? "" : ", dead: left behind");
	add_process(columns, show->snapshot, port);
	columns_add(columns, STYLE_PLAIN, "  peers\t%" PRIu64, port->counters.peers);
	counters_age(age, &port->counters, show->snapshot->time);
	add_traffic(columns, &port->counters, age);
	add_memory(columns, show, port);
}

static int print_text(const struct show *show)
{
	struct columns columns = { .alignment = "ll" };

	add_service(&columns, show);
	for (size_t i = 0; i < show->service->ports; i++)
		add_port(&columns, show, &show->service->port[i]);
	return columns_print(&columns);
}

/* ---- JSON ---- */

static json_t *attributes_json(const struct snapshot_service *service)
{
	json_t *array = json_array();

	for (size_t i = 0; i < service->info.settings->attribute_count; i++)
		json_array_append_new(array, json_pack("{s:o, s:o}",
			"key", domain_json_text(service->info.settings->attributes[i].key),
			"value", domain_json_text(service->info.settings->attributes[i].value)));
	return array;
}

static json_t *memory_json(const struct port_memory *memory, const struct snapshot_port *port)
{
	const struct port_segment *segment;
	json_t *array;
	size_t count;

	if (!port_memory_is_known(memory, port))
		return json_null();
	array = json_array();
	segment = port_memory_of(memory, port->info.id, &count);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_pack("{s:I, s:I}",
						       "size", (json_int_t)segment[i].size,
						       "allocated",
						       (json_int_t)segment[i].allocated));
	return array;
}

static json_t *port_json(const struct show *show, const struct snapshot_port *port)
{
	json_t *object = domain_json_port(show->snapshot, port);

	json_object_set_new(object, "counters",
			    counters_json(&port->counters, show->snapshot->time));
	json_object_set_new(object, "memory", memory_json(&show->memory, port));
	return object;
}

/* An object of the messages whose fields are known. */
static json_t *fields_json(const struct service_shapes *shapes)
{
	const struct {
		const char *name;
		const struct shape *shape;
	} messages[] = {
		{ "request", shapes->request },
		{ "response", shapes->response },
		{ "request_header", shapes->request_header },
		{ "response_header", shapes->response_header },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].shape)
			json_object_set_new(object, messages[i].name,
					    payload_describe(messages[i].shape));
	return object;
}

static int print_json(const struct show *show)
{
	json_t *service = domain_json_service(show->service), *ports = json_array();

	for (size_t i = 0; i < show->service->ports; i++)
		json_array_append_new(ports, port_json(show, &show->service->port[i]));
	json_object_set_new(service, "fields", fields_json(&show->shapes));
	json_object_set_new(service, "settings", settings_json(&show->service->info));
	json_object_set_new(service, "attributes", attributes_json(show->service));
	json_object_set_new(service, "ports", ports);
	return domain_json_print(json_pack("{s:o, s:o, s:o}",
					   "root", domain_json_text(show->snapshot->root),
					   "domain", domain_json_text(show->snapshot->domain),
					   "service", service));
}

/* ---- The verb ---- */

/* 0, or -1: a program that was named has not the types of the service. */
static int find_shapes(struct show *show, const char *program)
{
	struct contract contract = { .service = show->service };
	int r;

	contract_point(&contract);
	r = service_shapes_find(&show->shapes, &contract.contract, show->service, program);
	return r < 0 && program ? r : 0;
}

static int print(const struct look *look, const struct snapshot *snapshot, const char *program)
{
	struct show show = { .snapshot = snapshot };
	char text[SUGGEST_TEXT];
	int r;

	show.service = snapshot_service(snapshot, look->name[0]);
	if (!show.service) {
		look_tell_unreadable(look, snapshot);
		return look_failed(look, "there is no service %s in %s below %s%s",
				   look->name[0], snapshot->domain, snapshot->root,
				   snapshot_suggest(snapshot, look->name[0], text));
	}
	r = find_shapes(&show, program);
	if (r < 0)
		return look_failed(look, "%s", show.shapes.why);
	r = port_memory_look(&show.memory, show.service);
	if (!r)
		r = look->json ? print_json(&show) : print_text(&show);
	port_memory_forget(&show.memory);
	service_shapes_free(&show.shapes);
	look_tell_unreadable(look, snapshot);
	return r < 0 ? look_failed(look, "no memory") : look_flush(look);
}

static bool take(void *context, int option, const char *value)
{
	(void)option;
	*(const char **)context = value;
	return true;
}

int verb_show(int argc, char **argv)
{
	const char *program = NULL;
	struct look look = {
		.verb = "show", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take, .context = &program,
	};
	struct snapshot snapshot;
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	if (look.names != 1)
		return look_wrong(&look, "name one service, not %d", look.names);
	r = look_at(&look, &snapshot);
	if (r)
		return r;
	r = print(&look, &snapshot, program);
	snapshot_free(&snapshot);
	return r;
}
