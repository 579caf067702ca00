/* SPDX-License-Identifier: MIT */
/* Prints the results about the types of programs. */
#ifndef TOOLS_TYPES_REPORT_H
#define TOOLS_TYPES_REPORT_H

#include "tools/types/shared.h"

/* A type is bad if it has a fault, and if holes are faults, if it has one. */
bool report_is_bad(const struct shared_type *type, bool strict);

/* For people: all types, with the faults on standard error; and the faults only. */
void report_text(const struct shared *shared, bool strict);
void report_faults(const struct shared *shared, bool strict);

/* A line for each type.  0 or -ENOMEM. */
int report_json(const struct shared *shared, bool strict);

/* The header that a contract includes: a #define for each type. */
void report_header(const struct shared *shared);

/* The first difference of each type that both have; how many differ, or -1: none is in both. */
int report_differences(const struct shared *a, const struct shared *b);

#endif /* TOOLS_TYPES_REPORT_H */
