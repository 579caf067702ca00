/* SPDX-License-Identifier: MIT */
/* The slices of a port. */
#ifndef SLUICE_MEMORY_POOL_H
#define SLUICE_MEMORY_POOL_H

#include <errno.h>

#include <sluice/segment.h>

#include "base/compiler.h"
#include "memory/allowance.h"
#include "memory/payload.h"
#include "memory/segment.h"
#include "os/residence.h"

/* Long slices are multiples of this, whatever the page of the machine is. */
#define POOL_GRAIN	UINT64_C(4096)

enum pool_strategy {
	POOL_POWER_OF_TWO,
	POOL_BEST_FIT,
	POOL_STATIC,
};

struct pool_config {
	const char *name;		/* of its memfds, in front of the port's id */
	enum pool_strategy strategy;
	uint64_t slice_bytes;		/* that there is room for from the start */
	uint64_t slice_len;		/* the same in elements, for sentences */
	struct payload payload;		/* what a slice holds */
	uint64_t port;			/* id of the port, for probes */
	struct sluice_registry_counters *counters;	/* of the port */
	uint64_t limit;			/* bytes of all segments together, in whole pages */
	uint64_t most;			/* the least of all limits: what one slice may have */
	struct allowances *all;		/* of the port, if it has further pools; or NULL */
	struct allowance *peer;		/* of the process at the other end */
	uint32_t slices;		/* that can be out at once */
	uint32_t loans;			/* that can be loaned at once */
	uint32_t preallocate;		/* slices there are from the start; 0: not said */
	enum residence residence;
	bool huge_pages;
};

/* A slice that is out: one line.  Valid until the next pool_loan(). */
struct pool_slice {
	unsigned char *address;
	uint64_t offset;
	uint64_t length;
	uint64_t kept_as;		/* the length; 0: its segment is retired, and it is not kept */
	uint32_t segment;		/* index in segments[] */
	uint32_t segment_number;
	uint32_t holders;		/* 0: this number is free */
	bool sent;			/* a peer may give it back */
	uint32_t next;			/* free number, or spare slice */
	uint64_t reserved;
};

_Static_assert(sizeof(struct pool_slice) == 64, "its number is shifted, and not multiplied");

#define POOL_NONE	UINT32_MAX	/* the end of such a list */

/*
 * So many slices of one length are kept at hand, unless they are longer: a loan of that
 * length takes one, and a slice that comes home goes there, without a look at the segments.
 */
#define POOL_SPARES		8
#define POOL_SPARE_LENGTH	POOL_GRAIN

/* The limit that a loan without room failed for. */
enum pool_shortage {
	POOL_SHORT_OF_OTHER,		/* the pool's own, or something else */
	POOL_SHORT_OF_PEER,
	POOL_SHORT_OF_PORT,
};

struct pool {
	struct pool_config config;
	enum pool_shortage shortage;
	struct segment segments[SLUICE_SEGMENTS_ALIVE];
	uint32_t last_number;		/* of a segment */
	uint64_t frees;			/* segments destroyed so far */
	uint64_t changes;		/* counts them, and those made or grown */
	uint64_t bytes;			/* of all segments */
	struct pool_slice *slices;
	uint32_t count, first_free;

	/* Slices at hand.  Their numbers have no holders, and their bytes are not free. */
	uint32_t spare;			/* the first */
	int32_t spares;			/* how many */
	uint64_t spare_length;		/* of each; UINT64_MAX: none is kept */
	uint64_t spare_bytes;		/* a loan of so many has that length */
	uint64_t last_length;		/* of the last loan that was not one of those */

	/* For the retirement of segments; see retirement.c. */
	int32_t loans_left;		/* before it is decided */
	uint32_t loans_to_judge;
	uint64_t used;			/* bytes of slices that are out, or at hand */
	uint64_t peak;			/* the most that were out, as far as was looked */
	bool rebound;

	/* For sluice_client_memory(). */
	uint64_t growths, retired, largest;
};

/* Do the limits allow what the port asks for from the start?  0 or -EMSGSIZE. */
int pool_check(const struct pool_config *config) MUST_CHECK;

/* Checks that, and makes the first segment.  0 or -errno. */
int pool_init(struct pool *pool, const struct pool_config *config) MUST_CHECK;

/* Destroys all segments, even those with slices that are out. */
void pool_deinit(struct pool *pool);

/*
 * Loans a slice of bytes to one holder.  Its number; -EMSGSIZE (too long for the
 * strategy or the limit), -ENOMEM or another -errno.
 */
int pool_loan(struct pool *pool, uint64_t bytes) MUST_CHECK OUTLINE;

/* Is a slice at hand for a loan of so many bytes?  Then pool_take_spare() loans it. */
static inline bool pool_has_spare(const struct pool *pool, uint64_t bytes)
{
	return bytes == pool->spare_bytes && pool->spares > 0 && pool->loans_left > 0;
}

