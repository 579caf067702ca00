// SPDX-License-Identifier: MIT
/*
 * The things that are measured: the floors and the ways to use Sluice, one message at a
 * time and many.  With --sizes also polling and its floor for each size; with --idle also
 * two services, of which one has idle clients connected and the other none, each sleeping
 * and polling; with --clients and --servers also each number of clients with each number of
 * servers.
 *
 * Things that sleep are compared with io_uring futexes, things that poll with the payload's
 * lines.
 */
#include "bench.h"

#include <string.h>

#include <sluice.h>

#define WARM		100u
#define STAMPED_MIN	50u

/* A round of large messages has only as many of them as move so many bytes. */
#define BYTES_PER_ROUND	(UINT64_C(64) << 20)
#define TRIPS_MIN	2u

/* So many bytes at most are under way at once, if messages are large. */
#define BYTES_IN_FLIGHT	(UINT64_C(8) << 20)
#define FLIGHT_MIN	2u
#define STREAM		256u	/* responses */

/*
 * The default of a node, given as a number: each side is bound to one processor, and
 * such a thread does not spin unless it is told to.
 */
#define DEFAULT_SPIN	50000
#define NO_SPIN		(-1)

#define SLEEPS	.spin = NO_SPIN, .timeout = SLUICE_FOREVER
#define POLLS	.spin = NO_SPIN, .timeout = SLUICE_NOWAIT
#define BOTH	.spin = DEFAULT_SPIN, .timeout = SLUICE_FOREVER

static const struct thing floors[] = {
	{ .key = "cache_line", .name = "floor: cache line", .method = floor_line },
	{ .key = "payload_line", .name = "floor: payload line each way",
	  .method = floor_payload },
	{ .key = "futex", .name = "floor: futex", .method = floor_futex },
	{ .key = "uring_futex", .name = "floor: io_uring futex", .method = floor_uring },
	{ .key = "seqpacket", .name = "floor: Unix seqpacket", .method = floor_packet },
	{ .key = "pipe", .name = "floor: pipe", .method = floor_pipe },
};

static const struct thing ways[] = {
	{ .key = "spinning", .name = "sluice, polling",
	  .method = pair_separate, .floor = "payload_line", POLLS },
	{ .key = "adaptive", .name = "sluice, polls 50 us, then sleeps",
	  .method = pair_combined, .floor = "payload_line", BOTH },
	{ .key = "separate", .name = "sluice, sleeping, separate calls",
	  .method = pair_separate, .floor = "uring_futex", SLEEPS },
	{ .key = "combined", .name = "sluice, sleeping, combined calls",
	  .method = pair_combined, .floor = "uring_futex", SLEEPS },
	{ .part = AT_ONCE, .key = "pipelined", .name = "requests, polling",
	  .method = flight_requests, .flight = 1, POLLS },
	{ .part = AT_ONCE, .key = "pipelined_batch", .name = "in batches, polling",
	  .method = flight_batch, .flight = 1, POLLS },
	{ .part = AT_ONCE, .key = "pipelined_sleeping", .name = "requests, sleeping",
	  .method = flight_requests, .flight = 1, SLEEPS },
	{ .part = AT_ONCE, .key = "stream", .name = "responses of a stream",
	  .method = flight_stream, .stream = STREAM, BOTH },
};

/* Each that polls comes after one that sleeps. */
static const struct thing with_idle[] = {
	{ .part = WITH_IDLE, .key = "sleeping_alone", .name = "sleeping, no idle clients",
	  .method = pair_combined, .floor = "uring_futex", .service = SERVICE_ALONE, SLEEPS },
	{ .part = WITH_IDLE, .key = "spinning_alone", .name = "polling, no idle clients",
	  .method = pair_separate, .floor = "payload_line", .service = SERVICE_ALONE, POLLS },
	{ .part = WITH_IDLE, .key = "sleeping_crowded", .name = "sleeping, with idle clients",
	  .method = pair_combined, .floor = "uring_futex", .service = SERVICE_CROWDED, SLEEPS },
	{ .part = WITH_IDLE, .key = "spinning_crowded", .name = "polling, with idle clients",
	  .method = pair_separate, .floor = "payload_line", .service = SERVICE_CROWDED, POLLS },
};

/* Of each size; the first is the floor of the others that have one. */
static const struct thing with_sizes[] = {
	{ .key = "payload", .method = floor_payload },
	{ .key = "touched", .method = pair_separate, .floor = "payload", POLLS },
	{ .key = "untouched", .method = pair_separate, .floor = "payload", .touched = LINE,
	  POLLS },
	{ .key = "pipelined", .method = flight_requests, .flight = 1, POLLS },
	{ .key = "pipelined_untouched", .method = flight_requests, .flight = 1,
	  .touched = LINE, POLLS },
};

