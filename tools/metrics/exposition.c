// SPDX-License-Identifier: MIT
/*
 * A snapshot of a domain as text for a monitoring system.
 *
 * There are two formats.  OpenMetrics 1.0 is what such systems agree on.  Version 0.0.4 of
 * the text format is older, and every tool around Prometheus reads it.  The samples are the
 * same in both, but the lines above them differ: a counter is called by the name of its
 * family in the first, and by that of its samples, which end with _total, in the second.
 *
 * Names, units and labels are part of the interface: they are added to, but not changed.
 * Times are in seconds and memory in bytes.  A port is labelled with its entry in the
 * registry, such as "client.0", which the next port uses again.  So there are never more
 * series than a service may have ports, and a counter begins again when a port goes.  What
 * changes with each port, such as its pid, are labels of sluice_port_info.
 *
 * Processes write their own counters, and choose names, so both may be anything.  A name is
 * made UTF-8 and escaped.  A counter is written as it is.
 */
#include "metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "tools/domain/port_process.h"
#include "tools/text/printable.h"
#include "tools/text/text.h"

enum kind { GAUGE, COUNTER, INFO };
enum form { WHOLE, NANOSECONDS, TIMESTAMP };

struct family {
	const char *name;		/* after "sluice_" */
	enum kind kind;
	const char *unit;		/* the last part of its name, or NULL */
	const char *help;
};

/* A family with a sample for each port: a counter of the port. */
struct port_family {
	struct family family;
	enum form form;
	size_t offset;			/* in struct sluice_list_counters */
};

#define OF(name)	offsetof(struct sluice_list_counters, name)

static const struct port_family port_family[] = {
	{ { "sent_messages", COUNTER, "messages",
	    "Requests of a client, once for each server they went to; replies of a server." },
	  WHOLE, OF(sent) },
	{ { "sent_bytes", COUNTER, "bytes", "Payload of the messages sent." },
	  WHOLE, OF(sent_bytes) },
	{ { "received_messages", COUNTER, "messages",
	    "Responses that a client has received; requests that a server has received." },
	  WHOLE, OF(received) },
	{ { "received_bytes", COUNTER, "bytes", "Payload of the messages received." },
	  WHOLE, OF(received_bytes) },
	{ { "loaned_messages", GAUGE, "messages", "Messages that are loaned and not sent yet." },
	  WHOLE, OF(loaned) },
	{ { "open_requests", GAUGE, "requests",
	    "Requests of a client that are pending; requests that a server holds." },
	  WHOLE, OF(depth) },
	{ { "most_open_requests", GAUGE, "requests",
	    "The largest value of sluice_open_requests that the port has had." },
	  WHOLE, OF(depth_most) },
	{ { "connected_peers", GAUGE, NULL, "Ports at the other end that are connected." },
	  WHOLE, OF(peers) },
	{ { "memory_growths", COUNTER, NULL, "How often memory was extended for a loan." },
	  WHOLE, OF(growths) },
	{ { "memory_segments", GAUGE, "segments", "Segments of the port's memory." },
	  WHOLE, OF(segments) },
	{ { "memory_bytes", GAUGE, "bytes", "Size of these segments." },
	  WHOLE, OF(segment_bytes) },
	{ { "lost_messages", COUNTER, "messages",
	    "Messages lost to a full queue: taken back out of it, or not sent." },
	  WHOLE, OF(overflows) },
	{ { "blocked_seconds", COUNTER, "seconds", "Time that sends have waited for room." },
	  NANOSECONDS, OF(blocked) },
	{ { "receives_without_sleep", COUNTER, NULL,
	    "Receives that found something without sleeping." },
	  WHOLE, OF(polled) },
	{ { "receives_after_sleep", COUNTER, NULL,
	    "Receives that slept before they found something." },
	  WHOLE, OF(woken) },
	{ { "expired_requests", COUNTER, "requests",
	    "Requests whose deadline had passed before anybody looked at them." },
	  WHOLE, OF(expired) },
	{ { "protocol_violations", COUNTER, NULL, "Breaches of the protocol by peers." },
	  WHOLE, OF(violations) },
	{ { "last_active_timestamp_seconds", GAUGE, "seconds",
	    "When the port last sent or received, since 1970; 0: never." },
	  TIMESTAMP, OF(active) },
};

#define PORT_FAMILIES	(sizeof(port_family) / sizeof(port_family[0]))

_Static_assert(sizeof(struct sluice_list_counters) == (PORT_FAMILIES + 1) * sizeof(uint64_t),
	       "all of them, and the size");

