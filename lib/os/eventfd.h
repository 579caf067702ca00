/* SPDX-License-Identifier: MIT */
/* A descriptor that is readable since somebody said so. */
#ifndef SLUICE_OS_EVENTFD_H
#define SLUICE_OS_EVENTFD_H

#include "base/compiler.h"

/* A descriptor, owned, or -errno. */
int eventfd_make(void) MUST_CHECK;

/* Makes it readable.  From any thread and from signal handlers; keeps errno. */
void eventfd_signal(int fd);

/* It is readable no more. */
void eventfd_drain(int fd);

#endif /* SLUICE_OS_EVENTFD_H */
