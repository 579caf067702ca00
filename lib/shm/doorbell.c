// SPDX-License-Identifier: MIT
/*
 * The doorbell: how one end of a channel falls asleep without missing what the
 * other end publishes at the same time, and how the other end finds out, without
 * a system call, that nobody needs to be woken.
 *
 *	owner, going to sleep			peer, with news
 *	---------------------			---------------
 *	word = ARMED | events		(B1)	publish			(R1, T1, C1)
 *	look at the rings again	(R2, T2, C2)	armed for it?			(B2)
 *	  news: word = HOT, no sleep		  old = exchange(word, RUNG)	(B3)
 *	sleep while word is still the same	  old armed: wake the owner
 *
 * This is the store-buffer pattern: each side writes one word and then reads the
 * other's.  B1 and the publishing stores are ordered exchanges, B2 and the looks
 * are ordered loads, so in the one order of all of them either the owner sees the
 * news or the peer sees ARMED.  The kernel closes the rest: it compares the word
 * with the value that was armed before it sleeps, and B3 has changed it.
 *
 * Invariants:
 * (1) If something is published after the owner's last look, the owner is woken.
 * (2) A wake is made only for a word that was ARMED, and once for each arming.
 * (3) RUNG is stored by the peer only, HOT and ARMED by the owner only.
 *
 * The owner sleeps through io_uring and remembers privately whether a wait is
 * queued there (lib/wait/wait_uring.c): disarming leaves it queued, and any completion
 * means only that none is queued now.
 *
 * A hostile peer can store anything: it wakes the owner for nothing, or fails to
 * wake it and so delays its own messages.  A hostile owner makes the peer wake
 * for nothing, one system call for each of its own messages.
 */
#include "shm/doorbell.h"

#include "base/atomic.h"

uint32_t doorbell_arm(struct sluice_doorbell *bell, uint32_t events)
{
	uint32_t armed = SLUICE_DOORBELL_ARMED | events;

	/* B1: before the look at the rings; pairs with B2. */
	exchange_ordered(&bell->word, armed);
	return armed;
}

void doorbell_disarm(struct sluice_doorbell *bell)
{
	store_relaxed(&bell->word, SLUICE_DOORBELL_HOT);
}

bool doorbell_sleeps(const struct sluice_doorbell *bell, uint32_t event)
{
	/* B2: after the news was published; pairs with B1. */
	uint32_t word = load_ordered(&bell->word);

	return (word & SLUICE_DOORBELL_ARMED) && (word & event);
}

enum doorbell_wake doorbell_ring(struct sluice_doorbell *bell, uint32_t event)
{
	uint32_t word;

	if (!doorbell_sleeps(bell, event))
		return DOORBELL_SILENT;
	/* B3: one of those who ring wakes the owner, the others need not. */
	word = exchange_ordered(&bell->word, SLUICE_DOORBELL_RUNG);
	if (!(word & SLUICE_DOORBELL_ARMED))
		return DOORBELL_SILENT;
	return word & SLUICE_DOORBELL_SOCKET ? DOORBELL_SOCKET : DOORBELL_FUTEX;
}
