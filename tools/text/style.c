// SPDX-License-Identifier: MIT
/*
 * Headings are bold and dead processes are dim: on a terminal, if it can do that and the
 * user has not refused it.  No information is in the style alone.
 */
#include "style.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no && *no) && terminal && *terminal &&
	       strcmp(terminal, "dumb") != 0;
}

const char *style_begin(enum style style)
{
	if (style == STYLE_PLAIN || !is_wanted())
		return "";
	return style == STYLE_BOLD ? "\033[1m" : "\033[2m";
}

const char *style_end(enum style style)
{
	return style == STYLE_PLAIN || !is_wanted() ? "" : "\033[0m";
}
