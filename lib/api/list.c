// SPDX-License-Identifier: MIT
/*
 * The public listing of a domain (sluice_list.h).  The options and the configuration name a
 * directory, which is read once (registry/listing.c) and then handed out entry by entry.
 *
 * A list has its own memory and refers to no node.  One thread at a time uses it.  Its contents
 * were checked when they were read, so nothing is checked here.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_list.h>

#include "api/contract_settings.h"
#include "api/list_root.h"
#include "base/error.h"
#include "base/opts.h"
#include "memory/payload.h"
#include "os/clock.h"
#include "os/fd.h"
#include "registry/listing.h"

/* The details of a service that are not in its record. */
struct service_shown {
	struct sluice_list_message message[SLUICE_REGISTRY_MESSAGES];
	struct sluice_service_opts settings;
	struct sluice_attribute attribute[SLUICE_ATTRIBUTES_MAX];
};

struct sluice_list {
	struct listing listing;
	struct service_shown *service;		/* for each service of the listing */
	struct sluice_list_counters *counters;	/* for each of its ports */
	char root[PATH_MAX];
	char domain[LISTING_DOMAIN_SIZE];
	int64_t time;
	size_t next_node, next_service;
	size_t next_port, end_of_ports;		/* of the service that was returned last */
};

/* ---- Opening ---- */

