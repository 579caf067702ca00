/* SPDX-License-Identifier: MIT */
/* A node's entry in its domain, and its mailbox. */
#ifndef SLUICE_LINK_SEAT_H
#define SLUICE_LINK_SEAT_H

#include <stdbool.h>

#include "link/root.h"
#include "os/process.h"

struct seat {
	struct root root;
	struct process owner;
	uint64_t id;
	int presence_fd;
	int mailbox_fd;
};

/* Names of entries: an id in hexadecimal, and its socket. */
#define SEAT_NAME_SIZE	32
void seat_name(char name[SEAT_NAME_SIZE], uint64_t id, const char *suffix);

/* Enters the domain.  name may be NULL.  0 or -errno. */
int seat_take(struct seat *seat, const char *root, const char *domain, const char *name,
	      uint32_t wait) MUST_CHECK;
void seat_leave(struct seat *seat);

/* Tells a node to look at a service again.  0 or -errno (quiet): it may be gone. */
int seat_notify(const struct seat *seat, uint64_t node, uint64_t service) MUST_CHECK;

/* Takes a letter out of the mailbox.  1; 0 (there is none); or -errno (quiet). */
int seat_next_letter(const struct seat *seat, uint64_t *ret_service) MUST_CHECK;

#endif /* SLUICE_LINK_SEAT_H */
