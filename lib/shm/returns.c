// SPDX-License-Identifier: MIT
/*
 * The ring in which slices come home: the receiver of slices pushes the numbers
 * of those it has released, their owner pops them.
 *
 * An entry is one word, number and position together, so it is there whole or
 * not at all.  Nothing tells the producer that an entry has been read, and
 * nothing needs to: the ring has room for every slice that the receiver may
 * hold, and the owner counts a slice as out until it has read its return.
 *
 *	producer at p					owner at p
 *	entry[p] = (p + 1) << 32 | number	(T1)	entry[p] >> 32 == p + 1?  (T2)
 *
 * If the owner may sleep until the return comes, T1 is an ordered exchange and the doorbell
 * is looked at afterwards.  If it does not, T1 is a store that releases, and the producer
 * need not have the line to go on.
 *
 * T1 publishes that the receiver no longer reads the slice, and all the responses
 * and the end of the stream before it; T2 sees them.
 *
 * A hostile receiver can return any number, twice or too early.  The owner checks
 * the number against its own table; that a slice is used again while a hostile
 * receiver still reads it is that receiver's problem.
 */
#include "shm/returns.h"

#include "base/atomic.h"

void returns_init(struct returns *returns, struct sluice_return *entries, uint64_t count)
{
	returns->entries = entries;
	returns->mask = count - 1;
	returns->next = 0;
}

static inline uint64_t *next_word(struct returns *returns)
{
	return &returns->entries[returns->next++ & returns->mask].word;
}

void returns_push(struct returns *returns, uint32_t number)
{
	uint64_t *word = next_word(returns);

	/* T1: pairs with T2. */
	exchange_ordered(word, returns->next << 32 | number);
}

void returns_push_unrung(struct returns *returns, uint32_t number)
{
	uint64_t *word = next_word(returns);

	/* T1: pairs with T2.  No look at a doorbell follows, so nothing waits for the store. */
	store_release(word, returns->next << 32 | number);
}

bool returns_pop(struct returns *returns, uint32_t *ret_number)
{
	uint64_t next = returns->next;
	/* T2: sees everything before T1. */
	uint64_t word = load_ordered(&returns->entries[next & returns->mask].word);

	if (word >> 32 != ((next + 1) & UINT32_MAX))
		return false;
	returns->next = next + 1;
	*ret_number = (uint32_t)word;
	return true;
}
