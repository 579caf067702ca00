// SPDX-License-Identifier: MIT
/*
 * What the library says about itself: its version, and the sentence behind the last
 * failure of the calling thread, which base/error.c keeps.
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
