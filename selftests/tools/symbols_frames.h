/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of functions of the program that is running, made by hand as the kernel would make
 * them; copies of this program with a build id of their own, so that a name can come from
 * nowhere but that copy; and children that map such a copy or become one.
 */
#ifndef SELFTESTS_SYMBOLS_FRAMES_H
#define SELFTESTS_SYMBOLS_FRAMES_H

#include "common.h"

#include <limits.h>
#include <link.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tools/trace/symbols.h"

#define TEXT	256

/* This program: where it is, what its build id is, and where that stands in the file. */
struct self {
	char path[PATH_MAX];
	unsigned char build_id[BPF_BUILD_ID_SIZE];
	size_t id_size;
	uint64_t id_offset;
	const ElfW(Phdr) *parts;
	size_t part_count;
	uintptr_t bias;
};

FIXTURE(symbols)
{
	struct root root;
	struct symbols *symbols;
	struct self self;
};

/* ---- What is named --------------------------------------------------------- */

enum { MARKED_BEGIN = __LINE__ };
static __attribute__((__noinline__)) int marked_function(int x)
{
	__asm__ volatile("" : "+r" (x));
	return x + 1;
}
enum { MARKED_END = __LINE__ };

/* ---- Frames by hand -------------------------------------------------------- */

helper uint64_t offset_of(const struct self *self, uintptr_t address)
{
	const ElfW(Phdr) *part;
	uint64_t in_part;
	size_t i;

	for (i = 0; i < self->part_count; i++) {
		part = &self->parts[i];
		in_part = address - self->bias - part->p_vaddr;
		if (part->p_type == PT_LOAD && in_part < part->p_filesz)
			return in_part + part->p_offset;
	}
	return 0;
}

helper void find_build_id(struct self *self, const ElfW(Phdr) *part)
{
	const char *at = (const char *)self->bias + part->p_vaddr, *end = at + part->p_memsz;
	const ElfW(Nhdr) *note;
	const char *bytes;

	while (at < end) {
		note = (const void *)at;
		bytes = at + sizeof(*note) + (note->n_namesz + 3) / 4 * 4;
		at = bytes + (note->n_descsz + 3) / 4 * 4;
		if (note->n_type != NT_GNU_BUILD_ID || note->n_namesz != 4 ||
		    note->n_descsz > BPF_BUILD_ID_SIZE ||
		    memcmp(note + 1, "GNU", 4) != 0)
			continue;
		memcpy(self->build_id, bytes, note->n_descsz);
		self->id_size = note->n_descsz;
		self->id_offset = offset_of(self, (uintptr_t)bytes);
	}
}

/* The first that is told of is the program. */
helper int visit_program(struct dl_phdr_info *info, size_t size, void *argument)
{
	struct self *self = argument;
	size_t i;

	self->bias = info->dlpi_addr;
	self->parts = info->dlpi_phdr;
	self->part_count = info->dlpi_phnum;
	/* Notes with another alignment hold properties and no build id. */
	for (i = 0; i < self->part_count; i++)
		if (self->parts[i].p_type == PT_NOTE && self->parts[i].p_align == 4)
			find_build_id(self, &self->parts[i]);
	return 1;
}

helper struct bpf_stack_build_id frame_of(const struct self *self, uintptr_t address)
{
	struct bpf_stack_build_id frame = { .status = BPF_STACK_BUILD_ID_VALID };

	memcpy(frame.build_id, self->build_id, BPF_BUILD_ID_SIZE);
	frame.offset = offset_of(self, address);
	return frame;
}

helper struct bpf_stack_build_id marked_frame(const struct self *self)
{
	return frame_of(self, (uintptr_t)marked_function);
}

FIXTURE_SETUP(symbols)
{
	ssize_t length;

	root_make(_metadata, &self->root);
	memset(&self->self, 0, sizeof(self->self));
	length = readlink("/proc/self/exe", self->self.path, sizeof(self->self.path) - 1);
	ASSERT_LT(0, length);
	dl_iterate_phdr(visit_program, &self->self);
	ASSERT_LT(0, self->self.id_size);
	ASSERT_LT(0, self->self.id_offset);
	ASSERT_EQ(2, marked_function(1));
	self->symbols = symbols_create();
	ASSERT_NE(NULL, self->symbols);
}

