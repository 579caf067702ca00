/* SPDX-License-Identifier: MIT */
/* Shortages of the system: which errors mean one, and how to describe it. */
#ifndef SLUICE_OS_SHORTAGE_H
#define SLUICE_OS_SHORTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/* Does this errno say that descriptors or memory are lacking, which may pass? */
bool is_shortage(int error);

#define SHORTAGE_TEXT_SIZE	128

/*
 * The process and what it lacks, as the beginning of a sentence: "this process has no
 * descriptor left (RLIMIT_NOFILE 64)".  For any other errno, the text of the system.
 */
void shortage_describe(char text[SHORTAGE_TEXT_SIZE], int error);

/* As fail(), for a shortage: what for completes the sentence. */
int fail_for_want(int error, const char *what_for) COLD;

#endif /* SLUICE_OS_SHORTAGE_H */
