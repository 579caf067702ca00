// SPDX-License-Identifier: MIT
/*
 * Names for the frames of user stacks.
 *
 * The kernel describes a frame by the build id of the file that is mapped there and an offset
 * in that file.  If it finds no build id, it gives a bare address.  So a frame can be named
 * long after its process is gone, if its file was learned before:
 *
 *	learn	a file, or what a process has mapped	build id -> open descriptor
 *	name	at the first frame of a file		descriptor -> elf_names.c
 *
 * A file is kept open from the moment it is learned.  Otherwise it might be deleted, or only
 * its process might be able to see it, when a name is needed.
 *
 * One thread uses a struct symbols, which owns everything below it.  Invariants:
 * (1) A build id is in the list once.  Files stay there until the end, at most FILES_MAX of
 *     them.  Further files are not remembered.
 * (2) A file's descriptor is ours as long as fd >= 0.  Then elf_names.c has it and closes it.
 * (3) The three tables only save work.  A new entry takes the place of an old one, and what
 *     was forgotten is found again.
 *
 * The mappings of a process are read again when its executable is another one, and else once
 * a second.  So a library that was loaded meanwhile is noticed up to a second late, and so is
 * a new process of the same program that got the same number.
 *
 * Names, paths and files belong to the traced users, who may be hostile.  A file that is not
 * regular, or no ELF file, is skipped.  An offset without a name stays a number; so does one
 * for which there is no time when the tracer ends.  A build id may be false, and then frames
 * get wrong names.  elf_names.c says what its file can do.
 */
#include "symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>

#include "elf_names.h"
#include "ending.h"
#include "mapped_file.h"

/* Half of the descriptors that a process usually may have. */
#define FILES_MAX	512

/* Places in the tables, less than 50 bytes each. */
#define INODES		1024
#define PROCESSES	256
#define NAMES		4096

struct file {
	struct file *next;
	unsigned char build_id[BPF_BUILD_ID_SIZE];
	int fd;			/* -1: names has it */
	struct elf_names names;
	char name[];		/* the last part of its path */
};

/* A file that was looked at, ELF or not.  It is another one if it was changed since. */
struct inode {
	dev_t device;
	ino_t number;
	struct timespec changed;
};

struct process {
	pid_t pid;
	struct inode executable;
	time_t second;		/* in which its mappings were read */
};

struct name {
	const struct file *file;
	uint64_t offset;
	char *text;		/* NULL if there is none */
};

struct symbols {
	struct file *files;
	unsigned int file_count;
	struct inode inodes[INODES];
	struct process processes[PROCESSES];
	struct name names[NAMES];
};

struct symbols *symbols_create(void)
{
	/* libelf opens nothing before it is told which version is meant. */
	elf_version(EV_CURRENT);
	return calloc(1, sizeof(struct symbols));
}

static void file_free(struct file *file)
{
	elf_names_close(&file->names);
	if (file->fd >= 0)
		close(file->fd);
	free(file);
}

void symbols_destroy(struct symbols *symbols)
{
	struct file *file;
	size_t i;

	if (!symbols)
		return;
	while ((file = symbols->files)) {
		symbols->files = file->next;
		file_free(file);
	}
	for (i = 0; i < NAMES; i++)
		free(symbols->names[i].text);
	free(symbols);
}

/* ---- Learning a file ----------------------------------------------------- */

static struct file *find_file(const struct symbols *symbols, const unsigned char *build_id)
{
	struct file *file = symbols->files;

	while (file && memcmp(file->build_id, build_id, BPF_BUILD_ID_SIZE) != 0)
		file = file->next;
	return file;
}

static struct inode inode_of(const struct stat *status)
{
	return (struct inode){
		.device = status->st_dev, .number = status->st_ino, .changed = status->st_ctim,
	};
}

static bool same_inode(const struct inode *a, const struct inode *b)
{
	return a->device == b->device && a->number == b->number &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Was this file seen before?  Notes that it is seen now. */
static bool was_seen(struct symbols *symbols, const struct stat *status)
{
	struct inode *place = &symbols->inodes[status->st_ino % INODES];
	struct inode inode = inode_of(status);
	bool seen = same_inode(place, &inode);

	*place = inode;
	return seen;
}

/* The kernel pads shorter build ids with zeros, and knows no longer ones; so does this. */
static int read_build_id(int fd, unsigned char *ret_build_id)
{
	/* It is read and not mapped: a file that is cut short meanwhile does no harm here. */
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	const void *bytes;
	ssize_t size = 0;
	GElf_Ehdr header;

	if (!elf)
		return -EINVAL;
	if (elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) &&
	    (header.e_type == ET_EXEC || header.e_type == ET_DYN))
		size = dwelf_elf_gnu_build_id(elf, &bytes);
	if (size > 0 && size <= BPF_BUILD_ID_SIZE) {
		memset(ret_build_id, 0, BPF_BUILD_ID_SIZE);
		memcpy(ret_build_id, bytes, (size_t)size);
	}
	elf_end(elf);
	return size > 0 && size <= BPF_BUILD_ID_SIZE ? 0 : -EINVAL;
}

