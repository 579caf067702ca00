// SPDX-License-Identifier: MIT
/*
 * A message in parts.
 *
 * On the network a message is its user header and then its elements, without the padding
 * that lies between them in a slice: that may hold older bytes.  Parts follow each other
 * without a gap.
 *
 *  1. A part is published from the slice, and copied into the loaned slice at the other end.
 *     Only a user header is copied once more, together with as many elements as STAGE holds.
 *  2. The length of the whole message comes with the first part.  The slice is loaned then,
 *     and its length is never changed by later parts.
 *  3. A part is taken only where the one before it has ended.  So a message is complete when,
 *     and only when, each of its bytes was written once.
 *  4. Nobody receives a message that is not complete.
 */
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t outgoing_part(const struct outgoing *out, size_t most, unsigned char stage[STAGE],
		     const void **ret_part)
{
	size_t in_header = out->offset < out->header_size ? out->header_size - out->offset : 0;
	size_t size;

	if (!in_header) {
		*ret_part = (const char *)out->data + (out->offset - out->header_size);
		return least(outgoing_total(out) - out->offset, most);
	}
	*ret_part = (const char *)out->header + out->offset;
	if (in_header >= STAGE || in_header >= most || !out->size)
		return least(in_header, most);
	size = least(least(in_header + out->size, STAGE), most);
	memcpy(stage, *ret_part, in_header);
	memcpy(stage + in_header, out->data, size - in_header);
	*ret_part = stage;
	return size;
}

int incoming_elements(const struct sluice_type *type, const struct sluice_type *header,
		      uint64_t total, size_t *ret_elements, char ret_why[CONTRACT_WHY])
{
	if (total < header->size || total > SIZE_MAX) {
		snprintf(ret_why, CONTRACT_WHY, "is shorter than its user header");
		return -EMSGSIZE;
	}
	return contract_elements(type, (size_t)(total - header->size), ret_elements, ret_why);
}

bool incoming_take(struct incoming *in, uint64_t offset, const void *part, size_t size)
{
	size_t total = in->header_size + in->size, in_header = 0;

	if (offset != in->offset || size > total - in->offset || (!size && total))
		return false;
	if (in->offset < in->header_size) {
		in_header = least(in->header_size - in->offset, size);
		memcpy((char *)in->header + in->offset, part, in_header);
	}
	if (size > in_header)
		memcpy((char *)in->data + (in->offset + in_header - in->header_size),
		       (const char *)part + in_header, size - in_header);
	in->offset += size;
	return true;
}
