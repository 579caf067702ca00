// SPDX-License-Identifier: MIT
/*
 * A service's directory, from its creation to its removal by the last to close it.
 *
 * The contract is a presence file (registry/presence.c) on which every node that has
 * the service open holds a shared lock.  A service is made aside, with its contract,
 * which is locked already, and with the access of others (registry/access.c), and then gets
 * its name; so whoever finds it finds all of it.  Opening and removing race with each
 * other and are decided by that lock (Documentation/models/registry.pml):
 *
 *	open						close
 *	open the contract that is there, or		lock exclusively without waiting
 *	make a service and name it			  held by others: leave it to them
 *	lock the contract, shared			rename the directory away
 *	does the path still name this file?		delete what is in it
 *	  no: begin again
 *
 * Invariants:
 * (1) While anybody holds a service open, its name leads to the contract that this
 *     one has locked; or somebody else than the library has taken names away, and then
 *     all who look again (service_dir_renew()) come to hold one that has the name.
 * (2) A contract is never rewritten; it is whole from the time it has a name.
 * (3) No lock is waited for, and the fight to open ends at a deadline.
 *
 * A directory, or a part of it, may be taken away while the service is open.  To open it
 * again is to open it as a newcomer does: of several that notice at once, and those who
 * come, one makes what is missing, and the others find it.  What is there already stays:
 * a missing contract, ports/ or servers/ is written into the directory.  If somebody
 * has made a service of other types or settings meanwhile, that is another service, and
 * those who had the first open stay out of it.
 *
 * A process that dies at any point leaves at most a directory whose contract is not
 * locked, or one that is renamed away, or was not yet named; the next sweep
 * (registry/sweep.c) removes all three.
 *
 * Where several users share a root, a service is removed by the user who has created it,
 * the owner of services/, or root.  If another closes it last, it stays without a lock.
 * Who opens it then removes it, if he can, and makes his own; or else takes it as it is.
 *
 * The creator of a service can put there what he likes, so one of another user is not
 * opened unless that is asked for.  Who may use it can keep others from it: by holding a
 * lock on the contract, or all names of ports.
 */
#include "registry/service_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "registry/presence.h"
#include "registry/service_removal.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/identity.h"
#include "os/inode_watch.h"
#include "os/random.h"

#define CONTRACT	SERVICE_DIR_CONTRACT

/* FNV-1a; only decides the name of a directory. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

static int read_contract(int fd, const char *name, struct service_record *record)
{
	struct sluice_registry_contract found;
	ssize_t got;
	size_t size;

	memset(&found, 0, sizeof(found));
	if (pread(fd, &found, sizeof(found), 0) < 0)
		return fail(errno, "cannot read the contract of service %s: %s", name,
			    strerror(errno));
	if (found.magic != SLUICE_REGISTRY_MAGIC_CONTRACT)
		return fail(EPROTONOSUPPORT, "the contract file of service %s is none", name);
	if (found.version != SLUICE_PROTOCOL_VERSION || found.size != sizeof(found))
		return fail(EPROTONOSUPPORT, "service %s speaks protocol version %u with %u bytes of contract, this library %u with %zu",
			    name, found.version, found.size, SLUICE_PROTOCOL_VERSION,
			    sizeof(found));
	size = found.attributes * sizeof(record->attributes[0]);
	got = found.attributes > SLUICE_ATTRIBUTES_MAX ? 0 :
	      pread(fd, record->attributes, size, sizeof(found));
	if (got < 0)
		return fail(errno, "cannot read the attributes of service %s: %s", name,
			    strerror(errno));
	if (got != (ssize_t)size)
		return fail(EPROTONOSUPPORT, "the contract file of service %s lacks its %u attributes",
			    name, found.attributes);
	record->contract = found;
	return 0;
}

static bool still_named(const struct service_dir *dir)
{
	char path[NODE_ENTRY_NAME_SIZE + sizeof("/" CONTRACT)];

	snprintf(path, sizeof(path), "%s/" CONTRACT, dir->name);
	return presence_is(dir->node->root.services_fd, path, dir->contract_fd);
}

/* A service that nobody has open, and that we can remove, is none.  Was it one? */
static bool remove_if_dead(const struct service_dir *dir)
{
	return !flock(dir->contract_fd, LOCK_EX | LOCK_NB) && still_named(dir) &&
	       service_removal_remove(dir->node->root.services_fd, dir->name) > 0;
}