static const struct family port_info =
	{ "port", INFO, NULL, "Who a port is; the value is 1." };
static const struct family port_alive =
	{ "port_alive", GAUGE, NULL, "1: the process of the port lives; 0: it has died." };

/* A family with a sample for each service. */
struct service_family {
	struct family family;
	uint64_t (*value)(const struct snapshot_service *service);
};

static uint64_t nodes_of(const struct snapshot_service *service)
{
	return service->info.nodes;
}

static uint64_t clients_of(const struct snapshot_service *service)
{
	return service->clients;
}

static uint64_t servers_of(const struct snapshot_service *service)
{
	return service->servers;
}

static uint64_t max_nodes_of(const struct snapshot_service *service)
{
	return service->info.settings->max_nodes;
}

static uint64_t max_clients_of(const struct snapshot_service *service)
{
	return service->info.settings->max_clients;
}

static uint64_t max_servers_of(const struct snapshot_service *service)
{
	return service->info.settings->max_servers;
}

static const struct service_family service_family[] = {
	{ { "service_nodes", GAUGE, "nodes", "Nodes that live and have the service open." },
	  nodes_of },
	{ { "service_clients", GAUGE, "clients", "Clients of the service that live." },
	  clients_of },
	{ { "service_servers", GAUGE, "servers", "Servers of the service that live." },
	  servers_of },
	{ { "service_max_nodes", GAUGE, "nodes", "The setting max_nodes of the service." },
	  max_nodes_of },
	{ { "service_max_clients", GAUGE, "clients", "The setting max_clients of the service." },
	  max_clients_of },
	{ { "service_max_servers", GAUGE, "servers", "The setting max_servers of the service." },
	  max_servers_of },
};

#define SERVICE_FAMILIES	(sizeof(service_family) / sizeof(service_family[0]))

static const struct family registry_unreadable = {
	"registry_unreadable_entries", GAUGE, "entries",
	"Entries of the registry that could not be read.",
};

/* What is written, and how. */
struct exposition {
	FILE *to;
	const struct look *look;
	const struct snapshot *snapshot;
	bool openmetrics;
};

/* ---- Lines ---- */

/* What follows the name of a family in those of its samples. */
static const char *suffix_of(const struct family *family)
{
	static const char *const suffix[] = { [GAUGE] = "", [COUNTER] = "_total", [INFO] = "_info" };

	return suffix[family->kind];
}

static void write_heading(const struct exposition *out, const struct family *family)
{
	static const char *const newer[] =
		{ [GAUGE] = "gauge", [COUNTER] = "counter", [INFO] = "info" };
	static const char *const older[] =
		{ [GAUGE] = "gauge", [COUNTER] = "counter", [INFO] = "gauge" };
	const char *suffix = out->openmetrics ? "" : suffix_of(family);
	const char *name = family->name;

	fprintf(out->to, "# TYPE sluice_%s%s %s\n", name, suffix,
		(out->openmetrics ? newer : older)[family->kind]);
	if (out->openmetrics && family->unit)
		fprintf(out->to, "# UNIT sluice_%s %s\n", name, family->unit);
	fprintf(out->to, "# HELP sluice_%s%s %s\n", name, suffix, family->help);
}

/* A label, with what stands in front of it: { or a comma. */
static void write_label(const struct exposition *out, char before, const char *name,
			const char *value)
{
	char clean[TEXT_CLEAN(SNAPSHOT_NAME)];

	fprintf(out->to, "%c%s=\"", before, name);
	for (const char *at = text_utf8(clean, sizeof(clean), value); *at; at++) {
		if (*at == '\n')
			fputs("\\n", out->to);
		else if (*at == '"' || *at == '\\')
			fprintf(out->to, "\\%c", *at);
		else
			fputc(*at, out->to);
	}
	fputc('"', out->to);
}

static void begin_sample(const struct exposition *out, const struct family *family)
{
	fprintf(out->to, "sluice_%s%s", family->name, suffix_of(family));
	write_label(out, '{', "domain", out->snapshot->domain);
}

static void begin_service(const struct exposition *out, const struct family *family,
			  const struct snapshot_service *service)
{
	begin_sample(out, family);
	write_label(out, ',', "service", service->info.name);
}

static void begin_port(const struct exposition *out, const struct family *family,
		       const struct snapshot_service *service, const struct snapshot_port *port)
{
	begin_service(out, family, service);
	write_label(out, ',', "role",
		    port->info.kind == SLUICE_LIST_SERVER ? "server" : "client");
	write_label(out, ',', "port", port->info.entry);
}