static const struct thing with_many = {
	.part = WITH_MANY, .method = many, SLEEPS
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

const size_t bench_sizes[] = {
	8, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
};
const unsigned int bench_sizes_count = COUNT(bench_sizes);

_Static_assert(COUNT(floors) + COUNT(ways) + COUNT(with_idle) +
	       COUNT(with_sizes) * COUNT(bench_sizes) + NUMBERS_MAX * NUMBERS_MAX <= THINGS_MAX,
	       "there is room for all of them");

static unsigned int least(uint64_t a, uint64_t b)
{
	return (unsigned int)(a < b ? a : b);
}

static unsigned int most(uint64_t a, uint64_t b)
{
	return (unsigned int)(a > b ? a : b);
}

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

unsigned int things_messages(const struct thing *thing)
{
	return thing->stream ? thing->stream : 1;
}

bool things_one_by_one(const struct thing *thing)
{
	return !thing->stream && !thing->flight && thing->part != WITH_MANY;
}

/* How many steps a round has, of a thing whose size is known. */
static void set_trips(struct thing *thing, unsigned int trips)
{
	uint64_t bound = most(BYTES_PER_ROUND / thing->size, TRIPS_MIN);

	if (thing->flight)
		bound = most(bound, 2 * thing->flight);
	if (thing->stream)
		trips = most(trips / thing->stream, TRIPS_MIN);
	thing->trips = least(trips, bound);
	thing->warm = least(thing->trips, WARM);
	thing->stamped = most(thing->trips / 4, least(STAMPED_MIN, bound));
}

static struct thing *add(struct things *things, const struct bench_options *options,
			 const struct thing *like, size_t size)
{
	struct thing *thing = &things->thing[things->count];

	*thing = *like;
	thing->size = size;
	thing->touched = thing->touched ? least(thing->touched, size) : size;
	if (thing->flight)
		thing->flight = most(least(options->depth, BYTES_IN_FLIGHT / size),
				     least(options->depth, FLIGHT_MIN));
	if (!thing->service)
		thing->service = SERVICE_FIRST + things->count;
	set_trips(thing, options->trips);
	things->count++;
	return thing;
}

static void add_sizes(struct things *things, const struct bench_options *options)
{
	for (unsigned int i = 0; i < bench_sizes_count * COUNT(with_sizes); i++) {
		const struct thing *like = &with_sizes[i % COUNT(with_sizes)];
		size_t size = bench_sizes[i / COUNT(with_sizes)];
		struct thing *thing = add(things, options, like, size);

		thing->part = WITH_SIZES;
		snprintf(thing->key, sizeof(thing->key), "%s_%zu", like->key, size);
		snprintf(thing->name, sizeof(thing->name), "%s, %zu B", like->key, size);
		if (like->floor[0])
			snprintf(thing->floor, sizeof(thing->floor), "%s_%zu", like->floor, size);
	}
}

/* A round has at least two steps of each client. */
static void add_many(struct things *things, const struct bench_options *options,
		     unsigned int clients, unsigned int servers)
{
	struct thing *thing = add(things, options, &with_many, options->size);

	thing->clients = clients;
	thing->servers = servers;
	thing->warm = most(thing->warm, clients);
	thing->trips = most(thing->trips, 2 * clients);
	snprintf(thing->key, sizeof(thing->key), "many_%ux%u", clients, servers);
	snprintf(thing->name, sizeof(thing->name), "%u clients, %u servers", clients, servers);
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

		if (thing->spin > 0)
			thing->spin = NO_SPIN;
		if (strcmp(thing->key, "adaptive") == 0)
			strcpy(thing->floor, "uring_futex");
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
	const struct numbers *clients = &options->clients, *servers = &options->servers;

	things->count = 0;
	add_chosen(things, options, floors, COUNT(floors));
	add_chosen(things, options, ways, COUNT(ways));
	for (size_t i = 0; options->idle && i < COUNT(with_idle); i++)
		add(things, options, &with_idle[i], options->size)->clients =
			options->idle + 1;
	if (options->sizes)
		add_sizes(things, options);
	for (unsigned int i = 0; i < clients->count; i++)
		for (unsigned int j = 0; j < servers->count; j++)
			add_many(things, options, clients->value[i], servers->value[j]);
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
