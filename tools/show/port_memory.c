// SPDX-License-Identifier: MIT
/*
 * The memory of ports, as /proc shows it.  A port's process has a memfd open for each of
 * its segments, and the name of a memfd says whose it is (sluice-requests-<id of the
 * client>, sluice-replies-<id of the server>).  Only the same user and root may look.
 *
 * A process may have many ports and a port many segments, so each process is searched once,
 * and the segments are sorted by port.  A process may also have segments of its peers open,
 * whose ports are not its own.  If the process of such a port is searched too, the segment
 * is found there again, and is counted once.
 */
#include "port_memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/domain/port_process.h"
#include "tools/text/text.h"

#define ID_DIGITS	16

struct looked_into {
	uint32_t pid;
	bool readable;
};

/* Room for one more in a table, whose pointer's address is given.  0 or -ENOMEM. */
static int make_room(void *table, size_t count, size_t *room, size_t size)
{
	void **items = table, *grown;

	if (count < *room)
		return 0;
	grown = realloc(*items, (*room ? 2 * *room : 16) * size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = *room ? 2 * *room : 16;
	return 0;
}

/* ---- Looking into a process ---- */

/* The port of a segment, by the link of its descriptor in /proc. */
static bool parse_name(const char *link, uint64_t *ret_port)
{
	static const char *const heads[] = {
		"/memfd:sluice-requests-", "/memfd:sluice-replies-",
	};
	const char *digits;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		if (strncmp(link, heads[i], strlen(heads[i])) != 0)
			continue;
		digits = link + strlen(heads[i]);
		*ret_port = strtoull(digits, NULL, 16);
		return strspn(digits, "0123456789abcdef") == ID_DIGITS;
	}
	return false;
}

static int add_segment(struct port_memory *memory, uint64_t port, const struct stat *status)
{
	int r = make_room(&memory->segment, memory->segments, &memory->segments_room,
			  sizeof(*memory->segment));

	if (!r)
		memory->segment[memory->segments++] = (struct port_segment){
			.port = port,
			.inode = status->st_ino,
			.size = (uint64_t)status->st_size,
			.allocated = (uint64_t)status->st_blocks * 512,
		};
	return r;
}

static int look_at_descriptor(struct port_memory *memory, int fds, const char *name,
			      bool *readable)
{
	struct stat status;
	char link[128];
	uint64_t port;
	ssize_t n = readlinkat(fds, name, link, sizeof(link) - 1);

	if (n < 0) {
		*readable = *readable && errno == ENOENT;	/* closed meanwhile */
		return 0;
	}
	link[n] = 0;
	if (!parse_name(link, &port) || fstatat(fds, name, &status, 0) < 0)
		return 0;
	return add_segment(memory, port, &status);
}

static int look_into(struct port_memory *memory, uint32_t pid)
{
	struct looked_into looked = { .pid = pid };
	struct dirent *entry;
	char path[TEXT_NUMBER];
	DIR *fds;
	int r;

	r = make_room(&memory->process, memory->processes, &memory->processes_room,
		      sizeof(*memory->process));
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	fds = opendir(path);
	looked.readable = fds;
	while (fds && !r && (entry = readdir(fds)))
		if (entry->d_name[0] != '.')
			r = look_at_descriptor(memory, dirfd(fds), entry->d_name,
					       &looked.readable);
	if (fds)
		closedir(fds);
	memory->process[memory->processes++] = looked;
	return r;
}

static const struct looked_into *find(const struct port_memory *memory, uint32_t pid)
{
	for (size_t i = 0; i < memory->processes; i++)
		if (memory->process[i].pid == pid)
			return &memory->process[i];
	return NULL;
}

/* ---- All of a service ---- */

static int compare(const void *a, const void *b)
{
	const struct port_segment *left = a, *right = b;

	if (left->port != right->port)
		return left->port < right->port ? -1 : 1;
	return left->inode < right->inode ? -1 : left->inode > right->inode;
}

/* Sorts, and leaves out segments that were found twice. */
static void put_in_order(struct port_memory *memory)
{
	size_t kept = 0;

	if (memory->segments)
		qsort(memory->segment, memory->segments, sizeof(*memory->segment), compare);
	for (size_t i = 0; i < memory->segments; i++)
		if (!kept || compare(&memory->segment[kept - 1], &memory->segment[i]) != 0)
			memory->segment[kept++] = memory->segment[i];
	memory->segments = kept;
}

int port_memory_look(struct port_memory *memory, const struct snapshot_service *service)
{
	int r = 0;

	for (size_t i = 0; i < service->ports && !r; i++) {
		const struct snapshot_port *port = &service->port[i];

		if (port_process_is_here(port) && !find(memory, port->info.pid))
			r = look_into(memory, port->info.pid);
	}
	put_in_order(memory);
	return r;
}

void port_memory_forget(struct port_memory *memory)
{
	free(memory->segment);
	free(memory->process);
	*memory = (struct port_memory){ 0 };
}

bool port_memory_is_known(const struct port_memory *memory, const struct snapshot_port *port)
{
	const struct looked_into *looked;

	if (!port->alive)
		return true;
	looked = port_process_is_here(port) ? find(memory, port->info.pid) : NULL;
	return looked && looked->readable;
}

const struct port_segment *port_memory_of(const struct port_memory *memory, uint64_t port,
					  size_t *ret_count)
{
	size_t first = 0, end = memory->segments, middle, after;

	while (first < end) {
		middle = first + (end - first) / 2;
		if (memory->segment[middle].port < port)
			first = middle + 1;
		else
			end = middle;
	}
	for (after = first; after < memory->segments; after++)
		if (memory->segment[after].port != port)
			break;
	*ret_count = after - first;
	return memory->segment + first;
}
