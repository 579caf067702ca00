/* SPDX-License-Identifier: MIT */
/* ^C, and the other signals that ask a process to end. */
#ifndef TOOLS_INTERRUPT_H
#define TOOLS_INTERRUPT_H

#include <signal.h>

#include <sluice.h>

/* The signal that has come; 0: none. */
extern volatile sig_atomic_t interrupted;

/* Catches the signals: each sets interrupted, and ends a wait of this node. */
void interrupt_catch(struct sluice_node *node);

/* Called before that node is destroyed. */
void interrupt_forget(void);

#endif /* TOOLS_INTERRUPT_H */
