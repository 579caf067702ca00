// SPDX-License-Identifier: MIT
/*
 * The ports of a process, read from the registry files that it holds open, or has mapped.
 *
 * The files are reached through /proc, so it does not matter which root directory the process
 * uses, or in which mount namespace it is.  A process may end at any time; then there is
 * nothing to learn.
 *
 * The process may be hostile.  The library checks a record (sluice_list_open_fd()), but what
 * it says of ports and services is the word of that process.  It concerns only how events of
 * this process are shown.
 */
#include "process_ports.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice_list.h>

#include "mapped_file.h"
#include "ports.h"
#include "processes.h"
#include "tracer.h"

/* The directories of /proc/PID with a link for each file that the process has. */
static const char *const links[] = { "fd", "map_files" };

/*
 * The record in a registry file that a link of the process leads to, as a list of one entry.
 * The file's directory goes to path.  NULL with errno: it is no registry file, or no record.
 */
static struct sluice_list *open_record(const char *links_of, const char *name,
				       char path[PATH_MAX])
{
	struct sluice_list *list;
	char link[64 + NAME_MAX];
	ssize_t n;
	int fd;

	errno = EBADF;
	snprintf(link, sizeof(link), "%s/%s", links_of, name);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0 || path[0] != '/')
		return NULL;
	path[n] = 0;
	if (!strstr(path, "/services/"))
		return NULL;
	*strrchr(path, '/') = 0;	/* the file's own name says nothing */
	fd = file_open_named(link);
	if (fd < 0)
		return NULL;
	list = sluice_list_open_fd(fd);
	close(fd);
	return list;
}

/* Is it the record that is wanted?  list is NULL, with errno, if the file holds none. */
typedef bool record_wanted(void *context, struct sluice_list *list, char *directory);

static struct sluice_list *find_among(const char *links_of, record_wanted *is_wanted,
				      void *context)
{
	struct sluice_list *list, *found = NULL;
	char directory[PATH_MAX];
	struct dirent *entry;
	DIR *files = opendir(links_of);

	while (files && !found && (entry = readdir(files))) {
		list = open_record(links_of, entry->d_name, directory);
		if (is_wanted(context, list, directory))
			found = list;
		else
			sluice_list_close(list);
	}
	if (files)
		closedir(files);
	return found;
}

/* The first record that is wanted, which the caller closes; or NULL. */
static struct sluice_list *find_record(pid_t pid, record_wanted *is_wanted, void *context)
{
	struct sluice_list *found = NULL;
	char path[64];

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]) && !found; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, links[i]);
		found = find_among(path, is_wanted, context);
	}
	return found;
}

/* A record of another version counts too. */
static bool is_any(void *context, struct sluice_list *list, char *directory)
{
	bool *any = context;

	(void)directory;
	*any |= list || errno == EPROTONOSUPPORT;
	return list;
}

bool process_ports_has_records(pid_t pid)
{
	bool any = false;

	sluice_list_close(find_record(pid, is_any, &any));
	return any;
}

/* ---- Ports ---- */

/* By its whole name, or by how the name begins, as the program in the kernel compares it. */
static bool is_wanted_service(const char *wanted, const char *name)
{
	size_t length = wanted ? strlen(wanted) : 0;

	if (!wanted)
		return true;
	if (length && wanted[length - 1] == '*')
		return !strncmp(wanted, name, length - 1);
	return !strcmp(wanted, name);
}

static void tell_port(struct trace *trace, struct port_known *known,
		      const struct sluice_list_service *service)
{
	struct port_entry entry = { 0 };

	snprintf(known->service, sizeof(known->service), "%s", service->name);
	known->request_lead = (uint32_t)service->messages[SLUICE_LIST_REQUEST].lead;
	known->reply_lead = (uint32_t)service->messages[SLUICE_LIST_RESPONSE].lead;
	entry.wanted = is_wanted_service(trace->options.service, known->service);
	entry.request_lead = known->request_lead;
	entry.reply_lead = known->reply_lead;
	ports_add(trace->ports, known);
	tracer_tell_port(trace->tracer, known->id, &entry);
}

struct service_wanted {
	const char *directory;
	struct sluice_list_service service;
};

static bool is_contract(void *context, struct sluice_list *list, char *directory)
{
	struct service_wanted *wanted = context;

	return list && strcmp(directory, wanted->directory) == 0 &&
	       sluice_list_next_service(list, &wanted->service) > 0;
}

struct learning {
	struct trace *trace;
	pid_t pid;
};

/* directory is that of the port's entry: .../services/<hash>/ports */
static void learn_port(const struct learning *learning, const struct sluice_list_port *port,
		       char *directory)
{
	struct service_wanted wanted = { directory, SLUICE_LIST_SERVICE() };
	struct port_known known = { .id = port->id, .role = port->listens,
				    .pid = (uint32_t)learning->pid };
	struct sluice_list *list;

	*strrchr(directory, '/') = 0;
	list = find_record(learning->pid, is_contract, &wanted);
	if (!list)
		return;
	process_name(learning->pid, known.process);
	tell_port(learning->trace, &known, &wanted.service);
	sluice_list_close(list);
}

/* Learns a port; no record is wanted, so that the search goes on. */
static bool learn_record(void *context, struct sluice_list *list, char *directory)
{
	const struct learning *learning = context;
	struct sluice_list_port port = SLUICE_LIST_PORT();

	if (list && sluice_list_next_port(list, &port) > 0 &&
	    !ports_find(learning->trace->ports, port.id))
		learn_port(learning, &port, directory);
	return false;
}

void process_ports_learn(struct trace *trace, pid_t pid)
{
	struct learning learning = { trace, pid };

	sluice_list_close(find_record(pid, learn_record, &learning));
}
