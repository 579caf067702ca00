/* SPDX-License-Identifier: MIT */
/* The memory of ports: the segments of the messages that they have sent. */
#ifndef TOOLS_PORT_MEMORY_H
#define TOOLS_PORT_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/domain/snapshot.h"

struct port_segment {
	uint64_t port;
	uint64_t inode;
	uint64_t size;			/* bytes */
	uint64_t allocated;		/* bytes that the kernel has given for them */
};

/* All zero is an empty one. */
struct port_memory {
	struct port_segment *segment;	/* by port */
	size_t segments, segments_room;
	struct looked_into *process;
	size_t processes, processes_room;
};

/* Searches the processes of a service's ports. 0 or -ENOMEM. */
int port_memory_look(struct port_memory *memory, const struct snapshot_service *service);
void port_memory_forget(struct port_memory *memory);

/* Could it be read?  A dead port has none, and that is known. */
bool port_memory_is_known(const struct port_memory *memory, const struct snapshot_port *port);

/* The first segment of a port, and how many it has. */
const struct port_segment *port_memory_of(const struct port_memory *memory, uint64_t port,
					  size_t *ret_count);

#endif /* TOOLS_PORT_MEMORY_H */
