// SPDX-License-Identifier: MIT
/*
 * A service's directory, from its creation to its removal by the last process that closes it.
 *
 * Every node that has the service open holds a shared lock on the contract, which is a
 * presence file (registry/presence.c).  Opening and removing a service race with each other,
 * and that lock decides (Documentation/models/registry.pml):
 *
 *	open						close
 *	open the contract that is there, or		lock exclusively without waiting
 *	make a service and name it			  held by others: leave it to them
 *	lock the contract, shared			rename the directory away
 *	does the path still name this file?		delete what is in it
 *	  no: begin again
 *
 * registry/service_creation.c makes services, and registry/service_removal.c removes them.
 *
 * Invariants:
 * (1) While a process holds a service open, the service's name leads to the contract that
 *     this process has locked.  There is one exception: something other than the library
 *     has removed names.  Then every process that calls service_dir_renew() comes to hold a
 *     contract that has the name.
 * (2) A contract is never rewritten.  It is whole from the time it has a name.
 * (3) No lock is waited for, and an attempt to open a service ends at a deadline.
 *
 * Nothing of a service stays open: a mapping keeps the shared lock (registry/presence.c), and
 * the directories are opened again, with the same checks, when they are needed
 * (service_dir_hold()).  A process that closes the service gives the shared lock up, and opens
 * the contract again to try for the exclusive lock.
 *
 * A directory, or a part of it, may be removed while the service is open.  A process then
 * opens the service again in the way in which a new process opens it.  If several processes
 * do that at once, one of them makes what is missing, and the others find it.  Existing parts
 * stay: a missing contract, ports/ or servers/ is written into the directory.  A service of
 * other types or settings that was made meanwhile is another service, and processes that had
 * the first one open do not open it.
 *
 * A process that dies at any point leaves at most one directory: one whose contract is not
 * locked, one that was renamed away, or one that has no name yet.  The next sweep
 * (registry/sweep.c) removes all three.
 *
 * If several users share a root, a service is removed by the user who has created it, by the
 * owner of services/, or by root.  If another user closes it last, it stays without a lock.
 * A process that opens it then removes it and makes its own, if it may; otherwise it opens
 * the service as it is.
 *
 * The creator of a service can put anything into its directory.  So a service of another
 * user is opened only if the program asks for that.  A user who may open a service can keep
 * others from it, with a lock on the contract or by taking all names of ports.
 */
#include "registry/service_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/identity.h"
#include "registry/presence.h"
#include "registry/service_creation.h"
#include "registry/service_hold.h"
#include "registry/service_removal.h"

#define CONTRACT	SERVICE_DIR_CONTRACT

/* FNV-1a.  The hash decides nothing but the name of the directory. */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

