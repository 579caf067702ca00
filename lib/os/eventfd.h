/* SPDX-License-Identifier: MIT */
/* A descriptor that becomes readable on request. */
#ifndef SLUICE_OS_EVENTFD_H
#define SLUICE_OS_EVENTFD_H

#include "base/compiler.h"

/* A descriptor, owned, or -errno. */
int eventfd_make(void) MUST_CHECK;

/* Makes it readable.  Any thread and signal handlers may call it; it keeps errno. */
void eventfd_signal(int fd);

/* Makes it unreadable. */
void eventfd_drain(int fd);

#endif /* SLUICE_OS_EVENTFD_H */
