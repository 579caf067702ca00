/* SPDX-License-Identifier: MIT */
/* The known ports: their services and processes. */
#ifndef TRACE_PORTS_H
#define TRACE_PORTS_H

#include "trace.h"

struct port_known {
	uint64_t id;
	uint32_t role;			/* 0 client, 1 server */
	uint32_t pid;
	uint32_t request_lead, reply_lead;
	char service[TEXT_SIZE];
	char process[16];		/* name of its command */
	unsigned int drawn;		/* the last perfetto file that knows of it */
};

/* NULL if there is no memory. */
struct ports *ports_create(void);
void ports_destroy(struct ports *ports);

/* Remembers a port; what is known already stays.  NULL if there is no memory. */
struct port_known *ports_add(struct ports *ports, const struct port_known *port);

/* NULL if it is not known. */
struct port_known *ports_find(const struct ports *ports, uint64_t id);

/* Name of a port's service, "?" if it is not known. */
const char *ports_service(const struct ports *ports, uint64_t id);

/* Calls for each, in no order. */
void ports_each(const struct ports *ports, void (*call)(void *context, const struct port_known *),
		void *context);

#endif /* TRACE_PORTS_H */
