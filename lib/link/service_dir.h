/* SPDX-License-Identifier: MIT */
/* A service's directory: its contract, its ports, its servers' sockets. */
#ifndef SLUICE_LINK_SERVICE_DIR_H
#define SLUICE_LINK_SERVICE_DIR_H

#include <stdbool.h>

#include "link/seat.h"

/* Whether a service may be opened, created, or either. */
enum service_dir_want {
	SERVICE_DIR_EITHER,
	SERVICE_DIR_EXISTING,
	SERVICE_DIR_NEW,
};

struct service_dir {
	struct seat *seat;
	struct access access;		/* of what is in it */
	uint64_t hash;
	char name[SEAT_NAME_SIZE];	/* of the directory in services/ */
	int fd;
	int contract_fd;		/* holds the shared lock */
	int ports_fd;
	int servers_fd;
};

/* What the file of a contract holds; of the attributes as many as the contract says. */
struct service_record {
	struct sluice_registry_contract contract;
	struct sluice_registry_attribute attributes[SLUICE_ATTRIBUTES_MAX];
};

/*
 * Opens a service, of any user or of this one and root, or creates it with this record
 * and the access it asks for; *record becomes what the file says.  1 if it was created, 0
 * if opened; -ENOENT, -EEXIST, -EACCES (not for us, or another user's), -EPERM (not in
 * the group), -EPROTONOSUPPORT, -ETIMEDOUT or another -errno.
 */
int service_dir_open(struct service_dir *dir, struct seat *seat, enum service_dir_want want,
		     bool any_user, struct service_record *record) MUST_CHECK;

/* The last one removes the directory. */
void service_dir_close(struct service_dir *dir);

/* Removes a service that nobody holds open.  Used by the sweep too. */
void service_dir_remove_dead(int services_fd, const char *name);

#endif /* SLUICE_LINK_SERVICE_DIR_H */
