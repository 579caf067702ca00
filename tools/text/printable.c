// SPDX-License-Identifier: MIT
/*
 * Strings that another process or user has chosen: names of services, types, ports and
 * files, and sentences that contain them.  They may hold any bytes, including bytes that
 * make a terminal move its cursor, change its title, or write from right to left.
 *
 * Text for people goes through text_clean(), which knows the characters of the locale
 * (main() has set it) and keeps those that have a width.  Among characters without a width
 * it keeps the marks that belong to a letter before them, and none that control anything.
 * JSON has its own escapes for control characters and is UTF-8 in every locale.
 */
#include "printable.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

/* Characters of no width that change how others are shown. */
static bool is_format(wchar_t c)
{
	return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

/* The bytes of the character that begins here, if it can be shown; else 0. */
static size_t shown(const char *text, size_t left, int *ret_width)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t length = mbrtowc(&c, text, left, &state);

	if (!length || length > left || !iswprint((wint_t)c) || is_format(c))
		return 0;
	*ret_width = wcwidth(c);
	return *ret_width < 0 ? 0 : length;
}

char *text_clean(char *buffer, size_t size, const char *text)
{
	size_t left = strlen(text), used = 0, length;
	char escape[8];
	int width;

	for (; left; text += length, left -= length) {
		length = shown(text, left, &width);
		if (length && used + length < size) {
			memcpy(buffer + used, text, length);
			used += length;
		} else if (!length && used + 4 < size) {
			snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*text);
			memcpy(buffer + used, escape, 4);
			used += 4;
			length = 1;
		} else {
			break;
		}
	}
	buffer[used] = 0;
	return buffer;
}

void text_replace(char *text)
{
	size_t left = strlen(text), length;
	int width;

	for (; left; text += length, left -= length) {
		length = shown(text, left, &width);
		if (!length)
			*text = '?';
		length = length ? length : 1;
	}
}

/* The bytes and columns of the next character; one that cannot be shown is a column wide. */
static size_t step(const char *text, size_t left, size_t *columns)
{
	int width = 1;
	size_t length = shown(text, left, &width);

	*columns += (size_t)width;
	return length ? length : 1;
}

size_t text_width(const char *text, size_t bytes)
{
	size_t columns = 0;

	for (size_t i = 0; i < bytes;)
		i += step(text + i, bytes - i, &columns);
	return columns;
}

size_t text_fit(const char *text, size_t columns)
{
	size_t left = strlen(text), used = 0, at = 0, length;

	while (at < left) {
		length = step(text + at, left - at, &used);
		if (used > columns)
			break;
		at += length;
	}
	return at;
}

size_t utf8_wide(const unsigned char *at, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t code = at[0] & (0x7fu >> length);

	if (at[0] < 0xc0 || at[0] >= 0xf8 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

char *text_utf8(char *buffer, size_t size, const char *text)
{
	static const char unknown[] = "\xef\xbf\xbd";
	size_t left = strlen(text), used = 0, length, bytes;
	const char *from;

	for (; left; text += length, left -= length) {
		length = (unsigned char)*text < 0x7f ? 1 : utf8_wide((const void *)text, left);
		from = length ? text : unknown;
		bytes = length ? length : strlen(unknown);
		length = length ? length : 1;
		if (used + bytes >= size)
			break;
		memcpy(buffer + used, from, bytes);
		used += bytes;
	}
	buffer[used] = 0;
	return buffer;
}
