/* SPDX-License-Identifier: MIT */
/*
 * The doorbell, as lib/shm/doorbell.c and lib/channel/channel_bell.c have it, with an
 * owner that sleeps through io_uring: a wait is queued, handed to the kernel with the
 * next system call, and stays there when the owner goes on for another reason.  The
 * owner remembers privately whether one is queued, and for what it is armed.  It never
 * looks at its bell; the end of a wait, for whatever reason, is its only sign, and
 * makes it hot.
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
 *	PRESUME		the end of a wait makes the owner hot only if it was rung
 *	FORGET		another channel's completion is taken for the end of the wait
 *	KEEP		the owner is taken for armed although it has disarmed
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

/* Queued, with the value to compare, and not yet handed over; 0: none. */
byte handed;

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

inline disarm()
{
	if
	:: armed ->
		word = HOT;
#ifndef KEEP
		armed = 0
#endif
	:: else -> skip
	fi
}

/* The kernel compares, then has it wait or completes it. */
inline hand_over()
{
	atomic {
		if
		:: handed && handed == word -> waiting++; assert(waiting <= 1)
		:: handed && handed != word -> completed++
		:: else -> skip
		fi;
		handed = 0
	}
}

inline reap()
{
	atomic { completed--; queued = false };
#ifdef PRESUME
	if
	:: word == RUNG -> disarm()
	:: else -> skip
	fi
#else
	disarm()
#endif
}

inline arm()
{
	if
	:: armed != events ->
		armed = events;
		atomic { word = ARMED | events; armings++ };	/* B1 */
		if
		:: !queued -> queued = true; handed = ARMED | events
		:: else -> skip
		fi
	:: else -> skip
	fi
}

proctype owner()
{
	byte seen[2], events, armed;
	bool queued;

	do
	:: !MORE(0) && !MORE(1) -> break
	:: MORE(0) || MORE(1) ->
		if
		:: MORE(0) -> events = EVENT(0)
		:: MORE(1) -> events = EVENT(1)
		:: MORE(0) && MORE(1) -> events = EVENT(0) | EVENT(1)
		fi;
again:
		/* A glance, if there is one. */
		if
		:: hand_over()
		:: completed > 0 -> reap()
		:: true -> skip
		fi;
		if
		:: ARRIVED(0) -> seen[0]++
		:: ARRIVED(1) -> seen[1]++
		:: else ->
			arm();
#ifndef NO_LOOK
			if
			:: ARRIVED(0) || ARRIVED(1) ->
				/* It stays armed if it was armed for the whole node. */
				if
				:: disarm()
				:: true -> skip
				fi;
				goto again
			:: else -> skip
			fi;
#endif
			hand_over();
			if
			:: completed > 0 -> reap()
			:: elsewhere ->
				elsewhere = false;
#ifdef FORGET
				queued = false
#endif
			fi;
			goto again
		fi;
		events = 0
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
