/* SPDX-License-Identifier: MIT */
/* Telling a program what the library has to say about its own work. */
#ifndef SLUICE_API_REMARKS_H
#define SLUICE_API_REMARKS_H

#include <stdbool.h>

#include <sluice_remarks.h>

#include "base/compiler.h"
#include "base/limits.h"

struct sluice_node;
struct channel;
struct turns;
struct turn;

#define REMARK_NUMBERS	15u	/* and one: 0 is none */
#define REMARK_FIELDS	6u
#define REMARK_VALUE	24u	/* of a number, as text */

/* Of a node.  All 0: nobody wants to know. */
struct remarks {
	sluice_remark_fn tell;
	void *context;
	bool telling;			/* the program's function runs */
	uint64_t left_out;		/* and not told yet */
	struct remarks_last {
		int64_t at[REMARKS_A_SECOND];	/* when the last ones were told; 0: never */
		uint32_t oldest;		/* of them */
	} last[REMARK_NUMBERS];
};

/* One that is being written; on the stack. */
struct remark {
	struct sluice_node *node;
	uint32_t number;
	uint32_t fields;
	struct sluice_remark_field field[REMARK_FIELDS];
	char value[REMARK_FIELDS][REMARK_VALUE];
};

/* False: nobody wants it, or there were too many.  Otherwise fields and remark_tell() follow. */
bool remark_begin(struct remark *remark, struct sluice_node *node,
		  enum sluice_remark_number number) MUST_CHECK COLD;
/* value stays valid until the remark was told. */
void remark_text(struct remark *remark, const char *key, const char *value) COLD;
void remark_id(struct remark *remark, const char *key, uint64_t id) COLD;
void remark_number(struct remark *remark, const char *key, int64_t number) COLD;
void remark_tell(struct remark *remark) COLD;

/* The same in one call: about a channel that a port has lost, for a reason, which is an errno; */
void remark_lost(struct sluice_node *node, const char *service, const struct channel *channel,
		 int reason) COLD;
/* with a service, if that is not NULL, and an errno, if that is not 0. */
void remark(struct sluice_node *node, enum sluice_remark_number number, const char *service,
	    int error) COLD;

/* For struct turns, and of a connection that is left unread: a peer has spent its budget. */
void remark_held_back(struct turns *turns, const struct turn *turn) COLD;

/* The node is being destroyed. */
void remarks_end(struct sluice_node *node);

#endif /* SLUICE_API_REMARKS_H */
