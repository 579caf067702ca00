// SPDX-License-Identifier: MIT
/*
 * The contents of a domain as JSON, in one form for all verbs.  A service is an object of
 *
 *	name		string
 *	hash		16 hexadecimal digits, the name of its directory
 *	alive		does a node have it open?  Else it was left behind
 *	request, response, request_header, response_header
 *			types; null: no such header
 *	nodes		how many that live have it open
 *	clients, servers	how many there are that live
 *	dead		how many ports of dead processes have been left behind
 *	pids		of the processes that live, each once, rising
 *
 * a type is an object of
 *
 *	name		string
 *	size, alignment	bytes of an element
 *	slice		any number of elements, not exactly one
 *	fingerprint	of its layout, 16 hexadecimal digits; null: not known
 *
 * and a port is an object of
 *
 *	port		its id, 16 hexadecimal digits
 *	role		"client" or "server"
 *	entry		name of its file, such as "client.0"
 *	name		that it was given; null: none
 *	alive		does its process live?  Else it was left behind
 *	pid		in its own pid namespace
 *	other_pid_namespace	is that another one than ours, where its pid means nothing?
 *	comm		name of the command; null: dead, or of another pid namespace
 *	node		id of the node it belongs to, likewise
 *	node_name	string; null: there is no such node any more
 *	wait		"uring" or "socket": how that sleeps; null: likewise
 *
 * Keys may be added; none is removed or changes its meaning.  Strings and numbers of other
 * processes are their claims; bytes that are no UTF-8 are replaced by U+FFFD.
 */
#include "domain_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sluice.h>

#include "port_process.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"

json_t *domain_json_text(const char *text)
{
	char clean[TEXT_CLEAN(SNAPSHOT_NAME)];

	return json_string(text_utf8(clean, sizeof(clean), text));
}

static json_t *fingerprint_json(const struct sluice_type *type)
{
	char text[TEXT_NUMBER];

	return type->fingerprint ? json_string(text_id(text, type->fingerprint)) : json_null();
}

static json_t *type_json(const struct sluice_type *type)
{
	if (!type->size)
		return json_null();
	return json_pack("{s:o, s:I, s:I, s:b, s:o}", "name", domain_json_text(type->name),
			 "size", (json_int_t)type->size, "alignment", (json_int_t)type->alignment,
			 "slice", (int)type->kind, "fingerprint", fingerprint_json(type));
}

static json_t *pids_json(const struct snapshot_service *service)
{
	json_t *array = json_array();
	uint32_t *pids;
	size_t count;

	pids = port_process_pids(service, &count);
	for (size_t i = 0; pids && i < count; i++)
		json_array_append_new(array, json_integer(pids[i]));
	free(pids);
	return array;
}

json_t *domain_json_service(const struct snapshot_service *service)
{
	size_t dead = service->ports - service->clients - service->servers;

	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:I, s:o}",
			 "name", domain_json_text(service->info.name),
			 "hash", domain_json_text(service->info.entry),
			 "alive", (int)service->alive,
			 "request", type_json(&snapshot_request(service)->payload),
			 "response", type_json(&snapshot_response(service)->payload),
			 "request_header", type_json(&snapshot_request(service)->header),
			 "response_header", type_json(&snapshot_response(service)->header),
			 "nodes", (int)service->info.nodes,
			 "clients", (int)service->clients, "servers", (int)service->servers,
			 "dead", (json_int_t)dead, "pids", pids_json(service));
}

static const char *wait_name(const struct snapshot_node *node)
{
	if (node && node->info.wait == SLUICE_WAIT_URING)
		return "uring";
	return node && node->info.wait == SLUICE_WAIT_SOCKET ? "socket" : NULL;
}

json_t *domain_json_port(const struct snapshot *snapshot, const struct snapshot_port *port)
{
	const struct snapshot_node *node = snapshot_node(snapshot, port->info.node);
	char id[TEXT_NUMBER], node_id[TEXT_NUMBER], comm[PORT_COMMAND];
	const char *name = port->info.name;

	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:I, s:b, s:s?, s:s, s:o, s:s?}",
			 "port", text_id(id, port->info.id),
			 "role", port->info.kind == SLUICE_LIST_SERVER ? "server" :
			 "client",
			 "entry", domain_json_text(port->info.entry),
			 "name", *name ? domain_json_text(name) : json_null(),
			 "alive", (int)port->alive,
			 "pid", (json_int_t)port->info.pid,
			 "other_pid_namespace", (int)port_process_is_elsewhere(port),
			 "comm", port_process_command(comm, port),
			 "node", text_id(node_id, port->info.node),
			 "node_name", node ? domain_json_text(node->info.name) : json_null(),
			 "wait", wait_name(node));
}

int domain_json_print(json_t *object)
{
	int r = object ? json_dumpf(object, stdout, JSON_COMPACT) : -1;

	json_decref(object);
	putchar('\n');
	return r < 0 ? -ENOMEM : 0;
}
