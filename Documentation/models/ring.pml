/* SPDX-License-Identifier: MIT */
/*
 * The ring of messages, as lib/shm/ring.c does it: N slots with a stamp each, of
 * which C are in use; the producer takes the oldest message back when it finds no
 * room, or tries again; the consumer copies a message and then claims it.
 *
 * Of the messages that are on their way the producer may withdraw any, the last one of
 * all excepted.
 *
 * Every access of shared memory is a step of its own.  A descriptor has two words
 * here, so that one copied while it was written can be told.
 *
 * Checked: each position is consumed or taken back, once and not both; in order;
 * never torn; a slot that is written is free; the stamps that either end finds
 * are those it expects; and the consumer gets to the end, since the last message
 * is never taken back.
 *
 * Run with N and C of 2 and 1, 2 and 2, 4 and 3.  Each of these must fail:
 *
 *	BLIND_R3	the producer takes back without comparing
 *	BLIND_WITHDRAWAL it withdraws without comparing
 *	BLIND_R4	the consumer claims without comparing
 *	CLAIM_FIRST	the consumer claims, then copies
 *	EARLY_R1	the producer stamps, then writes
 *	FAR_JUMP	a lapped consumer goes on with the position it saw
 *	EVEN_JUMP	it takes a free slot for a sign that all before were taken back
 */
#ifndef N
#define N 2
#endif
#ifndef C
#define C N
#endif
#ifndef MESSAGES
#define MESSAGES 6
#endif

#define FREE(p)		(2 * (p))
#define HOLDS(p)	(2 * (p) + 1)

byte stamp[N];
byte first[N];
byte second[N];

/* The books, which neither end can read. */
bool consumed[MESSAGES];
bool taken_back[MESSAGES];

proctype producer()
{
	byte next, oldest, seen, back;

	do
	:: next == MESSAGES -> break
	:: next < MESSAGES ->
		if
		:: next < C -> skip
		:: next >= C ->
			oldest = next - C;
			seen = stamp[oldest % N];
			if
			:: seen == FREE(oldest + N) -> skip
			:: seen == HOLDS(oldest) ->
				/* Full: it waits, or makes room by force. */
				if
				:: stamp[oldest % N] != HOLDS(oldest) -> skip
				:: atomic {	/* R3 */
#ifndef BLIND_R3
					stamp[oldest % N] == HOLDS(oldest) ->
#endif
					stamp[oldest % N] = FREE(oldest + N);
					assert(!consumed[oldest]);
					taken_back[oldest] = true
				   }
				fi
			:: else -> assert(false)
			fi
		fi;
		assert(stamp[next % N] == FREE(next));
#ifdef EARLY_R1
		stamp[next % N] = HOLDS(next);
#endif
		first[next % N] = next;
		second[next % N] = next;
#ifndef EARLY_R1
		stamp[next % N] = HOLDS(next);	/* R1 */
#endif
		if
		:: skip
		:: next < MESSAGES - 1 ->
			select(back : 0 .. C - 1);
			if
			:: back > next -> skip
			:: back <= next ->
				oldest = next - back;
				if
				:: atomic {	/* R3 */
#ifndef BLIND_WITHDRAWAL
					stamp[oldest % N] == HOLDS(oldest) ->
#endif
					stamp[oldest % N] = FREE(oldest + N);
					assert(!consumed[oldest]);
					taken_back[oldest] = true
				   }
#ifndef BLIND_WITHDRAWAL
				:: stamp[oldest % N] != HOLDS(oldest) -> skip
#endif
				fi
			fi
		fi;
		next++
	od
}

proctype consumer()
{
	byte next, seen, a, b, position, skipped;

	do
	:: next == MESSAGES -> break
	:: next < MESSAGES ->
		stamp[next % N] != FREE(next);
		seen = stamp[next % N];		/* R2 */
		if
		:: seen == HOLDS(next) ->
#ifndef CLAIM_FIRST
			a = first[next % N];
			b = second[next % N];
#endif
			if
			:: atomic {		/* R4 */
#ifndef BLIND_R4
				stamp[next % N] == HOLDS(next) ->
#endif
				stamp[next % N] = FREE(next + N);
				assert(!consumed[next] && !taken_back[next]);
				consumed[next] = true
			   }
#ifdef CLAIM_FIRST
			   a = first[next % N];
			   b = second[next % N];
#endif
			   assert(a == next && b == next);
			   next++
			:: stamp[next % N] != HOLDS(next) -> skip
			fi
		:: else ->
			/* Lapped. */
			position = seen / 2;
			assert(position > next && (position - next) % N == 0);
			d_step {
				skipped = next;
				if
#ifdef FAR_JUMP
				:: next = position
#else
				:: seen % 2 == 1 -> next = position - N + 1
#ifdef EVEN_JUMP
				:: else -> next = position - N + 1
#else
				/* It may have been withdrawn from the middle. */
				:: else ->
					next++;
					if
					:: position - 2 * N + 1 > next -> next = position - 2 * N + 1
					:: else -> skip
					fi
#endif
#endif
				fi;
				do
				:: skipped < next ->
					assert(taken_back[skipped]);
					skipped++
				:: else -> break
				od
			}
		fi
	od
}

init {
	byte i;

	atomic {
		do
		:: i < N -> stamp[i] = FREE(i); i++
		:: else -> break
		od;
		run producer();
		run consumer()
	}
	_nr_pr == 1;
	d_step {
		i = 0;
		do
		:: i < MESSAGES -> assert(consumed[i] || taken_back[i]); i++
		:: else -> break
		od
	}
}
