// SPDX-License-Identifier: MIT
/*
 * A node's entry in its domain, nodes/<id>, and its mailbox, nodes/<id>.sock.
 *
 * The entry tells tools who sits there and, by its lock, that the process lives.
 * The mailbox takes datagrams that say "look at service X again", sent by whoever
 * adds a server to X.  A letter is a hint: a lost one delays a connection until the next,
 * a forged one costs a look at a directory.  Whoever may enter the root directory may read
 * the entry, and write letters; the kernel tells with each who has sent it, and
 * api/node_letters.c decides what it is worth.
 *
 * Both names are made of a number that nobody else has.  What stands there and is not
 * ours has taken their place, and is removed when they are written again; the file and
 * the socket are new ones then, since a file without a name cannot be given one again.
 */
#include "registry/node_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice/wire.h>

#include "base/error.h"
#include "registry/presence.h"
#include "os/fd.h"
#include "os/fdpass.h"
#include "os/inode_watch.h"
#include "os/random.h"
#include "os/socket.h"

/* How often the domain's directories may vanish under our hands. */
#define TRIES	16

void seat_name(char name[SEAT_NAME_SIZE], uint64_t id, const char *suffix)
{
	snprintf(name, SEAT_NAME_SIZE, "%016" PRIx64 "%s", id, suffix);
}

static int mailbox_address(const struct seat *seat, struct sockaddr_un *address, uint64_t id)
{
	char name[SEAT_NAME_SIZE], directory[PATH_MAX + 8];
	bool shared = access_is_shared(&seat->root.access);

	seat_name(name, id, ".sock");
	snprintf(directory, sizeof(directory), "%s/nodes", seat->root.path);
	return socket_address(address, shared ? NULL : directory, seat->root.nodes_fd, name);
}

/* 0 or -errno; a name that was given to fd is taken away by the caller. */
static int bind_mailbox(struct seat *seat, int fd)
{
	struct sockaddr_un address;
	char name[SEAT_NAME_SIZE];
	int r;

	r = mailbox_address(seat, &address, seat->id);
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail_system("cannot bind a node's mailbox");
	seat_name(name, seat->id, ".sock");
	if (!identity_named(seat->root.nodes_fd, name, &seat->mailbox))
		return fail_system("cannot find a node's mailbox");
	return access_is_shared(&seat->root.access) ?
	       socket_set_mode(seat->root.nodes_fd, name, seat->root.access.socket) : 0;
}

static int open_mailbox(struct seat *seat)
{
	int r, fd = socket_create(SOCK_DGRAM);
	char name[SEAT_NAME_SIZE];

	if (fd < 0)
		return fd;
	r = socket_tell_sender(fd, true);
	if (!r)
		r = bind_mailbox(seat, fd);
	if (!r) {
		seat->mailbox_fd = fd;
		return 0;
	}
	seat_name(name, seat->id, ".sock");
	unlinkat(seat->root.nodes_fd, name, 0);
	fd_close(fd);
	return r;
}

static int register_node(struct seat *seat)
{
	struct sluice_registry_node record = {
		.magic = SLUICE_REGISTRY_MAGIC_NODE,
		.version = SLUICE_PROTOCOL_VERSION,
		.size = sizeof(record),
		.pid = seat->owner.pid,
		.id = seat->id,
		.pidfd_inode = seat->owner.inode,
		.pid_namespace = seat->owner.pids,
		.wait = seat->wait,
		.rewritten = seat->rewritten,
	};
	char file[SEAT_NAME_SIZE];
	int fd;

	memcpy(record.name, seat->name, sizeof(record.name));
	seat_name(file, seat->id, "");
	fd = presence_create(seat->root.nodes_fd, file, seat->root.access.file,
			     &record, sizeof(record), false);
	if (fd < 0)
		return fd;
	fd_close(seat->presence_fd);
	seat->presence_fd = fd;
	return 0;
}

static int try_seat(struct seat *seat, const char *root, const char *domain)
{
	int r;

	seat->presence_fd = seat->mailbox_fd = -1;
	r = root_open(&seat->root, root, domain);
	if (r < 0)
		return r;
	/* In this order, a mailbox always has an entry that tells of its death. */
	r = register_node(seat);
	if (!r)
		r = open_mailbox(seat);
	if (r < 0)
		seat_leave(seat);
	return r;
}

int seat_take(struct seat *seat, const char *root, const char *domain, const char *name,
	      uint32_t wait)
{
	int r, tries = 0;

	memset(seat->name, 0, sizeof(seat->name));
	if (name)
		memcpy(seat->name, name, strnlen(name, sizeof(seat->name) - 1));
	seat->wait = wait;
	seat->rewritten = 0;
	seat->id = random_id();
	seat->owner = process_self();
	do {
		r = try_seat(seat, root, domain);
	} while (r == -ENOENT && ++tries < TRIES);
	return r < 0 ? fail_again(r) : 0;
}

