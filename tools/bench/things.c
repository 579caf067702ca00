// SPDX-License-Identifier: MIT
/*
 * The things that are measured: the floors and the ways to use Sluice.  With --sizes also
 * spinning and its floor for each size; with --idle also two services, of which one has
 * idle clients connected and the other none, each sleeping and spinning.
 *
 * Things that sleep are compared with io_uring futexes, things that spin with a cache line.
 */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include <sluice.h>

#define WARM		100u
#define STAMPED_MIN	50u

/* A round of large messages has only as many of them as move so many bytes. */
#define BYTES_PER_ROUND	(UINT64_C(64) << 20)
#define TRIPS_MIN	16u

/*
 * The default of a node, given as a number: each side is bound to one processor, and
 * such a thread does not spin unless it is told to.
 */
#define DEFAULT_SPIN	50000
#define NO_SPIN		(-1)

static const struct thing floors[] = {
	{ .key = "uring_futex", .name = "floor: bare io_uring futex", .method = floor_uring },
	{ .key = "futex", .name = "floor: bare futex system calls", .method = floor_futex },
	{ .key = "cache_line", .name = "floor: cache line", .method = floor_line },
};

static const struct thing ways[] = {
	{ .key = "separate", .name = "sluice, sleeping, separate calls",
	  .method = pair_separate, .floor = "uring_futex",
	  .spin = NO_SPIN, .timeout = SLUICE_FOREVER },
	{ .key = "combined", .name = "sluice, sleeping, combined calls",
	  .method = pair_combined, .floor = "uring_futex",
	  .spin = NO_SPIN, .timeout = SLUICE_FOREVER },
	{ .key = "spinning", .name = "sluice, spinning",
	  .method = pair_separate, .floor = "cache_line",
	  .spin = NO_SPIN, .timeout = SLUICE_NOWAIT },
	{ .key = "adaptive", .name = "sluice, spins up to 50 us, then sleeps",
	  .method = pair_combined, .floor = "cache_line",
	  .spin = DEFAULT_SPIN, .timeout = SLUICE_FOREVER },
};

/* Each that spins comes after one that sleeps. */
static const struct thing with_idle[] = {
	{ .part = WITH_IDLE, .key = "sleeping_alone",
	  .name = "sleeping, no idle clients",
	  .method = pair_combined, .floor = "uring_futex", .service = SERVICE_ALONE,
	  .spin = NO_SPIN, .timeout = SLUICE_FOREVER },
	{ .part = WITH_IDLE, .key = "spinning_alone",
	  .name = "spinning, no idle clients",
	  .method = pair_separate, .floor = "cache_line", .service = SERVICE_ALONE,
	  .spin = NO_SPIN, .timeout = SLUICE_NOWAIT },
	{ .part = WITH_IDLE, .key = "sleeping_crowded",
	  .name = "sleeping, with idle clients",
	  .method = pair_combined, .floor = "uring_futex", .service = SERVICE_CROWDED,
	  .spin = NO_SPIN, .timeout = SLUICE_FOREVER },
	{ .part = WITH_IDLE, .key = "spinning_crowded",
	  .name = "spinning, with idle clients",
	  .method = pair_separate, .floor = "cache_line", .service = SERVICE_CROWDED,
	  .spin = NO_SPIN, .timeout = SLUICE_NOWAIT },
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

const size_t bench_sizes[] = {
	64, 256, 1024, 4096, 16384, 65536, 262144, 1048576,
};
const unsigned int bench_sizes_count = COUNT(bench_sizes);

static bool in_list(const char *list, const char *key)
{
	size_t length;

	for (const char *at = list; ; at += length + 1) {
		length = strcspn(at, ",");
		if (length == strlen(key) && strncmp(at, key, length) == 0)
			return true;
		if (!at[length])
			return false;
	}
}

static struct thing *add(struct things *things, const struct bench_options *options,
			 const struct thing *like, size_t size)
{
	struct thing *thing = &things->thing[things->count];
	uint64_t most = BYTES_PER_ROUND / size;

	*thing = *like;
	thing->size = size;
	thing->touched = size;
	thing->trips = options->trips < most ? options->trips : (unsigned int)most;
	if (thing->trips < TRIPS_MIN)
		thing->trips = TRIPS_MIN;
	thing->warm = thing->trips < WARM ? thing->trips : WARM;
	thing->stamped = thing->trips / 4;
	if (thing->stamped < STAMPED_MIN)
		thing->stamped = STAMPED_MIN;
	if (!thing->service)
		thing->service = SERVICE_FIRST + things->count;
	things->count++;
	return thing;
}

/* For each size a floor, and Sluice with all and with little of it touched. */
static void add_sizes(struct things *things, const struct bench_options *options)
{
	const struct thing *line = &floors[COUNT(floors) - 1], *spinning = &ways[2];
	struct thing *floor, *thing;

	for (unsigned int i = 0; i < bench_sizes_count; i++) {
		size_t size = bench_sizes[i];

		floor = add(things, options, line, size);
		floor->part = WITH_SIZES;
		snprintf(floor->key, sizeof(floor->key), "cache_line_%zu", size);

		thing = add(things, options, spinning, size);
		thing->part = WITH_SIZES;
		snprintf(thing->key, sizeof(thing->key), "touched_%zu", size);
		memcpy(thing->floor, floor->key, sizeof(thing->floor));

		thing = add(things, options, spinning, size);
		thing->part = WITH_SIZES;
		snprintf(thing->key, sizeof(thing->key), "untouched_%zu", size);
		memcpy(thing->floor, floor->key, sizeof(thing->floor));
		thing->touched = LINE;
	}
}

static void add_chosen(struct things *things, const struct bench_options *options,
		       const struct thing *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!options->only || in_list(options->only, from[i].key))
			add(things, options, &from[i], options->size);
}