/* The counters of a record have the same order. */
#define SAME(field)									\
	_Static_assert(offsetof(struct sluice_list_counters, field) ==			\
		       sizeof(size_t) + offsetof(struct sluice_registry_counters, field),	\
		       #field)
SAME(sent);
SAME(sent_bytes);
SAME(received);
SAME(received_bytes);
SAME(loaned);
SAME(depth);
SAME(depth_most);
SAME(peers);
SAME(growths);
SAME(segments);
SAME(segment_bytes);
SAME(overflows);
SAME(blocked);
SAME(polled);
SAME(woken);
SAME(expired);
SAME(violations);
SAME(active);

static void show_counters(struct sluice_list_counters *ret_counters,
			  const struct sluice_registry_counters *counters)
{
	ret_counters->size = sizeof(*ret_counters);
	memcpy(&ret_counters->sent, counters, sizeof(*counters));
}

static struct sluice_type show_type(const struct sluice_registry_type *type)
{
	if (!type->size)
		return (struct sluice_type){ .size = 0 };
	return (struct sluice_type){
		.name = type->name,
		.size = type->size,
		.alignment = type->alignment,
		.kind = type->kind,
		.fingerprint = type->fingerprint,
	};
}

static struct sluice_list_message show_message(const struct sluice_registry_message *message,
					       uint32_t alignment)
{
	return (struct sluice_list_message){
		.payload = show_type(&message->payload),
		.header = show_type(&message->header),
		.lead = payload_of(message, alignment).lead,
	};
}

static void show_service(struct service_shown *ret_shown, const struct service_record *record)
{
	const struct sluice_registry_contract *contract = &record->contract;
	const struct sluice_registry_settings *settings = &contract->settings;
	uint32_t i;

	ret_shown->message[SLUICE_LIST_REQUEST] =
		show_message(&contract->message[SLUICE_REGISTRY_REQUEST],
			     settings->request_alignment);
	ret_shown->message[SLUICE_LIST_RESPONSE] =
		show_message(&contract->message[SLUICE_REGISTRY_RESPONSE],
			     settings->response_alignment);
	for (i = 0; i < contract->attributes; i++)
		ret_shown->attribute[i] = (struct sluice_attribute){
			.key = record->attributes[i].key, .value = record->attributes[i].value,
		};
	contract_settings_opts(&contract->settings, &ret_shown->settings);
	ret_shown->settings.attributes = ret_shown->attribute;
	ret_shown->settings.attribute_count = contract->attributes;
}

/* Frees all that was read. */
static int show(struct sluice_list *list)
{
	const struct listing *listing = &list->listing;
	size_t i;

	list->service = calloc(listing->services + 1, sizeof(*list->service));
	list->counters = calloc(listing->ports + 1, sizeof(*list->counters));
	if (!list->service || !list->counters)
		return fail(ENOMEM, "no memory for a list");
	for (i = 0; i < listing->services; i++)
		show_service(&list->service[i], &listing->service[i].record);
	for (i = 0; i < listing->ports; i++)
		show_counters(&list->counters[i], &listing->port[i].record.counters);
	return 0;
}

/* Reads the directory of the domain.  If that is not there the list is empty. */
static int read_domain(struct sluice_list *list, const struct list_root *root)
{
	struct root_found found;
	int fd, r;

	fd = root_find_domain(&found, root->path, root->domain);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	strcpy(list->root, found.path);
	strcpy(list->domain, root->domain);
	r = fd < 0 ? 0 : listing_read(&list->listing, fd, found.anybody);
	fd_close(fd);
	return r;
}

static int open_list(struct sluice_list *list, const struct sluice_list_opts *opts)
{
	struct list_root root;
	int r;

	list->time = clock_now();
	r = list_root_choose(&root, opts);
	if (r < 0)
		return r;
	r = read_domain(list, &root);
	list_root_free(&root);
	return r < 0 ? r : show(list);
}

static struct sluice_list *finish_open(struct sluice_list *list, int r)
{
	if (r >= 0)
		return list;
	sluice_list_close(list);
	return fail_again_null(r);
}

static struct sluice_list *make_list(void)
{
	struct sluice_list *list = calloc(1, sizeof(*list));

	return list ? list : fail_null(ENOMEM, "no memory for a list");
}

struct sluice_list *sluice_list_open(const struct sluice_list_opts *opts)
{
	struct sluice_list *list = make_list();

	return made(list ? finish_open(list, open_list(list, opts)) : NULL);
}

struct sluice_list *sluice_list_open_fd(int fd)
{
	struct sluice_list *list = make_list();
	int r;

	if (!list)
		return made(NULL);
	list->time = clock_now();
	r = listing_read_file(&list->listing, fd);
	if (!r)
		r = show(list);
	list->end_of_ports = list->listing.ports;
	return made(finish_open(list, r));
}

/* ---- Handing out ---- */

int sluice_list_where(struct sluice_list *list, struct sluice_list_place *place)
{
	struct sluice_list_place known = { .size = sizeof(known) };

	if (!list)
		return fail_parent("list");
	known.root = list->root;
	known.domain = list->domain;
	known.time = list->time;
	known.unreadable = list->listing.unreadable;
	known.other_versions = list->listing.foreign;
	return opts_answer(place, &known, sizeof(known), "place");
}

/* Answers with an entry: 1, and *next goes on to the next one; or -EINVAL. */
static int answer(void *ret_answer, void *known, size_t size, const char *what, size_t *next)
{
	int r = opts_answer(ret_answer, known, size, what);

	if (r < 0)
		return r;
	++*next;
	return 1;
}

static uint32_t flags_of(const struct listing_owner *owner)
{
	return (owner->alive ? SLUICE_LIST_ALIVE : 0) |
	       (owner->elsewhere ? SLUICE_LIST_ELSEWHERE : 0);
}

int sluice_list_next_node(struct sluice_list *list, struct sluice_list_node *node)
{
	struct sluice_list_node known = { .size = sizeof(known) };
	const struct listing_node *next;

	if (!list)
		return fail_parent("list");
	if (list->next_node == list->listing.nodes)
		return 0;
	next = &list->listing.node[list->next_node];
	known.id = next->record.id;
	known.entry = next->entry;
	known.name = next->record.name;
	known.flags = flags_of(&next->owner);
	known.pid = next->record.pid;
	known.wait = next->record.wait;
	known.rewritten = next->record.rewritten;
	return answer(node, &known, sizeof(known), "node", &list->next_node);
}

int sluice_list_next_service(struct sluice_list *list, struct sluice_list_service *service)
{
	struct sluice_list_service known = { .size = sizeof(known) };
	const struct listing_service *next;
	const struct service_shown *shown;
	int r;

	if (!list)
		return fail_parent("list");
	if (list->next_service == list->listing.services)
		return 0;
	next = &list->listing.service[list->next_service];
	shown = &list->service[list->next_service];
	known.entry = next->entry;
	known.name = next->record.contract.name;
	known.flags = next->alive ? SLUICE_LIST_ALIVE : 0;
	known.pattern = next->record.contract.pattern;
	known.nodes = next->nodes;
	known.message_count = next->record.contract.messages;
	known.messages = shown->message;
	known.settings = &shown->settings;
	known.other_flags = contract_settings_other_flags(&next->record.contract.settings);
	r = answer(service, &known, sizeof(known), "service", &list->next_service);
	if (r > 0) {
		list->next_port = next->port;
		list->end_of_ports = next->port + next->ports;
	}
	return r;
}

int sluice_list_next_port(struct sluice_list *list, struct sluice_list_port *port)
{
	struct sluice_list_port known = { .size = sizeof(known) };
	const struct listing_port *next;

	if (!list)
		return fail_parent("list");
	if (list->next_port == list->end_of_ports)
		return 0;
	next = &list->listing.port[list->next_port];
	known.id = next->record.port.id;
	known.node = next->record.port.node;
	known.entry = next->entry;
	known.name = next->record.port.name;
	known.flags = flags_of(&next->owner);
	known.pid = next->record.port.pid;
	known.kind = next->record.port.kind;
	known.listens = next->record.port.role == SLUICE_REGISTRY_LISTENS;
	known.counters = &list->counters[list->next_port];
	return answer(port, &known, sizeof(known), "port", &list->next_port);
}

void sluice_list_close(struct sluice_list *list)
{
	if (!list)
		return;
	listing_free(&list->listing);
	free(list->service);
	free(list->counters);
	free(list);
}
