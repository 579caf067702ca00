/* SPDX-License-Identifier: MIT */
/* sluice ls --domains: the domains below the root directory, and who is in them. */
#ifndef TOOLS_DOMAINS_H
#define TOOLS_DOMAINS_H

#include "tools/look.h"

/* Prints them, as was asked for.  An exit status; and it was said why. */
int domains_list(const struct look *look);

#endif /* TOOLS_DOMAINS_H */
