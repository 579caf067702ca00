/* SPDX-License-Identifier: MIT */
/*
 * sluice_watch.h - being told when services, clients and servers come and go
 *
 * A watch is made from a node and waits as everything of the node does: in
 * sluice_watch_next(), in sluice_node_wait(), or in an event loop through sluice_node_fd().
 * Programs that only send and receive do not need it: a client connects to new servers by
 * itself.
 *
 *	struct sluice_watch *watch = sluice_watch_open(node, NULL);
 *	struct sluice_watch_event event = SLUICE_WATCH_EVENT();
 *
 *	while (sluice_watch_next(watch, &event, SLUICE_FOREVER) > 0)
 *		if (event.kind == SLUICE_WATCH_SERVER && event.change == SLUICE_WATCH_DIED)
 *			printf("a server of %s has died\n", event.service);
 *	sluice_watch_close(watch);
 *
 * What is promised:
 *
 *	A watch tells the difference between what it has told before and what the registry
 *	holds now.  Everything that is there when the watch is opened is told first.  Whatever
 *	comes and stays is told once, and whatever goes is told once.  What comes and goes
 *	again before the program asks may not be told at all.
 *
 *	A service is told before its ports, and goes after them.  Otherwise the order of events
 *	is not the order in which things happened.
 *
 *	A port goes when it is destroyed.  If its process ends without that, the port goes
 *	some milliseconds later, with SLUICE_WATCH_DIED.  If the process is in another pid
 *	namespace, or if the kernel does not report the change, the port goes when another
 *	process removes the entry, as sluice_service_open() and ``sluice gc`` do.  A service
 *	whose processes have all died stays until then.
 *
 *	The kernel reports changes through inotify (inotify(7)).  If the limits of the system
 *	do not allow that (fs.inotify.max_user_instances and max_user_watches), or if somebody
 *	makes and removes entries without end, the watch reads the registry once a second
 *	instead, until the kernel can be used again.  Reading takes place in the calls that
 *	wait, a part at a time, and leaves at least half of the time to the node's other work.
 *
 *	If the directories of the domain are removed, everything goes, and comes back when the
 *	processes have registered again.
 */
#ifndef SLUICE_WATCH_H
#define SLUICE_WATCH_H

#include <sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct sluice_watch_opts - options of sluice_watch_open()
 * @size: sizeof(struct sluice_watch_opts).
 * @service: name of the only service to watch, 1 to 255 bytes; NULL: all services of the domain.
 */
struct sluice_watch_opts {
	size_t size SLUICE_SIZE_(struct sluice_watch_opts);
	const char *service SLUICE_ZERO_;
};

/** SLUICE_WATCH_OPTS() - options of a watch, fields named as in an initialiser */
#define SLUICE_WATCH_OPTS(...)	SLUICE_OPTS_(struct sluice_watch_opts, __VA_ARGS__)

/**
 * enum sluice_watch_kind - what an event is about
 * @SLUICE_WATCH_SERVICE: a service.
 * @SLUICE_WATCH_CLIENT: a client of a service.
 * @SLUICE_WATCH_SERVER: a server of a service.
 * @SLUICE_WATCH_ALL_TOLD: nothing: everything that was there when the watch was opened has been
 *	told.  This comes once.
 */
enum sluice_watch_kind {
	SLUICE_WATCH_SERVICE = 1,
	SLUICE_WATCH_CLIENT = 2,
	SLUICE_WATCH_SERVER = 3,
	SLUICE_WATCH_ALL_TOLD = 4,
};

/**
 * enum sluice_watch_change - what has happened to it
 * @SLUICE_WATCH_IS_THERE: it was there already when the watch was opened.
 * @SLUICE_WATCH_CAME: it has come.
 * @SLUICE_WATCH_WENT: it has gone.
 * @SLUICE_WATCH_DIED: it has gone because its process has ended, and its entry is still there.
 */
enum sluice_watch_change {
	SLUICE_WATCH_IS_THERE = 1,
	SLUICE_WATCH_CAME = 2,
	SLUICE_WATCH_WENT = 3,
	SLUICE_WATCH_DIED = 4,
};

/**
 * struct sluice_watch_event - something has come or gone
 * @size: sizeof(struct sluice_watch_event), set by the caller.
 * @kind: an &enum sluice_watch_kind.
 * @change: an &enum sluice_watch_change; 0 with SLUICE_WATCH_ALL_TOLD.
 * @id: id of the port; 0 if the event is about no port.
 * @node: id of the port's node; 0 likewise.
 * @pid: process of the port, in its own pid namespace; 0 likewise.
 * @left_out: number of services and ports that the watch does not tell of, because it knows as
 *	many as it can: 4,096 services, and 65,536 ports of all services.
 * @service: name of the service; "" with SLUICE_WATCH_ALL_TOLD.
 * @entry: name of the port's file in the registry, such as "server.0"; "" if the event is about
 *	no port.
 * @name: name that the program has given to the port; may be empty.
 *
 * The strings are valid until the next sluice_watch_next() or sluice_watch_close() of the watch.
 * What a record says is the word of the process that wrote it, and strings may hold any bytes.
 */
struct sluice_watch_event {
	size_t size;
	uint32_t kind;
	uint32_t change;
	uint64_t id;
	uint64_t node;
	uint32_t pid;
	uint32_t left_out;
	const char *service;
	const char *entry;
	const char *name;
};

/** SLUICE_WATCH_EVENT() - an event to be filled in */
#define SLUICE_WATCH_EVENT()	{ .size = sizeof(struct sluice_watch_event) }

/**
 * sluice_watch_open() - watch the services and ports of a node's domain
 * @node: the node.
 * @opts: options, or NULL.
 *
 * The watch needs an inotify instance and, while it reads, two descriptors.  It works without
 * the former.
 *
 * Return: The watch, to be given to sluice_watch_close(); or NULL with errno EINVAL (bad
 * option), E2BIG (this library does not know an option), or ENOMEM.
 */
struct sluice_watch *sluice_watch_open(struct sluice_node *node,
				       const struct sluice_watch_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_watch_next() - what has come or gone next
 * @watch: the watch.
 * @event: filled in; its size says how much the caller knows.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * With SLUICE_NOWAIT the call reads a part of what has changed.  If it fails with EAGAIN then,
 * the registry may not have been read to its end: sluice_node_wait() and sluice_node_prepare()
 * say when to ask again.
 *
 * Context: The thread of the watch's node.
 * Return: 1; or -EAGAIN (nothing yet, and SLUICE_NOWAIT), -ETIMEDOUT, or -EINTR (a signal, or
 * sluice_node_interrupt()).
 */
int sluice_watch_next(struct sluice_watch *watch, struct sluice_watch_event *event,
		      int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_watch_close() - end a watch
 * @watch: the watch, or NULL.
 *
 * Context: The thread of the watch's node.
 */
void sluice_watch_close(struct sluice_watch *watch);

SLUICE_AUTO_(sluice_watch, sluice_watch_close)

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_WATCH_H */
