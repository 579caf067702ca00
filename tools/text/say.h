/* SPDX-License-Identifier: MIT */
/* Sentences of a verb on standard error. */
#ifndef TOOLS_SAY_H
#define TOOLS_SAY_H

#include <stdarg.h>

/* "sluice VERB: ...".  -1. */
__attribute__((__format__(__printf__, 2, 3)))
int say(const char *verb, const char *format, ...);

/* The same, with a hint at --help; the exit status 2. */
__attribute__((__format__(__printf__, 2, 3)))
int say_wrong(const char *verb, const char *format, ...);

/* The common part of both, for a caller with a va_list. */
__attribute__((__format__(__printf__, 2, 0)))
void say_all(const char *verb, const char *format, va_list arguments);

#endif /* TOOLS_SAY_H */