FIXTURE_TEARDOWN(symbols)
{
	symbols_destroy(self->symbols);
	self->symbols = NULL;
	TEARDOWN_CHECKS(&self->root);
}

/* "marked_function (symbols_frames.h:N)", with a line of that function. */
helper bool is_marked(const char *text)
{
	int line = 0, end = 0;

	return sscanf(text, "marked_function (symbols_frames.h:%d)%n", &line, &end) == 1 &&
	       end && !text[end] && line > MARKED_BEGIN && line < MARKED_END;
}

helper bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

helper bool ends(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* ---- Copies ---------------------------------------------------------------- */

helper void copy_program(struct __test_metadata *_metadata, FIXTURE_DATA(symbols) *self,
			 const char *name, char *ret_path, struct self *ret_copy)
{
	char bytes[1 << 16];
	int from, to;
	ssize_t r;

	*ret_copy = self->self;
	ret_copy->build_id[0] ^= 0x5a;
	sprintf(ret_path, "%s/%s", self->root.path, name);
	from = open(self->self.path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, from);
	to = open(ret_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	ASSERT_LE(0, to);
	while ((r = read(from, bytes, sizeof(bytes))) > 0)
		ASSERT_EQ(r, write(to, bytes, (size_t)r));
	ASSERT_EQ(0, r);
	ASSERT_EQ(1, pwrite(to, ret_copy->build_id, 1, (off_t)ret_copy->id_offset));
	close(from);
	close(to);
}

helper void *map_to_execute(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return MAP_FAILED;
	at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return at;
}

helper void write_file(struct __test_metadata *_metadata, const char *path, const void *bytes,
		       size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)size, write(fd, bytes, size));
	close(fd);
}

/* ---- Children --------------------------------------------------------------- */

struct child {
	pid_t pid;
	int to[2], from[2];
};

/* Says that it is there, and stays until there is nobody who could end it. */
helper __attribute__((__noreturn__)) void stay(int from, int to, char byte)
{
	if (write(to, &byte, 1) == 1)
		while (read(from, &byte, 1) > 0)
			;
	_exit(0);
}

/* Like fork(): true in the child. */
helper bool child_begin(struct __test_metadata *_metadata, struct child *child)
{
	ASSERT_EQ(0, pipe2(child->to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(child->from, O_CLOEXEC));
	child->pid = fork();
	ASSERT_LE(0, child->pid);
	if (!child->pid)
		close(child->to[1]);
	return !child->pid;
}

helper void child_end(struct __test_metadata *_metadata, struct child *child)
{
	close(child->to[0]);
	close(child->to[1]);
	close(child->from[0]);
	close(child->from[1]);
	ASSERT_EQ(child->pid, waitpid(child->pid, NULL, 0));
}

/* In a child that became a copy. */
static __attribute__((__constructor__)) void stay_as_copy(void)
{
	if (getenv("SYMBOLS_STAY"))
		stay(STDIN_FILENO, STDOUT_FILENO, 'y');
}

/* In the child, once it is told to. */
helper __attribute__((__noreturn__)) void become(const struct child *child, const char *path)
{
	char byte;

	if (read(child->to[0], &byte, 1) == 1 && setenv("SYMBOLS_STAY", "1", 1) == 0 &&
	    dup2(child->to[0], STDIN_FILENO) >= 0 && dup2(child->from[1], STDOUT_FILENO) >= 0)
		execl(path, path, (char *)NULL);
	_exit(1);
}

/* In the child: maps a file under a path where all others find an empty one. */
helper __attribute__((__noreturn__)) void hide(const struct child *child, const char *path,
						const char *under)
{
	bool hidden = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
		      mount(path, under, NULL, MS_BIND, NULL) == 0 &&
		      map_to_execute(under) != MAP_FAILED;

	stay(child->to[0], child->from[1], hidden ? 'y' : 'n');
}

#endif /* SELFTESTS_SYMBOLS_FRAMES_H */
