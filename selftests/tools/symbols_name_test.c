// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of frames, tools/trace/symbols.c: of functions of this very program, whose
 * frames are made by hand, as the kernel would make them.
 *
 * Some tests copy the program and give the copy a build id of its own, so that a name
 * can come from nowhere but that copy.
 */
#include "common.h"

#include <limits.h>
#include <link.h>
#include <sched.h>
#include <setjmp.h>
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

static jmp_buf back;
static uintptr_t return_address;

static __attribute__((__noinline__, __noreturn__)) void never_returns(void)
{
	return_address = (uintptr_t)__builtin_return_address(0);
	longjmp(back, 1);
}

/* The call is the last instruction, and its return address behind the function. */
static __attribute__((__noinline__)) void ends_with_a_call(void)
{
	__asm__ volatile("");
	never_returns();
}

/* ---- Frames by hand -------------------------------------------------------- */

static uint64_t offset_of(const struct self *self, uintptr_t address)
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

static void find_build_id(struct self *self, const ElfW(Phdr) *part)
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
static int visit_program(struct dl_phdr_info *info, size_t size, void *argument)
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

static struct bpf_stack_build_id frame_of(const struct self *self, uintptr_t address)
{
	struct bpf_stack_build_id frame = { .status = BPF_STACK_BUILD_ID_VALID };

	memcpy(frame.build_id, self->build_id, BPF_BUILD_ID_SIZE);
	frame.offset = offset_of(self, address);
	return frame;
}

static struct bpf_stack_build_id marked_frame(const struct self *self)
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

/* "marked_function (symbols_name_test.c:N)", with a line of that function. */
static bool is_marked(const char *text)
{
	int line = 0, end = 0;

	return sscanf(text, "marked_function (symbols_name_test.c:%d)%n", &line, &end) == 1 &&
	       end && !text[end] && line > MARKED_BEGIN && line < MARKED_END;
}

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool ends(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* ---- Copies ---------------------------------------------------------------- */

static void copy_program(struct __test_metadata *_metadata, FIXTURE_DATA(symbols) *self,
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

static void *map_to_execute(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return MAP_FAILED;
	at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return at;
}

static void write_file(struct __test_metadata *_metadata, const char *path, const void *bytes,
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
static __attribute__((__noreturn__)) void stay(int from, int to, char byte)
{
	if (write(to, &byte, 1) == 1)
		while (read(from, &byte, 1) > 0)
			;
	_exit(0);
}

/* Like fork(): true in the child. */
static bool child_begin(struct __test_metadata *_metadata, struct child *child)
{
	ASSERT_EQ(0, pipe2(child->to, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(child->from, O_CLOEXEC));
	child->pid = fork();
	ASSERT_LE(0, child->pid);
	if (!child->pid)
		close(child->to[1]);
	return !child->pid;
}

static void child_end(struct __test_metadata *_metadata, struct child *child)
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
static __attribute__((__noreturn__)) void become(const struct child *child, const char *path)
{
	char byte;

	if (read(child->to[0], &byte, 1) == 1 && setenv("SYMBOLS_STAY", "1", 1) == 0 &&
	    dup2(child->to[0], STDIN_FILENO) >= 0 && dup2(child->from[1], STDOUT_FILENO) >= 0)
		execl(path, path, (char *)NULL);
	_exit(1);
}

/* In the child: maps a file under a path where all others find an empty one. */
static __attribute__((__noreturn__)) void hide(const struct child *child, const char *path,
						const char *under)
{
	bool hidden = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
		      mount(path, under, NULL, MS_BIND, NULL) == 0 &&
		      map_to_execute(under) != MAP_FAILED;

	stay(child->to[0], child->from[1], hidden ? 'y' : 'n');
}

/* ---- Tests ----------------------------------------------------------------- */

TEST_F(symbols, a_function_and_its_line)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
	/* The second time it is remembered. */
	memset(text, 0, sizeof(text));
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
	/* Learning it once more changes nothing. */
	symbols_learn_file(self->symbols, self->self.path);
	symbols_learn_process(self->symbols, getpid());
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

TEST_F(symbols, what_a_process_has_mapped)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];
	int i;

	for (i = 0; i < 3; i++)
		symbols_learn_process(self->symbols, getpid());
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
}

TEST_F(symbols, a_return_address_belongs_to_its_call)
{
	struct bpf_stack_build_id frame;
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	if (!setjmp(back))
		ends_with_a_call();
	frame = frame_of(&self->self, return_address);
	symbols_name(self->symbols, &frame, 1, text, sizeof(text));
	EXPECT_TRUE(begins(text, "ends_with_a_call ("))
		TH_LOG("instead: %s", text);
	/* The same place is another function's, or nobody's, if it is where the stack began. */
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_FALSE(begins(text, "ends_with_a_call"))
		TH_LOG("%s", text);
}

TEST_F(symbols, an_unknown_build_id)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], wanted[TEXT];

	sprintf(wanted, "[0x%llx]", (unsigned long long)frame.offset);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ(wanted, text);
	symbols_learn_process(self->symbols, getpid());
	frame.build_id[BPF_BUILD_ID_SIZE - 1] ^= 1;
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ(wanted, text);
}

