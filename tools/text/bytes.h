/* SPDX-License-Identifier: MIT */
/* Bytes in a buffer that grows, and where they come from: files, and hex digits. */
#ifndef TOOLS_BYTES_H
#define TOOLS_BYTES_H

#include <stddef.h>
#include <sys/types.h>

/* All zero: none.  Bytes that a failed call has added are there. */
struct bytes {
	unsigned char *at;
	size_t count;
	size_t room;
};

/* Room for so many more, at at + count.  0 or -ENOMEM. */
int bytes_reserve(struct bytes *bytes, size_t more);

/* 0 or -ENOMEM. */
int bytes_add(struct bytes *bytes, const void *data, size_t count);

/* Removes the first so many. */
void bytes_drop(struct bytes *bytes, size_t count);

/* Reads once, as much as is available.  Bytes, 0 at the end, or -errno. */
ssize_t bytes_read(struct bytes *bytes, int fd);

/* Reads up to the end.  0 or -errno. */
int bytes_read_all(struct bytes *bytes, int fd);

/* Pairs of hex digits, with blanks between them or not.  0, -EINVAL or -ENOMEM. */
int bytes_add_hex(struct bytes *bytes, const char *text, size_t length);

/* Writes 2 * count hex digits, and no more: there is no 0 behind them. */
void bytes_to_hex(char *ret_digits, const void *data, size_t count);

void bytes_free(struct bytes *bytes);

#endif /* TOOLS_BYTES_H */
