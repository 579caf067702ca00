/* SPDX-License-Identifier: MIT */
/* Telling threads apart without a system call. */
#ifndef SLUICE_OS_THREAD_H
#define SLUICE_OS_THREAD_H

#include <stdint.h>

#include "base/compiler.h"

/* A number of the calling thread, never 0 and never used for another thread. */
uint64_t thread_self(void);

/* The same as far as it is known; 0: nobody has asked for it yet. */
extern _Thread_local uint64_t thread_number TLS_NEAR;

#endif /* SLUICE_OS_THREAD_H */
