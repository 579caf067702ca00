// SPDX-License-Identifier: MIT
/* Stands in for live.c and what it draws with where there is no ncurses. */
#include "tools/top/top.h"

int top_live(const struct top_options *options)
{
	return look_failed(&options->look, "this command was built without ncurses, which the screen needs; --batch prints frames as text");
}
