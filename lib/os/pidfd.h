/* SPDX-License-Identifier: MIT */
/* Learning that a process has died, whoever else holds its descriptors. */
#ifndef SLUICE_OS_PIDFD_H
#define SLUICE_OS_PIDFD_H

#include "base/attributes.h"

/*
 * A descriptor that becomes readable when the process at the other end of a Unix
 * socket ends.  -ENOPROTOOPT (before Linux 6.5) or another -errno; quiet.
 */
int pidfd_of_peer(int fd) MUST_CHECK;

#endif /* SLUICE_OS_PIDFD_H */
