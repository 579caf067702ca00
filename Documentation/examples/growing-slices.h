/* SPDX-License-Identifier: MIT */
/*
 * growing-slices.h - what the client and the server of growing-slices agree on
 *
 * The contract: slices of bytes both ways.  The client counts its requests and the
 * server counts its responses, each from 1.  The counter is in the user header, and
 * it decides length and bytes of the slice.  So both sides grow, each at its own pace:
 * a server of two clients grows twice as fast as each of them.
 */
#ifndef GROWING_SLICES_H
#define GROWING_SLICES_H

#include <sluice.h>
#include <string.h>

struct round {
	uint64_t number;	/* the sender's own counter, from 1 */
};

static const struct sluice_contract growing_slices = {
	.name            = "example/growing-slices",
	.request         = SLUICE_SLICE(uint8_t),
	.response        = SLUICE_SLICE(uint8_t),
	.request_header  = SLUICE_TYPE(struct round),
	.response_header = SLUICE_TYPE(struct round),
};

/* Added to the pattern, so that a request is never taken for a response. */
enum salt {
	REQUEST  = 0x35,
	RESPONSE = 0xca,
};

/* What --hint is if it is not given.  A static port has room for rounds 1 to 4 then. */
#define DEFAULT_HINT	16

/* Round k carries k * k bytes, up to a million. */
static inline size_t round_len(uint64_t number)
{
	return number < 1000 ? number * number : 1000000;
}

/* Byte @i of a round; another one 256 or 65,536 bytes further on as well. */
static inline uint8_t round_byte(uint64_t number, enum salt salt, size_t i)
{
	return (uint8_t)(number * 31 + salt + i * 7 + (i >> 8) * 13 + (i >> 16) * 29);
}

static inline void round_write(uint64_t number, enum salt salt, uint8_t *bytes,
			       size_t count)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = round_byte(number, salt, i);
}

/* The first byte that is wrong, or @count if all are right. */
static inline size_t round_check(uint64_t number, enum salt salt,
				 const uint8_t *bytes, size_t count)
{
	size_t i = 0;

	while (i < count && bytes[i] == round_byte(number, salt, i))
		i++;
	return i;
}

static inline int strategy_named(const char *name, uint32_t *ret_strategy)
{
	static const char *const names[] = {
		[SLUICE_POWER_OF_TWO] = "power-of-two",
		[SLUICE_BEST_FIT]     = "best-fit",
		[SLUICE_STATIC]       = "static",
	};

	for (uint32_t i = 0; i < 3; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_strategy = i;
			return 1;
		}
	}
	return 0;
}

#endif /* GROWING_SLICES_H */
