// SPDX-License-Identifier: MIT
/*
 * The shapes of the messages of a service: they are looked for in the programs of its
 * processes, servers first, or in a program that was named.  The registry has the pid of each
 * process; /proc/PID/exe is its program, also if its file was removed since.
 *
 * Another process has written the pid, and the process may end and another one get its number.
 * That does no harm: a type is taken only if its name, its size and its fingerprint, if the
 * contract has one, are those of the service.
 *
 * The programs of other users are read only if they are named: who reads debug information
 * asks libdw to take it apart, and nobody but root and this user shall choose what that gets.
 */
#include "service_shapes.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "print.h"
#include "read.h"
#include "shape_of.h"
#include "tools/domain/port_process.h"

#define PROGRAMS_MOST	8	/* that are looked at */
#define PIDS_MOST	64
#define PATH_SIZE	64

_Static_assert(PAYLOAD_WHY <= SERVICE_SHAPES_WHY, "a sentence has room");

bool service_shapes_is_bytes(const struct sluice_type *type)
{
	return type->kind == SLUICE_KIND_SLICE && type->size == 1 && shape_is_scalar(type);
}

static void forget(struct service_shapes *shapes)
{
	shape_free(shapes->request);
	shape_free(shapes->response);
	shape_free(shapes->request_header);
	shape_free(shapes->response_header);
	shapes->request = shapes->response = NULL;
	shapes->request_header = shapes->response_header = NULL;
}

void service_shapes_free(struct service_shapes *shapes)
{
	forget(shapes);
	*shapes = (struct service_shapes){ 0 };
}

/* One of them, if there is such a part.  With no program, only numbers of C. */
static int find_one(struct service_shapes *shapes, const struct program *program,
		    const struct sluice_type *type, struct shape **ret_shape)
{
	if (!type->size || service_shapes_is_bytes(type))
		return 0;
	if (!program && !shape_is_scalar(type))
		return -1;
	*ret_shape = shape_of_type(program, type, shapes->why, sizeof(shapes->why));
	return *ret_shape ? 0 : -1;
}

/* All of them.  0, or -1: some are missing. */
static int find_all(struct service_shapes *shapes, const struct program *program,
		    const struct sluice_contract *contract)
{
	int r = 0;

	r |= find_one(shapes, program, &contract->response_header, &shapes->response_header);
	r |= find_one(shapes, program, &contract->request_header, &shapes->request_header);
	r |= find_one(shapes, program, &contract->response, &shapes->response);
	r |= find_one(shapes, program, &contract->request, &shapes->request);
	return r;
}

/* A program that has all of them. */
static int look_into(struct service_shapes *shapes, const struct sluice_contract *contract,
		     const char *path, const char *name)
{
	struct program program;
	struct work work;
	int r = program_open(&program, path, name, &work);

	if (r < 0) {
		snprintf(shapes->why, sizeof(shapes->why), "%s", program.why);
	} else {
		forget(shapes);
		r = find_all(shapes, &program, contract);
	}
	if (!r)
		snprintf(shapes->program, sizeof(shapes->program), "%s", name);
	program_close(&program);
	return r;
}

/* May the program of a process be read without having been named? */
static bool is_trusted(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 || status.st_uid == 0 || status.st_uid == geteuid();
}

static int look_at_process(struct service_shapes *shapes, const struct sluice_contract *contract,
			   uint32_t pid)
{
	char path[PATH_SIZE], name[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", pid);
	snprintf(name, sizeof(name), "the program of process %" PRIu32, pid);
	if (is_trusted(path))
		return look_into(shapes, contract, path, name);
	snprintf(shapes->why, sizeof(shapes->why), "%s belongs to another user: name it with --types",
		 name);
	return -1;
}

static bool was_seen(const uint32_t *pids, size_t count, uint32_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* The processes of its ports, servers first; each once. */
static size_t list_processes(const struct snapshot_service *service, uint32_t pids[PIDS_MOST])
{
	size_t count = 0;

	for (uint32_t kind = SLUICE_LIST_SERVER; kind >= SLUICE_LIST_CLIENT; kind--) {
		for (size_t i = 0; i < service->ports && count < PIDS_MOST; i++) {
			const struct snapshot_port *port = &service->port[i];

			if (port->info.kind == kind && port_process_is_here(port) &&
			    !was_seen(pids, count, port->info.pid))
				pids[count++] = port->info.pid;
		}
	}
	return count;
}

/* Sentences about later processes hide none about the first, which is a server. */
static int look_at_processes(struct service_shapes *shapes, const struct sluice_contract *contract,
			     const struct snapshot_service *service)
{
	size_t count;
	uint32_t pids[PIDS_MOST];
	char first[SERVICE_SHAPES_WHY];

	count = service ? list_processes(service, pids) : 0;
	snprintf(first, sizeof(first), "no process of the service is here, whose program would have the types");
	for (size_t i = 0; i < count && i < PROGRAMS_MOST; i++) {
		if (look_at_process(shapes, contract, pids[i]) == 0)
			return 0;
		if (i == 0)
			memcpy(first, shapes->why, sizeof(first));
	}
	memcpy(shapes->why, first, sizeof(first));
	return -1;
}

int service_shapes_find(struct service_shapes *shapes, const struct sluice_contract *contract,
			const struct snapshot_service *service, const char *program)
{
	int r;

	*shapes = (struct service_shapes){ 0 };
	if (find_all(shapes, NULL, contract) == 0)
		return 0;	/* all are numbers or bytes */
	if (program)
		r = look_into(shapes, contract, program, program);
	else
		r = look_at_processes(shapes, contract, service);
	if (r < 0) {
		forget(shapes);
		(void)find_all(shapes, NULL, contract);
	}
	return r;
}

int service_shapes_print(struct bytes *out, const struct shape *shape,
			 const struct sluice_type *type, const void *data, size_t size)
{
	if (type->kind == SLUICE_KIND_SLICE)
		return slice_to_json(out, shape, data, size);
	return payload_to_json(out, shape, data, size);
}

int service_shapes_read(struct bytes *out, const struct shape *shape,
			const struct sluice_type *type, const char *text, size_t length,
			char *ret_why)
{
	if (type->kind == SLUICE_KIND_SLICE)
		return slice_from_json(out, shape, text, length, ret_why);
	return payload_from_json(out, shape, text, length, ret_why);
}
