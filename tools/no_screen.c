// SPDX-License-Identifier: MIT
/* Replaces live.c, screen.c and keys.c of tools/top/ if there is no ncurses. */
#include "tools/top/top.h"

int top_live(const struct top_options *options)
{
	return look_failed(&options->look, "this command was built without ncurses, which the screen needs; --batch prints frames as text");
}
