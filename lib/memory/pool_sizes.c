// SPDX-License-Identifier: MIT
/*
 * How much memory a pool takes: the bytes of a slice, the memory from the start, and
 * whether the limits permit that.  The limits are checked when the port is made and not
 * when its first loan fails.
 *
 *	from the start		POWER_OF_TWO, BEST_FIT		STATIC
 *	preallocate		so many slices			the same, of a window for
 *								all that can be out
 *	nothing is said		as many as may be loaned, as	likewise
 *				far as SEGMENT_INITIAL_LIMIT
 *				and the limit go
 *	prefaulted		no more than that		all of them
 *
 * This is arithmetic on options that were in range when they were read.  No peer influences
 * it.
 */
#include "memory/pool.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/page.h"

/* The least of the limits. */
static const char *least_limit(const struct pool_config *config)
{
	if (config->most == config->limit)
		return "memory_limit";
	return config->most == config->all->peer_limit ? "peer_memory_limit" :
							 "port_memory_limit";
}

int pool_find_length(const struct pool_config *config, uint64_t bytes, uint64_t *ret_length)
{
	uint64_t length;

	if (config->strategy == POOL_STATIC && bytes > config->slice_bytes)
		return fail(EMSGSIZE, "a slice of %llu bytes exceeds initial_max_slice_len, %llu elements or %llu bytes, and the strategy is static",
			    (unsigned long long)bytes, (unsigned long long)config->slice_len,
			    (unsigned long long)config->slice_bytes);
	length = likely(bytes <= config->most) ? pool_slice_length(config, bytes) : UINT64_MAX;
	if (unlikely(length > config->most))
		return fail(EMSGSIZE, "a slice of %llu bytes exceeds %s, %llu bytes",
			    (unsigned long long)bytes, least_limit(config),
			    (unsigned long long)config->most);
	*ret_length = length;
	return 0;
}

/* Slices that the port asks for; 0 if it does not say. */
static uint64_t preallocated(const struct pool_config *config)
{
	if (config->strategy == POOL_STATIC && config->residence != RESIDENCE_LAZY)
		return config->slices;
	return min_u64(config->preallocate, config->slices);
}

/* There are at most some millions of slices, and the bytes are within a limit. */
uint64_t pool_first_size(const struct pool_config *config, uint64_t bytes)
{
	uint64_t length = pool_slice_length(config, bytes), slices = preallocated(config), liked;

	if (slices)
		return page_round(length * slices);
	liked = min_u64(min_u64(length * config->loans, SEGMENT_INITIAL_LIMIT), config->most);
	return page_round(max_u64(length, liked));
}

uint64_t pool_kept_size(const struct pool_config *config)
{
	return preallocated(config) ? pool_first_size(config, config->slice_bytes) : 0;
}

uint64_t pool_static_size(const struct pool_config *config)
{
	return page_round(pool_slice_length(config, config->slice_bytes) * config->slices);
}

static int check_slices(const struct pool_config *config, const char *whose, uint64_t slices)
{
	uint64_t length = pool_slice_length(config, config->slice_bytes), all;

	if (__builtin_mul_overflow(length, slices, &all) || all > config->most)
		return fail(EMSGSIZE, "%s, %llu slices of %llu bytes, exceeds %s, %llu bytes",
			    whose, (unsigned long long)slices, (unsigned long long)length,
			    least_limit(config), (unsigned long long)config->most);
	return 0;
}

int pool_check(const struct pool_config *config)
{
	uint64_t length = 0;
	int r;

	r = pool_find_length(config, config->slice_bytes, &length);
	if (!r && config->strategy == POOL_STATIC)
		r = check_slices(config, "what can be out of a static port", config->slices);
	if (!r)
		r = check_slices(config, "preallocate", preallocated(config));
	if (r < 0 || config->strategy != POOL_STATIC)
		return r;
	if (pool_static_size(config) > SLUICE_SEGMENTS_ALIVE * SEGMENT_WINDOW)
		return fail(EMSGSIZE, "%u slices of %llu bytes are more than the %llu bytes that peers reserve for a port",
			    config->slices,
			    (unsigned long long)length,
			    (unsigned long long)(SLUICE_SEGMENTS_ALIVE * SEGMENT_WINDOW));
	return 0;
}

uint64_t pool_advice(const struct pool_config *config, uint64_t needed)
{
	const struct payload *payload = &config->payload;
	uint64_t low = 1, high, middle;

	if (!payload->slice)
		return 0;
	high = needed / payload->element + 1;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (pool_first_size(config, payload->lead + middle * payload->element) < needed)
			low = middle + 1;
		else
			high = middle;
	}
	return pool_first_size(config, payload->lead + low * payload->element) <= config->most ?
	       low : 0;
}