static void end_sample(const struct exposition *out, uint64_t value)
{
	fprintf(out->to, "} %" PRIu64 "\n", value);
}

static void end_seconds(const struct exposition *out, uint64_t ns)
{
	fprintf(out->to, "} %" PRIu64 ".%09" PRIu64 "\n", ns / (uint64_t)SECOND_NS,
		ns % (uint64_t)SECOND_NS);
}

/* ---- Families ---- */

/* The next service that was named, from index i on; NULL: there are no more. */
static const struct snapshot_service *named_from(const struct exposition *out, size_t *i)
{
	const struct snapshot *snapshot = out->snapshot;

	while (*i < snapshot->services) {
		const struct snapshot_service *service = &snapshot->service[(*i)++];

		if (look_is_named(out->look, service->info.name))
			return service;
	}
	return NULL;
}

/* A time of CLOCK_MONOTONIC; one that is still to come counts as now. */
static uint64_t timestamp(const struct exposition *out, uint64_t time)
{
	uint64_t now = (uint64_t)out->snapshot->time;

	return time ? wall_time(time < now ? time : now) : 0;
}

static void write_counter(const struct exposition *out, const struct port_family *family,
			  const struct snapshot_port *port)
{
	uint64_t value;

	memcpy(&value, (const char *)&port->counters + family->offset, sizeof(value));
	if (family->form == WHOLE)
		end_sample(out, value);
	else
		end_seconds(out, family->form == TIMESTAMP ? timestamp(out, value) : value);
}

static void write_port_family(const struct exposition *out, const struct port_family *family)
{
	const struct snapshot_service *service;

	write_heading(out, &family->family);
	for (size_t i = 0; (service = named_from(out, &i));) {
		for (size_t j = 0; j < service->ports; j++) {
			begin_port(out, &family->family, service, &service->port[j]);
			write_counter(out, family, &service->port[j]);
		}
	}
}

static void write_alive(const struct exposition *out)
{
	const struct snapshot_service *service;

	write_heading(out, &port_alive);
	for (size_t i = 0; (service = named_from(out, &i));) {
		for (size_t j = 0; j < service->ports; j++) {
			begin_port(out, &port_alive, service, &service->port[j]);
			end_sample(out, service->port[j].alive);
		}
	}
}

static void write_identity(const struct exposition *out, const struct snapshot_port *port)
{
	const struct snapshot_node *node = snapshot_node(out->snapshot, port->info.node);
	char id[TEXT_NUMBER], pid[TEXT_NUMBER], comm[PORT_COMMAND];
	const char *command = port_process_command(comm, port);

	snprintf(pid, sizeof(pid), "%u", port->info.pid);
	write_label(out, ',', "id", text_id(id, port->info.id));
	write_label(out, ',', "name", port->info.name);
	write_label(out, ',', "node", node ? node->info.name : "");
	write_label(out, ',', "pid", pid);
	write_label(out, ',', "comm", command ? command : "");
}

static void write_info(const struct exposition *out)
{
	const struct snapshot_service *service;

	write_heading(out, &port_info);
	for (size_t i = 0; (service = named_from(out, &i));) {
		for (size_t j = 0; j < service->ports; j++) {
			begin_port(out, &port_info, service, &service->port[j]);
			write_identity(out, &service->port[j]);
			end_sample(out, 1);
		}
	}
}

static void write_service_family(const struct exposition *out,
				 const struct service_family *family)
{
	const struct snapshot_service *service;

	write_heading(out, &family->family);
	for (size_t i = 0; (service = named_from(out, &i));) {
		begin_service(out, &family->family, service);
		end_sample(out, family->value(service));
	}
}

void metrics_write(FILE *to, const struct look *look, const struct snapshot *snapshot,
		   enum metrics_format format)
{
	const struct exposition out = {
		.to = to, .look = look, .snapshot = snapshot,
		.openmetrics = format == METRICS_OPENMETRICS,
	};

	write_heading(&out, &registry_unreadable);
	begin_sample(&out, &registry_unreadable);
	end_sample(&out, snapshot->unreadable);
	for (size_t i = 0; i < SERVICE_FAMILIES; i++)
		write_service_family(&out, &service_family[i]);
	write_info(&out);
	write_alive(&out);
	for (size_t i = 0; i < PORT_FAMILIES; i++)
		write_port_family(&out, &port_family[i]);
	if (out.openmetrics)
		fputs("# EOF\n", to);
}

const char *metrics_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS ?
	       "application/openmetrics-text; version=1.0.0; charset=utf-8" :
	       "text/plain; version=0.0.4; charset=utf-8";
}
