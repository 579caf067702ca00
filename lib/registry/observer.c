// SPDX-License-Identifier: MIT
/*
 * Reading the registry again and again, for a program that wants to know what comes and goes.
 *
 * The kernel reports which directories have changed (os/directory_watch.c).  A directory that
 * has changed is read again, and the difference to what is known is to be told
 * (registry/observed.c).  So it does not matter whether changes are reported twice, late, or
 * together, and a lost change costs one more look at everything.
 *
 *	a change in services/		services/ is due
 *	a change in a service		that service is due: its contract and its ports
 *	changes were lost		everything is due
 *	a directory above has gone	services/ is due, and until it is there again it is looked
 *					for after pauses that grow
 *	not all of it is watched	everything is due, once in WATCH_LOOK_NS
 *
 * Invariants:
 * (1) A directory is watched before it is read.  So a change after the reading is reported.
 * (2) A step reads at most WATCH_STEP entries, and is followed by a rest that is as long as
 *     the step.  So the node's other work gets at least half of the time, whatever other users
 *     put into the registry.
 * (3) Between two steps at most two descriptors are open: services/, and ports/ of a service.
 * (4) A scan that could not be finished, for lack of something, is begun again later.  It tells
 *     nothing of what it has not found.
 *
 * Nothing is written, and no lock is taken.  Directories and records are checked as by a list
 * (registry/listing.c).  An entry that is not safe, or no whole record, is not there.
 *
 * A process that ends without cleaning up leaves its entries.  The kernel reports that it has
 * closed its files.  Then the processes of that service are looked at, several times, since a
 * process closes its files some time before it has ended.  Its ports are not there from then
 * on.  Processes in other pid namespaces cannot be looked at: their ports are there until
 * somebody removes the entries.
 */
#include "registry/observer.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "os/clock.h"
#include "os/directory.h"
#include "os/directory_watch.h"
#include "os/fd.h"
#include "registry/membership.h"
#include "registry/service_dir.h"

#define NOW	((int64_t)0)	/* in the past, whenever it is compared */

static void service_due(struct observer *observer, struct observed_service *service, int64_t time)
{
	service->due = min_i64(service->due, time);
	observer->first_due = min_i64(observer->first_due, service->due);
}

static void all_due(struct observer *observer)
{
	uint32_t i;

	observer->due = NOW;
	for (i = 0; i < observer->observed.services; i++)
		service_due(observer, observer->observed.service[i], NOW);
}

static void look_later(struct observer *observer)
{
	observer->look_at = min_i64(observer->look_at, clock_now() + WATCH_LOOK_NS);
}

/* This process lacks something, and the same call may succeed later. */
static bool is_lack(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EIO;
}

/* ---- Directories ---- */

/* Opens a directory and watches it.  A descriptor or -errno. */
static int open_watched(struct observer *observer, int at, const char *name, int *number,
			bool closes)
{
	bool anybody = at != AT_FDCWD && observer->root->anybody;
	int fd = access_open_directory(at, name, anybody);
	int r;

	if (fd < 0)
		return fd;
	r = directory_watch_add(observer->watch, fd, closes);
	*number = r < 0 ? 0 : r;
	if (r < 0)
		look_later(observer);
	return fd;
}

/* Opens services/, by its path: others may have replaced any part of it. */
static int open_services(struct observer *observer)
{
	const struct root *root = observer->root;
	char path[PATH_MAX];
	int root_fd, domain_fd, fd;

	if (!root_can_be_seen(root))
		return -ENOENT;
	memcpy(path, root->path, root->base);
	path[root->base] = 0;
	root_fd = open_watched(observer, AT_FDCWD, path, &observer->root_watch, false);
	if (root_fd < 0)
		return root_fd;
	domain_fd = open_watched(observer, root_fd, root->path + root->base + 1,
				 &observer->domain_watch, false);
	fd_close(root_fd);
	if (domain_fd < 0)
		return domain_fd;
	fd = open_watched(observer, domain_fd, "services", &observer->services_watch, false);
	fd_close(domain_fd);
	return fd;
}

/* ---- Scanning services/ ---- */

