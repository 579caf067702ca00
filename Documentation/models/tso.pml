/* SPDX-License-Identifier: MIT */
/*
 * What the ordered exchanges are for: the doorbell protocol on a processor that,
 * like x86, puts each store into a buffer, from where it reaches memory some time
 * later, while loads of other words already go ahead.
 *
 * A producer and a consumer pass messages through room for two, and both sleep:
 * one for a message, the other for room.  An exchange waits until its own buffer
 * is empty and then acts on memory; so nothing that follows it is early.  The
 * kernel's compare before a sleep does the same, being locked.  HOT is stored
 * plainly, for it need not be seen at any time.
 *
 * Checked: both get to the end, so no wake is lost, and no message is invented.
 * With CRASH the producer may die between any two steps; then what it has sent is
 * received, its hang-up wakes the consumer, and the consumer ends.  Each of these
 * must fail, with somebody asleep for ever:
 *
 *	PLAIN_R1	a message is published by a plain store
 *	PLAIN_T1	so is a return
 *	PLAIN_B1	so is the word that says that its owner goes to sleep
 */
#define MESSAGES	4
#define ROOM		2
#define STORES		3

#define HOT	0
#define ARMED	1
#define RUNG	2

/* Who; its bell is the word of the same number. */
#define PRODUCER	0
#define CONSUMER	1
/* The other two words in memory. */
#define SENT		2
#define RETURNED	3

typedef buffer {
	byte count;
	byte where[STORES];
	byte what[STORES]
}

byte memory[4];
buffer buffers[2];
bool asleep[2];
bool hung_up;

inline store(who, w, v)
{
	atomic {
		buffers[who].count < STORES;
		buffers[who].where[buffers[who].count] = w;
		buffers[who].what[buffers[who].count] = v;
		buffers[who].count++
	}
}

/* The own stores first, the youngest of them. */
inline load(who, w, v)
{
	d_step {
		v = memory[w];
		i = 0;
		do
		:: i < buffers[who].count ->
			if
			:: buffers[who].where[i] == w -> v = buffers[who].what[i]
			:: else -> skip
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline exchange(who, w, v, old)
{
	atomic { buffers[who].count == 0; old = memory[w]; memory[w] = v }
}

/* Publishes a counter. */
#ifdef PLAIN_R1
#define publish_sent(v)		store(PRODUCER, SENT, v)
#else
#define publish_sent(v)		exchange(PRODUCER, SENT, v, old)
#endif
#ifdef PLAIN_T1
#define publish_returned(v)	store(CONSUMER, RETURNED, v)
#else
#define publish_returned(v)	exchange(CONSUMER, RETURNED, v, old)
#endif

inline arm(who)			/* B1 */
{
#ifdef PLAIN_B1
	store(who, who, ARMED)
#else
	exchange(who, who, ARMED, old)
#endif
}

inline ring(who, other)
{
	load(who, other, old);			/* B2 */
	if
	:: old == ARMED ->
		exchange(who, other, RUNG, old);	/* B3 */
		if
		:: old == ARMED -> asleep[other] = false
		:: else -> skip
		fi
	:: else -> skip
	fi
}

/* The kernel compares with memory, then the owner sleeps until it is woken. */
inline sleep(who)
{
	atomic { buffers[who].count == 0; asleep[who] = (memory[who] == ARMED) }
	!asleep[who] || (who == CONSUMER && hung_up);
	asleep[who] = false;
	store(who, who, HOT)
}

#ifdef CRASH
#define may_die		if :: true -> skip :: true -> goto dead fi
#else
#define may_die		skip
#endif

active proctype producer()
{
	byte next, returned, old, i;

	do
	:: next == MESSAGES -> break
	:: next < MESSAGES ->
		load(PRODUCER, RETURNED, returned);
		if
		:: next - returned == ROOM ->
			arm(PRODUCER);
			may_die;
			load(PRODUCER, RETURNED, returned);
			if
			:: next - returned < ROOM -> store(PRODUCER, PRODUCER, HOT)
			:: else -> may_die; sleep(PRODUCER)
			fi
		:: else ->
			next++;
			may_die;
			publish_sent(next);		/* R1 */
			may_die;
			ring(PRODUCER, CONSUMER)
		fi;
		may_die
	od;
#ifdef CRASH
dead:
	/* Death loses no store; the socket hangs up after it. */
	atomic { buffers[PRODUCER].count == 0; hung_up = true }
#endif
}

active proctype consumer()
{
	byte seen, sent, old, i;

	do
	:: seen == MESSAGES -> break
	:: seen < MESSAGES ->
		load(CONSUMER, SENT, sent);
		if
		:: sent > seen ->
			assert(sent - seen <= ROOM);
			seen++;
			publish_returned(seen);		/* T1 */
			ring(CONSUMER, PRODUCER)
		:: else ->
			arm(CONSUMER);
			load(CONSUMER, SENT, sent);	/* R2 */
			if
			:: sent > seen -> store(CONSUMER, CONSUMER, HOT)
			:: sent == seen && hung_up ->
				load(CONSUMER, SENT, sent);
				if
				:: sent == seen -> break
				:: else -> store(CONSUMER, CONSUMER, HOT)
				fi
			:: sent == seen && !hung_up -> sleep(CONSUMER)
			fi
		fi
	od;
	/* What the dead had sent was received. */
	assert(!hung_up || seen == memory[SENT])
}

active proctype memory_system()
{
	byte who, i;

end:
	do
	:: atomic {
		if
		:: buffers[0].count > 0 -> who = 0
		:: buffers[1].count > 0 -> who = 1
		fi;
		memory[buffers[who].where[0]] = buffers[who].what[0];
		buffers[who].count--;
		i = 0;
		do
		:: i < buffers[who].count ->
			buffers[who].where[i] = buffers[who].where[i + 1];
			buffers[who].what[i] = buffers[who].what[i + 1];
			i++
		:: else -> break
		od;
		buffers[who].where[i] = 0;
		buffers[who].what[i] = 0;
		i = 0; who = 0
	   }
	od
}
