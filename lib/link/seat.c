// SPDX-License-Identifier: MIT
/*
 * A node's entry in its domain, nodes/<id>, and its mailbox, nodes/<id>.sock.
 *
 * The entry tells tools who sits there and, by its lock, that the process lives.
 * The mailbox takes datagrams that say "look at service X again", sent by whoever
 * adds a server to X.  A letter is a hint: it is checked for its form only, a lost
 * one delays a connection until the next, a forged one costs a look at a directory.
 * So whoever may enter the root directory may read the entry, and write letters.
 */
#include "link/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice/wire.h>

#include "base/error.h"
#include "link/presence.h"
#include "os/fd.h"
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

static int open_mailbox(struct seat *seat)
{
	struct sockaddr_un address;
	char name[SEAT_NAME_SIZE];
	int r;

	r = mailbox_address(seat, &address, seat->id);
	if (r < 0)
		return r;
	seat->mailbox_fd = socket_create(SOCK_DGRAM);
	if (seat->mailbox_fd < 0)
		return seat->mailbox_fd;
	if (bind(seat->mailbox_fd, (struct sockaddr *)&address, sizeof(address)))
		return fail_system("cannot bind a node's mailbox");
	seat_name(name, seat->id, ".sock");
	return access_is_shared(&seat->root.access) ?
	       socket_set_mode(seat->root.nodes_fd, name, seat->root.access.socket) : 0;
}

static int register_node(struct seat *seat, const char *name, uint32_t wait)
{
	struct sluice_registry_node record = {
		.magic = SLUICE_REGISTRY_MAGIC_NODE,
		.version = SLUICE_PROTOCOL_VERSION,
		.size = sizeof(record),
		.pid = seat->owner.pid,
		.id = seat->id,
		.pidfd_inode = seat->owner.inode,
		.pid_namespace = seat->owner.pids,
		.wait = wait,
	};
	char file[SEAT_NAME_SIZE];

	if (name)
		memcpy(record.name, name, strnlen(name, sizeof(record.name) - 1));
	seat_name(file, seat->id, "");
	seat->presence_fd = presence_create(seat->root.nodes_fd, file, seat->root.access.file,
					    &record, sizeof(record), false);
	return seat->presence_fd < 0 ? seat->presence_fd : 0;
}

static int try_seat(struct seat *seat, const char *root, const char *domain, const char *name,
		    uint32_t wait)
{
	int r;

	seat->presence_fd = seat->mailbox_fd = -1;
	r = root_open(&seat->root, root, domain);
	if (r < 0)
		return r;
	/* In this order, a mailbox always has an entry that tells of its death. */
	r = register_node(seat, name, wait);
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

	seat->id = random_id();
	seat->owner = process_self();
	do {
		r = try_seat(seat, root, domain, name, wait);
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
	/* A full mailbox is looked at because of what is in it. */
	return errno == EAGAIN ? 0 : -errno;
}

int seat_next_letter(const struct seat *seat, uint64_t *ret_service)
{
	struct sluice_wire_look letter;
	ssize_t n;

	while ((n = recv(seat->mailbox_fd, &letter, sizeof(letter), MSG_DONTWAIT)) >= 0) {
		if (n != sizeof(letter) || letter.header.magic != SLUICE_WIRE_MAGIC ||
		    letter.header.type != SLUICE_WIRE_LOOK)
			continue;
		*ret_service = letter.service;
		return 1;
	}
	return errno == EAGAIN ? 0 : -errno;
}
