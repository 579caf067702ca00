// SPDX-License-Identifier: GPL-2.0-only
/*
 * What bridges read from each other: headers, subjects, descriptions, parts.  All of it may
 * be anything, and what is not as it should be is refused.
 */
#include <stdlib.h>
#include <string.h>

#include <kselftest_harness.h>
#include <sluice.h>

#include "tools/bridge/description.h"
#include "tools/bridge/message.h"
#include "tools/bridge/packet.h"
#include "tools/bridge/subject.h"

static const struct packet packet = {
	.version = PACKET_VERSION, .kind = PACKET_RESPONSE, .hops = 1, .flags = PACKET_LAST,
	.code = 0x01020304, .exchange = UINT64_MAX, .number = 7, .total = 1234567890123,
	.offset = 42, .about = 0xfedcba9876543210, .left = INT64_MAX,
};

/* ---- Headers ---------------------------------------------------------------- */

TEST(a_header_is_read_as_it_was_written)
{
	char text[PACKET_TEXT];
	struct packet read;

	packet_write(&packet, text);
	ASSERT_EQ(PACKET_TEXT - 1, strlen(text));
	ASSERT_TRUE(packet_read(text, &read));
	EXPECT_EQ(packet.kind, read.kind);
	EXPECT_EQ(packet.hops, read.hops);
	EXPECT_EQ(packet.flags, read.flags);
	EXPECT_EQ(packet.code, read.code);
	EXPECT_EQ(packet.exchange, read.exchange);
	EXPECT_EQ(packet.number, read.number);
	EXPECT_EQ(packet.total, read.total);
	EXPECT_EQ(packet.offset, read.offset);
	EXPECT_EQ(packet.about, read.about);
	EXPECT_EQ(packet.left, read.left);
}

TEST(bytes_of_a_header_are_little_endian)
{
	char text[PACKET_TEXT];

	packet_write(&packet, text);
	EXPECT_EQ(0, strncmp(text, "01050101" "04030201" "ffffffffffffffff" "0700", 28));
}

TEST(another_text_is_no_header)
{
	char text[PACKET_TEXT + 1] = "";
	struct packet read;

	packet_write(&packet, text);
	text[PACKET_TEXT - 1] = '0';
	EXPECT_FALSE(packet_read(text, &read));		/* too long */
	text[PACKET_TEXT - 2] = 0;
	EXPECT_FALSE(packet_read(text, &read));		/* too short */
	EXPECT_FALSE(packet_read("", &read));
	for (unsigned int i = 0; i < PACKET_TEXT - 1; i++) {
		packet_write(&packet, text);
		text[i] = 'g';
		EXPECT_FALSE(packet_read(text, &read));
	}
}

TEST(another_version_or_kind_is_refused)
{
	struct packet other = packet, read;
	char text[PACKET_TEXT];

	other.version = PACKET_VERSION + 1;
	packet_write(&other, text);
	EXPECT_FALSE(packet_read(text, &read));
	other = packet;
	other.kind = 0;
	packet_write(&other, text);
	EXPECT_FALSE(packet_read(text, &read));
	other.kind = PACKET_KINDS;
	packet_write(&other, text);
	EXPECT_FALSE(packet_read(text, &read));
}

/* ---- Subjects --------------------------------------------------------------- */

TEST(a_name_is_one_token)
{
	char subject[SUBJECT_SIZE], other[SUBJECT_SIZE];

	subject_service(subject, "default", "example/adder");
	EXPECT_STREQ("sluice.1.default.s.example/adder", subject);
	subject_service(subject, "a.b", "x *.>");
	EXPECT_STREQ("sluice.1.a=2eb.s.x=20=2a=2e=3e", subject);
	subject_service(other, "a.b", "x=20*.>");
	EXPECT_STRNE(subject, other);
}

TEST(the_longest_names_have_room)
{
	char subject[SUBJECT_SIZE], network[64], service[256];

	memset(network, '.', 63);
	network[63] = 0;
	memset(service, '\xff', 255);
	service[255] = 0;
	subject_service(subject, network, service);
	EXPECT_EQ(strlen("sluice.1.") + 3 * 63 + strlen(".s.") + 3 * 255, strlen(subject));
}

