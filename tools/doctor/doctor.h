/* SPDX-License-Identifier: MIT */
/*
 * sluice doctor - shared by its files
 *
 *	doctor.c	the verb: the checks in their order, and how they are printed
 *	kernel.c	the kernel, io_uring, how nodes wait
 *	memory.c	memory files, and their limits
 *	root.c		the directories through which processes meet
 *	other_roots.c	directories in which other programs of this user may meet
 *	entries.c	entries of live processes that somebody has removed
 *	system.c	processors, namespaces, containers, tracing
 *	message.c	the proof: a message from one process to another
 *
 * A check is a function that fills in a finding, which is fine unless the check says
 * otherwise.  No check makes a lasting change.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include <stdbool.h>

/*
 * Fine; not as good as possible, or worth knowing; does not work, or will not work as soon
 * as it is needed.
 */
enum doctor_status { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_PROBLEM };

struct doctor_finding {
	enum doctor_status status;
	char found[512];
	char mend[512];		/* or "" */
};

struct doctor {
	const char *domain;	/* that was asked for, or NULL */
	bool futexes;		/* io_uring has them, and may be used */
};

typedef void doctor_check(struct doctor *doctor, struct doctor_finding *finding);

/* Set the result of a check; and how to correct the problem. */
__attribute__((__format__(__printf__, 3, 4)))
void doctor_found(struct doctor_finding *finding, enum doctor_status status,
		  const char *format, ...);
__attribute__((__format__(__printf__, 2, 3)))
void doctor_mend(struct doctor_finding *finding, const char *format, ...);

/* Is the kernel as new as that? */
bool doctor_kernel_is(unsigned int major, unsigned int minor);

/* The number in a file; -1 if there is none. */
long long doctor_number(const char *path);

/* kernel.c */
doctor_check doctor_kernel, doctor_peers, doctor_uring, doctor_futex, doctor_wait;

/* memory.c */
doctor_check doctor_memfd, doctor_noexec, doctor_files, doctor_address_space,
	     doctor_file_size, doctor_maps, doctor_overcommit;

/* other_roots.c: is there another directory that programs may take for the root? */
void doctor_other_roots(struct doctor_finding *finding, const char *path);

/* root.c */
doctor_check doctor_root, doctor_room, doctor_node, doctor_logout, doctor_leftovers;

/* entries.c */
doctor_check doctor_entries;

/* system.c */
doctor_check doctor_processors, doctor_namespaces, doctor_container, doctor_tracing,
	     doctor_probes;

/* message.c */
doctor_check doctor_message;

#endif /* TOOLS_DOCTOR_H */
