/* SPDX-License-Identifier: MIT */
/* Standard error, which the tracer does not wait for either. */
#ifndef TRACE_COMPLAINTS_H
#define TRACE_COMPLAINTS_H

/* Between the two, output to stderr that would block is dropped. */
void complaints_begin(void);
void complaints_end(void);

#endif /* TRACE_COMPLAINTS_H */
