/* SPDX-License-Identifier: MIT */
/* sluice trace read - prints the messages of a capture */
#ifndef TRACE_READ_H
#define TRACE_READ_H

/* argv[0] is "read".  The exit status: 0 done, 1 failed, 2 the command line was wrong. */
int trace_read(int argc, char **argv);

#endif /* TRACE_READ_H */
