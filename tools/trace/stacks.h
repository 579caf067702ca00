/* SPDX-License-Identifier: MIT */
/* User stacks, by the keys that the programs in the kernel keep them under. */
#ifndef TRACE_STACKS_H
#define TRACE_STACKS_H

#include "trace.h"

/* Prints a stack, a line for each frame, innermost first, in front of each indent. */
void stacks_print(struct trace *trace, int32_t stack, const char *indent);

/* As one line, outermost first, for a flame graph: "main;f;sluice_client_loan 64". */
void stacks_print_folded(struct trace *trace, int32_t stack, uint64_t value);

struct json_t;

/* As a JSON array of strings, innermost first. */
struct json_t *stacks_json(struct trace *trace, int32_t stack);

#endif /* TRACE_STACKS_H */
