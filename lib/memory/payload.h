/* SPDX-License-Identifier: MIT */
/*
 * The contents of a slice: the user header, padding up to the payload's alignment, and the
 * elements.  One of these for each direction of a service.
 */
#ifndef SLUICE_MEMORY_PAYLOAD_H
#define SLUICE_MEMORY_PAYLOAD_H

#include <errno.h>
#include <stdbool.h>

#include <sluice/registry.h>
#include <sluice/segment.h>

#include "base/compiler.h"
#include "base/error.h"

/* More than any segment or limit has. */
#define PAYLOAD_TOO_LONG	UINT64_MAX

struct payload {
	uint64_t element;	/* bytes of one */
	uint64_t lead;		/* bytes in front of the elements */
	uint64_t one;		/* bytes of a slice of one element; PAYLOAD_TOO_LONG */
	uint32_t quantum;	/* a slice begins on a multiple of it */
	bool slice;		/* any number of elements; else exactly one */
	bool header;		/* there is a user header */
};

static inline uint64_t payload_one(uint64_t lead, uint64_t element)
{
	uint64_t bytes;

	return __builtin_add_overflow(lead, element, &bytes) || bytes > PTRDIFF_MAX ?
	       PAYLOAD_TOO_LONG : bytes;
}

/* alignment: the service's, if that of the type is less. */
static inline struct payload payload_of(const struct sluice_registry_message *message,
					uint32_t alignment)
{
	const struct sluice_registry_type *type = &message->payload, *header = &message->header;
	uint64_t elements = max_u64(type->alignment, alignment);
	uint64_t all = max_u64(elements, header->size ? header->alignment : 1);
	uint64_t lead = round_up(header->size, elements);

	return (struct payload){
		.element = type->size,
		.lead = lead,
		.one = payload_one(lead, type->size),
		.quantum = (uint32_t)max_u64(all, SLUICE_SLICE_QUANTUM),
		.slice = type->kind,
		.header = header->size != 0,
	};
}

/*
 * The bytes of a slice of count elements.  False if they are more than memory can have, or
 * the service has messages of one element and this has not.  One element may be
 * PAYLOAD_TOO_LONG, which no comparison with a limit or a size lets pass.
 */
INLINE bool payload_bytes(const struct payload *payload, uint64_t count,
				 uint64_t *ret_bytes)
{
	if (likely(count == 1)) {
		*ret_bytes = payload->one;
		return true;
	}
	return payload->slice && !__builtin_mul_overflow(count, payload->element, ret_bytes) &&
	       !__builtin_add_overflow(*ret_bytes, payload->lead, ret_bytes) &&
	       *ret_bytes <= PTRDIFF_MAX;
}

/* The same for a loan that the program asks for.  0, -EINVAL or -EMSGSIZE. */
INLINE int payload_loan(const struct payload *payload, size_t count, uint64_t *ret_bytes)
{
	if (likely(payload_bytes(payload, count, ret_bytes)))
		return 0;
	if (!payload->slice)
		return fail(EINVAL, "a message of fixed size has 1 element, not %zu", count);
	return fail(EMSGSIZE, "%zu elements of %llu bytes are more than a size_t can say",
		    count, (unsigned long long)payload->element);
}

#endif /* SLUICE_MEMORY_PAYLOAD_H */
