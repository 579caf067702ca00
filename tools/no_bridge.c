// SPDX-License-Identifier: MIT
/* Replaces tools/bridge/ if there is no libnats. */
#include "tools/text/say.h"
#include "verbs.h"

int verb_bridge(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	say("bridge", "this command was built without libnats, which it needs");
	return 1;
}