/* If both sides have one processor, a side that spins first gets no messages: it sleeps. */
static void share_cpu(struct things *things)
{
	for (unsigned int i = 0; i < things->count; i++) {
		struct thing *thing = &things->thing[i];

		if (strcmp(thing->key, "adaptive") == 0) {
			strcpy(thing->floor, "uring_futex");
			thing->spin = NO_SPIN;
		}
	}
}

/* A floor that is not available on this machine is replaced by the next one. */
void things_without(struct things *things, const char *floor)
{
	if (strcmp(floor, "uring_futex") != 0)
		return;
	for (unsigned int i = 0; i < things->count; i++)
		if (strcmp(things->thing[i].floor, floor) == 0)
			strcpy(things->thing[i].floor, "futex");
}

void things_list(struct things *things, const struct bench_options *options, bool one_cpu)
{
	things->count = 0;
	add_chosen(things, options, floors, COUNT(floors));
	add_chosen(things, options, ways, COUNT(ways));
	for (size_t i = 0; options->idle && i < COUNT(with_idle); i++)
		add(things, options, &with_idle[i], options->size)->clients =
			options->idle + 1;
	if (options->sizes)
		add_sizes(things, options);
	if (one_cpu)
		share_cpu(things);
}

static bool is_key(const char *word, size_t length)
{
	for (size_t i = 0; i < COUNT(floors) + COUNT(ways); i++) {
		const struct thing *thing = i < COUNT(floors) ? &floors[i] :
					    &ways[i - COUNT(floors)];

		if (strlen(thing->key) == length && strncmp(thing->key, word, length) == 0)
			return true;
	}
	return false;
}

/* Does a list for --only name things that there are? */
bool things_known(const char *list)
{
	for (const char *at = list; ; at += strcspn(at, ",") + 1) {
		size_t length = strcspn(at, ",");

		if (!is_key(at, length))
			return false;
		if (!at[length])
			return true;
	}
}

const struct thing *things_find(const struct things *things, const char *key)
{
	for (unsigned int i = 0; i < things->count; i++)
		if (strcmp(things->thing[i].key, key) == 0)
			return &things->thing[i];
	return NULL;
}
