// SPDX-License-Identifier: GPL-2.0-only
/*
 * Captures, tools/trace/pcapng_writer.c and pcapng_reader.c: what is written is read again.
 * pcapng_reader_test has files that others have written, and damage.
 */
#include "captures.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- Writing and reading again --------------------------------------------- */

TEST_F(pcapng, what_is_written_is_read)
{
	size_t count;

	write_samples(_metadata, self->path);
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(SAMPLES, count);
}

TEST_F(pcapng, nobody_else_may_read_it)
{
	struct stat status;

	write_samples(_metadata, self->path);
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_EQ(0, status.st_mode & 077);
}

TEST_F(pcapng, nothing_in_it)
{
	struct capture_out out;
	size_t count;

	capture_begin(_metadata, &out, self->path, SNAP);
	ASSERT_EQ(0, capture_end(&out));
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(0, count);
}

TEST_F(pcapng, no_more_than_the_snap_length)
{
	struct capture_out out;
	unsigned char payload[16] = "0123456789abcde";
	struct capture_packet packet = packet_of(0, payload);
	struct pcapng_reader *reader;

	capture_begin(_metadata, &out, self->path, 5);
	ASSERT_EQ(0, pcapng_write(out.writer, &packet));
	ASSERT_EQ(0, capture_end(&out));
	reader = pcapng_open(self->path);
	ASSERT_NE(NULL, reader);
	EXPECT_EQ(1, pcapng_next(reader, &packet));
	EXPECT_EQ(5, packet.captured);
	EXPECT_EQ(16, packet.header.bytes);
	EXPECT_EQ(0, memcmp(packet.payload, "01234", 5));
	EXPECT_EQ(0, pcapng_next(reader, &packet));
	pcapng_close(reader);
}

TEST_F(pcapng, what_cannot_be_is_not_written)
{
	struct capture_out out;
	unsigned char payload[SNAP] = { 0 };
	struct capture_packet packet = packet_of(0, payload);
	size_t count;

	capture_begin(_metadata, &out, self->path, SNAP);
	packet.captured = 17;		/* of 16 */
	EXPECT_EQ(-EINVAL, pcapng_write(out.writer, &packet));
	packet = packet_of(0, payload);
	packet.header.probe = 2;
	EXPECT_EQ(-EINVAL, pcapng_write(out.writer, &packet));
	pattern_fill(payload, sizeof(payload), 0);
	packet = packet_of(0, payload);
	EXPECT_EQ(0, pcapng_write(out.writer, &packet));
	ASSERT_EQ(0, capture_end(&out));
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(1, count);
}

TEST_F(pcapng, the_first_error_stays)
{
	struct capture_out out;
	unsigned char payload[SNAP] = { 0 };
	struct capture_packet packet = packet_of(4, payload);
	int r = 0, i;

	capture_begin(_metadata, &out, "/dev/full", SNAP);
	for (i = 0; i < 10000 && r == 0; i++)
		r = pcapng_write(out.writer, &packet);
	EXPECT_EQ(-ENOSPC, r);
	EXPECT_EQ(-ENOSPC, pcapng_write(out.writer, &packet));
	EXPECT_EQ(-ENOSPC, capture_end(&out));

	/* What is still in a buffer is not written before the end. */
	capture_begin(_metadata, &out, "/dev/full", SNAP);
	EXPECT_EQ(0, pcapng_write(out.writer, &packet));
	EXPECT_EQ(-ENOSPC, capture_end(&out));
}

static size_t count_packets(struct __test_metadata *_metadata, const char *path)
{
	struct pcapng_reader *reader = pcapng_open(path);
	struct capture_packet packet;
	size_t count = 0;

	ASSERT_NE(NULL, reader);
	while (pcapng_next(reader, &packet) == 1)
		count++;
	EXPECT_EQ(0, pcapng_next(reader, &packet));
	pcapng_close(reader);
	return count;
}

/* Even if it were possible again, for then something would be missing between. */
TEST_F(pcapng, nothing_is_written_after_an_error)
{
	struct capture_out out;
	unsigned char payload[SNAP] = { 0 };
	struct capture_packet packet = packet_of(4, payload);
	struct rlimit limit, before;
	struct stat status;
	int i;

	capture_begin(_metadata, &out, self->path, SNAP);
	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
	limit = before;
	limit.rlim_cur = 10000;
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	for (i = 0; i < 1000; i++)
		(void)pcapng_write(out.writer, &packet);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &before));
	for (i = 0; i < 1000; i++)
		EXPECT_EQ(-EFBIG, pcapng_write(out.writer, &packet));
	EXPECT_EQ(-EFBIG, capture_end(&out));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_GE(10000, status.st_size);
	/* Whole packets and nothing else. */
	EXPECT_LE(5000, status.st_size);
	EXPECT_LT(20, count_packets(_metadata, self->path));
}

/* ---- Several files ---------------------------------------------------------- */

#define MOST	4000u

/* A capture that goes to this file. */
static struct capture_out open_capture(struct __test_metadata *_metadata,
				       const struct output_file *file)
{
	struct capture_out out;

	out.output = output_open(file, PCAPNG_UNIT + SNAP);
	ASSERT_NE(NULL, out.output);
	out.writer = pcapng_create(out.output, SNAP);
	ASSERT_NE(NULL, out.writer);
	return out;
}

/* Each of them can be read alone, and none is larger than it may be. */
TEST_F(pcapng, rotates)
{
	const struct output_file file = { .path = self->path, .most = MOST, .files = 3 };
	unsigned char payload[SNAP] = { 0 };
	struct capture_out out;
	struct stat status;
	char path[128];
	size_t i, sum = 0;

	out = open_capture(_metadata, &file);
	for (i = 0; i < 500; i++) {
		struct capture_packet packet = packet_of(i % SAMPLES, payload);

		packet.header.port = i;
		EXPECT_EQ(0, pcapng_write(out.writer, &packet));
	}
	EXPECT_EQ(0, output_lost(out.output));
	EXPECT_EQ(0, capture_end(&out));
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), i ? "%s.%zu" : "%s", self->path, i);
		ASSERT_EQ(0, stat(path, &status));
		EXPECT_GE(MOST, status.st_size);
		EXPECT_EQ(0, status.st_mode & 077);
		sum += count_packets(_metadata, path);
		if (i)
			unlink(path);
	}
	EXPECT_LT(40, sum);
	EXPECT_GT(120, sum);
	snprintf(path, sizeof(path), "%s.3", self->path);
	EXPECT_EQ(-1, access(path, F_OK));
}

TEST_F(pcapng, stops_at_its_size)
{
	const struct output_file file = { .path = self->path, .most = MOST };
	unsigned char payload[SNAP] = { 0 };
	struct capture_out out;
	struct stat status;
	size_t i, kept = 0;

	out = open_capture(_metadata, &file);
	for (i = 0; i < 500; i++) {
		struct capture_packet packet = packet_of(i % SAMPLES, payload);
		int r = pcapng_write(out.writer, &packet);

		EXPECT_TRUE(r == 0 || r == -ENOBUFS);
		kept += r == 0;
	}
	EXPECT_TRUE(output_is_at_limit(out.output));
	EXPECT_EQ(500 - kept, output_lost(out.output));
	EXPECT_EQ(0, capture_end(&out));
	ASSERT_EQ(0, stat(self->path, &status));
	EXPECT_GE(MOST, status.st_size);
	EXPECT_EQ(kept, count_packets(_metadata, self->path));
}

TEST_HARNESS_MAIN
