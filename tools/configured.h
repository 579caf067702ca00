/* SPDX-License-Identifier: MIT */
/* What one key of the configuration is for programs of this user. */
#ifndef TOOLS_CONFIGURED_H
#define TOOLS_CONFIGURED_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIGURED_SIZE	4096	/* of what both are written to; source may be NULL */

/* Its value, and where that was set.  False: the configuration cannot be read. */
bool configured(const char *name, char value[CONFIGURED_SIZE], char source[CONFIGURED_SIZE]);

#endif /* TOOLS_CONFIGURED_H */
