// SPDX-License-Identifier: GPL-2.0-only
/*
 * tools/trace/pcapng_reader.c: what a file may hold other than our own captures does no harm.
 * A small capture is cut at each byte and has each bit flipped; whatever the reader still hands
 * out is touched, so that the address sanitizer sees it.
 */
#include "captures.h"

#include <byteswap.h>

/* ---- Other files ------------------------------------------------------------ */

TEST_F(pcapng, not_a_capture)
{
	EXPECT_EQ(NULL, pcapng_open(self->path));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(NULL, output_open(&(struct output_file){ .path = self->root.path }, SNAP));
	EXPECT_EQ(EISDIR, errno);
	EXPECT_EQ(NULL, pcapng_open("/dev/null"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, pcapng_open("/dev/zero"));
	EXPECT_EQ(EINVAL, errno);
	file_write(_metadata, self->path, "This is a text, and a long one.", 31);
	EXPECT_EQ(NULL, pcapng_open(self->path));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(pcapng, the_other_byte_order)
{
	load_samples(_metadata, self);
	set_word(self->file, 4, bswap_32(word_at(self->file, 4)));
	set_word(self->file, 8, bswap_32(word_at(self->file, 8)));
	file_write(_metadata, self->path, self->file, self->size);
	EXPECT_EQ(NULL, pcapng_open(self->path));
	EXPECT_EQ(ENOTSUP, errno);
}

/* As when two files are put together. */
TEST_F(pcapng, two_sections)
{
	unsigned char twice[2 * ROOM];
	size_t count;

	load_samples(_metadata, self);
	memcpy(twice, self->file, self->size);
	memcpy(twice + self->size, self->file, self->size);
	file_write(_metadata, self->path, twice, 2 * self->size);
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(2 * SAMPLES, count);
}

/* Without an interface of its own the second section has none, whatever the first had. */
TEST_F(pcapng, a_section_knows_its_own_interfaces)
{
	unsigned char file[2 * ROOM];
	size_t at[BLOCKS_MAX + 1], size, count;

	load_samples(_metadata, self);
	ASSERT_LT(SAMPLES, find_blocks(self->file, self->size, at));
	ASSERT_EQ(6, word_at(self->file, at[2]));
	size = at[3];
	memcpy(file, self->file, size);
	memcpy(file + size, self->file, at[1]);
	size += at[1];
	memcpy(file + size, self->file + at[2], at[3] - at[2]);
	size += at[3] - at[2];
	file_write(_metadata, self->path, file, size);
	EXPECT_EQ(-EINVAL, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(1, count);
}

/* A block of an unknown type, behind each block; the shortest has no body. */
TEST_F(pcapng, unknown_blocks_are_passed_over)
{
	const uint32_t unknown[] = { 0xbad, 16, 42, 16, 0xbad, 12, 12 };
	unsigned char file[2 * ROOM];
	size_t at[BLOCKS_MAX + 1], blocks, size = 0, count, i;

	load_samples(_metadata, self);
	blocks = find_blocks(self->file, self->size, at);
	ASSERT_LT(SAMPLES, blocks);
	for (i = 0; i < blocks; i++) {
		memcpy(file + size, self->file + at[i], at[i + 1] - at[i]);
		size += at[i + 1] - at[i];
		memcpy(file + size, unknown, sizeof(unknown));
		size += sizeof(unknown);
	}
	file_write(_metadata, self->path, file, size);
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(SAMPLES, count);
}

/* The second block is an interface; a comment comes to be its first option. */
TEST_F(pcapng, unknown_options_are_passed_over)
{
	static const unsigned char text[] = "abc";
	const uint16_t comment[] = { 1, 3 };
	const size_t more = sizeof(comment) + sizeof(text), fixed = HEAD + 8;
	unsigned char file[ROOM + 16];
	size_t at[BLOCKS_MAX + 1], count, options;

	load_samples(_metadata, self);
	ASSERT_LT(SAMPLES, find_blocks(self->file, self->size, at));
	ASSERT_EQ(1, word_at(self->file, at[1]));
	options = at[1] + fixed;
	memcpy(file, self->file, options);
	memcpy(file + options, comment, sizeof(comment));
	memcpy(file + options + sizeof(comment), text, sizeof(text));
	memcpy(file + options + more, self->file + options, self->size - options);
	set_word(file, at[1] + 4, (uint32_t)(at[2] - at[1] + more));
	set_word(file, at[2] - TAIL + more, (uint32_t)(at[2] - at[1] + more));
	file_write(_metadata, self->path, file, self->size + more);
	EXPECT_EQ(0, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(SAMPLES, count);
}

/* ---- Damage ------------------------------------------------------------------ */

/* Reads to the end, touches everything, and believes nothing but what must hold. */
static void read_anything(struct __test_metadata *_metadata, const char *path)
{
	struct pcapng_reader *reader = pcapng_open(path);
	struct capture_packet packet;
	unsigned char copy[ROOM];
	size_t packets = 0;
	uint64_t whole;

	if (!reader)
		return;
	while (pcapng_next(reader, &packet) > 0) {
		if (__builtin_add_overflow(packet.header.bytes, packet.header.lead, &whole))
			whole = UINT64_MAX;
		EXPECT_LE(packet.captured, whole);
		EXPECT_GT(ROOM, strlen(packet.service));
		ASSERT_GE(ROOM, packet.captured);
		memcpy(copy, packet.payload, packet.captured);
		ASSERT_GT(2 * SAMPLES, packets++);
	}
	pcapng_close(reader);
}

/* What is handed out is whole; and a cut is noticed, unless it is between two blocks. */
TEST_F(pcapng, cut_anywhere)
{
	size_t at[BLOCKS_MAX + 1], size, count, before = 0, block = 0;
	int r;

	load_samples(_metadata, self);
	ASSERT_LT(SAMPLES, find_blocks(self->file, self->size, at));
	for (size = 0; size < self->size; size++) {
		file_write(_metadata, self->path, self->file, size);
		r = read_samples(_metadata, self->path, &count);
		if (size == at[block + 1])
			block++;
		EXPECT_EQ(block && size == at[block] ? 0 : -EINVAL, r)
			TH_LOG("cut at %zu", size);
		EXPECT_LE(before, count);
		EXPECT_LE(count, before + 1);
		before = count;
	}
	EXPECT_EQ(SAMPLES - 1, before);
}

/* With this word in place of another, the file is refused from somewhere on. */
static void expect_refused(struct __test_metadata *_metadata, struct _test_data_pcapng *self,
			   size_t offset, uint32_t word)
{
	uint32_t before = word_at(self->file, offset);
	size_t count;

	set_word(self->file, offset, word);
	file_write(_metadata, self->path, self->file, self->size);
	EXPECT_EQ(-EINVAL, read_samples(_metadata, self->path, &count))
		TH_LOG("word %zu", offset);
	set_word(self->file, offset, before);
}

TEST_F(pcapng, both_lengths_agree)
{
	size_t at[BLOCKS_MAX + 1], blocks, i;

	load_samples(_metadata, self);
	blocks = find_blocks(self->file, self->size, at);
	ASSERT_LT(SAMPLES, blocks);
	for (i = 0; i < blocks; i++) {
		expect_refused(_metadata, self, at[i + 1] - TAIL, 0);
		expect_refused(_metadata, self, at[i] + 4, 0);
		expect_refused(_metadata, self, at[i] + 4, UINT32_MAX);
	}
}

/* A block of 13 bytes, of an unknown type and with both lengths right. */
TEST_F(pcapng, whole_words)
{
	unsigned char file[ROOM + 16] = { 0 };
	size_t count;

	load_samples(_metadata, self);
	memcpy(file, self->file, self->size);
	set_word(file, self->size, 0xbad);
	set_word(file, self->size + 4, 13);
	set_word(file, self->size + 9, 13);
	file_write(_metadata, self->path, file, self->size + 13);
	EXPECT_EQ(-EINVAL, read_samples(_metadata, self->path, &count));
	EXPECT_EQ(SAMPLES, count);
}

/* The first packet is the third block: of what it says it is, each word counts. */
TEST_F(pcapng, packets_of_others)
{
	size_t at[BLOCKS_MAX + 1], header, name;

	load_samples(_metadata, self);
	ASSERT_LT(SAMPLES, find_blocks(self->file, self->size, at));
	ASSERT_EQ(6, word_at(self->file, at[2]));
	header = at[2] + HEAD + 20;
	name = at[1] + HEAD + 8 + 4;
	expect_refused(_metadata, self, header, 0);			/* magic */
	expect_refused(_metadata, self, header + 4, 2);			/* version 2 */
	expect_refused(_metadata, self, header + 4, 1 | 2u << 16);	/* neither of two */
	expect_refused(_metadata, self, header + 40, 15);		/* 16 of 15 bytes */
	expect_refused(_metadata, self, at[2] + HEAD, 1);		/* interface */
	expect_refused(_metadata, self, at[2] + HEAD + 12, 47);		/* captured */
	expect_refused(_metadata, self, at[1] + HEAD, 1);		/* link type */
	expect_refused(_metadata, self, name + 8, 0);			/* in the name */
	expect_refused(_metadata, self, name + 16 + 4, 6);		/* microseconds */
	expect_refused(_metadata, self, HEAD + 4, 2);			/* version of the file */
}

TEST_F(pcapng, flipped_bits)
{
	size_t i;
	int bit;

	load_samples(_metadata, self);
	for (i = 0; i < self->size; i++) {
		for (bit = 0; bit < 8; bit++) {
			self->file[i] ^= (unsigned char)(1u << bit);
			file_write(_metadata, self->path, self->file, self->size);
			read_anything(_metadata, self->path);
			self->file[i] ^= (unsigned char)(1u << bit);
		}
	}
}

/* Words that are lengths, or numbers, or become one. */
TEST_F(pcapng, words_replaced)
{
	static const uint32_t words[] = {
		0, 1, 3, 4, 8, 11, 12, 13, 16, 32, 48, 79, 80, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff,
	};
	size_t i, j;

	load_samples(_metadata, self);
	for (i = 0; i + 4 <= self->size; i += 4) {
		uint32_t before = word_at(self->file, i);

		for (j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
			set_word(self->file, i, words[j]);
			file_write(_metadata, self->path, self->file, self->size);
			read_anything(_metadata, self->path);
		}
		set_word(self->file, i, before);
	}
}

/* Both lengths of a block agree, so that it is looked into; what is in it does not fit. */
TEST_F(pcapng, blocks_that_are_too_short)
{
	size_t at[BLOCKS_MAX + 1], blocks, i;
	uint32_t length, shorter;

	load_samples(_metadata, self);
	blocks = find_blocks(self->file, self->size, at);
	ASSERT_LT(SAMPLES, blocks);
	for (i = 0; i < blocks; i++) {
		length = (uint32_t)(at[i + 1] - at[i]);
		for (shorter = HEAD + TAIL; shorter < length; shorter += 4) {
			unsigned char file[ROOM];
			size_t end = at[i] + shorter;

			memcpy(file, self->file, end - TAIL);
			set_word(file, at[i] + 4, shorter);
			set_word(file, end - TAIL, shorter);
			memcpy(file + end, self->file + at[i + 1], self->size - at[i + 1]);
			file_write(_metadata, self->path, file, end + self->size - at[i + 1]);
			read_anything(_metadata, self->path);
		}
	}
}

TEST_HARNESS_MAIN
