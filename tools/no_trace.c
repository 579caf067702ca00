// SPDX-License-Identifier: MIT
/* Stands in for tools/trace/ where that could not be built. */
#include <stdio.h>

#include "tools/trace/trace.h"

int trace(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs("sluice trace: this command was built without the tracer, which needs clang, bpftool, libbpf, libdw and jansson\n",
	      stderr);
	return 1;
}
