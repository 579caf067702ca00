// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a client says of itself when it greets a server: any version of the protocol, and any
 * contract but the right one.  It is told why it is not taken; nothing of it is mapped.
 */
#include "greeting.h"

TEST_F(hostile, versions_of_a_hello)
{
	struct sluice_wire_hello hello = good_hello(self);
	int memory = good_memory(self), version, fds = count_fds();
	struct greeted answer;

	ASSERT_LE(0, memory);
	for (version = 0; version < 64; version++) {
		/* The last ones, too, and the right one with its bytes the other way round. */
		hello.header.version = (uint16_t)(version < 48 ? version :
						  version == 48 ? __builtin_bswap16(SLUICE_PROTOCOL_VERSION) :
						  UINT16_MAX - (63 - version));
		if (hello.header.version == SLUICE_PROTOCOL_VERSION)
			continue;
		answer = greet(_metadata, self, &hello, sizeof(hello), memory);
		EXPECT_EQ(SLUICE_WIRE_REJECT, answer.type) TH_LOG("%d", hello.header.version);
		EXPECT_EQ(EPROTONOSUPPORT, answer.reason) TH_LOG("%d", hello.header.version);
	}
	/* Nobody has sealed the memory: it was not looked at. */
	EXPECT_EQ((int)SLUICE_CHANNEL_SEALS, fcntl(memory, F_GET_SEALS));
	hello.header.version = SLUICE_PROTOCOL_VERSION;
	EXPECT_EQ(SLUICE_WIRE_WELCOME,
		  greet(_metadata, self, &hello, sizeof(hello), memory).type);
	EXPECT_EQ(fds, count_fds());
	close(memory);
	serve_good(_metadata, self, 2);
}

/* A byte of another process' contract differs, be it one after the names, or one in reserve. */
TEST_F(hostile, contracts_of_a_hello)
{
	const struct sluice_wire_hello right = good_hello(self);
	int memory = good_memory(self), fds = count_fds();
	struct sluice_wire_hello hello;
	struct greeted answer;
	size_t i;

	ASSERT_LE(0, memory);
	for (i = 0; i < sizeof(hello.contract); i += 13) {
		hello = right;
		((unsigned char *)&hello.contract)[i] ^= 1 << i % 8;
		answer = greet(_metadata, self, &hello, sizeof(hello), memory);
		EXPECT_EQ(SLUICE_WIRE_REJECT, answer.type) TH_LOG("byte %zu", i);
		EXPECT_EQ(EPROTOTYPE, answer.reason) TH_LOG("byte %zu", i);
	}
	EXPECT_EQ((int)SLUICE_CHANNEL_SEALS, fcntl(memory, F_GET_SEALS));
	EXPECT_EQ(fds, count_fds());
	close(memory);
	serve_good(_metadata, self, 2);
}

/* Each length that a HELLO has not. */
TEST_F(hostile, lengths_of_a_hello)
{
	const struct sluice_wire_hello hello = good_hello(self);
	int memory = good_memory(self), fds = count_fds();
	struct greeted answer;
	size_t size;

	ASSERT_LE(0, memory);
	for (size = 1; size < sizeof(hello); size += size < 64 ? 1 : 61) {
		answer = greet(_metadata, self, &hello, size, memory);
		EXPECT_NE(SLUICE_WIRE_WELCOME, answer.type) TH_LOG("%zu bytes", size);
		EXPECT_EQ(fds, count_fds()) TH_LOG("%zu bytes", size);
	}
	close(memory);
	serve_good(_metadata, self, 2);
}

TEST_HARNESS_MAIN
