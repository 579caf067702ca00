/* SPDX-License-Identifier: MIT */
/* Descriptors that belong to a message. */
#ifndef SLUICE_CHANNEL_ATTACHMENT_H
#define SLUICE_CHANNEL_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/wire.h>

#include "base/compiler.h"
#include "os/fdpass.h"

struct parcel {
	struct parcel *next;		/* of those that have come; see below */
	uint64_t request;
	uint64_t position;
	uint32_t delivery;
	uint32_t count;
	uint32_t taken;
	int fds[SLUICE_WIRE_FDS_MAX];
};

/* ---- One that is sent ---- */

/*
 * Adds a duplicate of a descriptor to a parcel, which is made if *parcel is NULL.  0,
 * -ENOBUFS (it has limit descriptors), -EBADF, -EMFILE or -ENOMEM.
 */
int parcel_add(struct parcel **parcel, int fd, uint32_t limit) MUST_CHECK;

/* Closes what was not taken.  NULL is fine. */
void parcel_free(struct parcel *parcel);

/* ---- One that has come ---- */

/* The next descriptor, the caller's from here on; -ENOENT if there is none. */
int parcel_take_fd(struct parcel *parcel);

/*
 * Puts a copy into a list of those whose message was not taken yet, and moves the
 * descriptors that have come into it.  Of those of its delivery at most a number are kept,
 * the latest.  0; or -ENOMEM, and then the descriptors are where they were.
 */
int parcel_store(struct parcel **list, const struct parcel *parcel, struct fdpass_extras *extras,
		 uint32_t most) MUST_CHECK;

/*
 * Takes the parcel of a message out of the list, with those of its delivery that are
 * before it, which are closed.  NULL if it is not there.
 */
struct parcel *parcel_find(struct parcel **list, uint32_t delivery, uint64_t request,
			   uint64_t position);

/* Is it there?  It stays. */
bool parcel_is_there(const struct parcel *list, uint32_t delivery, uint64_t request,
		     uint64_t position) MUST_CHECK;

/* Closes those of a delivery. */
void parcel_drop_delivery(struct parcel **list, uint32_t delivery);
void parcel_drop_all(struct parcel **list);

#endif /* SLUICE_CHANNEL_ATTACHMENT_H */
