// SPDX-License-Identifier: MIT
/*
 * A watch: tells a program what comes and goes in the registry (sluice_watch.h).
 *
 * It belongs to a node and is one of the node's ports (api/port.h), one that has no channels.
 * So the node's waits ask it, and it is tended in them.  registry/observer.c reads the registry
 * and keeps the difference that is to be told.  This file owns the inotify instance, through
 * which the kernel reports changes, and decides when to listen to it.
 *
 *	listening	the inotify instance is a source of the node
 *	  | more than WATCH_CHANGES_MAX changes in a window, or no instance can be made
 *	deaf		the registry is read once in WATCH_LOOK_NS
 *	  | a pause has passed (wait/retry.c)
 *	listening	with a new instance; everything is read again
 *
 * Every user who may write in the root directory can make and remove entries without end.  Such
 * a user makes the node read WATCH_CHANGES_MAX changes in a window, then one a pause, and at
 * most half of its waits are spent on reading the registry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_watch.h>

#include "api/blocking.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/inode_watch.h"
#include "registry/observer.h"

struct sluice_watch {
	struct port port;
	struct sluice_node *node;
	struct observer observer;
	struct wait_source source;	/* the inotify instance; fd is -1 if there is none */
	struct retry listen;		/* to make one */
	int64_t since;			/* begin of the window */
	unsigned int heard;		/* changes in it */
	bool untold;			/* there is no instance, which was remarked on */
	bool all_told;			/* what was there has been told, and that too */
	/* What the strings of the last event point to. */
	char service[SLUICE_SERVICE_NAME_SIZE];
	char entry[OBSERVED_ENTRY_SIZE];
	char name[SLUICE_PORT_NAME_SIZE];
};

/* ---- Listening ---- */

static void stop_listening(struct sluice_watch *watch)
{
	wait_forget(&watch->node->wait, &watch->source);
	watch->source.fd = fd_close(watch->source.fd);
}

static void deafen(struct sluice_watch *watch)
{
	stop_listening(watch);
	observer_watch(&watch->observer, -1);
	retry_later(&watch->listen);
	if (!watch->untold)
		remark(watch->node, SLUICE_REMARK_WATCH_UNTOLD, NULL, 0);
	watch->untold = true;
}

static void changes_came(struct wait_source *source)
{
	struct sluice_watch *watch = container_of(source, struct sluice_watch, source);
	int64_t now = clock_now();
	unsigned int n;

	if (now - watch->since >= WATCH_WINDOW_NS) {
		watch->since = now;
		watch->heard = 0;
	}
	do {
		n = observer_hear(&watch->observer);
		watch->heard += n;
	} while (n && watch->heard < WATCH_CHANGES_MAX);
	if (n)
		deafen(watch);
}

static void begin_listening(struct sluice_watch *watch)
{
	retry_stop(&watch->listen);
	watch->source.ready = changes_came;
	watch->source.fd = inode_watch_make();
	if (watch->source.fd < 0 || wait_watch(&watch->node->wait, &watch->source) < 0) {
		deafen(watch);
		return;
	}
	watch->untold = false;
	observer_watch(&watch->observer, watch->source.fd);
}

/* ---- As a port of the node ---- */

static void letter(struct port *port)
{
	(void)port;
}

static void tend(struct port *port)
{
	struct sluice_watch *watch = container_of(port, struct sluice_watch, port);

	if (retry_is_due(&watch->listen))
		begin_listening(watch);
	observer_step(&watch->observer);
}

static int64_t alarm_of(const struct port *port)
{
	const struct sluice_watch *watch = container_of(port, struct sluice_watch, port);

	return min_i64(observer_alarm(&watch->observer), retry_alarm(&watch->listen));
}

static int arm(struct port *port)
{
	(void)port;
	return 0;
}

static bool is_ready(const struct port *port)
{
	const struct sluice_watch *watch = container_of(port, struct sluice_watch, port);

	return watch->observer.observed.pending || (watch->observer.begun && !watch->all_told);
}

static void adopted(struct port *port)
{
	(void)port;
}

static bool next(struct port *port, struct sluice_event *event)
{
	if (port->cursor || !is_ready(port))
		return false;
	port->cursor = 1;
	event->kind = SLUICE_EVENT_REGISTRY;
	event->watch = container_of(port, struct sluice_watch, port);
	return true;
}

static const struct port_ops watch_port_ops = {
	.letter = letter,
	.tend = tend,
	.alarm = alarm_of,
	.arm = arm,
	.ready = is_ready,
	.adopted = adopted,
	.next = next,
};

/* ---- Telling ---- */

static uint32_t change_of(const struct observed_state *state, bool came, bool dead)
{
	if (came)
		return state->existed ? SLUICE_WATCH_IS_THERE : SLUICE_WATCH_CAME;
	return dead ? SLUICE_WATCH_DIED : SLUICE_WATCH_WENT;
}

