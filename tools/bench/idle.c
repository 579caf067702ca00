// SPDX-License-Identifier: MIT
/*
 * Idle clients: processes connect them to a server, and from then on do nothing.
 *
 * Their cost is the difference between before and after, divided by their number.  Before,
 * the server exists and has one client, and the processes of the idle clients have been
 * forked and have nothing of Sluice.  So a node and a service of each such process are
 * counted too.
 *
 *	descriptors	entries of /proc/PID/fd
 *	memory		Pss of /proc/PID/smaps_rollup and VmPTE of /proc/PID/status, of
 *			the server and of the processes of idle clients together
 *	kernel		of unix sockets, if /proc/slabinfo can be read and tells them
 *			apart; else SUnreclaim of /proc/meminfo, in which everything
 *			is that the kernel has allocated meanwhile for anybody
 */
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Descriptors of a server or of a client, for each connection: the most that it has. */
#define DESCRIPTORS_EACH	5u
#define DESCRIPTORS_BESIDE	1024u

/* The memory is that of both sides together. */
struct usage {
	unsigned long server_descriptors;
	unsigned long client_descriptors;
	double pss_bytes;
	double page_table_bytes;
	double kernel_bytes;
};

int idle_descriptors(unsigned int connections)
{
	rlim_t wanted = DESCRIPTORS_BESIDE + (rlim_t)connections * DESCRIPTORS_EACH;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return complain("RLIMIT_NOFILE: %s", strerror(errno));
	if (limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	/* We may not raise it so far: raise it as far as possible, which may be enough. */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 :
	       complain("RLIMIT_NOFILE: %s", strerror(errno));
}

bool idle_fits(unsigned int connections)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	       limit.rlim_cur >= (rlim_t)connections * DESCRIPTORS_EACH;
}

/* ---- What /proc says ----------------------------------------------------- */

static void proc_path(pid_t pid, const char *name, char *path, size_t size)
{
	if (pid)
		snprintf(path, size, "/proc/%d/%s", (int)pid, name);
	else
		snprintf(path, size, "/proc/%s", name);
}

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[64];

	proc_path(pid, name, path, sizeof(path));
	return fopen(path, "re");
}

static int read_kib(pid_t pid, const char *name, const char *field, double *sum_bytes)
{
	FILE *file = open_proc(pid, name);
	size_t length = strlen(field);
	char line[256];
	int r = -1;

	if (!file)
		return complain("/proc: cannot read %s: %s", name, strerror(errno));
	while (r < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, field, length) != 0 || line[length] != ':')
			continue;
		*sum_bytes += strtod(line + length + 1, NULL) * 1024;
		r = 0;
	}
	fclose(file);
	return r == 0 ? 0 : complain("/proc: there is no %s in %s", field, name);
}

int idle_count_descriptors(pid_t pid, unsigned long *sum)
{
	char path[64];
	DIR *directory;

	proc_path(pid, "fd", path, sizeof(path));
	directory = opendir(path);
	if (!directory)
		return complain("cannot read %s: %s", path, strerror(errno));
	while (readdir(directory))
		(*sum)++;
	closedir(directory);
	return 0;
}

/* Slabs of unix sockets, their inodes and what is in them; 0 if not to be had. */
static double socket_slabs(void)
{
	FILE *file = open_proc(0, "slabinfo");
	double bytes = 0, active, size;
	char line[512], name[64];
	bool told = false;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lf %*s %lf", name, &active, &size) != 3)
			continue;
		told = told || strncmp(name, "UNIX", 4) == 0;
		if (strncmp(name, "UNIX", 4) == 0 || strncmp(name, "skbuff", 6) == 0 ||
		    strcmp(name, "sock_inode_cache") == 0)
			bytes += active * size;
	}
	fclose(file);
	return told ? bytes : 0;
}

static int kernel_memory(double *ret_bytes, const char **ret_source)
{
	*ret_bytes = socket_slabs();
	*ret_source = "unix sockets in /proc/slabinfo";
	if (*ret_bytes > 0)
		return 0;
	*ret_source = "SUnreclaim in /proc/meminfo, everybody's";
	return read_kib(0, "meminfo", "SUnreclaim", ret_bytes);
}

