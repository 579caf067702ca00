/* SPDX-License-Identifier: MIT */
/* The libraries that a program will load when it is run from here. */
#ifndef TRACE_LOADER_H
#define TRACE_LOADER_H

/*
 * Calls for each of them that is found, with its path.  Nothing is done if the program is
 * no dynamic one, or a script.
 */
void loader_each(const char *program, void (*call)(void *context, const char *path),
		 void *context);

#endif /* TRACE_LOADER_H */