void service_dir_entry(char entry[NODE_ENTRY_NAME_SIZE], const char *service)
{
	node_entry_name(entry, hash_of(service), "");
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
		return fail(EPROTONOSUPPORT, "the contract file of service %s holds no contract", name);
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

bool service_dir_is_named(const struct service_dir *dir)
{
	char path[NODE_ENTRY_NAME_SIZE + sizeof("/" CONTRACT)];

	snprintf(path, sizeof(path), "%s/" CONTRACT, dir->name);
	return presence_has(dir->node->root.services_fd, path, &dir->contract);
}

/* As service_removal_remove().  Tells the node about the rest. */
static int remove_service(const struct service_dir *dir)
{
	int r = service_removal_remove(dir->node->root.services_fd, dir->name);

	node_entry_leaves(dir->node, r ? 0 : -ENOTEMPTY);
	return r;
}

/* Removes a service that nobody has open, if this process may.  True: the name is free. */
static bool remove_if_dead(const struct service_dir *dir)
{
	return !flock(dir->contract.fd, LOCK_EX | LOCK_NB) && service_dir_is_named(dir) &&
	       remove_service(dir) >= 0;
}

/* Takes the lock that says that the service is open.  0, -EAGAIN (it is removed) or -errno. */
static int lock_shared(const struct service_dir *dir, const char *name)
{
	if (!flock(dir->contract.fd, LOCK_SH | LOCK_NB))
		return service_dir_is_named(dir) ? 0 : -EAGAIN;
	return errno == EWOULDBLOCK ? -EAGAIN :
	       fail(errno, "cannot lock the contract of service %s: %s", name, strerror(errno));
}

/* Says in the sentence which service cannot be opened; it named only a file or directory. */
static int tell_failure(int r, const char *name, bool any_user)
{
	return fail_within(r, "service %s cannot be opened%s", name,
			   r == -EACCES && !any_user ? " without SLUICE_SERVICE_ANY_USER" : "");
}

/* 0; -ENOENT: there is no such service; -EAGAIN: begin again; or another -errno. */
static int open_existing(struct service_dir *dir, enum service_dir_want want, bool any_user,
			 struct service_record *record)
{
	const char *name = record->contract.name;
	int r;

	dir->fd = access_find_directory(dir->node->root.services_fd, dir->name, any_user,
					&dir->itself);
	if (dir->fd < 0)
		return dir->fd == -ENOENT ? -ENOENT : tell_failure(dir->fd, name, any_user);
	dir->contract.fd = fd_own(openat(dir->fd, CONTRACT,
					 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
	if (dir->contract.fd < 0)
		return errno == ENOENT ? -ENOENT :
		       fail(errno, "cannot open the contract of service %s: %s", name,
			    strerror(errno));
	if (!identity_open(dir->contract.fd, &dir->contract.identity))
		return fail_system("cannot look at a contract");
	if (remove_if_dead(dir))
		return -EAGAIN;
	r = lock_shared(dir, name);
	if (r < 0)
		return r;
	if (want == SERVICE_DIR_NEW)
		return fail(EEXIST, "service %s exists already", name);
	r = read_contract(dir->contract.fd, name, record);
	if (r < 0)
		return r;
	r = service_creation_open_ports(dir, any_user, &record->contract.settings);
	if (r == -ENOENT)
		return -EAGAIN;
	return r < 0 ? tell_failure(r, name, any_user) : 0;
}

static void close_all(struct service_dir *dir)
{
	service_hold_close(dir);
	presence_let_go(&dir->contract);
}

static void begin(struct service_dir *dir)
{
	dir->fd = dir->ports_fd = dir->servers_fd = -1;
	dir->contract = presence_none();
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
			r = service_creation_complete(dir, record);
		if (r != -ENOENT)
			return r;
		close_all(dir);
		return service_creation_make(dir, record);
	}
	r = root_reopen_services(&dir->node->root);
	if (r)
		return r < 0 ? r : -EAGAIN;
	return fail(ENOENT, "there is no service %s", record->contract.name);
}

/* Removes a service that nobody else has open.  1; 0: not all of it; or -errno: nothing. */
static int remove_last(struct service_dir *dir)
{
	if (flock(dir->contract.fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? 1 : -errno;
	errno = 0;
	if (!service_dir_is_named(dir))
		return errno && errno != ENOENT ? -errno : 1;
	return remove_service(dir);
}

/*
 * If the contract is open: removes the service if nobody else has it open.  What another user
 * owns is left to him.
 */
static void remove_if_last(struct service_dir *dir)
{
	if (dir->contract.fd >= 0)
		node_entry_leaves(dir->node, remove_last(dir));
}

static int open_until(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		      bool any_user, struct service_record *record, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	int r;

	*dir = (struct service_dir){ .node = node, .any_user = any_user, .holders = 1 };
	dir->hash = hash_of(record->contract.name);
	node_entry_name(dir->name, dir->hash, "");
	for (;;) {
		begin(dir);
		r = try_open(dir, want, any_user, record);
		if (r >= 0)
			return r;
		/* Our lock may have kept another process, the last one, from removing it. */
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

/* Holds services/ as long as the directories of the service are held. */
static int open_held(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		     bool any_user, struct service_record *record, int64_t patience)
{
	int r = root_hold_services(&node->root);

	if (r == -ENOENT)
		r = root_reopen_services(&node->root);
	if (r >= 0)
		r = open_until(dir, node, want, any_user, record, clock_deadline(patience));
	if (r < 0)
		root_release_services(&node->root);
	return r;
}

int service_dir_open(struct service_dir *dir, struct node_entry *node, enum service_dir_want want,
		     bool any_user, struct service_record *record)
{
	return open_held(dir, node, want, any_user, record, REGISTRY_PATIENCE_NS);
}

/* ---- Directories that others have removed ---- */

/* Does this part of the service lead to that?  The path is only looked at. */
static bool leads_to(const struct service_dir *dir, const char *part,
		     const struct identity *identity)
{
	char path[sizeof("services/") + NODE_ENTRY_NAME_SIZE + sizeof("/" CONTRACT)];

	snprintf(path, sizeof(path), "services/%s%s", dir->name, part);
	return identity_is(dir->node->root.domain_fd, path, identity);
}

bool service_dir_is_there(const struct service_dir *dir)
{
	return leads_to(dir, "/" CONTRACT, &dir->contract.identity) &&
	       leads_to(dir, "/ports", &dir->ports) && leads_to(dir, "/servers", &dir->servers);
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

/* Can a process that has opened one of the two make channels of the other? */
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
	r = open_held(&fresh, dir->node, SERVICE_DIR_EITHER, any_user, record,
		      REGISTRY_SHORT_PATIENCE_NS);
	if (r < 0)
		return r;
	if (!is_same(&record->contract, &ours)) {
		service_dir_close(&fresh);
		service_dir_release(&fresh);
		return fail(EPROTOTYPE, "service %s was removed, and somebody has made another with its name",
			    ours.name);
	}
	fresh.holders += dir->holders;
	if (dir->holders)
		root_release_services(&dir->node->root);
	close_all(dir);
	*dir = fresh;
	service_dir_release(dir);
	return 1;
}

/* Gives the shared lock up first, which would prevent the exclusive one. */
static void reopen_contract(struct service_dir *dir)
{
	int fd;

	if (dir->contract.fd >= 0 || !dir->contract.page.base)
		return;
	mapping_unmap(&dir->contract.page);
	fd = presence_reopen(&dir->contract, dir->fd, CONTRACT, O_RDONLY);
	dir->contract.fd = fd < 0 ? -1 : fd;
	node_entry_leaves(dir->node, fd);
}

void service_dir_close(struct service_dir *dir)
{
	/* If descriptors are short, the next sweep removes the service. */
	node_entry_leaves(dir->node, service_dir_hold(dir));
	if (dir->fd >= 0) {
		reopen_contract(dir);
		remove_if_last(dir);
	}
	presence_let_go(&dir->contract);
	service_dir_release(dir);
	close_all(dir);
}
