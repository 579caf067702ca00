/* SPDX-License-Identifier: MIT */
/* A message in parts: cut where it is sent, and put together where it is received. */
#ifndef TOOLS_BRIDGE_MESSAGE_H
#define TOOLS_BRIDGE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice.h>

#include "tools/contract.h"

/* A longer message is sent in several parts. */
#define PART_MOST	((size_t)256 << 10)
/* Packets that may be under way in one direction of an exchange. */
#define WINDOW		16u
/* A user header that is not longer is copied in front of its elements. */
#define STAGE		((size_t)16 << 10)

/* A message that is sent: its user header, then its elements. */
struct outgoing {
	const void *header, *data;
	size_t header_size, size;
	size_t offset;			/* what was sent */
};

/* A message that is received into a loaned slice. */
struct incoming {
	void *header, *data;
	size_t header_size, size;
	size_t offset;			/* what has come */
};

/* Bytes of a whole message. */
static inline size_t outgoing_total(const struct outgoing *out)
{
	return out->header_size + out->size;
}

static inline bool outgoing_is_done(const struct outgoing *out)
{
	return out->offset == outgoing_total(out);
}

/*
 * The next part of at most so many bytes: where it is, which may be in stage.  The caller
 * adds its length to the offset when it was sent.
 */
size_t outgoing_part(const struct outgoing *out, size_t most, unsigned char stage[STAGE],
		     const void **ret_part);

/*
 * Computes the elements of a message of so many bytes.  0, or -EMSGSIZE and the end of a
 * sentence whose subject is the message.
 */
int incoming_elements(const struct sluice_type *type, const struct sluice_type *header,
		      uint64_t total, size_t *ret_elements, char ret_why[CONTRACT_WHY]);

/* Takes a part.  False: it is not the next one, or is longer than what is missing. */
bool incoming_take(struct incoming *in, uint64_t offset, const void *part, size_t size);

static inline bool incoming_is_done(const struct incoming *in)
{
	return in->offset == in->header_size + in->size;
}

#endif /* TOOLS_BRIDGE_MESSAGE_H */
