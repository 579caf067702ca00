/* SPDX-License-Identifier: MIT */
/* Suggestions for a word that does not exist. */
#ifndef TOOLS_SUGGEST_H
#define TOOLS_SUGGEST_H

#include <stddef.h>
#include <stdint.h>

#define SUGGEST_TEXT	320

/* Begins with the typed word, and then gets each existing word. */
struct suggestion {
	const char *typed;
	size_t distance;		/* of the nearest */
	char nearest[256];		/* empty: none is near */
};

void suggest_among(struct suggestion *suggestion, const char *name);

/* "; did you mean X?" with this in front of X; or "" if nothing is near.  Returns buffer. */
char *suggest_text(char buffer[SUGGEST_TEXT], const struct suggestion *suggestion,
		   const char *in_front);

#endif /* TOOLS_SUGGEST_H */