static int look_at(pid_t pid, struct usage *sum, unsigned long *sum_descriptors)
{
	if (read_kib(pid, "smaps_rollup", "Pss", &sum->pss_bytes) < 0 ||
	    read_kib(pid, "status", "VmPTE", &sum->page_table_bytes) < 0)
		return -1;
	return idle_count_descriptors(pid, sum_descriptors);
}

static int look(const struct team *team, struct usage *ret_usage, const char **ret_source)
{
	struct usage usage = { 0 };

	if (look_at(team->child[SERVER].pid, &usage, &usage.server_descriptors) < 0)
		return -1;
	for (unsigned int i = CLIENT + 1; i < team->count; i++)
		if (look_at(team->child[i].pid, &usage, &usage.client_descriptors) < 0)
			return -1;
	if (kernel_memory(&usage.kernel_bytes, ret_source) < 0)
		return -1;
	*ret_usage = usage;
	return 0;
}

/* ---- In a process of idle clients ---------------------------------------- */

static struct port crowd;

/*
 * Connects so many clients to a thing's service, all of one node.  They leave like those of
 * a program that just ends.
 */
int idle_crowd(const struct thing *thing, unsigned int clients)
{
	struct sluice_client *client;

	if (port_open_service(&crowd, thing) < 0)
		return -1;
	for (unsigned int i = 0; i < clients; i++) {
		client = sluice_client_create(crowd.service, NULL);
		if (sluice_client_wait_servers(client, 1, WAIT_LIMIT_NS) < 0)
			return because_of_sluice("cannot connect an idle client");
	}
	return 0;
}

/* Does what a connection asks of a client after it was made. */
int idle_settle(void)
{
	const int64_t quiet = INT64_C(20) * 1000 * 1000;
	struct sluice_event event = SLUICE_EVENT();
	int r;

	while ((r = sluice_node_wait(crowd.node, quiet)) == 0 || r == -EINTR)
		while (sluice_node_next(crowd.node, &event) == 1)
			;
	return r == -ETIMEDOUT ? 0 : because_of_sluice("idle clients do not come to rest");
}

/* ---- Connecting ---------------------------------------------------------- */

/* The first of the processes take one client more, if it does not come out even. */
static int connect_all(struct team *team, unsigned int thing, const struct idle *idle,
		       struct answer *answers)
{
	struct command command = { .order = ADMIT, .thing = thing, .count = idle->clients + 1 };

	if (team_tell(team, SERVER, command) < 0)
		return -1;
	for (unsigned int i = 0; i < idle->processes; i++) {
		command.order = CROWD;
		command.count = idle->clients / idle->processes +
				(i < idle->clients % idle->processes);
		if (team_tell(team, CLIENT + 1 + i, command) < 0)
			return -1;
	}
	if (team_hear(team, answers) < 0)
		return -1;
	for (unsigned int i = 0; i < idle->processes; i++) {
		command.order = SETTLE;
		if (team_tell(team, CLIENT + 1 + i, command) < 0)
			return -1;
	}
	return team_hear(team, answers);
}

static void divide(const struct usage *before, const struct usage *after, struct idle *idle)
{
	double clients = idle->clients;

	idle->server_descriptors = ((double)after->server_descriptors -
				    (double)before->server_descriptors) / clients;
	idle->client_descriptors = ((double)after->client_descriptors -
				    (double)before->client_descriptors) / clients;
	idle->pss_bytes = (after->pss_bytes - before->pss_bytes) / clients;
	idle->page_table_bytes = (after->page_table_bytes - before->page_table_bytes) / clients;
	idle->kernel_bytes = (after->kernel_bytes - before->kernel_bytes) / clients;
}

/* The processes must have been started; @thing is whose server has the idle clients. */
int idle_connect(struct team *team, unsigned int thing, struct idle *idle)
{
	struct answer *answers = calloc(team->count, sizeof(*answers));
	struct usage before, after;
	int r = answers ? 0 : complain("no memory");
	int64_t begin;

	if (r == 0)
		r = look(team, &before, &idle->kernel_source);
	begin = time_now();
	if (r == 0)
		r = connect_all(team, thing, idle, answers);
	idle->connect_ns = (double)(time_now() - begin) / idle->clients;
	if (r == 0)
		r = look(team, &after, &idle->kernel_source);
	if (r == 0)
		divide(&before, &after, idle);
	free(answers);
	return r;
}
