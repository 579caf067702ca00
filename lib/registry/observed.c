// SPDX-License-Identifier: MIT
/*
 * The services and ports that a watcher of the registry knows, and what it has been told.
 *
 * Each of them has two flags: it is there, and the program knows that it is.  An event is a
 * difference between the two, and telling the event removes the difference.  So there is no
 * queue that could overflow.  Nothing is told twice, however often the registry is read.  A
 * program that does not ask misses nothing but what came and went meanwhile.
 *
 *	there	told
 *	no	no	not known: forgotten
 *	yes	no	"came" is to be told
 *	yes	yes	known
 *	no	yes	"went" is to be told
 *
 * Invariants:
 * (1) pending is the number of services and ports whose two flags differ.
 * (2) A port is there only if its service is.
 * (3) A service comes before its ports, and goes after them.
 *
 * A port is known by the id in its record and the user of its file, so a port that writes its
 * entry again is the same.  The file of a dead process stays until somebody removes it.  Its
 * port is kept, and not there, so that it is not found again.
 *
 * Other users can fill the registry with entries.  WATCH_SERVICES_MAX and WATCH_PORTS_MAX
 * limit what is known of them.
 */
#include "registry/observed.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "os/clock.h"

/* ---- What is there, and what was told ---- */

static void set_there(struct observed *observed, struct observed_state *state, bool there)
{
	if (state->there == there)
		return;
	state->there = there;
	if (there != state->told)
		observed->pending++;
	else
		observed->pending--;
}

static void tell(struct observed *observed, struct observed_state *state)
{
	state->told = state->there;
	/* What is back after that has come, and was not there all the time. */
	if (!state->there)
		state->existed = false;
	observed->pending--;
}

static bool differs(const struct observed_state *state)
{
	return state->there != state->told;
}

/* ---- Services ---- */

struct observed_service *observed_find(const struct observed *observed, const char *entry)
{
	uint32_t i;

	for (i = 0; i < observed->services; i++)
		if (!strcmp(observed->service[i]->entry, entry))
			return observed->service[i];
	return NULL;
}

/* A table that has room for one more item: as it was, or longer.  NULL: no memory. */
static void *room_for(void *table, uint32_t count, uint32_t *room, size_t size)
{
	void *longer = table;

	if (count < *room)
		return table;
	longer = realloc(table, size * (*room ? 2 * *room : 4));
	if (longer)
		*room = *room ? 2 * *room : 4;
	return longer;
}

struct observed_service *observed_add(struct observed *observed, const char *entry)
{
	struct observed_service *service, **table;

	if (observed->services == WATCH_SERVICES_MAX)
		return NULL;
	table = room_for(observed->service, observed->services, &observed->room,
			 sizeof(struct observed_service *));
	if (!table)
		return NULL;
	observed->service = table;
	service = calloc(1, sizeof(*service));
	if (!service)
		return NULL;
	strcpy(service->entry, entry);
	service->due = CLOCK_NEVER;
	observed->service[observed->services++] = service;
	return service;
}

void observed_note(struct observed *observed, struct observed_service *service, bool there)
{
	uint32_t i;

	set_there(observed, &service->state, there);
	for (i = 0; !there && i < service->ports; i++) {
		set_there(observed, &service->port[i].state, false);
		service->port[i].dead = false;
	}
}

/* ---- What was left out ---- */

void observed_leave_out(struct observed *observed, uint32_t services)
{
	observed->left_out += services - observed->services_left_out;
	observed->services_left_out = services;
}

void observed_begin_scan(struct observed *observed, struct observed_service *service)
{
	observed->left_out -= service->left_out;
	service->left_out = 0;
}

void observed_leave_out_port(struct observed *observed, struct observed_service *service)
{
	observed->left_out++;
	service->left_out++;
}

/* ---- Ports ---- */

static int64_t change_of(const struct stat *st)
{
	return clock_nanoseconds(&st->st_ctim);
}

struct observed_port *observed_find_port(const struct observed_service *service,
					 const char *entry, const struct stat *st)
{
	struct observed_port *port;
	uint32_t i;

	for (i = 0; i < service->ports; i++) {
		port = &service->port[i];
		if (port->inode == st->st_ino && port->changed == change_of(st) &&
		    !strcmp(port->entry, entry))
			return port;
	}
	return NULL;
}

static struct observed_port *find_id(const struct observed_service *service, uint64_t id,
				     uid_t user)
{
	uint32_t i;

	for (i = 0; i < service->ports; i++)
		if (service->port[i].id == id && service->port[i].user == user)
			return &service->port[i];
	return NULL;
}

