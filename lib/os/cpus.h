/* SPDX-License-Identifier: MIT */
/* The processors that a thread may run on. */
#ifndef SLUICE_OS_CPUS_H
#define SLUICE_OS_CPUS_H

#include <stdbool.h>

/* May the calling thread run on one processor only? */
bool cpus_only_one(void);

#endif /* SLUICE_OS_CPUS_H */
