// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tracer prints until it is written, tools/trace/output.c: a reader who does not
 * read holds nobody up, what is lost is counted, no line comes in pieces, and no file is
 * larger than it may be.
 */
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tools/trace/ending.h"
#include "tools/trace/output.h"

#define LINE	100	/* bytes, with its end */

FIXTURE(output)
{
	struct root root;
	char path[96];
	struct output *output;
};

FIXTURE_SETUP(output)
{
	root_make(_metadata, &self->root);
	snprintf(self->path, sizeof(self->path), "%s/out", self->root.path);
	self->output = NULL;
}

FIXTURE_TEARDOWN(output)
{
	output_close(self->output);
	unlink(self->path);
	TEARDOWN_CHECKS(&self->root);
}

static void print_line(struct output *output, unsigned int number)
{
	fprintf(output_stream(output), "%098u.\n", number);
}

/* Prints an event. */
static bool tell(struct output *output, unsigned int number)
{
	print_line(output, number);
	return output_unit(output, 1);
}

/* All lines of a file are whole, and each is later than the one before.  How many. */
static unsigned int count_lines(struct __test_metadata *_metadata, FILE *file)
{
	unsigned int count = 0, number, before = 0;
	char line[2 * LINE];

	while (fgets(line, sizeof(line), file)) {
		EXPECT_EQ(LINE, strlen(line));
		EXPECT_EQ(1, sscanf(line, "%u.", &number));
		if (count)
			EXPECT_LT(before, number);
		before = number;
		count++;
	}
	return count;
}

static unsigned int count_lines_of(struct __test_metadata *_metadata, const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int count;

	ASSERT_NE(NULL, file);
	count = count_lines(_metadata, file);
	fclose(file);
	return count;
}

TEST_F(output, what_is_printed_is_written)
{
	struct stat status;

	umask(0);
	self->output = output_open(&(struct output_file){ .path = self->path, .lines = true }, 0);
	ASSERT_NE(NULL, self->output);
	for (unsigned int i = 0; i < 50000; i++)
		EXPECT_TRUE(tell(self->output, i));
	output_settle(self->output, ENDING_ALL);
	EXPECT_EQ(50000, output_written(self->output));
	EXPECT_EQ(0, output_lost(self->output));
	EXPECT_EQ(50000, count_lines_of(_metadata, self->path));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_EQ(S_IRUSR | S_IWUSR, status.st_mode & 0777);
}

/* Nobody reads, then somebody does: whole lines, and as many as are said to be written. */
TEST_F(output, nobody_reads)
{
	unsigned int kept = 0, full = 0;
	FILE *reader;
	int fd;

	ASSERT_EQ(0, mkfifo(self->path, 0600));
	fd = open(self->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, fd);
	self->output = output_open(&(struct output_file){ .path = self->path, .lines = true }, 0);
	ASSERT_NE(NULL, self->output);
	for (unsigned int i = 0; i < 50000; i++) {
		kept += tell(self->output, i);
		full += output_is_full(self->output);
	}
	EXPECT_LT(0, full);
	EXPECT_LT(kept, 50000);
	EXPECT_EQ(50000 - kept, output_lost(self->output));
	ending_begin(true);
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0 } }, NULL);
	output_settle(self->output, ENDING_EVENTS);
	EXPECT_EQ(50000, output_lost(self->output) + output_written(self->output));
	EXPECT_LT(100, output_written(self->output));
	output_begin_report(self->output);
	print_line(self->output, 50000);
	output_settle(self->output, ENDING_ALL);
	EXPECT_TRUE(output_is_cut(self->output));
	EXPECT_EQ(50000, output_lost(self->output) + output_written(self->output));
	reader = fdopen(fd, "r");
	ASSERT_NE(NULL, reader);
	EXPECT_EQ(output_written(self->output), count_lines(_metadata, reader));
	fclose(reader);
}

/* A unit that is longer than there is room for is not kept in part. */
TEST_F(output, too_long_a_unit)
{
	self->output = output_open(&(struct output_file){ .path = self->path }, 0);
	ASSERT_NE(NULL, self->output);
	EXPECT_TRUE(tell(self->output, 0));
	for (unsigned int i = 0; i < 100000; i++)
		print_line(self->output, i);
	EXPECT_FALSE(output_unit(self->output, 3));
	EXPECT_TRUE(tell(self->output, 1));
	output_settle(self->output, ENDING_ALL);
	EXPECT_EQ(3, output_lost(self->output));
	EXPECT_EQ(2, count_lines_of(_metadata, self->path));
}

TEST_F(output, a_full_disk)
{
	self->output = output_open(&(struct output_file){ .path = "/dev/full" }, 0);
	ASSERT_NE(NULL, self->output);
	for (unsigned int i = 0; i < 5000; i++)
		tell(self->output, i);
	output_settle(self->output, ENDING_ALL);
	EXPECT_EQ(-ENOSPC, output_error(self->output));
	EXPECT_EQ(5000, output_lost(self->output));
	EXPECT_EQ(0, output_written(self->output));
}

#define MOST	4096u

TEST_F(output, it_stops_at_its_size)
{
	const struct output_file file = {
		.path = self->path, .most = MOST, .reserve = 500, .lines = true,
	};
	struct stat status;

	self->output = output_open(&file, 0);
	ASSERT_NE(NULL, self->output);
	for (unsigned int i = 0; i < 100; i++)
		EXPECT_EQ(i < 35, tell(self->output, i));
	EXPECT_TRUE(output_is_at_limit(self->output));
	EXPECT_EQ(65, output_lost(self->output));
	output_begin_report(self->output);
	print_line(self->output, 100);
	output_settle(self->output, ENDING_ALL);
	EXPECT_FALSE(output_is_cut(self->output));
	EXPECT_EQ(36, count_lines_of(_metadata, self->path));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_GE(MOST, status.st_size);
}

TEST_F(output, it_goes_on_in_another)
{
	const struct output_file file = {
		.path = self->path, .most = MOST, .files = 3, .reserve = 500, .lines = true,
	};
	char other[128];

	self->output = output_open(&file, 0);
	ASSERT_NE(NULL, self->output);
	for (unsigned int i = 0; i < 200; i++)
		EXPECT_TRUE(tell(self->output, i));
	output_settle(self->output, ENDING_ALL);
	EXPECT_EQ(0, output_lost(self->output));
	EXPECT_FALSE(output_is_at_limit(self->output));
	EXPECT_EQ(200 % 35, count_lines_of(_metadata, self->path));
	for (int i = 1; i < 3; i++) {
		snprintf(other, sizeof(other), "%s.%d", self->path, i);
		EXPECT_EQ(35, count_lines_of(_metadata, other));
		unlink(other);
	}
	snprintf(other, sizeof(other), "%s.3", self->path);
	EXPECT_EQ(-1, access(other, F_OK));
}

TEST_HARNESS_MAIN