TEST_F(symbols, frames_without_a_build_id)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];

	symbols_learn_file(self->symbols, self->self.path);
	frame.status = BPF_STACK_BUILD_ID_IP;
	frame.ip = 0x7f0123456789;
	symbols_name(self->symbols, &frame, 3, text, sizeof(text));
	EXPECT_STREQ("[0x7f0123456789]", text);
	memset(&frame, 0, sizeof(frame));
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ("[0x0]", text);
}

TEST_F(symbols, an_offset_that_holds_no_function)
{
	static const uint64_t offsets[] = { 0, 1, UINT64_MAX, 1ull << 63, 1ull << 40 };
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], wanted[TEXT];
	size_t i;

	symbols_learn_file(self->symbols, self->self.path);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		frame.offset = offsets[i];
		sprintf(wanted, "symbols_name_test+0x%llx", (unsigned long long)offsets[i]);
		symbols_name(self->symbols, &frame, i % 2, text, sizeof(text));
		EXPECT_TRUE(ends(text, strchr(wanted, '+')) && text[0] != '[')
			TH_LOG("%s instead of %s", text, wanted);
		symbols_name(self->symbols, &frame, !(i % 2), text, sizeof(text));
		EXPECT_TRUE(ends(text, strchr(wanted, '+')));
	}
}

TEST_F(symbols, text_is_cut_and_terminated)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT], all[TEXT];
	size_t size;
	int round;

	for (round = 0; round < 3; round++) {
		/* First an offset alone, then the function, then the file and an offset. */
		if (round == 1)
			symbols_learn_file(self->symbols, self->self.path);
		if (round == 2)
			frame.offset = 0;
		symbols_name(self->symbols, &frame, 0, all, sizeof(all));
		for (size = 0; size < strlen(all) + 2; size++) {
			memset(text, '#', sizeof(text));
			symbols_name(self->symbols, &frame, 0, text, size);
			ASSERT_EQ('#', text[size]);
			if (!size)
				continue;
			ASSERT_GT(size, strlen(text));
			ASSERT_EQ(0, strncmp(text, all, size - 1));
		}
	}
}

