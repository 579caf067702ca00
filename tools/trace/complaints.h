/* SPDX-License-Identifier: MIT */
/* Standard error, which is not waited for either. */
#ifndef TRACE_COMPLAINTS_H
#define TRACE_COMPLAINTS_H

/* From here on to there, what is printed to stderr is dropped if it would block. */
void complaints_begin(void);
void complaints_end(void);

#endif /* TRACE_COMPLAINTS_H */