INLINE uint32_t pool_take_spare(struct pool *pool)
{
	uint32_t number = pool->spare;
	struct pool_slice *slice = &pool->slices[number];

	pool->spares--;
	pool->loans_left--;
	pool->spare = slice->next;
	slice->holders = 1;
	slice->sent = false;
	return number;
}

/* A loan from the slices at hand.  Its number; or -ENOENT, and then pool_loan() finds one. */
INLINE int pool_loan_spare(struct pool *pool, uint64_t bytes)
{
	return likely(pool_has_spare(pool, bytes)) ? (int)pool_take_spare(pool) : -ENOENT;
}

/* Bytes of slices that are out. */
static inline uint64_t pool_out(const struct pool *pool)
{
	return pool->used - (uint64_t)pool->spares * pool->spare_length;
}

/* Adds a holder. */
static inline void pool_hold(struct pool *pool, uint32_t number)
{
	pool->slices[number].holders++;
}

/* Nobody holds the slice any more: its bytes and its number are free. */
void pool_free(struct pool *pool, uint32_t number) COLD;

/* Removes a holder; the last returns the slice. */
INLINE void pool_drop(struct pool *pool, uint32_t number)
{
	struct pool_slice *slice = &pool->slices[number];

	if (--slice->holders)
		return;
	if (likely(slice->kept_as == pool->spare_length && pool->spares < POOL_SPARES)) {
		slice->next = pool->spare;
		pool->spare = number;
		pool->spares++;
	} else {
		pool_free(pool, number);
	}
}

/* The address of a slice, for its owner. */
static inline unsigned char *pool_address(const struct pool *pool, uint32_t number)
{
	return pool->slices[number].address;
}

/* How many segments there are. */
uint32_t pool_segments(const struct pool *pool);

/* The index of a segment that does not exist, or SLUICE_SEGMENTS_ALIVE. */
uint32_t pool_free_index(const struct pool *pool);

/* Bytes by which the limits permit the pool to grow. */
uint64_t pool_room(const struct pool *pool);

/* Adds to the memory of all pools of a port; a number that wraps makes it less. */
void pool_count(const struct pool *pool, uint64_t segments, uint64_t bytes);

/* ---- growth.c, for pool.c ---- */

/* The first segment.  Its index, or -errno. */
int pool_first_segment(struct pool *pool) MUST_CHECK COLD;

/* Has a hole of this length be there.  No loan fails while there is idle memory.  0 or -errno. */
int pool_find_room(struct pool *pool, uint64_t length) MUST_CHECK COLD;

/* ---- pool.c, for retirement.c ---- */

/* No slice is at hand any more.  Before it is asked which segments are idle. */
void pool_free_spares(struct pool *pool);

/* ---- retirement.c, for pool.c ---- */

/* Called after so many loans that it is time to decide. */
void pool_judge(struct pool *pool) COLD;

/* Called when a slice of a retired segment has come home. */
void pool_destroy_if_idle(struct pool *pool, struct segment *segment) COLD;

/* Called when a loan finds no room: destroys the longest idle segment.  Was there one? */
bool pool_give_up_idle(struct pool *pool) COLD;

/* Stops loans from the existing segments.  False if they stay in service. */
bool pool_retire_all(struct pool *pool) COLD;

/* Bytes of the segments that are not retired. */
uint64_t pool_in_service(const struct pool *pool);

/* ---- pool_sizes.c, for pool.c ---- */

/*
 * The bytes that a slice of so many bytes takes.  A power of two is that of the elements,
 * without what is in front of them.  If multiples of POOL_GRAIN are fewer bytes, it takes those.
 * So no slice takes more than its bytes in whole pages, which a limit has room for.
 */
static inline uint64_t pool_slice_length(const struct pool_config *config, uint64_t bytes)
{
	const struct payload *payload = &config->payload;
	uint64_t power;

	if (config->strategy == POOL_STATIC)
		bytes = config->slice_bytes;
	if (config->strategy == POOL_POWER_OF_TWO) {
		power = payload->lead + pow2_at_least(bytes - payload->lead);
		bytes = min_u64(power, round_up(bytes, POOL_GRAIN));
	}
	return round_up(max_u64(bytes, 1), payload->quantum);
}

/* The same, if there can be such a slice at all.  0 or -EMSGSIZE. */
int pool_find_length(const struct pool_config *config, uint64_t bytes,
		     uint64_t *ret_length) MUST_CHECK;

/* The first size of the first segment, if slices had so many bytes. */
uint64_t pool_first_size(const struct pool_config *config, uint64_t bytes);

/* The memory that a port keeps even if it is idle, since it has asked for it; 0: none. */
uint64_t pool_kept_size(const struct pool_config *config);

/* All of a static pool. */
uint64_t pool_static_size(const struct pool_config *config);

/*
 * The least initial_max_slice_len whose first segment has the needed bytes; 0 if messages
 * are of fixed size, or the limit does not permit it.
 */
uint64_t pool_advice(const struct pool_config *config, uint64_t needed);

#endif /* SLUICE_MEMORY_POOL_H */
