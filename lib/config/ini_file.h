/* SPDX-License-Identifier: MIT */
/* Files of "key = value" below [section] that only root and this user can write. */
#ifndef SLUICE_CONFIG_INI_FILE_H
#define SLUICE_CONFIG_INI_FILE_H

#include "base/compiler.h"

/* One "key = value"; valid during the call of an ini_entry_fn. */
struct ini_entry {
	const char *file;
	unsigned int line;
	const char *section;		/* "" before the first */
	const char *key;
	const char *value;
};

/* Takes an entry.  0; or -errno, which ends the reading. */
typedef int (*ini_entry_fn)(void *context, const struct ini_entry *entry);

/*
 * Calls take() for each entry of a file.  1; 0: there is no such file, or this user may
 * not look into its directory; -EACCES: the file may not be read, or is not safe; -EINVAL:
 * it is not well-formed; or -errno.
 */
int ini_file_read(const char *path, ini_entry_fn take, void *context) MUST_CHECK;

#endif /* SLUICE_CONFIG_INI_FILE_H */
