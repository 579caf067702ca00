// SPDX-License-Identifier: MIT
/*
 * Reading the contract and the ports of a service, for an observer (registry/observer.c, which
 * owns the scan).
 *
 * Other users may write these files at any time, and remove them while they are read.  A
 * record that is not whole is not there.  Without a descriptor or memory nothing is told of
 * the service, and it is read again later.
 */
#include "registry/observer_scan.h"

#include <string.h>

#include "os/directory.h"
#include "os/fd.h"
#include "registry/membership.h"
#include "registry/service_dir.h"

void observer_end_ports(struct observer *observer)
{
	if (observer->ports)
		directory_close(observer->ports);
	observer->ports = NULL;
	observer->service = NULL;
}

/* The service is not there; or this process lacks something to see it. */
static void miss_service(struct observer *observer, struct observed_service *service, int r)
{
	if (observer_lacks(r))
		observer_service_due(observer, service, clock_now() + WATCH_LOOK_NS);
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
		observer_service_due(observer, service, clock_now() + WATCH_LOOK_NS);
		return -ENOENT;
	}
	memcpy(service->name, record.contract.name, sizeof(service->name));
	return 0;
}

static int open_ports(struct observer *observer, struct observed_service *service)
{
	int services = observer_open_services(observer), fd, ports, r;

	if (services < 0)
		return services;
	fd = observer_open_watched(observer, services, service->entry, &service->watch, false);
	fd_close(services);
	if (fd < 0)
		return fd;
	r = take_contract(observer, service, fd);
	ports = r < 0 ? r : observer_open_watched(observer, fd, "ports", &service->ports_watch, true);
	fd_close(fd);
	return ports;
}

void observer_begin_ports(struct observer *observer, struct observed_service *service)
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
			return observer_lacks(r) ? r : 0;
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
		observer_look_later(observer);
	if (service->doubts)
		observer_service_due(observer, service, clock_now() +
			    (WATCH_DOUBT_NS << (WATCH_DOUBTS - service->doubts--)));
	observer_end_ports(observer);
}

void observer_continue_ports(struct observer *observer, unsigned int *left)
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
			observer_end_ports(observer);
			return;
		}
	}
}
