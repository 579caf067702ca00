/* SPDX-License-Identifier: MIT */
/* Reading the registry again and again, and telling what has come and gone. */
#ifndef SLUICE_REGISTRY_OBSERVER_H
#define SLUICE_REGISTRY_OBSERVER_H

#include <dirent.h>

#include "registry/observed.h"
#include "registry/root.h"

struct observer {
	const struct root *root;	/* of the node */
	char only[OBSERVED_ENTRY_SIZE];	/* the one service that is wanted; or all */
	struct observed observed;
	int watch;			/* an inode_watch, of another owner; or -1 */
	int root_watch, domain_watch, services_watch;	/* numbers of directories, or 0 */
	bool begun;			/* everything was read once */
	int64_t due;			/* when services/ is to be read; CLOCK_NEVER */
	int64_t first_due;		/* no service is to be read before */
	int64_t look_at;		/* when all is to be read; CLOCK_NEVER */
	int64_t rest;			/* no step before */
	int64_t missing;		/* pause, if the directories are missing */
	/* The directory that is being read, or NULL, and the number of this scan. */
	DIR *services, *ports;
	struct observed_service *service;	/* whose ports these are */
	uint64_t services_scan, ports_scan;
	uint32_t no_room;		/* services that this scan has left out */
};

/* All services, or the one of this name.  The root directory stays valid. */
void observer_init(struct observer *observer, const struct root *root, const char *service);

/* Uses another inode_watch from now on, or none (-1): all directories are read again. */
void observer_watch(struct observer *observer, int watch);

/* Reads some changes from the inode_watch.  Returns how many; 0: there are no more for now. */
unsigned int observer_hear(struct observer *observer);

/* Reads some entries of the registry, if any are due. */
void observer_step(struct observer *observer);

/* When a step is due; CLOCK_NEVER. */
int64_t observer_alarm(const struct observer *observer);

void observer_deinit(struct observer *observer);

#endif /* SLUICE_REGISTRY_OBSERVER_H */
