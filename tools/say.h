/* SPDX-License-Identifier: MIT */
/* What a verb has to say on standard error. */
#ifndef TOOLS_SAY_H
#define TOOLS_SAY_H

/* "sluice VERB: ...".  -1. */
__attribute__((__format__(__printf__, 2, 3)))
int say(const char *verb, const char *format, ...);

/* The same, and where to read on; the exit status 2. */
__attribute__((__format__(__printf__, 2, 3)))
int say_wrong(const char *verb, const char *format, ...);

#endif /* TOOLS_SAY_H */