/* Takes the descriptor if it succeeds. */
static int add_file(struct symbols *symbols, const unsigned char *build_id, const char *path,
		    int fd)
{
	const char *name = elf_names_last_part(path);
	struct file *file;

	if (symbols->file_count == FILES_MAX)
		return -ENFILE;
	file = calloc(1, sizeof(*file) + strlen(name) + 1);
	if (!file)
		return -ENOMEM;
	strcpy(file->name, name);
	elf_names_make_printable(file->name);
	file->fd = fd;
	memcpy(file->build_id, build_id, BPF_BUILD_ID_SIZE);
	file->next = symbols->files;
	symbols->files = file;
	symbols->file_count++;
	return 0;
}

/* Takes the descriptor. */
static void learn(struct symbols *symbols, const char *path, int fd)
{
	unsigned char build_id[BPF_BUILD_ID_SIZE];
	struct stat status;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || was_seen(symbols, &status) ||
	    read_build_id(fd, build_id) < 0 || find_file(symbols, build_id) ||
	    add_file(symbols, build_id, path, fd) < 0)
		close(fd);
}

void symbols_learn_file(struct symbols *symbols, const char *path)
{
	int fd = file_open_named(path);

	if (fd >= 0)
		learn(symbols, path, fd);
}

void symbols_learn_open(struct symbols *symbols, const char *path, int fd)
{
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0)
		learn(symbols, path, fd);
}

/* ---- Learning a process -------------------------------------------------- */

static int learn_mapping(void *context, const struct mapping *mapping)
{
	int fd = mapped_file_open(mapping);

	if (fd >= 0)
		learn(context, mapping->name, fd);
	return 0;
}

void symbols_learn_process(struct symbols *symbols, pid_t pid)
{
	struct process *place = &symbols->processes[(unsigned int)pid % PROCESSES];
	struct inode executable;
	struct timespec now;
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	/* It is gone, or not ours to look at. */
	if (stat(path, &status) < 0)
		return;
	executable = inode_of(&status);
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (place->pid == pid && place->second == now.tv_sec &&
	    same_inode(&place->executable, &executable))
		return;
	*place = (struct process){
		.pid = pid, .second = now.tv_sec, .executable = executable,
	};
	(void)mapped_files_each(pid, learn_mapping, symbols);
}

/* ---- Naming -------------------------------------------------------------- */

/*
 * Names are remembered: libdwfl goes through all symbols of a file for each name, and most
 * stacks share frames.
 */
static const char *find_name(struct symbols *symbols, struct file *file, uint64_t offset)
{
	struct name *place = &symbols->names[(offset + (uintptr_t)file / sizeof(*file)) % NAMES];

	if (place->file == file && place->offset == offset)
		return place->text;
	if (!ending_has_time(ENDING_REPORT)) {
		ending_leave_out();
		return NULL;
	}
	if (file->fd >= 0) {
		elf_names_open(&file->names, file->name, file->fd);
		file->fd = -1;
	}
	free(place->text);
	*place = (struct name){
		.file = file, .offset = offset, .text = elf_names_find(&file->names, offset),
	};
	return place->text;
}

void symbols_name(struct symbols *symbols, const struct bpf_stack_build_id *frame, size_t index,
		  char *text, size_t size)
{
	struct file *file = NULL;
	const char *name;

	if (frame->status == BPF_STACK_BUILD_ID_VALID)
		file = find_file(symbols, frame->build_id);
	if (!file) {
		/* The offset in a file that is not known, or the address. */
		snprintf(text, size, "[0x%" PRIx64 "]", (uint64_t)frame->ip);
		return;
	}
	/* The call is before its return address, which may be in the next function. */
	name = find_name(symbols, file, frame->offset - (index > 0));
	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%s+0x%" PRIx64, file->name, (uint64_t)frame->offset);
}