static struct observed_port *add_port(struct observed *observed,
				      struct observed_service *service)
{
	struct observed_port *table;

	if (observed->ports == WATCH_PORTS_MAX)
		return NULL;
	table = room_for(service->port, service->ports, &service->room, sizeof(*table));
	if (!table)
		return NULL;
	service->port = table;
	observed->ports++;
	return memset(&table[service->ports++], 0, sizeof(*table));
}

struct observed_port *observed_note_port(struct observed *observed,
					 struct observed_service *service, const char *entry,
					 const struct sluice_registry_port *record,
					 const struct stat *st)
{
	struct observed_port *port = find_id(service, record->id, st->st_uid);

	if (!port)
		port = add_port(observed, service);
	if (!port)
		return NULL;
	if (!port->state.told) {
		port->kind = record->kind;
		port->id = record->id;
		port->node = record->node;
		port->user = st->st_uid;
		port->owner = RECORD_OWNER(record);
		strcpy(port->entry, entry);
		memcpy(port->name, record->name, sizeof(port->name));
	}
	port->inode = st->st_ino;
	port->changed = change_of(st);
	strcpy(port->entry, entry);
	port->dead = false;
	set_there(observed, &port->state, true);
	return port;
}

void observed_bury(struct observed *observed, struct observed_port *port)
{
	port->dead = true;
	set_there(observed, &port->state, false);
}

/* Forgets ports of which there is nothing more to tell.  The last one takes their place. */
static void forget_ports(struct observed *observed, struct observed_service *service)
{
	struct observed_port *port;
	uint32_t i = 0;

	while (i < service->ports) {
		port = &service->port[i];
		if (port->state.there || port->state.told || port->dead) {
			i++;
			continue;
		}
		*port = service->port[--service->ports];
		observed->ports--;
	}
	service->cursor = 0;
}

void observed_end_scan(struct observed *observed, struct observed_service *service,
		       uint64_t scan)
{
	struct observed_port *port;
	uint32_t i;

	for (i = 0; i < service->ports; i++) {
		port = &service->port[i];
		if (port->seen == scan)
			continue;
		set_there(observed, &port->state, false);
		port->dead = false;
	}
	forget_ports(observed, service);
}

/* ---- Telling ---- */

static struct observed_port *next_port(struct observed_service *service)
{
	struct observed_port *port;

	while (service->cursor < service->ports) {
		port = &service->port[service->cursor++];
		if (differs(&port->state))
			return port;
	}
	return NULL;
}

/* Something to tell of one service, in the order of (3). */
static bool next_of(struct observed *observed, struct observed_service *service,
		    struct observation *ret_observation)
{
	struct observed_port *port;
	struct observed_state *state = &service->state;

	if (!differs(state) || !state->there) {
		port = next_port(service);
		if (port)
			state = &port->state;
		else if (!differs(state))
			return false;
	} else {
		port = NULL;
	}
	*ret_observation = (struct observation){
		.service = service, .port = port, .came = state->there,
	};
	tell(observed, state);
	return true;
}

bool observed_next(struct observed *observed, struct observation *ret_observation)
{
	struct observed_service *service;
	uint32_t left;

	/* Twice: a service whose cursor was behind its only news is met again. */
	for (left = 2 * observed->services; observed->pending && left; left--) {
		if (observed->cursor >= observed->services)
			observed->cursor = 0;
		service = observed->service[observed->cursor];
		if (next_of(observed, service, ret_observation))
			return true;
		service->cursor = 0;
		observed->cursor++;
	}
	return false;
}

/* ---- Forgetting ---- */

static void free_service(struct observed_service *service)
{
	free(service->port);
	free(service);
}

void observed_forget_gone(struct observed *observed,
			  void (*unwatch)(void *context, struct observed_service *service),
			  void *context)
{
	struct observed_service *service;
	uint32_t i = 0;

	while (i < observed->services) {
		service = observed->service[i];
		if (!service->state.there)
			forget_ports(observed, service);
		if (service->state.there || service->state.told || service->ports ||
		    service->seen) {
			i++;
			continue;
		}
		unwatch(context, service);
		observed_begin_scan(observed, service);
		free_service(service);
		observed->service[i] = observed->service[--observed->services];
	}
}

void observed_free(struct observed *observed)
{
	while (observed->services)
		free_service(observed->service[--observed->services]);
	free(observed->service);
	*observed = (struct observed){ .services = 0 };
}