TEST_F(symbols, files_that_are_none)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char path[PATH_MAX], text[TEXT];

	symbols_learn_file(self->symbols, "");
	symbols_learn_file(self->symbols, "/");
	symbols_learn_file(self->symbols, "/dev/null");
	symbols_learn_file(self->symbols, "/nowhere/at/all");
	sprintf(path, "%s/empty", self->root.path);
	write_file(_metadata, path, "", 0);
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	write_file(_metadata, path, "#!/bin/sh\n", 10);
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	write_file(_metadata, path, "\177ELF\2\1\1\0", 8);
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	/* Nobody writes to it, and nobody waits for that. */
	ASSERT_EQ(0, mkfifo(path, 0600));
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	EXPECT_EQ(self->root.fds, count_fds());

	symbols_learn_file(self->symbols, self->self.path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

static int open_copy(struct __test_metadata *_metadata, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	return fd;
}

static bool learns_marked_in(struct symbols *symbols, const struct self *copy, const char *path)
{
	struct bpf_stack_build_id frame = marked_frame(copy);
	char text[TEXT];

	symbols_learn_file(symbols, path);
	symbols_name(symbols, &frame, 0, text, sizeof(text));
	return is_marked(text);
}

TEST_F(symbols, a_file_of_nonsense_behind_its_build_id)
{
	unsigned char nonsense[4096];
	char path[PATH_MAX];
	struct stat status;
	struct self copy;
	off_t at;
	int fd;

	memset(nonsense, 0xff, sizeof(nonsense));
	copy_program(_metadata, self, "file", path, &copy);
	fd = open_copy(_metadata, path);
	ASSERT_EQ(0, fstat(fd, &status));
	for (at = (off_t)(copy.id_offset + copy.id_size); at < status.st_size; at += 4096)
		ASSERT_EQ(4096, pwrite(fd, nonsense, sizeof(nonsense), at));
	close(fd);
	EXPECT_FALSE(learns_marked_in(self->symbols, &copy, path));
	ASSERT_EQ(0, unlink(path));
}

TEST_F(symbols, a_file_that_ends_with_its_build_id)
{
	char path[PATH_MAX];
	struct self copy;

	copy_program(_metadata, self, "file", path, &copy);
	ASSERT_EQ(0, truncate(path, (off_t)(copy.id_offset + copy.id_size)));
	EXPECT_FALSE(learns_marked_in(self->symbols, &copy, path));
	ASSERT_EQ(0, unlink(path));
}

/* libdwfl takes no such file, and so leaves its descriptor to us. */
TEST_F(symbols, a_file_that_loads_nothing)
{
	char path[PATH_MAX], none[PATH_MAX] = { 0 };
	ElfW(Ehdr) header;
	struct self copy;
	size_t size;
	int fd;

	copy_program(_metadata, self, "file", path, &copy);
	fd = open_copy(_metadata, path);
	ASSERT_EQ((ssize_t)sizeof(header), pread(fd, &header, sizeof(header), 0));
	size = (size_t)header.e_phnum * header.e_phentsize;
	ASSERT_GT(sizeof(none), size);
	ASSERT_EQ((ssize_t)size, pwrite(fd, none, size, (off_t)header.e_phoff));
	close(fd);
	EXPECT_FALSE(learns_marked_in(self->symbols, &copy, path));
	ASSERT_EQ(0, unlink(path));
}

/* As the kernel has it: filled up with zeros. */
TEST_F(symbols, a_short_build_id)
{
	uint32_t shorter = (uint32_t)self->self.id_size - 4;
	char path[PATH_MAX];
	struct self copy;
	int fd;

	copy_program(_metadata, self, "file", path, &copy);
	memset(copy.build_id + shorter, 0, BPF_BUILD_ID_SIZE - shorter);
	fd = open_copy(_metadata, path);
	/* A note is three words, a name of four bytes and the build id. */
	ASSERT_EQ(4, pwrite(fd, &shorter, 4, (off_t)copy.id_offset - 12));
	close(fd);
	EXPECT_TRUE(learns_marked_in(self->symbols, &copy, path));
	ASSERT_EQ(0, unlink(path));
}

TEST_F(symbols, copies_are_kept_open_once)
{
	char path[2][PATH_MAX];
	struct self copy;
	int fds;

	copy_program(_metadata, self, "one", path[0], &copy);
	copy_program(_metadata, self, "two", path[1], &copy);
	symbols_learn_file(self->symbols, path[0]);
	fds = count_fds();
	EXPECT_LT(self->root.fds, fds);
	symbols_learn_file(self->symbols, path[1]);
	symbols_learn_file(self->symbols, path[0]);
	EXPECT_EQ(fds, count_fds());
	EXPECT_TRUE(learns_marked_in(self->symbols, &copy, path[1]));
	ASSERT_EQ(0, unlink(path[0]));
	ASSERT_EQ(0, unlink(path[1]));
}

/* All around the function, so that they take the places of one another. */
TEST_F(symbols, more_frames_than_are_remembered)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	uint64_t middle = frame.offset;
	char text[TEXT];
	int i;

	symbols_learn_file(self->symbols, self->self.path);
	for (i = -12288; i < 12288; i += 3) {
		frame.offset = middle + (uint64_t)(int64_t)i;
		symbols_name(self->symbols, &frame, 0, text, sizeof(text));
		ASSERT_LT(0, strlen(text));
		ASSERT_TRUE(i || is_marked(text));
	}
	frame.offset = middle;
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

TEST_F(symbols, a_file_that_was_deleted_since)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT];
	struct self copy;

	copy_program(_metadata, self, "deleted", path, &copy);
	frame = marked_frame(&copy);
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
}

/* Two files at one inode number, which many file systems give away again at once. */
TEST_F(symbols, a_file_that_took_the_place_of_another)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT];
	struct self copy;

	copy_program(_metadata, self, "file", path, &copy);
	ASSERT_EQ(0, truncate(path, 0));
	symbols_learn_file(self->symbols, path);
	ASSERT_EQ(0, unlink(path));
	copy_program(_metadata, self, "file", path, &copy);
	frame = marked_frame(&copy);
	symbols_learn_file(self->symbols, path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
	ASSERT_EQ(0, unlink(path));
}

