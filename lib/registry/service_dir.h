/* SPDX-License-Identifier: MIT */
/* A service's directory: its contract, its ports, its servers' sockets. */
#ifndef SLUICE_REGISTRY_SERVICE_DIR_H
#define SLUICE_REGISTRY_SERVICE_DIR_H

#include <stdbool.h>

#include "registry/node_entry.h"
#include "registry/record.h"

/* Whether a service may be opened, created, or either. */
enum service_dir_want {
	SERVICE_DIR_EITHER,
	SERVICE_DIR_EXISTING,
	SERVICE_DIR_NEW,
};

#define SERVICE_DIR_CONTRACT	"contract"	/* name of the file */

struct service_dir {
	struct node_entry *node;
	struct access access;		/* of what is in it */
	uint64_t hash;
	char name[NODE_ENTRY_NAME_SIZE]; /* of the directory in services/ */
	int fd;
	int contract_fd;		/* holds the shared lock */
	int ports_fd;
	int servers_fd;
};

/*
 * Opens a service, of any user or of this one and root, or creates it with this record
 * and the access it asks for; *record becomes what the file says.  1 if it was created, 0
 * if opened; -ENOENT, -EEXIST, -EACCES (not for us, or another user's), -EPERM (not in
 * the group), -EPROTONOSUPPORT, -ETIMEDOUT or another -errno.
 */
int service_dir_open(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		     bool any_user, struct service_record *record) MUST_CHECK;

/* Do the names still stand for what is open? */
bool service_dir_is_there(const struct service_dir *dir) MUST_CHECK;

/*
 * Opens it again if not, or makes it, with the record that it had; *record becomes what
 * the file says.  1: it is another directory; 0: nothing was to do; -EPROTOTYPE (another
 * service has the name by now) or as service_dir_open(), and then *dir is as it was.
 */
int service_dir_renew(struct service_dir *dir, bool any_user,
		      struct service_record *record) MUST_CHECK;

/* Has an inode_watch tell when that changes.  0 or -errno, quiet. */
int service_dir_watch(const struct service_dir *dir, int watch) MUST_CHECK;

/* The last one removes the directory. */
void service_dir_close(struct service_dir *dir);

#endif /* SLUICE_REGISTRY_SERVICE_DIR_H */
