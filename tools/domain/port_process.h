/* SPDX-License-Identifier: MIT */
/* The process of a port, as /proc shows it. */
#ifndef TOOLS_PORT_PROCESS_H
#define TOOLS_PORT_PROCESS_H

#include <stdbool.h>

#include "snapshot.h"

#define PORT_COMMAND	32

/* Is it, or was it, in another pid namespace? */
bool port_process_is_elsewhere(const struct snapshot_port *port);

/* Is it alive, and its pid one of ours?  In another pid namespace it is not. */
bool port_process_is_here(const struct snapshot_port *port);

/* The name of its command, in a buffer of PORT_COMMAND; or NULL: it is not known. */
const char *port_process_command(char *buffer, const struct snapshot_port *port);

/* The pids of a service's living ports, each once, rising; to be freed.  NULL: no memory. */
uint32_t *port_process_pids(const struct snapshot_service *service, size_t *ret_count);

#endif /* TOOLS_PORT_PROCESS_H */
