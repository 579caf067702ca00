/* SPDX-License-Identifier: MIT */
/* The verbs of the command: each gets its arguments, and returns the exit status. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

int verb_bench(int argc, char **argv);
int verb_bridge(int argc, char **argv);
int verb_call(int argc, char **argv);
int verb_config(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_gc(int argc, char **argv);
int verb_ls(int argc, char **argv);
int verb_metrics(int argc, char **argv);
int verb_monitor(int argc, char **argv);
int verb_serve(int argc, char **argv);
int verb_show(int argc, char **argv);
int verb_stat(int argc, char **argv);
int verb_top(int argc, char **argv);
int verb_trace(int argc, char **argv);
int verb_types(int argc, char **argv);

#endif /* TOOLS_VERBS_H */
