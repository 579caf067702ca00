/* SPDX-License-Identifier: MIT */
/* Finding out whether the process that wrote a record is still alive. */
#ifndef SLUICE_OS_PROCESS_H
#define SLUICE_OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* The identity of a process, unique as long as this system runs; 0: not known. */
struct process {
	uint32_t pid;
	uint64_t inode;		/* of its pidfds */
	uint64_t pids;		/* inode of its pid namespace */
};

/* The calling process. */
struct process process_self(void);

/* Has it certainly ended?  It may be a zombie.  In doubt it has not. */
bool process_is_dead(const struct process *process);

/* Is it known to be in another pid namespace?  Its pid is that of another process here. */
bool process_is_elsewhere(const struct process *process);

#endif /* SLUICE_OS_PROCESS_H */