/* Nobody makes a service without it, so if it is missing somebody has taken it away. */
static int open_or_make(const struct service_dir *dir, const char *name, bool any_user,
			gid_t group)
{
	int r, fd = access_open_directory(dir->fd, name, any_user);

	if (fd != -ENOENT)
		return fd;
	r = access_make_aside(dir->fd, name, dir->access.meeting, group);
	return r < 0 ? r : access_open_directory(dir->fd, name, any_user);
}

/* The contract is locked and has its name, so nobody is removing the service. */
static int open_ports(struct service_dir *dir, bool any_user,
		      const struct sluice_registry_settings *settings)
{
	gid_t group = settings->group ? settings->group : ACCESS_ANY_GROUP;

	dir->access = access_of_service(settings->mode);
	dir->ports_fd = open_or_make(dir, "ports", any_user, group);
	if (dir->ports_fd < 0)
		return dir->ports_fd;
	dir->servers_fd = open_or_make(dir, "servers", any_user, group);
	return dir->servers_fd < 0 ? dir->servers_fd : 0;
}

/* Locks the contract as one who has the service open.  0, -EAGAIN (it is removed) or -errno. */
static int lock_shared(const struct service_dir *dir, const char *name)
{
	if (!flock(dir->contract_fd, LOCK_SH | LOCK_NB))
		return still_named(dir) ? 0 : -EAGAIN;
	return errno == EWOULDBLOCK ? -EAGAIN :
	       fail(errno, "cannot lock the contract of service %s: %s", name, strerror(errno));
}

/* The failure to open is one of this service, and not only of a file or directory. */
static int tell_failure(int r, const char *name, bool any_user)
{
	return fail_within(r, "service %s cannot be opened%s", name,
			   r == -EACCES && !any_user ? " without SLUICE_SERVICE_ANY_USER" : "");
}

/* -ENOENT: there is none; -EAGAIN: begin again; 0 or another -errno. */
static int open_existing(struct service_dir *dir, enum service_dir_want want, bool any_user,
			 struct service_record *record)
{
	const char *name = record->contract.name;
	int r;

