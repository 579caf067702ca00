// SPDX-License-Identifier: MIT
/*
 * Reading which services there are, for an observer (registry/observer.c, which owns the scan).
 *
 * services/ is found by its path each time, and each directory on the way is watched before
 * it is looked into.  Other users may put any name there, and replace any directory: a name
 * that is too long or has a dot is no service, and more than there is room for are counted.
 */
#include "registry/observer_scan.h"

#include <string.h>

#include "os/directory.h"
#include "os/directory_watch.h"
#include "os/fd.h"

int observer_open_watched(struct observer *observer, int at, const char *name, int *ret_number,
			  bool closes)
{
	bool anybody = at != AT_FDCWD && observer->root->anybody;
	int fd = access_open_directory(at, name, anybody);
	int r;

	if (fd < 0)
		return fd;
	r = directory_watch_add(observer->watch, fd, closes);
	*ret_number = r < 0 ? 0 : r;
	if (r < 0)
		observer_look_later(observer);
	return fd;
}

int observer_open_services(struct observer *observer)
{
	const struct root *root = observer->root;
	char path[PATH_MAX];
	int root_fd, domain_fd, fd;

	if (!root_can_be_seen(root))
		return -ENOENT;
	memcpy(path, root->path, root->base);
	path[root->base] = 0;
	root_fd = observer_open_watched(observer, AT_FDCWD, path, &observer->root_watch, false);
	if (root_fd < 0)
		return root_fd;
	domain_fd = observer_open_watched(observer, root_fd, root->path + root->base + 1,
					  &observer->domain_watch, false);
	fd_close(root_fd);
	if (domain_fd < 0)
		return domain_fd;
	fd = observer_open_watched(observer, domain_fd, "services", &observer->services_watch, false);
	fd_close(domain_fd);
	return fd;
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
		observer_service_due(observer, service, OBSERVER_NOW);
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
		service->inode = 0;	/* the next of this name may have the same */
		service->due = CLOCK_NEVER;
		observed_note(observed, service, false);
	}
	observed_leave_out(observed, observer->no_room);
	if (observer->no_room)
		observer_look_later(observer);
}

/* The directories are missing, or cannot be read now. */
static void miss_services(struct observer *observer, int r)
{
	observer->missing = observer->missing ? min_i64(2 * observer->missing, WATCH_LOOK_NS) :
						WATCH_MISSING_NS;
	observer->due = clock_now() + observer->missing;
	if (!observer_lacks(r)) {
		end_services(observer);
		observer->begun = true;
	}
}

void observer_begin_services(struct observer *observer)
{
	struct stat st;
	int fd;

	observer->due = CLOCK_NEVER;
	observer->services_scan++;
	observer->no_room = 0;
	fd = observer_open_services(observer);
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

void observer_continue_services(struct observer *observer, unsigned int *left)
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
