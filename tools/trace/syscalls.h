/* SPDX-License-Identifier: MIT */
/* Counts the system calls of some processes. */
#ifndef TRACE_SYSCALLS_H
#define TRACE_SYSCALLS_H

#include <stdint.h>
#include <sys/types.h>

struct syscalls;

/* Begins to count those of so many processes.  NULL where that is not allowed, or not built. */
struct syscalls *syscalls_begin(const pid_t *pids, unsigned int count);

/* The calls of all of them together, so far. */
uint64_t syscalls_count(const struct syscalls *syscalls);
void syscalls_end(struct syscalls *syscalls);

#endif /* TRACE_SYSCALLS_H */
