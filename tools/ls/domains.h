/* SPDX-License-Identifier: MIT */
/* sluice ls --domains: the domains below the root directory, and their processes. */
#ifndef TOOLS_DOMAINS_H
#define TOOLS_DOMAINS_H

#include "tools/look.h"

/* Prints them.  An exit status; after a failure a sentence was printed. */
int domains_list(const struct look *look);

#endif /* TOOLS_DOMAINS_H */
