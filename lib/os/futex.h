/* SPDX-License-Identifier: MIT */
/* Waking threads that sleep on a word in shared memory. */
#ifndef SLUICE_OS_FUTEX_H
#define SLUICE_OS_FUTEX_H

#include <stdint.h>

/* Wakes all threads that wait on the word, in any process.  Cannot fail. */
void futex_wake(uint32_t *word);

#endif /* SLUICE_OS_FUTEX_H */
