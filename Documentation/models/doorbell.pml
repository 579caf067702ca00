/* SPDX-License-Identifier: MIT */
/*
 * The doorbell, as lib/shm/doorbell.c does it, with an owner that sleeps through
 * io_uring: the wait is queued in the kernel and stays there when the owner goes
 * on for another reason.  The owner remembers privately whether one is queued, and
 * whether its bell is still armed; before it relies on the latter, it settles:
 * what was rung, or has no wait any more, is not armed.
 *
 * The peer publishes news of two kinds, messages and free space, and rings.  The
 * owner waits for one kind or for both, whatever is still to come, and may be
 * disturbed: by another channel's completion, by a wait that the kernel cancels,
 * and by its own work, in which it reaps completions and takes news without having
 * slept.  Memory is in one order for everybody here; see tso.pml for why that
 * takes ordered exchanges.
 *
 * Checked: the owner gets all news, so no wake is lost; there are no more wakes
 * than armings; at most one wait is queued.  Each of these must fail:
 *
 *	NO_LOOK		the owner sleeps without a look after arming
 *	RING_FIRST	the peer looks at the word, then publishes
 *	PRESUME		a completion that finds the word still armed is not taken
 *			for the end of the wait
 *	FORGET		the owner queues a wait whenever it sleeps
 *	STALE		the owner believes without settling that it is armed and its
 *			wait queued
 */
#define NEWS	3		/* of both kinds together */

#define HOT	0
#define ARMED	1
#define RUNG	2
#define EVENT(kind)	(4 << (kind))

#define MORE(kind)	(seen[kind] < total[kind])
#define ARRIVED(kind)	((events & EVENT(kind)) && published[kind] > seen[kind])

byte word = HOT;
byte total[2];
byte published[2];
byte armings, wakes;

/* In the kernel: waits on the word, completions nobody has read. */
byte waiting, completed;
bool elsewhere;		/* a completion of another channel */

proctype peer()
{
	byte kind, old;

	do
	:: published[0] + published[1] == NEWS -> break
	:: published[0] + published[1] < NEWS ->
		if
		:: published[0] < total[0] -> kind = 0
		:: published[1] < total[1] -> kind = 1
		fi;
#ifndef RING_FIRST
		published[kind]++;			/* R1, T1 */
#endif
		old = word;				/* B2 */
		if
		:: (old & ARMED) && (old & EVENT(kind)) ->
			atomic { old = word; word = RUNG };	/* B3 */
			if
			:: old & ARMED ->
				wakes++;
				assert(wakes <= armings);
				atomic {
					if
					:: waiting > 0 -> waiting--; completed++
					:: else -> skip
					fi
				}
			:: else -> skip
			fi
		:: else -> skip
		fi;
#ifdef RING_FIRST
		published[kind]++;
#endif
		kind = 0; old = 0
	od
}

inline reap()
{
	atomic {
		completed--;
#ifdef PRESUME
		queued = (word & ARMED)
#else
		queued = false
#endif
	}
}

inline settle()
{
	if
	:: armed && (!queued || word == RUNG) -> word = HOT; armed = 0
	:: else -> skip
	fi
}

proctype owner()
{
	byte seen[2], events, armed;
	bool queued, fresh;

	do
	:: !MORE(0) && !MORE(1) -> break
	:: MORE(0) || MORE(1) ->
		if
		:: MORE(0) -> events = EVENT(0)
		:: MORE(1) -> events = EVENT(1)
		:: MORE(0) && MORE(1) -> events = EVENT(0) | EVENT(1)
		fi;
again:
		if
		:: completed > 0 -> reap()
		:: true -> skip
		fi;
		if
		:: ARRIVED(0) -> seen[0]++
		:: ARRIVED(1) -> seen[1]++
		:: else ->
#ifndef STALE
			settle();
#endif
			if
			:: armed == events -> fresh = false
			:: armed != events ->
				armed = events;
				fresh = true;
				atomic { word = ARMED | events; armings++ }	/* B1 */
			fi;
#ifndef NO_LOOK
			if
			:: ARRIVED(0) || ARRIVED(1) -> settle(); goto again
			:: else -> skip
			fi;
#endif
			if
			:: queued || !fresh ->
#ifndef STALE
				assert(queued)
#else
				skip
#endif
			:: !queued && fresh ->
				/* The kernel compares, then queues or completes. */
				atomic {
					if
					:: word == (ARMED | events) -> waiting++
					:: else -> completed++
					fi;
					queued = true;
					assert(waiting <= 1)
				}
			fi;
			if
			:: completed > 0 -> reap()
			:: elsewhere ->
				elsewhere = false;
#ifdef FORGET
				queued = false
#endif
			fi;
			/* It may go on with another port, which settles its own. */
			if
			:: settle()
			:: true -> skip
			fi;
			goto again
		fi;
		events = 0;
		fresh = false
	od
}

proctype disturbance()
{
	elsewhere = true;
	if
	:: atomic { waiting > 0 -> waiting--; completed++ }	/* ECANCELED */
	:: true -> skip
	fi
}

init {
	atomic {
		if
		:: total[0] = NEWS
		:: total[0] = 2
		:: total[0] = 1
		fi;
		total[1] = NEWS - total[0];
		run peer();
		run owner();
		run disturbance()
	}
}
