/* SPDX-License-Identifier: MIT */
/* A descriptor that is readable from some time on. */
#ifndef SLUICE_OS_TIMERFD_H
#define SLUICE_OS_TIMERFD_H

#include <stdint.h>

#include "base/compiler.h"

/* A descriptor, owned, or -errno. */
int timerfd_make(void) MUST_CHECK;

/* Readable at this time of CLOCK_MONOTONIC, or never; not readable before. */
void timerfd_set(int fd, int64_t time);

#endif /* SLUICE_OS_TIMERFD_H */
