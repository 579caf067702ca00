/* SPDX-License-Identifier: MIT */
/*
 * Opening or creating a service against its removal by whoever closes it last.
 *
 * A service is the file that its path names.  Who has it open holds a shared
 * flock on the file; who creates it has locked it before it gets its name.  Who
 * opens it locks it without waiting and then looks whether the path still names
 * the file it has locked, else it begins again.  Who closes it gives the shared
 * lock up, tries for an exclusive one without waiting, and if it gets that and
 * the path still names the file, takes the name away.  A process may die while
 * it uses the service or removes it, and the kernel gives up its locks.
 *
 * Checked: all who use the service use the same file, and that file has the name,
 * so that the next one finds them.  Each of these must fail:
 *
 *	NAIVE		presence is a list; who finds nobody on it removes the name
 *	NO_LOOK		the opener does not look at the path again
 *	NO_LOCK		the remover takes the name away without an exclusive lock
 */
#define PROCESSES	3
#define ROUNDS		2
#define FILES		(PROCESSES * ROUNDS + 1)

byte path;			/* the file it names; 0: none */
byte made;			/* files so far */
byte holders[FILES];		/* shared locks, or the list when NAIVE */
bool remover[FILES];		/* the exclusive lock */
byte uses[PROCESSES];		/* the book */

inline check()
{
	d_step {
		i = 0;
		do
		:: i < PROCESSES ->
			assert(!uses[i] || uses[i] == path);
			i++
		:: else -> break
		od;
		i = 0
	}
}

proctype node(byte me)
{
	byte file, round, i;

	do
	:: round == ROUNDS -> break
	:: round < ROUNDS ->
again:
		file = path;				/* open */
		if
		:: file == 0 ->
			/* A new file, locked, then linked: fails if the name is taken. */
			atomic {
				if
				:: path == 0 ->
					made++;
					file = made;
					holders[file]++;
					path = file
				:: else -> goto again
				fi
			}
		:: else ->
#ifdef NAIVE
			holders[file]++;
#else
			atomic {			/* flock, shared */
				if
				:: !remover[file] -> holders[file]++
				:: else -> goto again
				fi
			}
#ifndef NO_LOOK
			if
			:: path != file -> holders[file]--; goto again
			:: else -> skip
			fi
#endif
#endif
		fi;
		uses[me] = file;
		check();
		uses[me] = 0;
		if
		:: true -> skip
		:: true -> holders[file]--; goto dead
		fi;

		holders[file]--;
#ifdef NAIVE
		if
		:: holders[file] == 0 -> path = 0
		:: else -> skip
		fi;
#else
#ifdef NO_LOCK
		if
		:: path == file -> path = 0
		:: else -> skip
		fi;
#else
		atomic {				/* flock, exclusive */
			if
			:: holders[file] == 0 && !remover[file] -> remover[file] = true
			:: else -> goto closed
			fi
		}
		if
		:: path == file -> path = 0		/* rename */
		:: path != file -> skip
		:: true -> remover[file] = false; goto dead
		fi;
		remover[file] = false;
closed:
#endif
#endif
		round++
	od;
dead:
	skip
}

init {
	byte i;

	atomic {
		do
		:: i < PROCESSES -> run node(i); i++
		:: else -> break
		od
	}
}