	dir->fd = access_open_directory(dir->node->root.services_fd, dir->name, any_user);
	if (dir->fd < 0)
		return dir->fd == -ENOENT ? -ENOENT : tell_failure(dir->fd, name, any_user);
	dir->contract_fd = fd_own(openat(dir->fd, CONTRACT,
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (dir->contract_fd < 0)
		return errno == ENOENT ? -ENOENT :
		       fail(errno, "cannot open the contract of service %s: %s", name,
			    strerror(errno));
	if (remove_if_dead(dir))
		return -EAGAIN;
	r = lock_shared(dir, name);
	if (r < 0)
		return r;
	if (want == SERVICE_DIR_NEW)
		return fail(EEXIST, "service %s exists already", name);
	r = read_contract(dir->contract_fd, name, record);
	if (r < 0)
		return r;
	r = open_ports(dir, any_user, &record->contract.settings);
	if (r == -ENOENT)
		return -EAGAIN;
	return r < 0 ? tell_failure(r, name, any_user) : 0;
}

static int make_contract(struct service_dir *dir, struct service_record *record)
{
	struct sluice_registry_settings *settings = &record->contract.settings;
	struct stat st;

	if (fstat(dir->fd, &st))
		return fail(errno, "cannot look at its directory: %s", strerror(errno));
	if (access_is_shared(&dir->access))
		settings->group = st.st_gid;
	return presence_create(dir->fd, CONTRACT, dir->access.file, record,
			       sizeof(record->contract) +
			       record->contract.attributes * sizeof(record->attributes[0]),
			       true);
}

/*
 * Writes the contract that somebody has taken out of a directory, which is open.  1;
 * -EAGAIN: begin again; -ENOENT: the directory is not of this service's kind; or -errno.
 */
static int complete(struct service_dir *dir, struct service_record *record)
{
	struct stat st;
	int r;

	dir->access = access_of_service(record->contract.settings.mode);
	if (fstat(dir->fd, &st) || st.st_uid != geteuid() ||
	    (st.st_mode & 07777) != dir->access.directory)
		return -ENOENT;
	dir->contract_fd = make_contract(dir, record);
	if (dir->contract_fd == -EEXIST || dir->contract_fd == -ENOENT)
		return -EAGAIN;
	if (dir->contract_fd < 0)
		return dir->contract_fd;
	if (!still_named(dir))
		return -EAGAIN;
	r = open_ports(dir, false, &record->contract.settings);
	return r == -ENOENT ? -EAGAIN : r < 0 ? r : 1;
}

/* The contract comes first: its lock tells that somebody is at it. */
static int make_service(struct service_dir *dir, const char *name, struct service_record *record)
{
	const struct sluice_registry_settings *settings = &record->contract.settings;
	gid_t group = settings->group ? settings->group : ACCESS_ANY_GROUP;

	dir->access = access_of_service(settings->mode);
	dir->fd = access_make_directory(dir->node->root.services_fd, name, dir->access.directory,
					group);
	if (dir->fd < 0)
		return dir->fd;
	dir->contract_fd = make_contract(dir, record);
	if (dir->contract_fd < 0)
		return dir->contract_fd;
	dir->ports_fd = access_make_directory(dir->fd, "ports", dir->access.meeting, group);
	if (dir->ports_fd < 0)
		return dir->ports_fd;
	dir->servers_fd = access_make_directory(dir->fd, "servers", dir->access.meeting, group);
	return dir->servers_fd < 0 ? dir->servers_fd : 0;
}

/* An empty directory, such as hides no service, gives way.  1, -EAGAIN or another -errno. */
static int name_service(const struct service_dir *dir, const char *made, const char *name)
{
	int services_fd = dir->node->root.services_fd;

	if (!renameat(services_fd, made, services_fd, dir->name))
		return 1;
	/* EPERM: there is one of another user. */
	if (errno == ENOTEMPTY || errno == EEXIST || errno == EPERM || errno == ENOENT)
		return -EAGAIN;
	return fail(errno, "cannot make service %s: %s", name, strerror(errno));
}

/*
 * Nobody has been in it, and there may be no descriptor to look into it.  The contract goes
 * last: a process that is killed in between leaves an unlocked contract, by which a sweep
 * sees that the directory is nobody's.
 */
static void remove_made(int services_fd, const char *made)
{
	static const char *const parts[] = { "servers", "ports", CONTRACT };
	char path[NODE_ENTRY_NAME_SIZE + sizeof("/" CONTRACT)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", made, parts[i]);
		unlinkat(services_fd, path, i + 1 < ARRAY_SIZE(parts) ? AT_REMOVEDIR : 0);
	}
	unlinkat(services_fd, made, AT_REMOVEDIR);
}

/* 1; -EAGAIN: somebody was faster, begin again; or another -errno. */
static int create_new(struct service_dir *dir, struct service_record *record)
{
	uint32_t group = record->contract.settings.group;
	char made[NODE_ENTRY_NAME_SIZE];
	int r;

	node_entry_name(made, random_id(), ".new");
	r = make_service(dir, made, record);
	if (r < 0 && r != -ENOENT)
		fail_within(r, "service %s cannot be made", record->contract.name);
	if (!r)
		r = name_service(dir, made, record->contract.name);
	if (r > 0)
		return r;
	record->contract.settings.group = group;
	remove_made(dir->node->root.services_fd, made);
	if (r == -ENOENT)
		r = root_reopen_services(&dir->node->root);
	return r < 0 ? r : -EAGAIN;
}

static void close_all(struct service_dir *dir)
{
	dir->servers_fd = fd_close(dir->servers_fd);
	dir->ports_fd = fd_close(dir->ports_fd);
	dir->contract_fd = fd_close(dir->contract_fd);
	dir->fd = fd_close(dir->fd);
}

static int try_open(struct service_dir *dir, enum service_dir_want want, bool any_user,
		    struct service_record *record)
{
	int r;

	r = open_existing(dir, want, any_user, record);
	if (r != -ENOENT)
		return r;
	if (want != SERVICE_DIR_EXISTING) {
		if (dir->fd >= 0)
			r = complete(dir, record);
		if (r != -ENOENT)
			return r;
		close_all(dir);
		return create_new(dir, record);
	}
	r = root_reopen_services(&dir->node->root);
	if (r)
		return r < 0 ? r : -EAGAIN;
	return fail(ENOENT, "there is no service %s", record->contract.name);
}

/* Removes the service if nobody else has it open. */
static void remove_if_last(struct service_dir *dir)
{
	if (dir->contract_fd >= 0 && !flock(dir->contract_fd, LOCK_EX | LOCK_NB) &&
	    still_named(dir))
		service_removal_remove(dir->node->root.services_fd, dir->name);
}

static int open_until(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		      bool any_user, struct service_record *record, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	int r;

	dir->node = node;
	dir->hash = hash_of(record->contract.name);
	node_entry_name(dir->name, dir->hash, "");
	for (;;) {
		dir->fd = dir->contract_fd = dir->ports_fd = dir->servers_fd = -1;
		r = try_open(dir, want, any_user, record);
		if (r >= 0)
			return r;
		/* Our lock may have kept the last one from removing the service. */
		if (r != -EAGAIN)
			remove_if_last(dir);
		close_all(dir);
		if (r != -EAGAIN)
			return fail_again(r);
		if (clock_now() > deadline)
			return fail(ETIMEDOUT, "service %s was removed and created over and over",
				    record->contract.name);
		nanosleep(&pause, NULL);
	}
}

int service_dir_open(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		     bool any_user, struct service_record *record)
{
	return open_until(dir, node, want, any_user, record, clock_deadline(REGISTRY_PATIENCE_NS));
}

/* ---- What others have taken away ---- */

bool service_dir_is_there(const struct service_dir *dir)
{
	return still_named(dir) && identity_is_open(dir->fd, "ports", dir->ports_fd) &&
	       identity_is_open(dir->fd, "servers", dir->servers_fd);
}

static bool is_same_type(const struct sluice_registry_type *a,
			 const struct sluice_registry_type *b)
{
	return a->size == b->size && a->alignment == b->alignment && a->kind == b->kind &&
	       !strncmp(a->name, b->name, sizeof(a->name)) &&
	       (a->fingerprint == b->fingerprint || !a->fingerprint || !b->fingerprint);
}

static bool are_same_messages(const struct sluice_registry_contract *a,
			      const struct sluice_registry_contract *b)
{
	size_t i;

	for (i = 0; i < SLUICE_REGISTRY_MESSAGES; i++)
		if (!is_same_type(&a->message[i].payload, &b->message[i].payload) ||
		    !is_same_type(&a->message[i].header, &b->message[i].header))
			return false;
	return a->pattern == b->pattern && a->messages == b->messages;
}

/* Can channels of the one be made by who knows the other? */
static bool is_same(const struct sluice_registry_contract *a,
		    const struct sluice_registry_contract *b)
{
	struct sluice_registry_settings settings = a->settings;

	settings.group = b->settings.group;
	return a->attributes == b->attributes &&
	       !strncmp(a->name, b->name, sizeof(a->name)) &&
	       are_same_messages(a, b) &&
	       !memcmp(&settings, &b->settings, sizeof(settings));
}

int service_dir_renew(struct service_dir *dir, bool any_user, struct service_record *record)
{
	const struct sluice_registry_contract ours = record->contract;
	struct service_dir fresh;
	int r;

	if (service_dir_is_there(dir))
		return 0;
	r = open_until(&fresh, dir->node, SERVICE_DIR_EITHER, any_user, record,
		       clock_deadline(REGISTRY_SHORT_PATIENCE_NS));
	if (r < 0)
		return r;
	if (!is_same(&record->contract, &ours)) {
		service_dir_close(&fresh);
		return fail(EPROTOTYPE, "service %s was removed, and somebody has made another with its name",
			    ours.name);
	}
	close_all(dir);
	*dir = fresh;
	return 1;
}

int service_dir_watch(const struct service_dir *dir, int watch)
{
	int r = inode_watch_file(watch, dir->fd, CONTRACT);

	if (!r)
		r = inode_watch_open_directory(watch, dir->fd);
	if (!r)
		r = inode_watch_open_directory(watch, dir->ports_fd);
	return r ? r : inode_watch_open_directory(watch, dir->servers_fd);
}

void service_dir_close(struct service_dir *dir)
{
	remove_if_last(dir);
	close_all(dir);
}
