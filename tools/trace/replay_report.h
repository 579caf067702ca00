/* SPDX-License-Identifier: MIT */
/* The output of sluice trace replay on its standard output. */
#ifndef TRACE_REPLAY_REPORT_H
#define TRACE_REPLAY_REPORT_H

#include "recording.h"
#include "resend.h"

/* Prints what was compared only if the recording has replies. */
void replay_print(const struct recording *recording, const struct tally *tally);

/* 0, or -1: no memory, or a name that JSON cannot have. */
int replay_print_json(const struct recording *recording, const struct tally *tally);

#endif /* TRACE_REPLAY_REPORT_H */
