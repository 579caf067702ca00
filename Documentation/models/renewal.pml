/* SPDX-License-Identifier: MIT */
/*
 * A service whose name somebody takes away who does not keep the protocol.
 *
 * Opening and closing are those of registry.pml.  A taker takes the name away, whenever
 * he likes, a few times.  No protocol can keep those who come from making another file
 * then.  So who has the service open is told by the kernel when his file loses its name.
 * He opens it again as a newcomer does, and then gives up the lock on the file that he had.
 *
 * A remover that has found his file at the path may take away the name of another one, if
 * the taker and a newcomer come in between.  Those who have that one open are told too.
 *
 * Checked: when nothing is taken away any more, and who leaves has left, all who stay come
 * to use one file, and that file has the name.  Each of these must fail:
 *
 *	NO_RENEWAL	who has the service open does not open it again
 *	ONE_LOOK	he does so once, after the last time that it was taken away
 */
#define PROCESSES	3
#define TIMES		2
#define FILES		12

byte path;			/* the file it names; 0: none */
byte made;			/* files so far */
byte holders[FILES];		/* shared locks */
bool remover[FILES];		/* the exclusive lock */
bool over;			/* nothing is taken away any more */
byte settled[PROCESSES];	/* the file that is used after the last look */
byte staying, gone;		/* processes */
byte ended;			/* of those that stay */

/* Opens or creates; the lock is held.  fresh becomes the file. */
inline open(fresh)
{
	do
	:: fresh = path;
		if
		:: fresh == 0 ->
			atomic {
				if
				:: path == 0 ->
					made++;
					assert(made < FILES);
					fresh = made;
					holders[fresh]++;
					path = fresh;
					break
				:: else -> skip
				fi
			}
		:: else ->
			atomic {			/* flock, shared */
				if
				:: remover[fresh] -> fresh = 0
				:: else -> holders[fresh]++
				fi
			}
			if
			:: fresh == 0 -> skip
			:: fresh != 0 && path == fresh -> break
			:: fresh != 0 && path != fresh -> holders[fresh]--
			fi
		fi
	od
}

inline look()
{
	if
	:: path != file ->
		open(other);
		holders[file]--;
		file = other;
		other = 0
	:: else -> skip
	fi
}

inline close()
{
	holders[file]--;
	atomic {				/* flock, exclusive */
		if
		:: holders[file] == 0 && !remover[file] -> remover[file] = true
		:: else -> goto left
		fi
	}
	if
	:: path == file -> path = 0
	:: else -> skip
	fi;
	remover[file] = false
}

proctype node(byte me)
{
	byte file, other;

	open(file);
	if
	:: true -> close(); goto left
	:: true -> staying++
	fi;
#if defined(NO_RENEWAL) || defined(ONE_LOOK)
	over;
#ifdef ONE_LOOK
	look();
#endif
	settled[me] = file;
	ended++;
	goto stays;
#endif
	do
	:: path != file -> look()
	:: atomic {
		over && gone + staying == PROCESSES && path == file ->
		settled[me] = file;
		ended++
	   };
	   goto stays
	od;
left:
	gone++;
stays:
	skip
}

proctype taker()
{
	byte i;

	do
	:: i < TIMES -> path = 0; i++
	:: true -> break
	od;
	over = true
}

init {
	byte i;

	atomic {
		run taker();
		do
		:: i < PROCESSES -> run node(i); i++
		:: else -> break
		od;
		i = 0
	}
	gone + ended == PROCESSES;
	do
	:: i < PROCESSES -> assert(!settled[i] || settled[i] == path); i++
	:: else -> break
	od
}
