/* SPDX-License-Identifier: MIT */
/* RLIMIT_FSIZE, checked before a file grows. */
#ifndef SLUICE_OS_FILE_SIZE_H
#define SLUICE_OS_FILE_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* May a file have so many bytes?  0, or -EFBIG with a sentence; what names the file. */
int file_size_check(const char *what, uint64_t size) MUST_CHECK;

/* Writes a new file completely.  0; or -EFBIG or another -errno, with a sentence. */
int file_size_write(int fd, const char *what, const void *bytes, size_t size) MUST_CHECK;

#endif /* SLUICE_OS_FILE_SIZE_H */
