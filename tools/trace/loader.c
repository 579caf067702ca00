// SPDX-License-Identifier: MIT
/*
 * The libraries that a program will load when it is run from here.
 *
 * Only the loader knows which file a name means by LD_LIBRARY_PATH, RPATH, RUNPATH,
 * $ORIGIN, LD_PRELOAD and the cache.  So the tracer runs the program's own loader with its
 * option --list, which prints paths and does not run the program; the loaders of glibc and
 * of musl have it.  The same user is about to run the program with the same environment, so
 * this gives nobody any rights.
 *
 * A program that a script runs, or that is started later, is not known here.  For these the
 * tracer searches the directories of LD_LIBRARY_PATH, which are likely to have our library.
 */
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gelf.h>

#include "mapped_file.h"
#include "tools/interrupt.h"
#include "trace.h"

#define LIBRARY		"libsluice.so.0"
#define PATIENCE_NS	(5 * SECOND_NS)
#define LOOK_MS		50

/* The path of the program's loader.  False: it has none. */
static bool find_loader(const char *program, char loader[PATH_MAX])
{
	int fd = file_open_named(program);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	ssize_t n = 0;
	size_t i, count;
	GElf_Phdr part;

	if (elf && elf_getphdrnum(elf, &count) == 0)
		for (i = 0; i < count && n <= 0; i++)
			if (gelf_getphdr(elf, (int)i, &part) && part.p_type == PT_INTERP &&
			    part.p_filesz < PATH_MAX)
				n = pread(fd, loader, part.p_filesz, (off_t)part.p_offset);
	loader[n > 0 ? n : 0] = 0;
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return loader[0] == '/';
}

static void become_loader(int to, const char *loader, const char *program)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(nowhere, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	execl(loader, loader, "--list", program, NULL);
	_exit(127);
}

/* A process that prints the list; its output is to be read.  -errno. */
static int start(const char *loader, const char *program, pid_t *ret_pid)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*ret_pid = fork();
	if (*ret_pid == 0)
		become_loader(ends[1], loader, program);
	close(ends[1]);
	if (*ret_pid > 0)
		return ends[0];
	close(ends[0]);
	return -EAGAIN;
}

/* Reads as much as comes in time, and terminates it. */
static void read_all(int fd, char *text, size_t size)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	int64_t end = trace_now() + PATIENCE_NS;
	size_t had = 0;
	ssize_t n;

	while (!interrupted && trace_now() < end && had < size - 1) {
		if (poll(&readable, 1, LOOK_MS) <= 0)
			continue;
		n = read(fd, text + had, size - 1 - had);
		if (n <= 0)
			break;
		had += (size_t)n;
	}
	text[had] = 0;
}

/* "	name => /path (0x...)" or "	/path (0x...)" */
static void take_line(char *line, void (*call)(void *context, const char *path), void *context)
{
	char *path = strchr(line, '/'), *end;

	if (strstr(line, "=> "))
		path = strstr(line, "=> ") + strlen("=> ");
	end = path ? strstr(path, " (") : NULL;
	if (!end || *path != '/')
		return;
	*end = 0;
	call(context, path);
}

static void ask(const char *program, void (*call)(void *context, const char *path), void *context)
{
	char loader[PATH_MAX], *text, *line, *rest;
	const size_t size = 64u << 10;
	pid_t pid = -1;
	int fd;

	if (!find_loader(program, loader))
		return;
	text = malloc(size);
	fd = text ? start(loader, program, &pid) : -ENOMEM;
	if (fd >= 0) {
		read_all(fd, text, size);
		close(fd);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		rest = text;
		while ((line = strsep(&rest, "\n")))
			take_line(line, call, context);
	}
	free(text);
}

static void look_into_path(void (*call)(void *context, const char *path), void *context)
{
	const char *path = getenv("LD_LIBRARY_PATH"), *end;
	char file[PATH_MAX];

	for (; path && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":;");
		snprintf(file, sizeof(file), "%.*s/" LIBRARY, end > path ? (int)(end - path) : 1,
			 end > path ? path : ".");
		call(context, file);
	}
}

void loader_each(const char *program, void (*call)(void *context, const char *path),
		 void *context)
{
	elf_version(EV_CURRENT);
	if (program)
		ask(program, call, context);
	look_into_path(call, context);
}
