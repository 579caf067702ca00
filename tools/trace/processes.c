// SPDX-License-Identifier: MIT
/*
 * The processes that use the library: those that run a file with our probes, which is
 * libsluice.so or a program that libsluice.a was linked into.
 *
 * A file is watched once, by its device and inode, for all processes that run it now or
 * later.  For --pid it is watched only in those processes.  The tracer looks in /proc for new
 * processes again and again, so that a new program is watched soon after it starts.  Events
 * before that are not seen, unless its file was named.
 *
 * mapped_file.c finds and opens the files that a process runs.  A file that cannot be opened
 * is reported, if its process uses Sluice.  process_ports.c learns the ports of a process.
 *
 * A process may end at any time; then there is nothing to watch.
 */
#include "processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapped_file.h"
#include "places.h"
#include "process_ports.h"
#include "symbols.h"
#include "tools/text/printable.h"
#include "tracer.h"

#define FILES_MAX	4096
#define PIDS_MAX	(1 << 22)	/* as the kernel has it */

struct file {
	dev_t device;
	ino_t inode;
	bool watched;			/* else it has no probes */
};

struct processes {
	struct trace *trace;
	struct file *file;		/* those that were looked at */
	unsigned int files, watched;
	uint64_t *program;		/* of each process: that it ran at the last look */
};

struct processes *processes_create(struct trace *trace)
{
	struct processes *processes = calloc(1, sizeof(*processes));

	if (processes) {
		processes->trace = trace;
		processes->file = calloc(FILES_MAX, sizeof(*processes->file));
		/* It is used only for existing processes. */
		processes->program = calloc(PIDS_MAX, sizeof(*processes->program));
	}
	if (processes && processes->file && processes->program)
		return processes;
	processes_destroy(processes);
	trace_complain("no memory");
	return NULL;
}

void processes_destroy(struct processes *processes)
{
	if (!processes)
		return;
	free(processes->file);
	free(processes->program);
	free(processes);
}

bool processes_any(const struct processes *processes)
{
	return processes->watched > 0;
}

void process_name(pid_t pid, char name[16])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file || !fgets(name, 16, file))
		strcpy(name, "?");
	name[strcspn(name, "\n")] = 0;
	if (file)
		fclose(file);
}

/* ---- Files ---- */

/* 1 (watched), 0 (there are no probes, or none of ours) or -1 and a sentence was printed. */
static int watch(struct processes *processes, int fd, const char *name, pid_t pid)
{
	struct tracer *tracer = processes->trace->tracer;
	struct places places;
	int r;

	r = places_read(fd, &places);
	if (r == -EPROTO)
		trace_complain("%s has probes of another version, or was built in another way", name);
	if (r < 0)
		return 0;
	r = tracer_watch(tracer, fd, &places, pid);
	if (r == -ENOENT || r == -ESRCH)
		return 0;	/* gone meanwhile */
	if (r < 0)
		return trace_complain("cannot watch %s: %s", name, strerror(-r));
	processes->watched++;
	if (processes->trace->symbols)
		symbols_learn_open(processes->trace->symbols, name, fd);
	return 1;
}

/* 1 (watched), 0 (it has no probes) or -1. */
static int look_at_file(struct processes *processes, int fd, const char *name)
{
	struct stat status;
	unsigned int i;
	int r;

	if (fstat(fd, &status) < 0)
		return 0;
	for (i = 0; i < processes->files; i++)
		if (processes->file[i].device == status.st_dev &&
		    processes->file[i].inode == status.st_ino)
			return processes->file[i].watched;
	if (processes->files == FILES_MAX)
		return 0;
	r = watch(processes, fd, name, 0);
	processes->file[processes->files++] = (struct file){
		.device = status.st_dev, .inode = status.st_ino, .watched = r > 0,
	};
	return r;
}

int processes_watch_file(struct processes *processes, const char *path)
{
	int fd = file_open_named(path), r;

	if (fd < 0)
		return trace_complain("%s: %s", path, fd == -EINVAL ? "it is no regular file" :
				      strerror(-fd));
	r = look_at_file(processes, fd, path);
	close(fd);
	if (!r)
		trace_complain("%s: there are no probes of Sluice in it", path);
	return r > 0 ? 0 : -1;
}

