/* SPDX-License-Identifier: MIT */
/* Distributions of times: adding them up, and computing quantiles. */
#ifndef TRACE_HISTOGRAM_H
#define TRACE_HISTOGRAM_H

#include "bpf/histogram.h"

/* Adds the values of one to another. */
void histogram_add(struct histogram *sum, const struct histogram *more);

/* The value that a share of all values is at most, 0 to 1; never more than the most. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

/* A bar for each doubling between the least and the most, on standard output. */
void histogram_print(const struct histogram *histogram);

#endif /* TRACE_HISTOGRAM_H */
