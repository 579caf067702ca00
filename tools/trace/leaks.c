// SPDX-License-Identifier: MIT
/*
 * sluice trace leaks - slices that a process has and does not give back
 *
 * The program in the kernel keeps a map of them.  At the end those that are old enough are
 * grouped by kind and by the stack that they were loaned or received with.  Only slices
 * that were loaned or received while the tracer watched are known.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <jansson.h>

#include "ending.h"
#include "events.h"
#include "leaks.skel.h"
#include "stacks.h"
#include "tracer.h"

/* The slices of one process that are of one kind and from one place. */
struct group {
	const char *kind;
	uint32_t pid;
	int32_t stack;
	uint64_t port;			/* of the oldest */
	uint64_t count, bytes, oldest;	/* its age */
};

struct groups {
	struct group *group;
	size_t count, room;
};

static const void *program(size_t *ret_size)
{
	return leaks_bpf__elf_bytes(ret_size);
}

static int begin(struct trace *trace)
{
	(void)trace;
	return 0;
}

static void record(struct trace *trace, const struct event_record *event)
{
	events_learn(trace, event);
}

static const char *kind_of(const struct open_slice *slice)
{
	switch (slice->probe) {
	case SLUICE_TRACE_request_loan:
		return slice->sent ? "pending response not released" : "request not sent";
	case SLUICE_TRACE_reply_loan:
		return "reply not sent";
	case SLUICE_TRACE_active_request_receive:
		return "active request not released";
	default:
		return "response not released";
	}
}

static struct group *group_of(struct groups *groups, const char *kind, uint32_t pid, int32_t stack)
{
	struct group *grown;
	size_t i;

	for (i = 0; i < groups->count; i++)
		if (groups->group[i].kind == kind && groups->group[i].pid == pid &&
		    groups->group[i].stack == stack)
			return &groups->group[i];
	if (groups->count == groups->room) {
		groups->room = groups->room ? 2 * groups->room : 64;
		grown = realloc(groups->group, groups->room * sizeof(*grown));
		if (!grown)
			return NULL;
		groups->group = grown;
	}
	groups->group[groups->count] = (struct group){ .kind = kind, .pid = pid, .stack = stack };
	return &groups->group[groups->count++];
}

static void add(struct groups *groups, const struct open_key *key, const struct open_slice *slice,
		uint64_t age)
{
	struct group *group = group_of(groups, kind_of(slice), key->pid, slice->stack);

	if (!group)
		return;
	group->count++;
	group->bytes += slice->bytes;
	if (age < group->oldest)
		return;
	group->oldest = age;
	group->port = slice->port;
}

static void collect(struct trace *trace, struct groups *groups)
{
	int map = tracer_map(trace->tracer, "open");
	struct open_key key, *before = NULL;
	int64_t now = trace_now(), age;
	struct open_slice slice;

	while (bpf_map_get_next_key(map, before, &key) == 0) {
		before = &key;
		if (!ending_has_time(ENDING_EVENTS)) {
			ending_leave_out();
			break;
		}
		if (bpf_map_lookup_elem(map, &key, &slice) < 0)
			continue;
		age = now - (int64_t)slice.time;
		/* A slice may have been shortened since it was loaned. */
		if (age >= trace->options.older_ns && slice.bytes >= trace->options.least_bytes)
			add(groups, &key, &slice, (uint64_t)age);
	}
}

static int compare(const void *a, const void *b)
{
	const struct group *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? 1 : -1;
	return left->count < right->count ? 1 : left->count > right->count ? -1 : 0;
}

static void print(struct trace *trace, const struct group *group)
{
	const struct port_known *port = ports_find(trace->ports, group->port);
	char bytes[TEXT_NUMBER], age[TEXT_NUMBER];

	printf("%" PRIu64 " x %s, %s, the oldest for %s: %s[%u], %s %s %016" PRIx64 "\n",
	       group->count, group->kind, text_bytes(bytes, group->bytes),
	       text_ns(age, group->oldest), port ? port->process : "?", group->pid,
	       port ? port->service : "?", port && port->role ? "server" : "client", group->port);
	stacks_print(trace, group->stack, "    ");
}

static void print_json(struct trace *trace, const struct group *group)
{
	const struct port_known *port = ports_find(trace->ports, group->port);
	char id[TEXT_NUMBER];
	json_t *line;

	snprintf(id, sizeof(id), "%016" PRIx64, group->port);
	line = json_pack("{s:{s:s,s:I,s:I,s:I,s:I,s:s,s:s,s:s,s:o}}", "leak", "kind", group->kind,
			 "count", (json_int_t)group->count, "bytes", (json_int_t)group->bytes,
			 "oldest", (json_int_t)group->oldest, "pid", (json_int_t)group->pid,
			 "comm", port ? port->process : "?", "service",
			 port ? port->service : "?", "port", id,
			 "stack", stacks_json(trace, group->stack));
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static int end(struct trace *trace)
{
	const struct trace_options *options = &trace->options;
	struct groups groups = { 0 };
	size_t i;

	collect(trace, &groups);
	if (groups.count)
		qsort(groups.group, groups.count, sizeof(*groups.group), compare);
	for (i = 0; i < groups.count; i++) {
		const struct group *group = &groups.group[i];

		if (options->folded)
			stacks_print_folded(trace, group->stack, options->folded == FOLDED_BYTES ?
					    group->bytes : group->count);
		else if (options->json)
			print_json(trace, group);
		else
			print(trace, group);
	}
	if (!groups.count && !options->folded && !options->json)
		puts("nothing is held for longer");
	free(groups.group);
	return 0;
}

const struct trace_mode mode_leaks = {
	.name = "leaks",
	.program = program,
	.probes = PROBE_BIT(request_loan) | PROBE_BIT(request_shorten) | PROBE_BIT(request_send) |
		  PROBE_BIT(request_release) | PROBE_BIT(pending_response_release) |
		  PROBE_BIT(response_receive) | PROBE_BIT(response_release) |
		  PROBE_BIT(active_request_receive) | PROBE_BIT(active_request_release) |
		  PROBE_BIT(reply_loan) | PROBE_BIT(reply_shorten) | PROBE_BIT(reply_send) |
		  PROBE_BIT(reply_release),
	.begin = begin,
	.record = record,
	.end = end,
};
