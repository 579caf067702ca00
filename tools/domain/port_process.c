// SPDX-License-Identifier: MIT
/*
 * The process of a port, as /proc shows it.  A pid has a meaning only in its own pid
 * namespace, and while the process lives.  For all others /proc would show another process,
 * so it is not read.
 */
#include "port_process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/printable.h"
#include "tools/text/text.h"

bool port_process_is_elsewhere(const struct snapshot_port *port)
{
	return port->info.flags & SLUICE_LIST_ELSEWHERE;
}

bool port_process_is_here(const struct snapshot_port *port)
{
	return port->alive && !port_process_is_elsewhere(port);
}

const char *port_process_command(char *buffer, const struct snapshot_port *port)
{
	char path[TEXT_NUMBER], line[PORT_COMMAND];
	const char *result = NULL;
	FILE *file;

	if (!port_process_is_here(port))
		return NULL;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", port->info.pid);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		result = text_clean(buffer, PORT_COMMAND, line);
	}
	fclose(file);
	return result;
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

uint32_t *port_process_pids(const struct snapshot_service *service, size_t *ret_count)
{
	uint32_t *pid = calloc(service->ports + 1, sizeof(*pid));
	size_t count = 0, kept = 0;

	if (!pid)
		return NULL;
	for (size_t i = 0; i < service->ports; i++)
		if (service->port[i].alive)
			pid[count++] = service->port[i].info.pid;
	qsort(pid, count, sizeof(*pid), compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || pid[kept - 1] != pid[i])
			pid[kept++] = pid[i];
	*ret_count = kept;
	return pid;
}
