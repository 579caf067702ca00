/* SPDX-License-Identifier: MIT */
/* EAGAIN for 11. */
#ifndef TOOLS_TEXT_ERRNO_NAME_H
#define TOOLS_TEXT_ERRNO_NAME_H

#include <stdint.h>

/* The name of an errno, "0" for 0; NULL if this machine has none of that number. */
const char *errno_name(uint64_t number);

#endif /* TOOLS_TEXT_ERRNO_NAME_H */
