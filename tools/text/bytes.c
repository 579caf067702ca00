// SPDX-License-Identifier: MIT
/*
 * Bytes in a buffer that doubles its size, and where they come from.
 *
 * There is no limit here: a message may be large.  A caller that knows a bound for what it
 * reads stops there.
 */
#include "bytes.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_ONCE		((size_t)64 << 10)	/* as much as a pipe holds */

int bytes_reserve(struct bytes *bytes, size_t more)
{
	size_t room = bytes->room ? bytes->room : AT_ONCE;
	unsigned char *at;

	if (more > SIZE_MAX / 2 - bytes->count)
		return -ENOMEM;
	while (room < bytes->count + more)
		room *= 2;
	if (room == bytes->room)
		return 0;
	at = realloc(bytes->at, room);
	if (!at)
		return -ENOMEM;
	bytes->at = at;
	bytes->room = room;
	return 0;
}

int bytes_add(struct bytes *bytes, const void *data, size_t count)
{
	if (bytes_reserve(bytes, count) < 0)
		return -ENOMEM;
	memcpy(bytes->at + bytes->count, data, count);
	bytes->count += count;
	return 0;
}

void bytes_drop(struct bytes *bytes, size_t count)
{
	if (!count)
		return;
	bytes->count -= count;
	memmove(bytes->at, bytes->at + count, bytes->count);
}

ssize_t bytes_read(struct bytes *bytes, int fd)
{
	ssize_t got;

	if (bytes_reserve(bytes, AT_ONCE) < 0)
		return -ENOMEM;
	got = read(fd, bytes->at + bytes->count, bytes->room - bytes->count);
	if (got < 0)
		return -errno;
	bytes->count += (size_t)got;
	return got;
}

int bytes_read_all(struct bytes *bytes, int fd)
{
	ssize_t got;

	do
		got = bytes_read(bytes, fd);
	while (got > 0 || got == -EINTR);
	return (int)got;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int bytes_add_hex(struct bytes *bytes, const char *text, size_t length)
{
	unsigned char byte;
	int high, low;

	for (size_t i = 0; i < length; i += 2) {
		while (i < length && isspace((unsigned char)text[i]))
			i++;
		if (i == length)
			break;
		high = digit(text[i]);
		low = i + 1 < length ? digit(text[i + 1]) : -1;
		if (high < 0 || low < 0)
			return -EINVAL;
		byte = (unsigned char)(high << 4 | low);
		if (bytes_add(bytes, &byte, 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

void bytes_to_hex(char *ret_digits, const void *data, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *from = data;

	for (size_t i = 0; i < count; i++) {
		ret_digits[2 * i] = digits[from[i] >> 4];
		ret_digits[2 * i + 1] = digits[from[i] & 15];
	}
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->at);
	*bytes = (struct bytes){ 0 };
}
