/* SPDX-License-Identifier: MIT */
/* What the system has no more of: which errors say so, and how it is told. */
#ifndef SLUICE_OS_SHORTAGE_H
#define SLUICE_OS_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/* Does this errno say that descriptors or memory are lacking, which may pass? */
bool is_shortage(int error);

#define SHORTAGE_TEXT_SIZE	128

/*
 * Who lacks what, as the beginning of a sentence: "this process has no descriptor left
 * (RLIMIT_NOFILE 64)".  Of another errno, what the system calls it.
 */
void shortage_describe(char text[SHORTAGE_TEXT_SIZE], int error);

/* As fail(), for something that is lacking: what for completes the sentence. */
int fail_for_want(int error, const char *what_for) COLD;

#endif /* SLUICE_OS_SHORTAGE_H */
