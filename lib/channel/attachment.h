/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that belong to a message.  The pattern that uses the channel gives each
 * message a key: the number of what the message is about, below a bound of its own.
 */
#ifndef SLUICE_CHANNEL_ATTACHMENT_H
#define SLUICE_CHANNEL_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/wire.h>

#include "base/compiler.h"
#include "os/fdpass.h"

struct attachment {
	struct attachment *next;	/* of those that have come */
	uint64_t request;
	uint64_t position;
	uint32_t key;
	uint32_t count;
	uint32_t taken;
	int fds[SLUICE_WIRE_FDS_MAX];
};

/* ---- One that is sent ---- */

/*
 * Adds a duplicate of a descriptor to an attachment, which is made if *attachment is NULL.  0,
 * -ENOBUFS (it has limit descriptors), -EBADF, -EMFILE or -ENOMEM.
 */
int attachment_add(struct attachment **attachment, int fd, uint32_t limit) MUST_CHECK;

/* Closes what was not taken.  NULL is fine. */
void attachment_free(struct attachment *attachment) COLD;

/* ---- One that has come ---- */

/* The next descriptor, the caller's from here on; -ENOENT if there is none. */
int attachment_take_fd(struct attachment *attachment);

/*
 * Puts a copy into a list of those whose message was not taken yet, and moves the
 * descriptors that have come into it.  Of those of its key at most a number are kept,
 * the latest.  0; or -ENOMEM, and then the descriptors are where they were.
 */
int attachment_store(struct attachment **list, const struct attachment *attachment,
		     struct fdpass_extras *extras, uint32_t most) MUST_CHECK;

/*
 * Takes the attachment of a message out of the list, with those of its key that are
 * before it, which are closed.  NULL if it is not there.
 */
struct attachment *attachment_find(struct attachment **list, uint32_t key, uint64_t request,
				   uint64_t position);

/* Is it there?  It stays. */
bool attachment_is_there(const struct attachment *list, uint32_t key, uint64_t request,
			 uint64_t position) MUST_CHECK;

/* Closes those of a key. */
void attachment_drop_key(struct attachment **list, uint32_t key) COLD;
void attachment_drop_all(struct attachment **list);

#endif /* SLUICE_CHANNEL_ATTACHMENT_H */
