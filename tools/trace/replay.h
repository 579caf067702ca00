/* SPDX-License-Identifier: MIT */
/* sluice trace replay - sends the requests of a capture once more */
#ifndef TRACE_REPLAY_H
#define TRACE_REPLAY_H

/* argv[0] is "replay".  The exit status: 0 done, 1 failed, 2 the command line was wrong. */
int trace_replay(int argc, char **argv);

#endif /* TRACE_REPLAY_H */
