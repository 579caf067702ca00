// SPDX-License-Identifier: MIT
/*
 * Private memory that is there before it is used: tables and objects on the heap.
 *
 * Memory of malloc() may have no pages yet, or share them with the parent of a fork; a
 * write gives it its own.  Locks are of whole pages and do not nest, and a page of the heap
 * may have other tables too.  So memory that was locked stays locked when it is freed,
 * until the heap gives the page back; later tables use it again.
 *
 * No peer has any part in this.
 */
#include "os/residence.h"

#include "base/atomic.h"
#include "os/mapping.h"
#include "os/page.h"

int reside(void *begin, size_t size, enum residence residence)
{
	uintptr_t end = (uintptr_t)begin + size, next;
	unsigned char *page = begin;

	if (residence == RESIDENCE_LAZY || !size)
		return 0;
	for (next = (uintptr_t)begin; next < end; next = page_round(next + 1))
		rewrite_relaxed(page + (next - (uintptr_t)begin));
	return residence == RESIDENCE_LOCKED ? mapping_lock(begin, size) : 0;
}

int reside_all(const struct resident *parts, unsigned int count, enum residence residence)
{
	unsigned int i;
	int r = 0;

	for (i = 0; i < count && !r; i++)
		r = reside(parts[i].begin, parts[i].size, residence);
	return r;
}
