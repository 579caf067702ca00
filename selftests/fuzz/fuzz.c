// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzz targets share.
 *
 * A target runs in one process for millions of inputs, so what is made here is made once: the
 * file that is fed, the root directory, and the streams that take what a tool prints.  The
 * file is a memfd, so that no name of the system is written or read; the root directory is
 * in $TMPDIR, which run.sh makes and removes.
 *
 * A descriptor that an input leaves open takes the lowest free number, so two system calls
 * before and after each input find it.  Memory is looked after by the leak sanitizer, and
 * time by libFuzzer's -timeout, and by replay.c.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *report;		/* the stderr of the process, whatever the tools print */
static int first_free;

/* Allocations of any size may fail, as they do without a sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

void fuzz_broken(const char *file, int line, const char *what)
{
	fprintf(report ? report : stderr, "%s:%d: broken promise: %s\n", file, line, what);
	abort();
}

/* ---- The input ---- */

static uint64_t draw(struct input *input)
{
	/* splitmix64 */
	uint64_t z = input->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Half of the numbers are small, and a quarter is next to a power of two. */
static uint64_t draw_number(struct input *input)
{
	uint64_t chance = draw(input), power = UINT64_C(1) << (chance >> 8 & 63);

	switch (chance & 7) {
	case 0: case 1: case 2: case 3:
		return chance >> 16 & 3;
	case 4:
		return power - 1 + (chance >> 16 & 1);
	case 5:
		return 0 - (chance >> 16 & 7);
	default:
		return draw(input);
	}
}

static void draw_copy(struct input *input, unsigned char *ret_data, size_t size)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < size; i += sizeof(number)) {
		number = draw_number(input);
		memcpy(ret_data + i, &number, size - i < sizeof(number) ? size - i : sizeof(number));
	}
	input->left -= size < input->left ? size : input->left;
}

uint8_t input_step(struct input *input)
{
	return input->row ? input->row->steps[draw(input) % input->row->count] : input_byte(input);
}

void input_copy(struct input *input, void *ret_data, size_t size)
{
	size_t there = size < input->left ? size : input->left;

	if (input->row) {
		draw_copy(input, ret_data, size);
		return;
	}
	memset(ret_data, 0, size);
	if (there)
		memcpy(ret_data, input->at, there);
	input->at += there;
	input->left -= there;
}

uint64_t input_number(struct input *input, size_t bytes)
{
	uint64_t number = 0;

	input_copy(input, &number, bytes);
	return number;
}

/* ---- Files ---- */

static int file = -1;
static char path[FUZZ_PATH];

static void make_file(void)
{
	file = memfd_create("fuzz", MFD_CLOEXEC);
	/* The configuration is read only if nobody else may write it. */
	if (file < 0 || fchmod(file, 0600))
		fuzz_broken(__FILE__, __LINE__, "a memfd can be made");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
}

int fuzz_file(const void *data, size_t size)
{
	if (ftruncate(file, 0) || (size && pwrite(file, data, size, 0) != (ssize_t)size))
		fuzz_broken(__FILE__, __LINE__, "the file can be written");
	return file;
}

const char *fuzz_path(void)
{
	return path;
}

static char root[256];

static int remove_one(const char *name, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(name);
}

static void remove_root(void)
{
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_root(void)
{
	const char *directory = getenv("TMPDIR");

	if (root[0])
		return root;
	snprintf(root, sizeof(root), "%s/sluice-fuzz-XXXXXX", directory ? directory : "/tmp");
	if (!mkdtemp(root))
		fuzz_broken(__FILE__, __LINE__, "a directory can be made");
	atexit(remove_root);
	return root;
}

/* ---- Before and after each input ---- */

static char said[64 << 10];

static int lowest_free(void)
{
	int fd = fcntl(file, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void begin_process(void)
{
	report = stderr;
	make_file();
	setenv("SLUICE_CONFIG", "/dev/null", 1);
	stdout = fopen("/dev/null", "w");
	stderr = fmemopen(said, sizeof(said), "w");
	if (!stdout || !stderr)
		fuzz_broken(__FILE__, __LINE__, "there is a place for what is printed");
	setvbuf(stderr, NULL, _IONBF, 0);
}

void fuzz_begin(void)
{
	if (!report)
		begin_process();
	rewind(stderr);
	first_free = lowest_free();
}

void fuzz_end(void)
{
	PROMISE(lowest_free() == first_free);
}

size_t fuzz_said(void)
{
	return (size_t)ftell(stderr);
}

bool fuzz_is_sentence(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (!text || !*text)
		return false;
	for (; *at; at++)
		if (*at < ' ' || *at == 0x7f)
			return false;
	return true;
}

void fuzz_read_all(const void *data, size_t size)
{
	const volatile unsigned char *at = data;
	unsigned char sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum ^= at[i];
	(void)sum;
}
