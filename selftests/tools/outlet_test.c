// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tracer prints until it is written, tools/trace/outlet.c: a reader who does not
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
#include "tools/trace/outlet.h"

#define LINE	100	/* bytes, with its end */

FIXTURE(outlet)
{
	struct root root;
	char path[96];
	struct outlet *outlet;
};

FIXTURE_SETUP(outlet)
{
	root_make(_metadata, &self->root);
	snprintf(self->path, sizeof(self->path), "%s/out", self->root.path);
	self->outlet = NULL;
}

FIXTURE_TEARDOWN(outlet)
{
	outlet_close(self->outlet);
	unlink(self->path);
	TEARDOWN_CHECKS(&self->root);
}

static void print_line(struct outlet *outlet, unsigned int number)
{
	fprintf(outlet_stream(outlet), "%098u.\n", number);
}

/* Prints an event. */
static bool tell(struct outlet *outlet, unsigned int number)
{
	print_line(outlet, number);
	return outlet_unit(outlet, 1);
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

TEST_F(outlet, what_is_printed_is_written)
{
	struct stat status;

	umask(0);
	self->outlet = outlet_open(&(struct outlet_file){ .path = self->path, .lines = true }, 0);
	ASSERT_NE(NULL, self->outlet);
	for (unsigned int i = 0; i < 50000; i++)
		EXPECT_TRUE(tell(self->outlet, i));
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_EQ(50000, outlet_written(self->outlet));
	EXPECT_EQ(0, outlet_lost(self->outlet));
	EXPECT_EQ(50000, count_lines_of(_metadata, self->path));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_EQ(S_IRUSR | S_IWUSR, status.st_mode & 0777);
}

/* Nobody reads, then somebody does: whole lines, and as many as are said to be written. */
TEST_F(outlet, nobody_reads)
{
	unsigned int kept = 0, full = 0;
	FILE *reader;
	int fd;

	ASSERT_EQ(0, mkfifo(self->path, 0600));
	fd = open(self->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, fd);
	self->outlet = outlet_open(&(struct outlet_file){ .path = self->path, .lines = true }, 0);
	ASSERT_NE(NULL, self->outlet);
	for (unsigned int i = 0; i < 50000; i++) {
		kept += tell(self->outlet, i);
		full += outlet_is_full(self->outlet);
	}
	EXPECT_LT(0, full);
	EXPECT_LT(kept, 50000);
	EXPECT_EQ(50000 - kept, outlet_lost(self->outlet));
	ending_begin(true);
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0 } }, NULL);
	outlet_settle(self->outlet, ENDING_EVENTS);
	EXPECT_EQ(50000, outlet_lost(self->outlet) + outlet_written(self->outlet));
	EXPECT_LT(100, outlet_written(self->outlet));
	outlet_begin_report(self->outlet);
	print_line(self->outlet, 50000);
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_TRUE(outlet_is_cut(self->outlet));
	EXPECT_EQ(50000, outlet_lost(self->outlet) + outlet_written(self->outlet));
	reader = fdopen(fd, "r");
	ASSERT_NE(NULL, reader);
	EXPECT_EQ(outlet_written(self->outlet), count_lines(_metadata, reader));
	fclose(reader);
}

/* A unit that is longer than there is room for is not kept in part. */
TEST_F(outlet, too_long_a_unit)
{
	self->outlet = outlet_open(&(struct outlet_file){ .path = self->path }, 0);
	ASSERT_NE(NULL, self->outlet);
	EXPECT_TRUE(tell(self->outlet, 0));
	for (unsigned int i = 0; i < 100000; i++)
		print_line(self->outlet, i);
	EXPECT_FALSE(outlet_unit(self->outlet, 3));
	EXPECT_TRUE(tell(self->outlet, 1));
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_EQ(3, outlet_lost(self->outlet));
	EXPECT_EQ(2, count_lines_of(_metadata, self->path));
}

TEST_F(outlet, a_full_disk)
{
	self->outlet = outlet_open(&(struct outlet_file){ .path = "/dev/full" }, 0);
	ASSERT_NE(NULL, self->outlet);
	for (unsigned int i = 0; i < 5000; i++)
		tell(self->outlet, i);
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_EQ(-ENOSPC, outlet_error(self->outlet));
	EXPECT_EQ(5000, outlet_lost(self->outlet));
	EXPECT_EQ(0, outlet_written(self->outlet));
}

#define MOST	4096u

TEST_F(outlet, it_stops_at_its_size)
{
	const struct outlet_file file = {
		.path = self->path, .most = MOST, .reserve = 500, .lines = true,
	};
	struct stat status;

	self->outlet = outlet_open(&file, 0);
	ASSERT_NE(NULL, self->outlet);
	for (unsigned int i = 0; i < 100; i++)
		EXPECT_EQ(i < 35, tell(self->outlet, i));
	EXPECT_TRUE(outlet_is_at_limit(self->outlet));
	EXPECT_EQ(65, outlet_lost(self->outlet));
	outlet_begin_report(self->outlet);
	print_line(self->outlet, 100);
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_FALSE(outlet_is_cut(self->outlet));
	EXPECT_EQ(36, count_lines_of(_metadata, self->path));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_GE(MOST, status.st_size);
}

TEST_F(outlet, it_goes_on_in_another)
{
	const struct outlet_file file = {
		.path = self->path, .most = MOST, .files = 3, .reserve = 500, .lines = true,
	};
	char other[128];

	self->outlet = outlet_open(&file, 0);
	ASSERT_NE(NULL, self->outlet);
	for (unsigned int i = 0; i < 200; i++)
		EXPECT_TRUE(tell(self->outlet, i));
	outlet_settle(self->outlet, ENDING_ALL);
	EXPECT_EQ(0, outlet_lost(self->outlet));
	EXPECT_FALSE(outlet_is_at_limit(self->outlet));
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
