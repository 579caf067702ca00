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

#include <string.h>

#include "os/directory.h"
#include "os/directory_watch.h"
#include "registry/observer_scan.h"
#include "registry/service_dir.h"

static void all_due(struct observer *observer)
{
	uint32_t i;

	observer->due = OBSERVER_NOW;
	for (i = 0; i < observer->observed.services; i++)
		observer_service_due(observer, observer->observed.service[i], OBSERVER_NOW);
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
		observer_continue_ports(observer, left);
	} else if (observer->services) {
		observer_continue_services(observer, left);
	} else if (now >= observer->due) {
		observer_begin_services(observer);
	} else {
		service = find_due(observer, now);
		if (!service)
			return false;
		observer_begin_ports(observer, service);
	}
	return true;
}

static void unwatch(void *context, struct observed_service *service)
{
	struct observer *observer = context;

	directory_watch_remove(observer->watch, service->watch);
	directory_watch_remove(observer->watch, service->ports_watch);
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
			observer_look_later(observer);
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
	observer_service_due(observer, service, OBSERVER_NOW);
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
		observer->due = OBSERVER_NOW;
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
		observer_look_later(observer);
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
	observer_end_ports(observer);
	if (observer->services)
		directory_close(observer->services);
	observed_free(&observer->observed);
}
