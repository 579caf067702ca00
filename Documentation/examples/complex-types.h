/* SPDX-License-Identifier: MIT */
/*
 * complex-types.h - what the client and the server of complex-types agree on
 *
 * Orders one way and invoices the other, slices of both.  They hold text, lists and
 * values that may be absent, as structs of fixed size: a payload has no pointers.
 */
#ifndef COMPLEX_TYPES_H
#define COMPLEX_TYPES_H

#include <sluice.h>
#include <sluice_containers.h>

#define ITEMS	8		/* in one order, at most */

struct item {
	SLUICE_STRING(24) name;
	uint32_t count;
	uint64_t price;		/* of one, in cents */
};

struct order {
	SLUICE_STRING(28) customer;
	SLUICE_VECTOR(struct item, ITEMS) items;
	SLUICE_OPTIONAL(uint64_t) discount;	/* per cent of the sum */
};

struct invoice {
	SLUICE_STRING(28) customer;
	SLUICE_VECTOR(uint64_t, ITEMS) amounts;	/* for each item */
	SLUICE_OPTIONAL(uint64_t) saved;	/* by the discount, if there was one */
	uint64_t total;
};

static const struct sluice_contract complex_types = {
	.name     = "example/complex-types",
	.request  = SLUICE_SLICE(struct order),
	.response = SLUICE_SLICE(struct invoice),
};

#endif /* COMPLEX_TYPES_H */
