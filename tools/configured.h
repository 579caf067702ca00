/* SPDX-License-Identifier: MIT */
/* The value of one key of the configuration. */
#ifndef TOOLS_CONFIGURED_H
#define TOOLS_CONFIGURED_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIGURED_SIZE	4096	/* of the buffers */

/*
 * Writes the value of a key, such as "node.root", and where it was set; source may be NULL.
 * False: the configuration cannot be read.
 */
bool configured(const char *name, char value[CONFIGURED_SIZE], char source[CONFIGURED_SIZE]);

#endif /* TOOLS_CONFIGURED_H */