void processes_try_file(struct processes *processes, const char *path)
{
	int fd = file_open_named(path);

	if (fd < 0)
		return;
	(void)!look_at_file(processes, fd, path);
	close(fd);
}

/* ---- Processes ---- */

struct look {
	struct processes *processes;
	pid_t only;			/* watch this one alone; 0: all that run the file */
	bool uses;			/* a file that is watched */
	bool failed;
	char unseen[PATH_MAX];		/* a file that could not be opened; "": none */
	int error;			/* why */
};

/* Remembers the file of the program itself, unless a later one was deleted: that says more. */
static void note_unseen(struct look *look, const struct mapping *mapping, int error)
{
	if (look->unseen[0] && (look->error == -ESTALE || error != -ESTALE))
		return;
	snprintf(look->unseen, sizeof(look->unseen), "%s", mapping->name);
	look->error = error;
}

static int look_at_mapping(void *context, const struct mapping *mapping)
{
	struct look *look = context;
	int fd = mapped_file_open(mapping), r;

	if (fd < 0) {
		note_unseen(look, mapping, mapping->deleted ? -ESTALE : fd);
		return 0;
	}
	if (look->only)
		r = watch(look->processes, fd, mapping->name, look->only);
	else
		r = look_at_file(look->processes, fd, mapping->name);
	close(fd);
	/* A file that cannot be watched was reported; the others still can be watched. */
	look->uses |= r > 0;
	look->failed |= r < 0;
	return 0;
}

static const char *reason(const struct look *look)
{
	if (look->error == -ESTALE)
		return "it was replaced or deleted since, and to open it needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE";
	return strerror(-look->error);
}

/* Says that a process is not watched, or not all of it, for that file. */
static void tell_unseen(const struct look *look, pid_t pid)
{
	char name[16], clean[PATH_MAX];

	process_name(pid, name);
	trace_complain("process %d (%s) cannot be watched in %s: %s", pid, name,
		       text_clean(clean, sizeof(clean), look->unseen), reason(look));
}

/* The program of a process, as a number; 0: a kernel thread, or gone. */
static uint64_t program_of(pid_t pid)
{
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &status) < 0)
		return 0;
	return (uint64_t)status.st_dev << 40 ^ status.st_ino;
}

static void look_at_process(struct processes *processes, pid_t pid)
{
	struct look look = { .processes = processes };
	uint64_t program = program_of(pid);

	/* It may have been looked at before it ran the program that it does now. */
	if (!program || processes->program[pid] == program)
		return;
	if (processes->trace->options.command && !tracer_admitted(processes->trace->tracer, pid))
		return;
	processes->program[pid] = program;
	(void)mapped_files_each(pid, look_at_mapping, &look);
	if (look.uses)
		process_ports_learn(processes->trace, pid);
	else if (look.unseen[0] && process_ports_has_records(pid))
		tell_unseen(&look, pid);
}

void processes_look(struct processes *processes)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	unsigned long pid;

	while (directory && (entry = readdir(directory))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid = strtoul(entry->d_name, NULL, 10);
		if (pid < PIDS_MAX && pid != (unsigned long)getpid())
			look_at_process(processes, (pid_t)pid);
	}
	if (directory)
		closedir(directory);
}

int processes_watch_pid(struct processes *processes, pid_t pid)
{
	struct look look = { .processes = processes, .only = pid };
	int r;

	if (tracer_admit(processes->trace->tracer, pid) < 0)
		return trace_complain("no memory");
	r = mapped_files_each(pid, look_at_mapping, &look);
	if (r == -ENOENT || r == -ESRCH)
		return trace_complain("process %d is not there", pid);
	if (r < 0)
		return trace_complain("cannot look at process %d: %s", pid, strerror(-r));
	if (look.failed)
		return -1;
	if (look.uses)
		return 0;
	if (look.unseen[0])
		tell_unseen(&look, pid);
	else
		trace_complain("process %d does not use Sluice", pid);
	return -1;
}
