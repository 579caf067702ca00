/* SPDX-License-Identifier: MIT */
/* The cost of a hit. */
#ifndef TRACE_COST_H
#define TRACE_COST_H

/* Nanoseconds that a hit takes with a program that does nothing; 0: unknown. */
double cost_of_trap(void);

#endif /* TRACE_COST_H */
