// SPDX-License-Identifier: MIT
/*
 * The version of the library, and the sentence of the calling thread's last failure, which
 * base/error.c keeps.
 */
#include <sluice.h>

#include "base/error.h"

#define TEXT_OF(x)	#x
#define TEXT(x)		TEXT_OF(x)

const char *sluice_version(void)
{
	return TEXT(SLUICE_VERSION_MAJOR) "." TEXT(SLUICE_VERSION_MINOR) ".0";
}

const char *sluice_strerror(void)
{
	return error_sentence();
}