static void unwatch(void *context, struct observed_service *service)
{
	struct observer *observer = context;

	directory_watch_remove(observer->watch, service->watch);
	directory_watch_remove(observer->watch, service->ports_watch);
}

static void found_service(struct observer *observer, const char *entry, uint64_t inode)
{
	struct observed_service *service = observed_find(&observer->observed, entry);

	if (!service) {
		service = observed_add(&observer->observed, entry);
		if (!service) {
			observer->no_room++;
			return;
		}
	}
	if (service->inode != inode)
		service_due(observer, service, NOW);
	service->inode = inode;
	service->seen = observer->services_scan;
}

static void end_services(struct observer *observer)
{
	struct observed *observed = &observer->observed;
	struct observed_service *service;
	uint32_t i;

	if (observer->services)
		directory_close(observer->services);
	observer->services = NULL;
	for (i = 0; i < observed->services; i++) {
		service = observed->service[i];
		if (service->seen == observer->services_scan)
			continue;
		service->seen = 0;
		service->due = CLOCK_NEVER;
		observed_note(observed, service, false);
	}
	observed_leave_out(observed, observer->no_room);
	if (observer->no_room)
		look_later(observer);
}

/* The directories are missing, or cannot be read now. */
static void miss_services(struct observer *observer, int r)
{
	observer->missing = observer->missing ? min_i64(2 * observer->missing, WATCH_LOOK_NS) :
						WATCH_MISSING_NS;
	observer->due = clock_now() + observer->missing;
	if (!is_lack(r)) {
		end_services(observer);
		observer->begun = true;
	}
}

static void begin_services(struct observer *observer)
{
	struct stat st;
	int fd;

	observer->due = CLOCK_NEVER;
	observer->services_scan++;
	observer->no_room = 0;
	fd = open_services(observer);
	if (fd < 0) {
		miss_services(observer, fd);
		return;
	}
	observer->missing = 0;
	if (observer->only[0]) {
		if (!fstatat(fd, observer->only, &st, AT_SYMLINK_NOFOLLOW))
			found_service(observer, observer->only, st.st_ino);
		end_services(observer);
	} else {
		observer->services = directory_list(fd);
		if (!observer->services)
			miss_services(observer, -EMFILE);
	}
	fd_close(fd);
}

static void continue_services(struct observer *observer, unsigned int *left)
{
	const struct dirent *entry;

	for (; *left; --*left) {
		entry = readdir(observer->services);
		if (!entry) {
			end_services(observer);
			return;
		}
		/* One with a dot is being made or removed. */
		if (!strchr(entry->d_name, '.') && strlen(entry->d_name) < OBSERVED_ENTRY_SIZE)
			found_service(observer, entry->d_name, entry->d_ino);
	}
}

/* ---- Scanning a service ---- */

static void end_ports(struct observer *observer)
{
	if (observer->ports)
		directory_close(observer->ports);
	observer->ports = NULL;
	observer->service = NULL;
}

/* The service is not there; or this process lacks something to see it. */
static void miss_service(struct observer *observer, struct observed_service *service, int r)
{
	if (is_lack(r))
		service_due(observer, service, clock_now() + WATCH_LOOK_NS);
	else
		observed_note(&observer->observed, service, false);
}

/* Another name, as long as the earlier one is known, is another service. */
static int take_contract(struct observer *observer, struct observed_service *service, int at)
{
	struct service_record record;
	struct stat st;
	int fd = record_open(at, SERVICE_DIR_CONTRACT), r;

	if (fd < 0)
		return fd;
	r = record_read_service(fd, &record, &st);
	fd_close(fd);
	if (r < 0)
		return r;
	if (service->state.told && strcmp(service->name, record.contract.name)) {
		service_due(observer, service, clock_now() + WATCH_LOOK_NS);
		return -ENOENT;
	}
	memcpy(service->name, record.contract.name, sizeof(service->name));
	return 0;
}

static int open_ports(struct observer *observer, struct observed_service *service)
{
	int services = open_services(observer), fd, ports, r;

	if (services < 0)
		return services;
	fd = open_watched(observer, services, service->entry, &service->watch, false);
	fd_close(services);
	if (fd < 0)
		return fd;
	r = take_contract(observer, service, fd);
	ports = r < 0 ? r : open_watched(observer, fd, "ports", &service->ports_watch, true);
	fd_close(fd);
	return ports;
}

