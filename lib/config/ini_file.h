/* SPDX-License-Identifier: MIT */
/* Files of "key = value" below [section] that others cannot have written. */
#ifndef SLUICE_CONFIG_INI_FILE_H
#define SLUICE_CONFIG_INI_FILE_H

#include "base/compiler.h"

/* One "key = value"; valid during the call that is handed it. */
struct ini_entry {
	const char *file;
	unsigned int line;
	const char *section;		/* "" before the first */
	const char *key;
	const char *value;
};

/* What an entry is good for.  0 or -errno, which ends the reading. */
typedef int (*ini_entry_fn)(void *context, const struct ini_entry *entry);

/*
 * Hands over the entries of a file.  1; 0: there is no such file, or its directory is
 * closed to this user; -EACCES (closed, or not safe), -EINVAL (not well-formed) or -errno.
 */
int ini_file_read(const char *path, ini_entry_fn take, void *context) MUST_CHECK;

#endif /* SLUICE_CONFIG_INI_FILE_H */