static void describe(struct sluice_watch *watch, const struct observation *seen,
		     struct sluice_watch_event *event)
{
	const struct observed_port *port = seen->port;

	memcpy(watch->service, seen->service->name, sizeof(watch->service));
	if (!port) {
		event->kind = SLUICE_WATCH_SERVICE;
		event->change = change_of(&seen->service->state, seen->came, false);
		return;
	}
	event->kind = port->kind == SLUICE_REGISTRY_SERVER ? SLUICE_WATCH_SERVER :
							      SLUICE_WATCH_CLIENT;
	event->change = change_of(&port->state, seen->came, port->dead);
	event->id = port->id;
	event->node = port->node;
	event->pid = port->owner.pid;
	memcpy(watch->entry, port->entry, sizeof(watch->entry));
	memcpy(watch->name, port->name, sizeof(watch->name));
}

/* The next event.  False: there is none yet. */
static bool tell(struct sluice_watch *watch, struct sluice_watch_event *event)
{
	struct observation seen;
	bool any = observed_next(&watch->observer.observed, &seen);

	if (!any && (watch->all_told || !watch->observer.begun))
		return false;
	event->left_out = watch->observer.observed.left_out;
	watch->service[0] = watch->entry[0] = watch->name[0] = 0;
	if (any) {
		describe(watch, &seen, event);
	} else {
		watch->all_told = true;
		event->kind = SLUICE_WATCH_ALL_TOLD;
	}
	event->service = watch->service;
	event->entry = watch->entry;
	event->name = watch->name;
	return true;
}

struct asking {
	struct blocking blocking;
	struct sluice_watch *watch;
	struct sluice_watch_event *event;
};

static int attempt(struct blocking *blocking)
{
	struct asking *asking = container_of(blocking, struct asking, blocking);

	node_glance(blocking->node);
	tend(&asking->watch->port);
	return tell(asking->watch, asking->event);
}

static int arm_watch(struct blocking *blocking)
{
	struct asking *asking = container_of(blocking, struct asking, blocking);

	blocking->alarm = alarm_of(&asking->watch->port);
	return is_ready(&asking->watch->port);
}

int sluice_watch_next(struct sluice_watch *watch, struct sluice_watch_event *event,
		      int64_t timeout)
{
	struct sluice_watch_event known = { .size = sizeof(known) };
	struct asking asking = { .watch = watch, .event = &known };
	int r;

	if (!watch)
		return fail_parent("watch");
	r = node_enter(watch->node);
	if (r < 0)
		return r;
	if (!event || event->size < sizeof(event->size))
		return fail(EINVAL, "event is NULL, or event.size not set");
	asking.blocking = (struct blocking){
		.node = watch->node, .attempt = attempt, .arm = arm_watch,
	};
	r = block(&asking.blocking, timeout, attempt(&asking.blocking));
	if (r == -EAGAIN)
		return fail_quietly(EAGAIN, "nothing has come or gone");
	if (r < 0)
		return r;
	r = opts_answer(event, &known, sizeof(known), "event");
	return r < 0 ? r : 1;
}

/* ---- Life ---- */

static int check_service(const char *service)
{
	size_t length = service ? strlen(service) : 1;

	if (!length || length >= SLUICE_SERVICE_NAME_SIZE)
		return fail(EINVAL, "watch_opts.service has %zu bytes, and can have 1 to %u",
			    length, SLUICE_SERVICE_NAME_SIZE - 1);
	return 0;
}

static struct sluice_watch *open_watch(struct sluice_node *node,
				       const struct sluice_watch_opts *opts)
{
	struct sluice_watch_opts known;
	struct sluice_watch *watch;

	if (!node) {
		fail_parent("node");
		return NULL;
	}
	if (node_check(node) < 0 || opts_read(&known, sizeof(known), opts, "watch_opts") < 0 ||
	    check_service(known.service) < 0)
		return NULL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return fail_null(ENOMEM, "no memory for a watch");
	watch->port.ops = &watch_port_ops;
	watch->node = node_get(node);
	observer_init(&watch->observer, &node->entry.root, known.service);
	begin_listening(watch);
	node_add_port(node, &watch->port);
	return watch;
}

struct sluice_watch *sluice_watch_open(struct sluice_node *node,
				       const struct sluice_watch_opts *opts)
{
	return made(open_watch(node, opts));
}

void sluice_watch_close(struct sluice_watch *watch)
{
	if (!watch || node_check(watch->node) < 0)
		return;
	stop_listening(watch);
	node_remove_port(watch->node, &watch->port);
	observer_deinit(&watch->observer);
	node_put(watch->node);
	free(watch);
}
