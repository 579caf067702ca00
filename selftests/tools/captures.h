/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small capture for tests: messages of several services, with empty and with cut
 * payloads, and what each of them is when it is read again.  A test has the bytes of the
 * file in its fixture, and may spoil them and write them back.
 */
#ifndef SELFTESTS_CAPTURES_H
#define SELFTESTS_CAPTURES_H

#include "common.h"

#include <errno.h>
#include <string.h>

#include "tools/trace/ending.h"
#include "tools/trace/output.h"
#include "tools/trace/pcapng.h"

#define SNAP		64u
#define ROOM		8192u	/* no file here is larger */
#define BLOCKS_MAX	64u
#define HEAD		8u	/* type and length of a block */
#define TAIL		4u	/* its length once more */

/* A message; what it carries is the pattern of its number. */
struct sample {
	const char *service;
	uint16_t probe;
	uint32_t lead;
	uint64_t bytes;
	size_t captured;
};

#define NAME_1	"x"
#define NAME_2	"example/adder"
#define NAME_3	"a name of twenty-eight bytes"

static const struct sample samples[] = {
	{ NAME_2, 0, 0, 16, 16 },
	{ NAME_2, 1, 0, 8, 8 },
	{ NAME_1, 0, 0, 0, 0 },			/* an empty slice */
	{ NAME_1, 1, 8, 0, 8 },			/* a user header alone */
	{ NAME_3, 0, 64, 1000, SNAP },		/* cut, in front of the elements */
	{ NAME_2, 0, 8, 9, 17 },
	{ NAME_3, 1, 8, 10, 1 },
	{ NAME_3, 1, 8, 11, 19 },
	{ "", 0, 0, 3, 2 },			/* a service whose name nobody knows */
	{ NAME_1, 0, 16, UINT64_C(1) << 40, 0 },	/* 32 bits cannot say how long */
	{ NAME_1, 0, UINT32_MAX, UINT64_MAX, 5 },	/* nor can 64 */
};

#define SAMPLES	(sizeof(samples) / sizeof(samples[0]))

FIXTURE(pcapng)
{
	struct root root;
	char path[80];
	unsigned char file[ROOM];	/* what was written */
	size_t size;
};

FIXTURE_SETUP(pcapng)
{
	root_make(_metadata, &self->root);
	snprintf(self->path, sizeof(self->path), "%s/capture", self->root.path);
	self->size = 0;
}

FIXTURE_TEARDOWN(pcapng)
{
	unlink(self->path);
	TEARDOWN_CHECKS(&self->root);
}

/* Beyond 32 bits, and none like another. */
helper uint64_t time_of(size_t i)
{
	return UINT64_C(1700000000123456789) + i * UINT64_C(10000000001);
}

helper struct capture_packet packet_of(size_t i, const unsigned char *payload)
{
	const struct sample *sample = &samples[i];

	return (struct capture_packet){
		.header = {
			.probe = sample->probe,
			.pid = (uint32_t)(1000 + i),
			.lead = sample->lead,
			.port = UINT64_MAX - i,
			.peer = UINT64_C(1) << (i % 64),
			.request = i + 1,
			.bytes = sample->bytes,
		},
		.time = time_of(i),
		.service = sample->service,
		.payload = payload,
		.captured = sample->captured,
	};
}

/* A writer and its output, which has no limit. */
struct capture_out {
	struct output *output;
	struct pcapng_writer *writer;
};

helper void capture_begin(struct __test_metadata *_metadata, struct capture_out *out,
			  const char *path, uint32_t snap)
{
	out->output = output_open(&(struct output_file){ .path = path }, PCAPNG_UNIT + snap);
	ASSERT_NE(NULL, out->output);
	out->writer = pcapng_create(out->output, snap);
	ASSERT_NE(NULL, out->writer);
}

/* 0 or -errno of the first failure. */
helper int capture_end(struct capture_out *out)
{
	int r;

	pcapng_finish(out->writer);
	output_settle(out->output, ENDING_ALL);
	r = output_error(out->output);
	output_close(out->output);
	return r;
}

helper void write_samples(struct __test_metadata *_metadata, const char *path)
{
	struct capture_out out;
	unsigned char payload[SNAP];
	size_t i;

	capture_begin(_metadata, &out, path, SNAP);
	for (i = 0; i < SAMPLES; i++) {
		struct capture_packet packet = packet_of(i, payload);

		pattern_fill(payload, sizeof(payload), i);
		ASSERT_EQ(0, pcapng_write(out.writer, &packet));
	}
	ASSERT_EQ(0, capture_end(&out));
}

/* Whether it is the sample of this number, to the last byte. */
helper bool is_sample(const struct capture_packet *packet, size_t i)
{
	const struct capture_packet expected = packet_of(i, NULL);
	const struct capture_header *a = &expected.header, *b = &packet->header;

	return a->probe == b->probe && a->pid == b->pid && a->lead == b->lead &&
	       a->port == b->port && a->peer == b->peer && a->request == b->request &&
	       a->bytes == b->bytes && expected.time == packet->time &&
	       expected.captured == packet->captured &&
	       strcmp(expected.service, packet->service) == 0 &&
	       pattern_holds(packet->payload, packet->captured, i);
}

helper size_t file_read(const char *path, unsigned char *bytes)
{
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		return 0;
	size = fread(bytes, 1, ROOM, file);
	fclose(file);
	return size;
}

/* Not emptied before, since some file systems then write it to the disk each time. */
helper void file_write(struct __test_metadata *_metadata, const char *path, const void *bytes,
		       size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)size, pwrite(fd, bytes, size, 0));
	ASSERT_EQ(0, ftruncate(fd, (off_t)size));
	ASSERT_EQ(0, close(fd));
}

/* A capture of all samples, in memory. */
helper void load_samples(struct __test_metadata *_metadata, struct _test_data_pcapng *self)
{
	write_samples(_metadata, self->path);
	self->size = file_read(self->path, self->file);
	ASSERT_LT(SAMPLES * 48, self->size);
	ASSERT_GT(ROOM, self->size);
}

/* So many samples are read from the file, and how it ended. */
helper int read_samples(struct __test_metadata *_metadata, const char *path, size_t *ret_count)
{
	struct pcapng_reader *reader = pcapng_open(path);
	struct capture_packet packet;
	size_t count = 0;
	int r;

	*ret_count = 0;
	if (!reader)
		return -errno;
	while ((r = pcapng_next(reader, &packet)) > 0) {
		EXPECT_TRUE(is_sample(&packet, count % SAMPLES))
			TH_LOG("packet %zu", count);
		count++;
	}
	/* How it has ended stays. */
	EXPECT_EQ(r, pcapng_next(reader, &packet));
	pcapng_close(reader);
	*ret_count = count;
	return r;
}

/* ---- Blocks ---- */

helper uint32_t word_at(const unsigned char *bytes, size_t offset)
{
	uint32_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

helper void set_word(unsigned char *bytes, size_t offset, uint32_t word)
{
	memcpy(bytes + offset, &word, sizeof(word));
}

/* Where blocks begin, and where the last one ends; how many. */
helper size_t find_blocks(const unsigned char *file, size_t size, size_t *ret_offsets)
{
	size_t count = 0, offset = 0;

	while (offset < size && count < BLOCKS_MAX) {
		ret_offsets[count++] = offset;
		offset += word_at(file, offset + 4);
	}
	ret_offsets[count] = offset;
	return offset == size ? count : 0;
}

#endif /* SELFTESTS_CAPTURES_H */
