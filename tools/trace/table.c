// SPDX-License-Identifier: MIT
/*
 * A map from three numbers to a pointer, for everything that the tracer remembers.
 *
 * A table of open addressing.  An entry stands at the place that its hash names, or
 * behind it, where the first free place was.
 *
 * Invariants:
 * (1) Between the place that an entry's hash names and the entry there is no free
 *     place, so a search may end at the first.  Removing moves entries up to keep
 *     this, and leaves no mark behind.
 * (2) A quarter is free at least, so each search ends.
 *
 * Keys are numbers that traced processes have chosen.  The hash begins with a random
 * seed, so nobody can choose them such that they all fall into one place; and there
 * are at most TABLE_MAX, so nobody can fill the tracer's memory.
 */
#include "tools/trace/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SIZE_FIRST	64u

struct table_entry {
	struct table_key key;
	void *value;		/* NULL if the place is free */
};

/* The place that a key's hash names. */
static size_t place_of(const struct table *table, const struct table_key *key)
{
	uint64_t hash = table->seed;

	for (unsigned int i = 0; i < 3; i++) {
		hash = (hash ^ key->word[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash & (table->size - 1);
}

/* The place of the key, or the free place at which the search for it ends. */
static size_t look_up(const struct table *table, const struct table_key *key)
{
	size_t i = place_of(table, key);

	while (table->entries[i].value && memcmp(&table->entries[i].key, key, sizeof(*key)))
		i = (i + 1) & (table->size - 1);
	return i;
}

void *table_find(const struct table *table, const struct table_key *key)
{
	return table->size ? table->entries[look_up(table, key)].value : NULL;
}

static int resize(struct table *table, size_t size)
{
	struct table larger = { .size = size, .count = table->count, .seed = table->seed };

	larger.entries = calloc(size, sizeof(*larger.entries));
	if (!larger.entries)
		return -ENOMEM;
	/* Without a seed it works as well; only a malicious process is slower then. */
	if (!table->size && getrandom(&larger.seed, sizeof(larger.seed), GRND_NONBLOCK) < 0)
		larger.seed = 0;
	for (size_t i = 0; i < table->size; i++)
		if (table->entries[i].value)
			larger.entries[look_up(&larger, &table->entries[i].key)] =
				table->entries[i];
	free(table->entries);
	*table = larger;
	return 0;
}

int table_add(struct table *table, const struct table_key *key, void *value)
{
	int r;

	if (table->count == TABLE_MAX)
		return -ENOSPC;
	if (table->count >= table->size / 4 * 3) {
		r = resize(table, table->size ? 2 * table->size : SIZE_FIRST);
		if (r < 0)
			return r;
	}
	table->entries[look_up(table, key)] = (struct table_entry){ *key, value };
	table->count++;
	return 0;
}

/* Moves the entries behind a free place up, as far as (1) requires. */
static void close_gap(struct table *table, size_t gap)
{
	size_t mask = table->size - 1, home, i;

	for (i = (gap + 1) & mask; table->entries[i].value; i = (i + 1) & mask) {
		home = place_of(table, &table->entries[i].key);
		if (((i - home) & mask) < ((i - gap) & mask))
			continue;	/* its home lies behind the gap */
		table->entries[gap] = table->entries[i];
		gap = i;
	}
	table->entries[gap].value = NULL;
}

void *table_remove(struct table *table, const struct table_key *key)
{
	void *value;
	size_t i;

	if (!table->size)
		return NULL;
	i = look_up(table, key);
	value = table->entries[i].value;
	if (value) {
		close_gap(table, i);
		table->count--;
	}
	return value;
}

void table_deinit(struct table *table)
{
	free(table->entries);
	*table = (struct table){ .size = 0 };
}
