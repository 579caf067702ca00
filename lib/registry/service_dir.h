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

/* The name in services/ of the directory of a service. */
void service_dir_entry(char entry[NODE_ENTRY_NAME_SIZE], const char *service);

struct service_dir {
	struct node_entry *node;
	struct access access;		/* of what is in it */
	uint64_t hash;
	char name[NODE_ENTRY_NAME_SIZE]; /* of the directory in services/ */
	bool any_user;			/* may have made it */
	struct presence contract;	/* keeps the shared lock */
	/* Open while somebody holds them, and else -1. */
	unsigned int holders;
	int held;			/* 0, or why the last hold did not open all of them */
	int fd;
	int ports_fd;
	int servers_fd;
	struct identity itself, ports, servers;	/* what they were when they were checked */
};

/*
 * Opens a service, or creates it with this record and the access that the record asks for.
 * The service may be of any user with any_user, and else of this user or root.  *record
 * becomes what the file says.  After a success the directories are held, and
 * service_dir_release() follows.  1: it was created; 0: it was opened; -ENOENT, -EEXIST;
 * -EACCES: this user may not open it, or it is another user's; -EPERM: this user is not in
 * the group; -EPROTONOSUPPORT, -ETIMEDOUT or another -errno.
 */
int service_dir_open(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		     bool any_user, struct service_record *record) MUST_CHECK;

/*
 * Opens the directories, if they are those that were checked; and holds services/.  0;
 * -ENOENT (quiet): one of them is not, and its descriptor is -1; or another -errno.  In each
 * case service_dir_release() follows, and closes them when nobody holds them any more.
 */
int service_dir_hold(struct service_dir *dir);
void service_dir_release(struct service_dir *dir);

/*
 * Removes a name of this node in ports_fd or servers_fd, of directories that somebody holds.
 * The node is told if it stays, also because that hold has failed.
 */
void service_dir_unlink(const struct service_dir *dir, int at, const char *name);

/* Does the service's name still lead to the contract that was opened?  services/ is held. */
bool service_dir_is_named(const struct service_dir *dir) MUST_CHECK;

/* Do all names, of the contract and the directories, lead to what was checked? */
bool service_dir_is_there(const struct service_dir *dir) MUST_CHECK;

/*
 * If service_dir_is_there() says no: opens the service again, or makes it with the record that
 * it had.  *record becomes what the file says.  1: it is another directory now; 0: there was
 * nothing to do; -EPROTOTYPE: another service has the name; or as service_dir_open().  *dir
 * stays as it was after a failure.
 */
int service_dir_renew(struct service_dir *dir, bool any_user,
		      struct service_record *record) MUST_CHECK;

/* Has an inode_watch say when service_dir_is_there() may change.  0 or -errno, quiet. */
int service_dir_watch(struct service_dir *dir, int watch) MUST_CHECK;

/* Removes the directory too if no other process has the service open. */
void service_dir_close(struct service_dir *dir);

#endif /* SLUICE_REGISTRY_SERVICE_DIR_H */
