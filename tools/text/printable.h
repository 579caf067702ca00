/* SPDX-License-Identifier: MIT */
/* Strings that another process or user has chosen, for a terminal and for JSON. */
#ifndef TOOLS_PRINTABLE_H
#define TOOLS_PRINTABLE_H

#include <stddef.h>

/* The size of a buffer in which any string of so many bytes has room. */
#define TEXT_CLEAN(size)	(4 * (size))

/*
 * The string as this locale shows it, on one line.  Characters that it cannot show, or that
 * a terminal would obey, are escaped, a byte as \x1b.  As much as fits in size; returns
 * buffer.
 */
char *text_clean(char *buffer, size_t size, const char *text);

/* The same in place: each byte that cannot be shown is replaced by ?. */
void text_replace(char *text);

/* The columns that so many bytes of a clean text take on a terminal. */
size_t text_width(const char *text, size_t bytes);

/* How many bytes of a clean text take at most so many columns. */
size_t text_fit(const char *text, size_t columns);

/* As UTF-8, for JSON: a byte that belongs to no character becomes U+FFFD.  Likewise. */
char *text_utf8(char *buffer, size_t size, const char *text);

/*
 * The length of the character of UTF-8 that begins here, if it has more than one byte, is
 * well-formed, as short as it can be, and no surrogate or control character; else 0.
 */
size_t utf8_wide(const unsigned char *at, size_t left);

#endif /* TOOLS_PRINTABLE_H */