void seat_leave(struct seat *seat)
{
	char name[SEAT_NAME_SIZE];

	if (seat->mailbox_fd >= 0) {
		seat_name(name, seat->id, ".sock");
		unlinkat(seat->root.nodes_fd, name, 0);
		seat->mailbox_fd = fd_close(seat->mailbox_fd);
	}
	if (seat->presence_fd >= 0) {
		seat_name(name, seat->id, "");
		unlinkat(seat->root.nodes_fd, name, 0);
		seat->presence_fd = fd_close(seat->presence_fd);
	}
	root_leave(&seat->root);
}

/* ---- What others have taken away ---- */

static bool has_entry(const struct seat *seat)
{
	char name[SEAT_NAME_SIZE];

	seat_name(name, seat->id, "");
	return presence_is(seat->root.nodes_fd, name, seat->presence_fd);
}

static bool has_mailbox(const struct seat *seat)
{
	char name[SEAT_NAME_SIZE];

	seat_name(name, seat->id, ".sock");
	return identity_is(seat->root.nodes_fd, name, &seat->mailbox);
}

bool seat_is_there(const struct seat *seat)
{
	return root_is_there(&seat->root) && has_entry(seat) && has_mailbox(seat);
}

static int renew_entry(struct seat *seat)
{
	char name[SEAT_NAME_SIZE];
	int r;

	if (has_entry(seat))
		return 0;
	seat_name(name, seat->id, "");
	r = presence_evict(seat->root.nodes_fd, name);
	if (!r)
		r = register_node(seat);
	return r < 0 ? r : 1;
}

static int renew_mailbox(struct seat *seat)
{
	char name[SEAT_NAME_SIZE];
	int r;

	if (has_mailbox(seat))
		return 0;
	seat_name(name, seat->id, ".sock");
	r = presence_evict(seat->root.nodes_fd, name);
	if (!r)
		r = open_mailbox(seat);
	return r < 0 ? r : 1;
}

int seat_renew(struct seat *seat)
{
	int root, entry, mailbox;

	root = root_renew(&seat->root);
	if (root < 0)
		return root;
	entry = renew_entry(seat);
	if (entry < 0)
		return entry;
	mailbox = renew_mailbox(seat);
	return mailbox < 0 ? mailbox : root || entry || mailbox;
}

void seat_count_rewritten(struct seat *seat)
{
	seat->rewritten++;
	/* The only word of the file that changes; a shortage costs others the news. */
	(void)!pwrite(seat->presence_fd, &seat->rewritten, sizeof(seat->rewritten),
		      offsetof(struct sluice_registry_node, rewritten));
}

int seat_watch(const struct seat *seat, int watch)
{
	char name[SEAT_NAME_SIZE];
	int r = root_watch(&seat->root, watch);

	seat_name(name, seat->id, "");
	if (!r)
		r = inode_watch_file(watch, seat->root.nodes_fd, name);
	seat_name(name, seat->id, ".sock");
	return r ? r : inode_watch_file(watch, seat->root.nodes_fd, name);
}

int seat_notify(const struct seat *seat, uint64_t node, uint64_t service)
{
	struct sluice_wire_look letter = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_LOOK,
		},
		.service = service,
	};
	struct sockaddr_un address;
	int r;

	r = mailbox_address(seat, &address, node);
	if (r < 0)
		return r;
	if (sendto(seat->mailbox_fd, &letter, sizeof(letter), MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&address, sizeof(address)) >= 0)
		return 0;
	/* A full mailbox is looked at because of what is in it, or after a pause. */
	return errno == EAGAIN ? 0 : -errno;
}

int seat_next_letter(const struct seat *seat, struct seat_letter *ret_letter)
{
	struct sluice_wire_look look;
	FDPASS_EXTRAS(extras);
	int n;

	n = fdpass_receive(seat->mailbox_fd, &look, sizeof(look), &extras);
	if (n == -EAGAIN)
		return 0;
	/* What is too long, or has descriptors that there is no room for, was a packet too. */
	if (n < 0 && n != -EPROTO && n != -EMFILE)
		return n;
	*ret_letter = (struct seat_letter){
		.in_order = n == sizeof(look) && look.header.magic == SLUICE_WIRE_MAGIC &&
			    look.header.type == SLUICE_WIRE_LOOK && extras.has_sender,
		.user = extras.sender.uid,
	};
	return 1;
}
