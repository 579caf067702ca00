// SPDX-License-Identifier: MIT
/*
 * Keeping the entries of a node in the registry: its own, those of the services that it has
 * open, and those of its ports.
 *
 * Something other than the library can remove the directories while processes use them: rm
 * -rf, the end of a login (RemoveIPC of systemd-logind), systemd-tmpfiles.  Connected peers
 * do not need them, but processes that come later would find nobody.  So the node checks
 * whether each of its names still leads to the file that it was made for, and writes missing
 * entries again.
 *
 *	whole		all names lead to the files that they were made for
 *	  | the kernel reports a change (told()), or it is time to look
 *	disturbed	a look is due at look_at
 *	  | registration_look(): missing entries are written again, and peers that have
 *	  | come meanwhile are connected to
 *	whole; or disturbed, if it cannot be written: tried again after a growing pause
 *
 * (1) A look is taken REGISTRY_SETTLE_NS after the kernel has reported a change of an entry
 *     (os/inode_watch.c), so that a process that removes a tree can finish.  A look is also
 *     taken before a service or a port is made, if the kernel has reported a change, or does
 *     not watch all of it.  A message costs one load for that.
 * (2) A node that has no watch, or lacks one for some entries, looks before it sleeps, and
 *     ends its sleep for a look, once in REGISTRY_LOOK_NS.
 * (3) Only the node's thread looks, and never in the middle of a call: it looks where sockets
 *     are looked at, or before it sleeps.
 * (4) A look that finds all in order makes no descriptor, and changes nothing.
 * (5) Entries are written again in the way and order in which a new process writes them: an
 *     entry before its mailbox, a client's entry before the client looks for servers, a
 *     server's socket before its letters.  So if two processes come at the same time, one of
 *     them sees the other.
 *
 * A user who may remove a node's entries can keep others from meeting it anyway.  Such a user
 * can make it look, and write, every REGISTRY_SETTLE_NS.  Connected peers do not notice.
 */
#include "api/node_registration.h"

#include <errno.h>

#include "api/client.h"
#include "api/server.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/server_socket.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/inode_watch.h"
#include "os/socket.h"

/* ---- The entries of a node ---- */

static const struct port_entry *entry_of(const struct port *port)
{
	return port->client ? &port->client->entry : &port->server->entry;
}

static struct sluice_service *service_of(const struct port *port)
{
	return port->client ? port->client->service : port->server->service;
}

static bool has_service(const struct sluice_service *service)
{
	return service_dir_is_there(&service->dir) &&
	       membership_is_there(&service->membership, &service->dir);
}

/* A port that the program has destroyed has no entry any more. */
static bool is_registered(const struct port *port)
{
	return port->client || port->server;
}

static bool has_port(const struct port *port)
{
	const struct service_dir *dir = &service_of(port)->dir;

	return port_entry_is_there(entry_of(port), dir) &&
	       (!port->server || server_has_socket(port->server));
}

static bool has_all(const struct sluice_node *node)
{
	const struct sluice_service *service;
	const struct port *port;

	if (!node_entry_is_there(&node->entry) || node_letters_are_missed(&node->letters))
		return false;
	for (service = node->services; service; service = service->next)
		if (!has_service(service))
			return false;
	for (port = node->ports; port; port = port->next)
		if (is_registered(port) && !has_port(port))
			return false;
	return true;
}

/* ---- Being told ---- */

static void told(struct wait_source *source)
{
	struct node_registration *registration =
		container_of(source, struct node_registration, watch);

	if (!inode_watch_drain(source->fd))
		return;
	registration->disturbed = true;
	registration->look_at = min_i64(registration->look_at, clock_now() + REGISTRY_SETTLE_NS);
}

static void end_watch(struct sluice_node *node)
{
	struct wait_source *watch = &node->registration.watch;

	wait_forget(&node->wait, watch);
	watch->fd = fd_close(watch->fd);
	node->registration.complete = false;
}

/* Plans looks if some entries are not watched, which is told once. */
static void note_watched(struct sluice_node *node, int result)
{
	struct node_registration *registration = &node->registration;

	if (!result && registration->complete) {
		registration->unwatched = false;
		return;
	}
	registration->complete = false;
	registration->look_at = min_i64(registration->look_at, clock_now() + REGISTRY_LOOK_NS);
	if (!registration->unwatched)
		remark(node, SLUICE_REMARK_REGISTRY_UNWATCHED, NULL, 0);
	registration->unwatched = true;
}

static int watch_port(const struct port *port, int watch)
{
	struct service_dir *dir = &service_of(port)->dir;
	int r = service_dir_hold(dir);

	if (!r)
		r = inode_watch_file(watch, dir->ports_fd, entry_of(port)->name);
	if (!r && port->server && !port->server->activated)
		r = server_socket_watch(dir, port->server->entry.id, watch);
	service_dir_release(dir);
	return r;
}

static int watch_all(struct sluice_node *node, int watch)
{
	struct sluice_service *service;
	const struct port *port;
	int r = node_entry_watch(&node->entry, watch);

	for (service = node->services; service && !r; service = service->next)
		r = service_dir_watch(&service->dir, watch);
	for (port = node->ports; port && !r; port = port->next)
		if (is_registered(port))
			r = watch_port(port, watch);
	return r;
}

