/* SPDX-License-Identifier: MIT */
/*
 * Claiming a port's name while the record of a dead process has it.
 *
 * A record is a file under a name; its owner holds a flock on it.  The name belongs at
 * first to a record whose owner is dead, but whose lock a child of it holds, until the
 * child goes too.  Who claims links a new record, which fails while the name is taken;
 * then it looks whether the record there is dead, by the lock or by what it says of
 * its owner, and removes it: with the lock of removers, and if the name still stands
 * for this very file.  Whoever has claimed uses the name and then dies or gives it up.
 *
 * Checked: the name of somebody alive is removed by nobody else, so that no two have
 * it.  Each of these must fail:
 *
 *	NO_LOCK		removers take no lock of their own
 *	OWNERS_LOCK	who has got the owner's lock takes no other
 *	NO_LOOK		the remover does not look at the name again
 */
#ifndef CLAIMERS
#define CLAIMERS	2
#endif
#define ROUNDS		2
#define FILES		(CLAIMERS * ROUNDS + 2)

byte path = 1;			/* the file it names; 0: none */
byte made = 1;			/* files so far */
bool locked[FILES];		/* by the owner, or a child of it */
bool dead[FILES];		/* its owner, which the record tells */
bool removing[FILES];		/* the lock of removers */
byte users;			/* the book */

proctype child()
{
	locked[1] = false
}

proctype claimer()
{
	byte file, old, round;
	bool free;

	do
	:: round == ROUNDS -> break
	:: round < ROUNDS ->
		round++;
again:
		atomic {				/* linkat */
			if
			:: path == 0 ->
				made++;
				file = made;
				locked[file] = true;
				path = file;
				users++;
				assert(users == 1);
				goto mine
			:: else -> old = path		/* openat */
			fi
		}
		free = !locked[old];			/* flock, without waiting */
		if
		:: !free && !dead[old] -> goto next	/* it lives: EUSERS */
		:: else -> skip
		fi;
#ifdef OWNERS_LOCK
		if
		:: free -> goto look
		:: else -> skip
		fi;
#endif
#ifndef NO_LOCK
		atomic {				/* fcntl, without waiting */
			if
			:: removing[old] -> goto next
			:: else -> removing[old] = true
			fi
		}
#endif
look:
#ifndef NO_LOOK
		if
		:: path != old -> removing[old] = false; goto again
		:: else -> skip
		fi;
#endif
		path = 0;				/* unlinkat */
		removing[old] = false;
		goto again;
mine:
		assert(path == file);
		if
		:: atomic {				/* it gives the name up */
			assert(path == file);
			users--;
			path = 0
		   };
		   locked[file] = false
		:: atomic {				/* or is killed */
			assert(path == file);
			users--;
			dead[file] = true
		   };
		   locked[file] = false
		fi;
next:
		file = 0;
		old = 0;
		free = false
	od
}

init {
	byte i;

	atomic {
		locked[1] = true;
		dead[1] = true;
		run child();
		do
		:: i < CLAIMERS -> run claimer(); i++
		:: else -> break
		od
	}
}
