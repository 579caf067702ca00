/* SPDX-License-Identifier: MIT */
/* sluice metrics: what its files share. */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include <stdio.h>

#include "tools/look.h"

/* The formats, of which exposition.c tells. */
enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };

/* The media type of a format, for HTTP. */
const char *metrics_type(enum metrics_format format);

/* Writes all metrics of the services that were named. */
void metrics_write(FILE *to, const struct look *look, const struct snapshot *snapshot,
		   enum metrics_format format);

/*
 * Serves them over HTTP at an address, such as "127.0.0.1:9400", until a signal ends it.
 * The exit status; a sentence was printed if it is not 0.
 */
int metrics_listen(const struct look *look, const char *address);

#endif /* TOOLS_METRICS_H */