TEST(a_header_travels_in_a_subject)
{
	char subject[SUBJECT_SIZE];
	struct packet read;
	uint64_t sender;

	subject_header(subject, "net", 0x123, &packet);
	ASSERT_TRUE(subject_read_header(subject, "net", &sender, &read));
	EXPECT_EQ(0x123, sender);
	EXPECT_EQ(packet.offset, read.offset);
	EXPECT_FALSE(subject_read_header(subject, "other", &sender, &read));
	EXPECT_FALSE(subject_read_header(subject + 1, "net", &sender, &read));
	for (size_t i = 0; i < strlen(subject); i++) {
		char cut[SUBJECT_SIZE];

		memcpy(cut, subject, i);
		cut[i] = 0;
		EXPECT_FALSE(subject_read_header(cut, "net", &sender, &read));
	}
}

/* ---- Messages --------------------------------------------------------------- */

/* Sends a message in parts of at most so many bytes and puts it together. */
static void carry(struct __test_metadata *_metadata, size_t header_size, size_t size, size_t most)
{
	unsigned char *from = malloc(header_size + size + 1), *to = calloc(1, header_size + size + 1);
	static unsigned char stage[STAGE];
	struct outgoing out = {
		.header = from, .header_size = header_size,
		.data = from + header_size, .size = size,
	};
	struct incoming in = {
		.header = to, .header_size = header_size,
		.data = to + header_size, .size = size,
	};
	unsigned int parts = 0;

	for (size_t i = 0; i < header_size + size; i++)
		from[i] = (unsigned char)(i * 7 + i / 251);
	do {
		const void *part;
		size_t length = outgoing_part(&out, most, stage, &part);

		ASSERT_LE(length, most);
		ASSERT_TRUE(incoming_take(&in, out.offset, part, length));
		out.offset += length;
		ASSERT_LT(parts++, 10000);
	} while (!outgoing_is_done(&out));
	EXPECT_TRUE(incoming_is_done(&in));
	EXPECT_EQ(0, memcmp(from, to, header_size + size));
	free(from);
	free(to);
}

