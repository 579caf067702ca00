/* SPDX-License-Identifier: MIT */
/* The two directories that an observer reads, a part at a time (registry/observer.c). */
#ifndef SLUICE_REGISTRY_OBSERVER_SCAN_H
#define SLUICE_REGISTRY_OBSERVER_SCAN_H

#include <errno.h>

#include "base/limits.h"
#include "os/clock.h"
#include "registry/observer.h"

#define OBSERVER_NOW	((int64_t)0)	/* in the past, whenever it is compared */

static inline void observer_service_due(struct observer *observer,
					struct observed_service *service, int64_t time)
{
	service->due = min_i64(service->due, time);
	observer->first_due = min_i64(observer->first_due, service->due);
}

static inline void observer_look_later(struct observer *observer)
{
	observer->look_at = min_i64(observer->look_at, clock_now() + WATCH_LOOK_NS);
}

/* Does this process lack something, so that the same call may succeed later? */
static inline bool observer_lacks(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EIO;
}

/* Opens a directory and watches it; its number, or 0.  A descriptor or -errno. */
int observer_open_watched(struct observer *observer, int at, const char *name, int *ret_number,
			  bool closes);

/* Opens services/, by its path: others may have replaced any part of it. */
int observer_open_services(struct observer *observer);

/* observer_services.c: reads which services there are; at most *left entries of them. */
void observer_begin_services(struct observer *observer);
void observer_continue_services(struct observer *observer, unsigned int *left);

/* observer_ports.c: the same for the ports of a service. */
void observer_begin_ports(struct observer *observer, struct observed_service *service);
void observer_continue_ports(struct observer *observer, unsigned int *left);
void observer_end_ports(struct observer *observer);

#endif /* SLUICE_REGISTRY_OBSERVER_SCAN_H */