static void begin_ports(struct observer *observer, struct observed_service *service)
{
	int fd;

	service->due = CLOCK_NEVER;
	fd = open_ports(observer, service);
	if (fd < 0) {
		miss_service(observer, service, fd);
		return;
	}
	observer->ports = directory_list(fd);
	fd_close(fd);
	if (!observer->ports) {
		miss_service(observer, service, -EMFILE);
		return;
	}
	observer->service = service;
	observer->ports_scan++;
	observed_begin_scan(&observer->observed, service);
	if (!service->state.there && !service->state.told)
		service->state.existed = !observer->begun;
	observed_note(&observer->observed, service, true);
}

/* Reads the record of a port that is new, or has changed.  0 or -errno. */
static int read_port(struct observer *observer, const char *entry, struct observed_port **ret_port)
{
	struct port_record record;
	struct stat st;
	int fd = record_open(dirfd(observer->ports), entry), r;

	if (fd < 0)
		return fd;
	r = record_read_port(fd, &record, &st);
	fd_close(fd);
	if (r < 0)
		return r;
	*ret_port = observed_note_port(&observer->observed, observer->service, entry,
				       &record.port, &st);
	if (!*ret_port)
		observed_leave_out_port(&observer->observed, observer->service);
	else if (!(*ret_port)->seen)
		(*ret_port)->state.existed = !observer->begun;
	return 0;
}