TEST_F(symbols, names_are_printable)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT];
	struct self copy;

	copy_program(_metadata, self, "a\033[2J\n\377z", path, &copy);
	frame = frame_of(&copy, 0);
	frame.offset = 0x10;
	symbols_learn_file(self->symbols, path);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ("a?[2J??z+0x10", text);
	ASSERT_EQ(0, unlink(path));
}

static bool learns_marked(struct symbols *symbols, const struct bpf_stack_build_id *frame)
{
	char text[TEXT];

	symbols_learn_process(symbols, getpid());
	symbols_name(symbols, frame, 0, text, sizeof(text));
	return is_marked(text);
}

/* As a library that is loaded later; and spaces in its path are nothing special. */
TEST_F(symbols, a_file_that_a_known_process_maps)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX];
	struct self copy;
	void *at;

	symbols_learn_process(self->symbols, getpid());
	copy_program(_metadata, self, "mapped  later", path, &copy);
	frame = marked_frame(&copy);
	at = map_to_execute(path);
	ASSERT_NE(MAP_FAILED, at);
	EXPECT_TRUE(EVENTUALLY(learns_marked(self->symbols, &frame)));
	munmap(at, 4096);
	ASSERT_EQ(0, unlink(path));
}

/* There is a way to it for those who may use it. */
TEST_F(symbols, a_file_that_is_mapped_and_deleted)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT], map[128];
	struct self copy;
	bool may;
	void *at;
	int fd;

	copy_program(_metadata, self, "file", path, &copy);
	frame = marked_frame(&copy);
	at = map_to_execute(path);
	ASSERT_NE(MAP_FAILED, at);
	ASSERT_EQ(0, unlink(path));
	sprintf(map, "/proc/self/map_files/%lx-%lx", (unsigned long)at, (unsigned long)at + 4096);
	fd = open(map, O_RDONLY | O_CLOEXEC);
	may = fd >= 0;
	if (may)
		close(fd);
	EXPECT_EQ(may, learns_marked(self->symbols, &frame));
	frame.offset = 0x10;
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_STREQ(may ? "file+0x10" : "[0x10]", text);
	munmap(at, 4096);
}

TEST_F(symbols, a_process_that_is_gone)
{
	struct bpf_stack_build_id frame = marked_frame(&self->self);
	char text[TEXT];
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	/* First as a zombie, which has nothing mapped any more. */
	ASSERT_EQ(0, waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT));
	symbols_learn_process(self->symbols, pid);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	symbols_learn_process(self->symbols, pid);
	symbols_learn_process(self->symbols, 0);
	symbols_learn_process(self->symbols, -1);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_EQ('[', text[0]);
	symbols_learn_process(self->symbols, getpid());
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text));
}

TEST_F(symbols, a_file_that_only_its_process_sees)
{
	char path[PATH_MAX], under[PATH_MAX], text[TEXT], byte = 0;
	struct bpf_stack_build_id frame;
	struct child child;
	struct self copy;

	copy_program(_metadata, self, "file", path, &copy);
	frame = marked_frame(&copy);
	sprintf(under, "%s/under", self->root.path);
	write_file(_metadata, under, "", 0);
	if (child_begin(_metadata, &child))
		hide(&child, path, under);
	ASSERT_EQ(1, read(child.from[0], &byte, 1));
	symbols_learn_process(self->symbols, child.pid);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	child_end(_metadata, &child);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, unlink(under));
	if (byte == 'n')
		SKIP(return, "no namespaces of our own here");
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
}

/* A process that becomes another program is looked at again at once. */
TEST_F(symbols, a_process_that_executes_another_program)
{
	struct bpf_stack_build_id frame;
	char path[PATH_MAX], text[TEXT], byte;
	struct child child;
	struct self copy;

	copy_program(_metadata, self, "program", path, &copy);
	frame = marked_frame(&copy);
	if (child_begin(_metadata, &child))
		become(&child, path);
	symbols_learn_process(self->symbols, child.pid);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_EQ('[', text[0]);

	ASSERT_EQ(1, write(child.to[1], "", 1));
	ASSERT_EQ(1, read(child.from[0], &byte, 1));
	symbols_learn_process(self->symbols, child.pid);
	symbols_name(self->symbols, &frame, 0, text, sizeof(text));
	EXPECT_TRUE(is_marked(text))
		TH_LOG("instead: %s", text);
	child_end(_metadata, &child);
	ASSERT_EQ(0, unlink(path));
}

TEST_F(symbols, nothing_to_destroy)
{
	symbols_destroy(NULL);
}

TEST_HARNESS_MAIN
