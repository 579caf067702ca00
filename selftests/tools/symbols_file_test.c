// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of frames, tools/trace/symbols.c: the files that they come from.  A file may be no
 * program, be cut or replaced or deleted, be mapped by a process that has ended, or be seen
 * by one process only.
 */
#include "symbols_frames.h"

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

TEST_HARNESS_MAIN