/* 0, or -errno if this process lacks something. */
static int found_port(struct observer *observer, const char *entry)
{
	bool asks = observer->service->doubts;
	struct observed_port *port;
	struct stat st;
	int r;

	if (strlen(entry) >= OBSERVED_ENTRY_SIZE || membership_is(entry) ||
	    fstatat(dirfd(observer->ports), entry, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	port = observed_find_port(observer->service, entry, &st);
	if (!port) {
		r = read_port(observer, entry, &port);
		if (r < 0)
			return is_lack(r) ? r : 0;
		asks = true;
	}
	if (!port)
		return 0;
	port->seen = observer->ports_scan;
	if (asks && !port->dead && process_is_dead(&port->owner))
		observed_bury(&observer->observed, port);
	return 0;
}

static void finish_ports(struct observer *observer)
{
	struct observed_service *service = observer->service;

	observed_end_scan(&observer->observed, service, observer->ports_scan);
	if (service->left_out)
		look_later(observer);
	if (service->doubts)
		service_due(observer, service, clock_now() +
			    (WATCH_DOUBT_NS << (WATCH_DOUBTS - service->doubts--)));
	end_ports(observer);
}

static void continue_ports(struct observer *observer, unsigned int *left)
{
	const struct dirent *entry;
	int r;

	for (; *left; --*left) {
		entry = readdir(observer->ports);
		if (!entry) {
			finish_ports(observer);
			return;
		}
		r = entry->d_name[0] == '.' ? 0 : found_port(observer, entry->d_name);
		if (r < 0) {
			miss_service(observer, observer->service, r);
			end_ports(observer);
			return;
		}
	}
}

/* ---- Steps ---- */

/* A service that is due; and finds out anew when the first one is. */
static struct observed_service *find_due(struct observer *observer, int64_t now)
{
	struct observed *observed = &observer->observed;
	uint32_t i;

	if (now < observer->first_due)
		return NULL;
	observer->first_due = CLOCK_NEVER;
	for (i = 0; i < observed->services; i++)
		observer->first_due = min_i64(observer->first_due, observed->service[i]->due);
	for (i = 0; i < observed->services && now >= observer->first_due; i++)
		if (now >= observed->service[i]->due)
			return observed->service[i];
	return NULL;
}

/* Does one thing.  False: nothing is due. */
static bool work(struct observer *observer, int64_t now, unsigned int *left)
{
	struct observed_service *service;

	if (observer->ports) {
		continue_ports(observer, left);
	} else if (observer->services) {
		continue_services(observer, left);
	} else if (now >= observer->due) {
		begin_services(observer);
	} else {
		service = find_due(observer, now);
		if (!service)
			return false;
		begin_ports(observer, service);
	}
	return true;
}

/* Has everything been read that was due at this time? */
static bool is_idle(const struct observer *observer, int64_t time)
{
	return !observer->services && !observer->ports && observer->due == CLOCK_NEVER &&
	       time < observer->first_due;
}

void observer_step(struct observer *observer)
{
	int64_t begun = observer_alarm(observer) == CLOCK_NEVER ? 0 : clock_now(), end;
	unsigned int left = WATCH_STEP;
	bool any = false;

	if (!begun || begun < observer_alarm(observer))
		return;
	if (begun >= observer->look_at) {
		observer->look_at = CLOCK_NEVER;
		all_due(observer);
		if (observer->watch < 0)
			look_later(observer);
	}
	/* Beginning a scan costs as much as some entries. */
	while (left && work(observer, begun, &left)) {
		any = true;
		left -= left > 4 ? 4 : left;
	}
	if (is_idle(observer, begun))
		observer->begun = true;
	if (!observer->ports)
		observed_forget_gone(&observer->observed, unwatch, observer);
	end = clock_now();
	if (any)
		observer->rest = end + (end - begun);
}

int64_t observer_alarm(const struct observer *observer)
{
	int64_t due = min_i64(min_i64(observer->due, observer->first_due), observer->look_at);

	if (observer->ports || observer->services)
		return observer->rest;
	return due == CLOCK_NEVER || due > observer->rest ? due : observer->rest;
}

/* ---- Hearing of changes ---- */

static void heard_of_service(struct observer *observer, struct observed_service *service,
			     const struct directory_change *change)
{
	if (change->directory == service->ports_watch) {
		if (change->ended)
			service->ports_watch = 0;
		if (change->closed)
			service->doubts = WATCH_DOUBTS;
	} else if (change->ended) {
		service->watch = 0;
	}
	service_due(observer, service, NOW);
}

/* Is it about a name above services/ that leads there, or about the directory itself? */
static bool leads_to_services(const struct observer *observer,
			      const struct directory_change *change)
{
	const struct root *root = observer->root;
	const char *name = change->name;

	if (change->directory == observer->root_watch)
		return !*name || !strcmp(name, root->path + root->base + 1);
	if (change->directory == observer->domain_watch)
		return !*name || !strcmp(name, "services");
	if (change->directory == observer->services_watch)
		return !*name || (!strchr(name, '.') &&
				  (!observer->only[0] || !strcmp(name, observer->only)));
	return false;
}

static void heard(void *context, const struct directory_change *change)
{
	struct observer *observer = context;
	struct observed *observed = &observer->observed;
	uint32_t i;

	if (change->lost)
		all_due(observer);
	else if (leads_to_services(observer, change))
		observer->due = NOW;
	for (i = 0; change->directory > 0 && i < observed->services; i++)
		if (observed->service[i]->watch == change->directory ||
		    observed->service[i]->ports_watch == change->directory)
			heard_of_service(observer, observed->service[i], change);
}

unsigned int observer_hear(struct observer *observer)
{
	return directory_watch_read(observer->watch, heard, observer);
}

void observer_watch(struct observer *observer, int watch)
{
	struct observed *observed = &observer->observed;
	uint32_t i;

	observer->watch = watch;
	observer->root_watch = observer->domain_watch = observer->services_watch = 0;
	for (i = 0; i < observed->services; i++)
		observed->service[i]->watch = observed->service[i]->ports_watch = 0;
	if (watch < 0)
		look_later(observer);
	all_due(observer);
}

/* ---- Life ---- */

void observer_init(struct observer *observer, const struct root *root, const char *service)
{
	*observer = (struct observer){
		.root = root, .watch = -1,
		.first_due = CLOCK_NEVER, .look_at = CLOCK_NEVER,
	};
	if (service)
		service_dir_entry(observer->only, service);
}

void observer_deinit(struct observer *observer)
{
	end_ports(observer);
	if (observer->services)
		directory_close(observer->services);
	observed_free(&observer->observed);
}
