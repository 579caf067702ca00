/* SPDX-License-Identifier: MIT */
/* The services and ports that a watcher of the registry knows, and what it has been told. */
#ifndef SLUICE_REGISTRY_OBSERVED_H
#define SLUICE_REGISTRY_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sluice/registry.h>

#include "base/compiler.h"
#include "os/process.h"
#include "registry/record.h"

#define OBSERVED_ENTRY_SIZE	32u	/* names of entries are shorter */

/* Is it in the registry?  Was that told?  Where the two differ, there is something to tell. */
struct observed_state {
	bool there;
	bool told;
	bool existed;		/* it was there when the watch began, and has not gone since */
};

struct observed_port {
	struct observed_state state;
	bool dead;		/* its process has ended, and its entry is still there */
	uint32_t kind;		/* an enum sluice_registry_port_kind */
	uint64_t id, node;
	uint64_t inode;		/* of its file, and when the file last changed, */
	int64_t changed;	/* which tell whether it must be read again */
	uid_t user;
	struct process owner;
	uint64_t seen;		/* number of the scan that has found it last */
	char entry[OBSERVED_ENTRY_SIZE];
	char name[SLUICE_PORT_NAME_SIZE];
};

struct observed_service {
	struct observed_state state;
	uint64_t inode;		/* of its directory */
	uint64_t seen;
	struct observed_port *port;
	uint32_t ports, room;
	uint32_t left_out;	/* ports for which there was no room */
	uint32_t cursor;	/* of observed_next() */
	uint32_t doubts;	/* how often to ask again whether processes have ended */
	int64_t due;		/* when it is to be scanned; CLOCK_NEVER */
	int watch, ports_watch;	/* numbers of its directories that are watched; 0: none */
	char entry[OBSERVED_ENTRY_SIZE];
	char name[SLUICE_SERVICE_NAME_SIZE];
};

struct observed {
	struct observed_service **service;
	uint32_t services, room;
	uint32_t ports;		/* of all services */
	uint32_t left_out;	/* services and ports for which there was no room */
	uint32_t services_left_out;
	uint32_t cursor;	/* of observed_next() */
	uint64_t pending;	/* how many have something to tell */
};

struct observation {
	const struct observed_service *service;
	const struct observed_port *port;	/* NULL: it is about the service */
	bool came;				/* or it went */
};

/* The service with this entry; or NULL. */
struct observed_service *observed_find(const struct observed *observed, const char *entry);

/* A new service, of which nothing is known; NULL: no room, or no memory. */
struct observed_service *observed_add(struct observed *observed, const char *entry);

/* Notes whether the service is there.  If it is not, its ports are not either. */
void observed_note(struct observed *observed, struct observed_service *service, bool there);

/* A scan has found services for which there was no room. */
void observed_leave_out(struct observed *observed, uint32_t services);

/* A scan of the service begins; it has found a port for which there was no room. */
void observed_begin_scan(struct observed *observed, struct observed_service *service);
void observed_leave_out_port(struct observed *observed, struct observed_service *service);

/* The port with this file, if that has not changed; or NULL. */
struct observed_port *observed_find_port(const struct observed_service *service,
					 const char *entry, const struct stat *st);

/*
 * Notes a port whose record was read: a new one, or one that is known by its id and has a new
 * file.  NULL: no room, or no memory.
 */
struct observed_port *observed_note_port(struct observed *observed,
					 struct observed_service *service, const char *entry,
					 const struct sluice_registry_port *record,
					 const struct stat *st);

/* Its process has ended. */
void observed_bury(struct observed *observed, struct observed_port *port);

/* A scan has ended: ports of the service that it has not seen are not there. */
void observed_end_scan(struct observed *observed, struct observed_service *service,
		       uint64_t scan);

/* What is to be told next.  False: nothing.  It is valid until anything is noted. */
bool observed_next(struct observed *observed, struct observation *ret_observation);

/*
 * Forgets services that are not there, when that was told.  unwatch() is called with each of
 * them first.
 */
void observed_forget_gone(struct observed *observed,
			  void (*unwatch)(void *context, struct observed_service *service),
			  void *context);

void observed_free(struct observed *observed);

#endif /* SLUICE_REGISTRY_OBSERVED_H */
