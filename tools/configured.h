/* SPDX-License-Identifier: MIT */
/* The configuration of programs of this user. */
#ifndef TOOLS_CONFIGURED_H
#define TOOLS_CONFIGURED_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define CONFIGURED_SIZE	4096	/* of the buffers */

/*
 * Writes the value of a key, such as "node.root", and where it was set; source may be NULL.
 * False: the configuration cannot be read.
 */
bool configured(const char *name, char value[CONFIGURED_SIZE], char source[CONFIGURED_SIZE]);

/* Returned if the configuration is wrong; sluice_strerror() says how. */
#define CONFIGURED_WRONG	(-EUCLEAN)

/* Is the configuration wrong? */
bool configured_is_wrong(void);

/* The root directory of the library; or "", if the configuration cannot be read. */
void configured_root(char *path, size_t size);

/* The domain: the argument, or if that is NULL the configured one. */
const char *configured_domain(const char *domain);

#endif /* TOOLS_CONFIGURED_H */