TEST(a_message_goes_in_parts)
{
	static const size_t sizes[] = { 0, 1, 5, 100, 999, 1000, 1001, STAGE - 1, STAGE, 40000 };
	static const size_t most[] = { 100, 1000, STAGE, PART_MOST };

	for (unsigned int h = 0; h < sizeof(sizes) / sizeof(sizes[0]); h++)
		for (unsigned int s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
			for (unsigned int m = 0; m < sizeof(most) / sizeof(most[0]); m++)
				carry(_metadata, sizes[h], sizes[s], most[m]);
}

TEST(a_part_that_does_not_fit_is_refused)
{
	char to[16] = "";
	struct incoming in = { .data = to, .size = 10 };

	EXPECT_FALSE(incoming_take(&in, 1, "abc", 3));		/* not the first */
	EXPECT_FALSE(incoming_take(&in, 0, "0123456789a", 11));	/* too long */
	EXPECT_FALSE(incoming_take(&in, 0, "", 0));		/* no progress */
	EXPECT_TRUE(incoming_take(&in, 0, "abc", 3));
	EXPECT_FALSE(incoming_take(&in, 0, "abc", 3));		/* again */
	EXPECT_FALSE(incoming_take(&in, 4, "abc", 3));		/* a gap */
	EXPECT_FALSE(incoming_take(&in, UINT64_MAX, "abc", 3));
	EXPECT_FALSE(incoming_take(&in, 3, "abcdefgh", 8));
	EXPECT_TRUE(incoming_take(&in, 3, "defghij", 7));
	EXPECT_TRUE(incoming_is_done(&in));
	EXPECT_STREQ("abcdefghij", to);
}

TEST(a_length_that_is_no_message_is_refused)
{
	const struct sluice_type slice = SLUICE_SLICE(uint64_t), one = SLUICE_TYPE(uint64_t);
	const struct sluice_type none = { 0 }, header = SLUICE_TYPE(uint32_t);
	char why[CONTRACT_WHY];
	size_t elements = 0;

	EXPECT_EQ(0, incoming_elements(&slice, &none, 24, &elements, why));
	EXPECT_EQ(3, elements);
	EXPECT_EQ(0, incoming_elements(&slice, &header, 28, &elements, why));
	EXPECT_EQ(3, elements);
	EXPECT_EQ(-EMSGSIZE, incoming_elements(&slice, &none, 25, &elements, why));
	EXPECT_EQ(-EMSGSIZE, incoming_elements(&one, &none, 16, &elements, why));
	EXPECT_EQ(-EMSGSIZE, incoming_elements(&one, &header, 3, &elements, why));
	EXPECT_EQ(-EMSGSIZE, incoming_elements(&one, &header, 0, &elements, why));
}

/* ---- Descriptions ----------------------------------------------------------- */

FIXTURE(described)
{
	char root[64];
	struct sluice_node *node;
	struct sluice_service *service;
	struct description sent, read;
};

static const struct sluice_contract contract = {
	.name = "test/described",
	.request = SLUICE_TYPE_FINGERPRINTED(uint64_t, 0x1234),
	.response = SLUICE_SLICE(uint32_t),
	.request_header = SLUICE_TYPE(uint16_t),
};

FIXTURE_SETUP(described)
{
	const struct sluice_attribute attributes[] = { { "a", "b" }, { "unit", "" } };
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW, .max_response_buffer_size = 99,
		.attributes = attributes, .attribute_count = 2);

	strcpy(self->root, "/tmp/sluice-bridge-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	setenv("SLUICE_ROOT", self->root, 1);
	setenv("SLUICE_CONFIG", "/dev/null", 1);
	self->node = sluice_node_create("described", NULL);
	self->service = sluice_service_open(self->node, &contract, &opts);
	ASSERT_NE(NULL, self->service);
	description_write(&self->sent, self->service, &contract);
}

FIXTURE_TEARDOWN(described)
{
	sluice_service_close(self->service);
	sluice_node_destroy(self->node);
	rmdir(self->root);
}

TEST_F(described, it_is_read_as_it_was_written)
{
	struct sluice_service *again;

	ASSERT_TRUE(description_read(&self->read, self->sent.bytes, self->sent.size,
				     contract.name));
	EXPECT_EQ(self->sent.digest, self->read.digest);
	EXPECT_EQ(0x1234, self->read.contract.request.fingerprint);
	EXPECT_EQ(99, self->read.settings.max_response_buffer_size);
	EXPECT_EQ(2, self->read.settings.attribute_count);
	EXPECT_EQ(NULL, self->read.contract.response_header.name);
	/* The library finds no difference. */
	again = sluice_service_open(self->node, &self->read.contract, &self->read.settings);
	EXPECT_NE(NULL, again) TH_LOG("%s", sluice_strerror());
	sluice_service_close(again);
}

TEST_F(described, a_difference_is_explained_by_the_library)
{
	ASSERT_TRUE(description_read(&self->read, self->sent.bytes, self->sent.size,
				     contract.name));
	self->read.contract.request.fingerprint++;
	EXPECT_EQ(NULL, sluice_service_open(self->node, &self->read.contract,
					    &self->read.settings));
	EXPECT_EQ(EPROTOTYPE, errno);
	self->read.contract.request.fingerprint--;
	self->read.settings.flags |= SLUICE_SERVICE_NO_REQUEST_OVERFLOW;
	self->read.settings.refused_flags &= ~SLUICE_SERVICE_NO_REQUEST_OVERFLOW;
	EXPECT_EQ(NULL, sluice_service_open(self->node, &self->read.contract,
					    &self->read.settings));
	EXPECT_EQ(EPROTOTYPE, errno);
}

TEST_F(described, what_is_cut_or_too_long_is_refused)
{
	unsigned char longer[DESCRIPTION_MOST + 1] = "";

	for (size_t i = 0; i < self->sent.size; i++)
		EXPECT_FALSE(description_read(&self->read, self->sent.bytes, i, contract.name));
	memcpy(longer, self->sent.bytes, self->sent.size);
	EXPECT_FALSE(description_read(&self->read, longer, self->sent.size + 1, contract.name));
	EXPECT_FALSE(description_read(&self->read, longer, sizeof(longer), contract.name));
}

/* Any bytes: the library refuses them, or opens something; nothing is written beyond. */
TEST_F(described, any_bytes_are_read_or_refused)
{
	unsigned char bytes[DESCRIPTION_MOST];

	srandom(1);
	for (unsigned int i = 0; i < 20000; i++) {
		memcpy(bytes, self->sent.bytes, self->sent.size);
		for (unsigned int n = 0; n <= i % 4; n++)
			bytes[(size_t)random() % self->sent.size] = (unsigned char)random();
		if (!description_read(&self->read, bytes, self->sent.size, contract.name))
			continue;
		for (unsigned int m = 0; m < SLUICE_REGISTRY_MESSAGES; m++)
			EXPECT_LT(strlen(self->read.type_name[m]), SLUICE_TYPE_NAME_SIZE);
		EXPECT_LE(self->read.settings.attribute_count, SLUICE_ATTRIBUTES_MAX);
	}
}

TEST_HARNESS_MAIN
