// SPDX-License-Identifier: MIT
/*
 * The text of a payload, parsed by jansson, whose integers end at the largest int64_t.  Longer
 * ones are put into quotes before, and are read as strings.
 */
#include "reading.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LARGE	18	/* digits that any int64_t may have */

/* Copies a number that begins here, in quotes if it is a large integer.  Returns its end. */
static const char *copy_number(struct bytes *to, const char *at, const char *end)
{
	const char *begin = at;
	bool is_large;

	while (at < end && (isalnum((unsigned char)*at) || strchr("+-.", *at)))
		at++;
	is_large = at - begin > LARGE && !memchr(begin, '.', (size_t)(at - begin)) &&
		   !memchr(begin, 'e', (size_t)(at - begin)) &&
		   !memchr(begin, 'E', (size_t)(at - begin));
	if (is_large)
		(void)bytes_add(to, "\"", 1);
	(void)bytes_add(to, begin, (size_t)(at - begin));
	if (is_large)
		(void)bytes_add(to, "\"", 1);
	return at;
}

/* 0 or -ENOMEM. */
static int quote_large(struct bytes *to, const char *text, size_t length)
{
	const char *end = text + length;
	bool in_string = false;

	/* With this room nothing fails: a number in quotes is longer than these. */
	if (bytes_reserve(to, 2 * length + 1) < 0)
		return -ENOMEM;
	while (text < end) {
		if (!in_string && (isdigit((unsigned char)*text) || *text == '-')) {
			text = copy_number(to, text, end);
			continue;
		}
		if (*text == '"')
			in_string = !in_string;
		else if (in_string && *text == '\\' && text + 1 < end)
			(void)bytes_add(to, text++, 1);
		(void)bytes_add(to, text++, 1);
	}
	return 0;
}

int reading_parse(const char *text, size_t length, json_t **ret_json, char why[PAYLOAD_WHY])
{
	struct bytes quoted = { 0 };
	json_error_t error;
	int r = quote_large(&quoted, text, length);

	if (r < 0) {
		snprintf(why, PAYLOAD_WHY, "no memory");
		return r;
	}
	*ret_json = json_loadb((const char *)quoted.at, quoted.count,
			       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	bytes_free(&quoted);
	if (*ret_json)
		return 0;
	snprintf(why, PAYLOAD_WHY, "it is no JSON: line %d, column %d: %.200s", error.line,
		 error.column, error.text);
	return -EINVAL;
}