/* watch.fd is the descriptor, or says why there is none. */
static void fill_watch(struct sluice_node *node)
{
	struct wait_source *watch = &node->registration.watch;
	int r = watch->fd;

	if (r >= 0)
		r = wait_watch(&node->wait, watch);
	if (!r)
		r = watch_all(node, watch->fd);
	node->registration.complete = !r;
	note_watched(node, r);
}

/* Replaces the earlier watch, which may be of files that have gone. */
static void begin_watch(struct sluice_node *node)
{
	end_watch(node);
	node->registration.watch.fd = inode_watch_make();
	fill_watch(node);
}

/* ---- Writing again ---- */

/* A mailbox that was replaced is still open, so that the kernel can forget it. */
static int watch_mailbox(struct sluice_node *node)
{
	struct wait_source *mailbox = &node->letters.mailbox;

	if (mailbox->fd != node->entry.mailbox_fd) {
		wait_forget(&node->wait, mailbox);
		fd_close(mailbox->fd);
	} else if (!node_letters_are_missed(&node->letters)) {
		return 0;
	}
	return node_letters_watch(node);
}

static int first_failure(int result, int r)
{
	return result < 0 || r > 0 ? result : r;
}

/* Renews as much as it can, in this order.  1; 0: there was nothing to do; or the first -errno. */
static int renew_all(struct sluice_node *node, bool *ret_any)
{
	struct sluice_service *service;
	struct port *port;
	int r, result;

	result = node_entry_renew(&node->entry);
	*ret_any = result > 0;
	if (result >= 0)
		result = watch_mailbox(node);
	if (result < 0)
		return result;
	for (service = node->services; service; service = service->next) {
		r = service_renew(service);
		*ret_any |= r > 0;
		result = first_failure(result, r);
	}
	for (port = node->ports; port; port = port->next) {
		if (!is_registered(port))
			continue;
		r = port->client ? client_renew(port->client) : server_renew(port->server);
		*ret_any |= r > 0;
		result = first_failure(result, r);
	}
	return result;
}

/* Processes that have come meanwhile have not found this node. */
static void meet_all(struct sluice_node *node)
{
	struct port *port;

	for (port = node->ports; port; port = port->next) {
		if (port->server)
			server_announce(port->server);
		else
			port->ops->letter(port);
	}
}

static void plan(struct node_registration *registration, bool whole)
{
	registration->disturbed = !whole;
	if (whole) {
		registration->pause = REGISTRY_SETTLE_NS;
		registration->look_at = registration->complete ? CLOCK_NEVER :
					clock_now() + REGISTRY_LOOK_NS;
		return;
	}
	registration->look_at = clock_now() + registration->pause;
	registration->pause = min_i64(2 * registration->pause, REGISTRY_RETRY_MAX_NS);
}

/* 0; or -errno if an entry cannot be written. */
static int look(struct sluice_node *node)
{
	struct node_registration *registration = &node->registration;
	bool whole = has_all(node), any = false;
	int r = 0;

	if (!whole)
		r = renew_all(node, &any);
	if (any)
		node_entry_count_rewritten(&node->entry);
	if (any || !registration->complete)
		begin_watch(node);
	if (any)
		meet_all(node);
	/* Entries that were removed since then may not have been watched yet. */
	plan(registration, whole || (!r && has_all(node)));
	if (any)
		remark(node, SLUICE_REMARK_REGISTRY_RENEWED, NULL, 0);
	if (r < 0)
		remark(node, SLUICE_REMARK_REGISTRY_NOT_RENEWED, NULL, -r);
	return r;
}

void node_registration_tend(struct sluice_node *node)
{
	struct node_registration *registration = &node->registration;

	if (clock_now() < registration->look_at)
		return;
	if (root_can_be_seen(&node->entry.root))
		(void)!look(node);
	else
		plan(registration, true);
}

/* Would the kernel have reported a change?  It may not report a move above the root. */
static bool is_told_of_all(const struct sluice_node *node)
{
	const struct node_registration *registration = &node->registration;

	return registration->complete && !registration->disturbed &&
	       !socket_has_news(registration->watch.fd) && root_is_in_place(&node->entry.root);
}

int node_registration_check(struct sluice_node *node, const struct sluice_service *service)
{
	if (!root_can_be_seen(&node->entry.root) || is_told_of_all(node) ||
	    (node_entry_is_there(&node->entry) && (!service || has_service(service))))
		return 0;
	return look(node);
}

void node_registration_spare_watch(struct sluice_node *node)
{
	end_watch(node);
	note_watched(node, -EMFILE);
}

/* ---- Life ---- */

void node_registration_init(struct sluice_node *node)
{
	struct node_registration *registration = &node->registration;

	registration->watch.ready = told;
	registration->watch.fd = inode_watch_make();
	registration->pause = REGISTRY_SETTLE_NS;
	registration->look_at = CLOCK_NEVER;
}

void node_registration_begin(struct sluice_node *node)
{
	fill_watch(node);
}

void node_registration_deinit(struct sluice_node *node)
{
	end_watch(node);
}

void node_registration_add_service(struct sluice_service *service)
{
	struct sluice_node *node = service->node;

	note_watched(node, service_dir_watch(&service->dir, node->registration.watch.fd));
}

void node_registration_add_port(struct sluice_node *node, const struct port *port)
{
	note_watched(node, watch_port(port, node->registration.watch.fd));
}
