/* SPDX-License-Identifier: MIT */
/* How busy a server is, as its clients and it keep count of it. */
#ifndef SLUICE_SHM_LOAD_H
#define SLUICE_SHM_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/load.h>

#include "base/atomic.h"
#include "base/compiler.h"

/* ---- A client ---- */

/* The figures of a server's page, as a client has read them, and cut to what can be. */
struct load_seen {
	uint64_t counted;
	uint64_t depth;			/* all requests */
	uint64_t service;		/* nanoseconds; 0: not known */
};

struct load_seen load_look(const struct sluice_load *load);

/* Counts a request if nothing has been counted since this was read.  Was it? */
bool load_claim(struct sluice_load *load, uint64_t counted) MUST_CHECK;

/* Counts a request no more. */
void load_drop(struct sluice_load *load) COLD;

/* ---- The server ---- */

/* Private memory, but for the page. */
struct load_keeper {
	struct sluice_load *load;
	uint32_t counted;		/* requests held that were counted when they were sent */
	uint32_t uncounted;		/* others */
	int32_t samples;		/* of the service time, as far as they matter */
	int64_t service;
	int64_t finished_at;		/* the last one that was counted */
	uint64_t excess;		/* counted, and not there: at least, since then */
	int64_t excess_since;		/* 0: there is no excess */
};

/* A request was received, which was not counted; and it is finished. */
static inline void load_received(struct load_keeper *keeper)
{
	store_relaxed(&keeper->load->uncounted, (uint64_t)++keeper->uncounted);
}

static inline void load_finished(struct load_keeper *keeper)
{
	store_relaxed(&keeper->load->uncounted, (uint64_t)--keeper->uncounted);
}

/* The same of a counted one, which was received and finished at these times. */
void load_received_counted(struct load_keeper *keeper) COLD;
void load_finished_counted(struct load_keeper *keeper, int64_t received, int64_t now) COLD;

/* One that was finished is worked on again. */
void load_resumed_counted(struct load_keeper *keeper);

/* Is more counted than is held?  Of use when no request waits anywhere. */
static inline bool load_exceeds(const struct load_keeper *keeper)
{
	return load_relaxed(&keeper->load->counted) > keeper->counted || keeper->excess_since;
}

/* No request waits.  What was counted in vain for long enough is taken away. */
void load_correct(struct load_keeper *keeper, int64_t now) COLD;

/* When to look again whether it is still in vain; INT64_MAX: not needed. */
int64_t load_alarm(const struct load_keeper *keeper);

#endif /* SLUICE_SHM_LOAD_H */
