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

struct payload {
	uint64_t element;	/* bytes of one */
	uint64_t lead;		/* bytes in front of the elements */
	uint32_t quantum;	/* a slice begins on a multiple of it */
	bool slice;		/* any number of elements; else exactly one */
	bool header;		/* there is a user header */
};

/* alignment: the service's, if that of the type is less. */
static inline struct payload payload_of(const struct sluice_registry_message *message,
					uint32_t alignment)
{
	const struct sluice_registry_type *type = &message->payload, *header = &message->header;
	uint64_t elements = max_u64(type->alignment, alignment);
	uint64_t all = max_u64(elements, header->size ? header->alignment : 1);

	return (struct payload){
		.element = type->size,
		.lead = round_up(header->size, elements),
		.quantum = (uint32_t)max_u64(all, SLUICE_SLICE_QUANTUM),
		.slice = type->kind,
		.header = header->size != 0,
	};
}

/* The bytes of a slice of count elements.  False if they are more than memory can have. */
static inline bool payload_bytes(const struct payload *payload, uint64_t count,
				 uint64_t *ret_bytes)
{
	return !__builtin_mul_overflow(count, payload->element, ret_bytes) &&
	       !__builtin_add_overflow(*ret_bytes, payload->lead, ret_bytes) &&
	       *ret_bytes <= PTRDIFF_MAX;
}

/* The same for a loan that the program asks for.  0, -EINVAL or -EMSGSIZE. */
static inline int payload_loan(const struct payload *payload, size_t count, uint64_t *ret_bytes)
{
	if (unlikely(!payload->slice && count != 1))
		return fail(EINVAL, "a message of fixed size has 1 element, not %zu", count);
	if (unlikely(!payload_bytes(payload, count, ret_bytes)))
		return fail(EMSGSIZE, "%zu elements of %llu bytes are more than a size_t can say",
			    count, (unsigned long long)payload->element);
	return 0;
}

#endif /* SLUICE_MEMORY_PAYLOAD_H */
