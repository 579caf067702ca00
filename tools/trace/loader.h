/* SPDX-License-Identifier: MIT */
/* The libraries that a program will load when it is run from here. */
#ifndef TRACE_LOADER_H
#define TRACE_LOADER_H

/*
 * Calls call() with the path of each library that is found.  Does nothing for a static program
 * or a script.
 */
void loader_each(const char *program, void (*call)(void *context, const char *path),
		 void *context);

#endif /* TRACE_LOADER_H */
