// SPDX-License-Identifier: MIT
/*
 * Suggestions for a word that does not exist: the existing word with the fewest typing
 * mistakes.  A mistake is a letter too many, one too few, another one, or two that changed
 * places (Damerau and Levenshtein).  Capitals are no mistake.  The beginning of a word, and
 * the last part of the name of a service, are near too.
 */
#include "suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LENGTH_MOST	255u	/* of words that are compared */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/*
 * The number of mistakes that turn one into the other. row[0] compares the part of a that
 * was looked at with each beginning of b; row[1] and row[2] are for one and two letters
 * less.
 */
static size_t mistakes(const char *a, const char *b)
{
	size_t rows[3][LENGTH_MOST + 1], *row[3] = { rows[0], rows[1], rows[2] };
	size_t a_length = strlen(a), b_length = strlen(b);

	if (a_length > LENGTH_MOST || b_length > LENGTH_MOST)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *oldest = row[2];

		row[2] = row[1];
		row[1] = row[0];
		row[0] = oldest;
		row[0][0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			row[0][j] = least(least(row[1][j], row[0][j - 1]) + 1,
					  row[1][j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[0][j] = least(row[0][j], row[2][j - 2] + 1);
		}
	}
	return row[0][b_length];
}

static size_t distance(const char *typed, const char *name)
{
	const char *last = strrchr(name, '/');
	size_t length = strlen(typed), result = mistakes(typed, name);

	if (length > 1 && strncasecmp(typed, name, length) == 0)
		result = least(result, 1);
	/* Only the last part of the service's name. */
	if (last && !strchr(typed, '/'))
		result = least(result, 1 + mistakes(typed, last + 1));
	return result;
}

void suggest_among(struct suggestion *suggestion, const char *name)
{
	size_t length = strlen(suggestion->typed), found;

	if (length > LENGTH_MOST || strlen(name) >= sizeof(suggestion->nearest))
		return;
	found = distance(suggestion->typed, name);
	/* With more mistakes it is another word. */
	if (found >= length || found > 1 + length / 4)
		return;
	if (suggestion->nearest[0] && found >= suggestion->distance)
		return;
	suggestion->distance = found;
	strcpy(suggestion->nearest, name);
}

char *suggest_text(char buffer[SUGGEST_TEXT], const struct suggestion *suggestion,
		   const char *in_front)
{
	buffer[0] = 0;
	if (suggestion->nearest[0])
		snprintf(buffer, SUGGEST_TEXT, "; did you mean %s%s?", in_front,
			 suggestion->nearest);
	return buffer;
}
