/* SPDX-License-Identifier: MIT */
/* Learning that a process has died, whoever else holds its descriptors. */
#ifndef SLUICE_OS_PIDFD_H
#define SLUICE_OS_PIDFD_H

#include <stdbool.h>

#include "base/compiler.h"

/*
 * A descriptor that becomes readable when the process at the other end of a Unix
 * socket ends.  -ESRCH (it has ended already; known before Linux 6.16 only),
 * -ENOPROTOOPT (before Linux 6.5) or another -errno; quiet.
 */
int pidfd_of_peer(int fd) MUST_CHECK;

/* Has the process ended?  Zombies have. */
bool pidfd_has_ended(int pidfd);

#endif /* SLUICE_OS_PIDFD_H */
