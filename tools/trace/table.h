/* SPDX-License-Identifier: MIT */
/* A map from three numbers to a pointer. */
#ifndef TRACE_TABLE_H
#define TRACE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* No table takes more. */
#define TABLE_MAX	((size_t)1 << 20)

struct table_key {
	uint64_t word[3];
};

/* All zero is an empty one. */
struct table {
	struct table_entry *entries;
	size_t size;		/* 0 or a power of two */
	size_t count;
	uint64_t seed;
};

/* NULL if there is none. */
void *table_find(const struct table *table, const struct table_key *key);

/* The value is not NULL, and nothing is there under this key.  0, -ENOMEM, -ENOSPC. */
int table_add(struct table *table, const struct table_key *key, void *value);

/* Returns what was there, or NULL. */
void *table_remove(struct table *table, const struct table_key *key);

/* Forgets everything; the values are not the table's to free. */
void table_deinit(struct table *table);

#endif /* TRACE_TABLE_H */
