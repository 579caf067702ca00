// SPDX-License-Identifier: MIT
/*
 * The doctor's check of entries of live nodes that somebody has removed.
 *
 * A node notices that, and writes its entries again; its record says how often.  A node
 * that cannot write them keeps its connections, and no other process finds it.  It holds
 * the file that was its entry, which has no name any more.  It holds it by a mapping, or by a
 * descriptor where a mapping keeps no lock (overlayfs).  So the file shows among the mappings
 * or the descriptors of its process, if /proc lets us look (those of this user; all, for
 * root).  A mapping cannot be opened, but its file has the same number as long as it is
 * mapped: the entry has lost its name if no name in the directory leads to that number.
 *
 * A node gives a process that removes entries some time to end, so the check is repeated a
 * little later.
 */
#include "doctor.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sluice_list.h>

#include "tools/configured.h"
#include "tools/domain/snapshot.h"

#define PATH_SIZE	(PATH_MAX + 512)

struct invisible {
	char nodes[PATH_SIZE];	/* the directory of entries, as the kernel shows it */
	size_t count;		/* of processes */
	unsigned long pid;	/* of the first */
};

static void name_directory(struct invisible *invisible, const char *domain)
{
	char path[PATH_MAX], real[PATH_MAX];

	configured_root(path, sizeof(path));
	snprintf(invisible->nodes, sizeof(invisible->nodes), "%s/%s/nodes/",
		 realpath(path, real) ? real : path, configured_domain(domain));
}

/*
 * A regular file that has lost its name, by another process's descriptor.  The process may
 * replace that by a device at any moment.  So it is opened with O_PATH first, checked, and
 * then opened by that; and the open does not wait for a lease on it.
 */
static int open_nameless(const char *descriptor)
{
	int place = open(descriptor, O_PATH | O_CLOEXEC), fd = -1;
	char path[PATH_SIZE];
	struct stat st;

	if (place < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	if (fstat(place, &st) == 0 && S_ISREG(st.st_mode) && !st.st_nlink)
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	close(place);
	return fd;
}

/* Is it the entry of a node in our directory, without a name? */
static bool is_nameless(const struct invisible *invisible, const char *descriptor)
{
	struct sluice_list_node node = SLUICE_LIST_NODE();
	char target[PATH_SIZE];
	struct sluice_list *list;
	ssize_t length;
	bool is;
	int fd;

	length = readlink(descriptor, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	if (strncmp(target, invisible->nodes, strlen(invisible->nodes)) != 0 ||
	    (fd = open_nameless(descriptor)) < 0)
		return false;
	list = sluice_list_open_fd(fd);
	is = sluice_list_next_node(list, &node) > 0;
	sluice_list_close(list);
	close(fd);
	return is;
}

/* Does a name in the directory of entries lead to the file with this number? */
static bool has_name(const struct invisible *invisible, unsigned long number)
{
	DIR *nodes = opendir(invisible->nodes);
	struct dirent *entry;
	bool found = false;
	struct stat st;

	while (nodes && !found && (entry = readdir(nodes)))
		found = fstatat(dirfd(nodes), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_ino == number;
	if (nodes)
		closedir(nodes);
	return found;
}

/* A line of /proc/PID/maps: addresses, access, offset, device, number of the file, path. */
static bool is_nameless_mapping(const struct invisible *invisible, const char *line)
{
	unsigned long number;
	int path = 0;

	return sscanf(line, "%*s ---s %*s %*s %lu %n", &number, &path) == 1 && path &&
	       strncmp(line + path, invisible->nodes, strlen(invisible->nodes)) == 0 &&
	       !has_name(invisible, number);
}

static bool maps_nameless(const struct invisible *invisible, const char *pid)
{
	char path[PATH_SIZE], line[PATH_SIZE];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = is_nameless_mapping(invisible, line);
	if (maps)
		fclose(maps);
	return found;
}

static bool opens_nameless(const struct invisible *invisible, const char *pid)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *descriptors;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	descriptors = opendir(path);
	while (descriptors && !found && (entry = readdir(descriptors))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		found = entry->d_name[0] != '.' && is_nameless(invisible, path);
	}
	if (descriptors)
		closedir(descriptors);
	return found;
}

static void look_at_process(struct invisible *invisible, const char *pid)
{
	if ((maps_nameless(invisible, pid) || opens_nameless(invisible, pid)) &&
	    !invisible->count++)
		invisible->pid = strtoul(pid, NULL, 10);
}

static void find_invisible(struct invisible *invisible)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;

	invisible->count = 0;
	while (processes && (entry = readdir(processes)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(invisible, entry->d_name);
	if (processes)
		closedir(processes);
}

/* The number of live nodes that have written their entries again. */
static size_t count_rewritten(const char *domain)
{
	struct snapshot snapshot;
	size_t count = 0;

	if (snapshot_take(&snapshot, domain) < 0)
		return 0;
	for (size_t i = 0; i < snapshot.nodes; i++)
		count += snapshot.node[i].alive && snapshot.node[i].info.rewritten;
	snapshot_free(&snapshot);
	return count;
}

void doctor_entries(struct doctor *doctor, struct doctor_finding *finding)
{
	const struct timespec moment = { .tv_nsec = 300 * 1000 * 1000 };
	struct invisible invisible;
	size_t rewritten;

	name_directory(&invisible, doctor->domain);
	find_invisible(&invisible);
	if (invisible.count) {
		nanosleep(&moment, NULL);
		find_invisible(&invisible);
	}
	rewritten = count_rewritten(doctor->domain);
	if (invisible.count) {
		doctor_found(finding, DOCTOR_PROBLEM, "processes whose entries were deleted, so that nobody new finds them: %zu, the first of them process %lu",
			     invisible.count, invisible.pid);
		doctor_mend(finding, "nothing, if they wait for something in Sluice, and the root directory is fine: they try again within 10 s; else end them and start them again");
	} else if (rewritten) {
		doctor_found(finding, DOCTOR_NOTE, "living nodes whose entries somebody has deleted, and that have written them again: %zu",
			     rewritten);
		doctor_mend(finding, "find out who deletes what is below the root directory: see logout; or systemd-tmpfiles, or a script");
	} else {
		doctor_found(finding, DOCTOR_OK, "nobody has deleted entries of living nodes, as far as this user can see");
	}
}
