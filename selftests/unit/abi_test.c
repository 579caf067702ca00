// SPDX-License-Identifier: GPL-2.0-only
/*
 * What two processes of different builds must agree on: every member of every
 * struct of uapi/sluice by its offset and size, and every constant, all written
 * as numbers.  The members of a struct follow one another without holes up to its
 * end, so a member that is added is noticed too.
 *
 * When this test fails, SLUICE_PROTOCOL_VERSION has to be raised.
 */
#include "two_ends.h"

#include <sluice/channel.h>
#include <sluice/doorbell.h>
#include <sluice/load.h>
#include <sluice/registry.h>
#include <sluice/ring.h>
#include <sluice/segment.h>
#include <sluice/trace.h>
#include <sluice/wire.h>

struct member {
	const char *name;
	size_t is_at, is_size, offset, size;
};

#define MEMBER(s, m, at, bytes)							\
	{ #s "." #m, offsetof(struct s, m), sizeof(((struct s *)0)->m), at, bytes }

#define STRUCT(s, bytes, ...)							\
	TEST(abi_##s)								\
	{									\
		static const struct member members[] = { __VA_ARGS__ };		\
										\
		check_members(_metadata, members, ARRAY_SIZE(members),		\
			      sizeof(struct s), bytes);				\
	}

static void check_members(struct __test_metadata *_metadata, const struct member *members,
			  size_t count, size_t is_size, size_t size)
{
	size_t end = 0, i;

	for (i = 0; i < count; i++) {
		EXPECT_EQ(members[i].offset, members[i].is_at) {
			TH_LOG("offset of %s", members[i].name);
		}
		EXPECT_EQ(members[i].size, members[i].is_size) {
			TH_LOG("size of %s", members[i].name);
		}
		EXPECT_EQ(end, members[i].is_at) {
			TH_LOG("a hole before %s", members[i].name);
		}
		end = members[i].is_at + members[i].is_size;
	}
	EXPECT_EQ(size, is_size);
	EXPECT_EQ(end, is_size);
}

STRUCT(sluice_ring_slot, 64,
	MEMBER(sluice_ring_slot, stamp, 0, 8),
	MEMBER(sluice_ring_slot, request, 8, 8),
	MEMBER(sluice_ring_slot, position, 16, 8),
	MEMBER(sluice_ring_slot, offset, 24, 8),
	MEMBER(sluice_ring_slot, count, 32, 8),
	MEMBER(sluice_ring_slot, deadline, 40, 8),
	MEMBER(sluice_ring_slot, segment, 48, 4),
	MEMBER(sluice_ring_slot, slice, 52, 4),
	MEMBER(sluice_ring_slot, flags, 56, 4),
	MEMBER(sluice_ring_slot, reserved, 60, 4))

STRUCT(sluice_return, 8,
	MEMBER(sluice_return, word, 0, 8))

STRUCT(sluice_load, 128,
	MEMBER(sluice_load, counted, 0, 8),
	MEMBER(sluice_load, reserved, 8, 56),
	MEMBER(sluice_load, uncounted, 64, 8),
	MEMBER(sluice_load, service, 72, 8),
	MEMBER(sluice_load, reserved2, 80, 48))

STRUCT(sluice_doorbell, 64,
	MEMBER(sluice_doorbell, word, 0, 4),
	MEMBER(sluice_doorbell, reserved, 4, 60))

STRUCT(sluice_channel_stages, 32,
	MEMBER(sluice_channel_stages, request, 0, 8),
	MEMBER(sluice_channel_stages, received, 8, 8),
	MEMBER(sluice_channel_stages, replied, 16, 8),
	MEMBER(sluice_channel_stages, finished, 24, 8))

STRUCT(sluice_trace_stages, 64,
	MEMBER(sluice_trace_stages, loaned, 0, 8),
	MEMBER(sluice_trace_stages, sent, 8, 8),
	MEMBER(sluice_trace_stages, received, 16, 8),
	MEMBER(sluice_trace_stages, replied, 24, 8),
	MEMBER(sluice_trace_stages, responded, 32, 8),
	MEMBER(sluice_trace_stages, finished, 40, 8),
	MEMBER(sluice_trace_stages, ended, 48, 8),
	MEMBER(sluice_trace_stages, bytes, 56, 8))

STRUCT(sluice_registry_type, 152,
	MEMBER(sluice_registry_type, size, 0, 8),
	MEMBER(sluice_registry_type, alignment, 8, 4),
	MEMBER(sluice_registry_type, kind, 12, 4),
	MEMBER(sluice_registry_type, name, 16, 128),
	MEMBER(sluice_registry_type, fingerprint, 144, 8))

STRUCT(sluice_registry_settings, 56,
	MEMBER(sluice_registry_settings, max_clients, 0, 4),
	MEMBER(sluice_registry_settings, max_servers, 4, 4),
	MEMBER(sluice_registry_settings, max_nodes, 8, 4),
	MEMBER(sluice_registry_settings, max_active_requests, 12, 4),
	MEMBER(sluice_registry_settings, max_loaned_requests, 16, 4),
	MEMBER(sluice_registry_settings, max_loaned_replies, 20, 4),
	MEMBER(sluice_registry_settings, response_buffer, 24, 4),
	MEMBER(sluice_registry_settings, max_borrowed, 28, 4),
	MEMBER(sluice_registry_settings, max_fds, 32, 4),
	MEMBER(sluice_registry_settings, flags, 36, 4),
	MEMBER(sluice_registry_settings, request_alignment, 40, 4),
	MEMBER(sluice_registry_settings, response_alignment, 44, 4),
	MEMBER(sluice_registry_settings, mode, 48, 4),
	MEMBER(sluice_registry_settings, group, 52, 4))

STRUCT(sluice_registry_attribute, 320,
	MEMBER(sluice_registry_attribute, key, 0, 64),
	MEMBER(sluice_registry_attribute, value, 64, 256))

STRUCT(sluice_registry_message, 304,
	MEMBER(sluice_registry_message, payload, 0, 152),
	MEMBER(sluice_registry_message, header, 152, 152))

STRUCT(sluice_registry_contract, 1600,
	MEMBER(sluice_registry_contract, magic, 0, 4),
	MEMBER(sluice_registry_contract, version, 4, 4),
	MEMBER(sluice_registry_contract, size, 8, 4),
	MEMBER(sluice_registry_contract, attributes, 12, 4),
	MEMBER(sluice_registry_contract, name, 16, 256),
	MEMBER(sluice_registry_contract, pattern, 272, 4),
	MEMBER(sluice_registry_contract, messages, 276, 4),
	MEMBER(sluice_registry_contract, message, 280, 1216),
	MEMBER(sluice_registry_contract, settings, 1496, 56),
	MEMBER(sluice_registry_contract, reserved, 1552, 48))

STRUCT(sluice_registry_node, 176,
	MEMBER(sluice_registry_node, magic, 0, 4),
	MEMBER(sluice_registry_node, version, 4, 4),
	MEMBER(sluice_registry_node, size, 8, 4),
	MEMBER(sluice_registry_node, pid, 12, 4),
	MEMBER(sluice_registry_node, id, 16, 8),
	MEMBER(sluice_registry_node, pidfd_inode, 24, 8),
	MEMBER(sluice_registry_node, pid_namespace, 32, 8),
	MEMBER(sluice_registry_node, wait, 40, 4),
	MEMBER(sluice_registry_node, rewritten, 44, 4),
	MEMBER(sluice_registry_node, name, 48, 128))

STRUCT(sluice_registry_port, 120,
	MEMBER(sluice_registry_port, magic, 0, 4),
	MEMBER(sluice_registry_port, version, 4, 4),
	MEMBER(sluice_registry_port, size, 8, 4),
	MEMBER(sluice_registry_port, pid, 12, 4),
	MEMBER(sluice_registry_port, id, 16, 8),
	MEMBER(sluice_registry_port, node, 24, 8),
	MEMBER(sluice_registry_port, role, 32, 4),
	MEMBER(sluice_registry_port, kind, 36, 4),
	MEMBER(sluice_registry_port, pidfd_inode, 40, 8),
	MEMBER(sluice_registry_port, pid_namespace, 48, 8),
	MEMBER(sluice_registry_port, name, 56, 64))

STRUCT(sluice_registry_counters, 144,
	MEMBER(sluice_registry_counters, sent, 0, 8),
	MEMBER(sluice_registry_counters, sent_bytes, 8, 8),
	MEMBER(sluice_registry_counters, received, 16, 8),
	MEMBER(sluice_registry_counters, received_bytes, 24, 8),
	MEMBER(sluice_registry_counters, loaned, 32, 8),
	MEMBER(sluice_registry_counters, depth, 40, 8),
	MEMBER(sluice_registry_counters, depth_most, 48, 8),
	MEMBER(sluice_registry_counters, peers, 56, 8),
	MEMBER(sluice_registry_counters, growths, 64, 8),
	MEMBER(sluice_registry_counters, segments, 72, 8),
	MEMBER(sluice_registry_counters, segment_bytes, 80, 8),
	MEMBER(sluice_registry_counters, overflows, 88, 8),
	MEMBER(sluice_registry_counters, blocked, 96, 8),
	MEMBER(sluice_registry_counters, polled, 104, 8),
	MEMBER(sluice_registry_counters, woken, 112, 8),
	MEMBER(sluice_registry_counters, expired, 120, 8),
	MEMBER(sluice_registry_counters, violations, 128, 8),
	MEMBER(sluice_registry_counters, active, 136, 8))

STRUCT(sluice_wire_header, 8,
	MEMBER(sluice_wire_header, magic, 0, 4),
	MEMBER(sluice_wire_header, version, 4, 2),
	MEMBER(sluice_wire_header, type, 6, 2))

STRUCT(sluice_wire_hello, 1632,
	MEMBER(sluice_wire_hello, header, 0, 8),
	MEMBER(sluice_wire_hello, port, 8, 8),
	MEMBER(sluice_wire_hello, node, 16, 8),
	MEMBER(sluice_wire_hello, channel_size, 24, 8),
	MEMBER(sluice_wire_hello, contract, 32, 1600))

STRUCT(sluice_wire_welcome, 24,
	MEMBER(sluice_wire_welcome, header, 0, 8),
	MEMBER(sluice_wire_welcome, port, 8, 8),
	MEMBER(sluice_wire_welcome, node, 16, 8))

STRUCT(sluice_wire_reject, 16,
	MEMBER(sluice_wire_reject, header, 0, 8),
	MEMBER(sluice_wire_reject, reason, 8, 4),
	MEMBER(sluice_wire_reject, reserved, 12, 4))

STRUCT(sluice_wire_segment, 32,
	MEMBER(sluice_wire_segment, header, 0, 8),
	MEMBER(sluice_wire_segment, number, 8, 4),
	MEMBER(sluice_wire_segment, reserved, 12, 4),
	MEMBER(sluice_wire_segment, size, 16, 8),
	MEMBER(sluice_wire_segment, window, 24, 8))

STRUCT(sluice_wire_retire, 16,
	MEMBER(sluice_wire_retire, header, 0, 8),
	MEMBER(sluice_wire_retire, number, 8, 4),
	MEMBER(sluice_wire_retire, reserved, 12, 4))

STRUCT(sluice_wire_quit, 8,
	MEMBER(sluice_wire_quit, header, 0, 8))
STRUCT(sluice_wire_goodbye, 8,
	MEMBER(sluice_wire_goodbye, header, 0, 8))

STRUCT(sluice_wire_fds, 32,
	MEMBER(sluice_wire_fds, header, 0, 8),
	MEMBER(sluice_wire_fds, request, 8, 8),
	MEMBER(sluice_wire_fds, position, 16, 8),
	MEMBER(sluice_wire_fds, delivery, 24, 4),
	MEMBER(sluice_wire_fds, count, 28, 4))

STRUCT(sluice_wire_status, 152,
	MEMBER(sluice_wire_status, header, 0, 8),
	MEMBER(sluice_wire_status, request, 8, 8),
	MEMBER(sluice_wire_status, delivery, 16, 4),
	MEMBER(sluice_wire_status, reserved, 20, 4),
	MEMBER(sluice_wire_status, text, 24, 128))

STRUCT(sluice_wire_look, 16,
	MEMBER(sluice_wire_look, header, 0, 8),
	MEMBER(sluice_wire_look, service, 8, 8))

TEST(abi_constants)
{
	EXPECT_EQ(7, SLUICE_PROTOCOL_VERSION);
	EXPECT_EQ(1, SLUICE_REGISTRY_REQUEST_RESPONSE);
	EXPECT_EQ(4, SLUICE_REGISTRY_MESSAGES);
	EXPECT_EQ(0, SLUICE_REGISTRY_REQUEST);
	EXPECT_EQ(1, SLUICE_REGISTRY_RESPONSE);
	EXPECT_EQ(2, SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES);
	EXPECT_EQ(1, SLUICE_REGISTRY_CLIENT);
	EXPECT_EQ(2, SLUICE_REGISTRY_SERVER);
	EXPECT_EQ(0, SLUICE_REGISTRY_DIALS);
	EXPECT_EQ(1, SLUICE_REGISTRY_LISTENS);

	EXPECT_EQ(0x65646f6e, SLUICE_REGISTRY_MAGIC_NODE);
	EXPECT_EQ(0x74636e63, SLUICE_REGISTRY_MAGIC_CONTRACT);
	EXPECT_EQ(0x74726f70, SLUICE_REGISTRY_MAGIC_PORT);
	EXPECT_EQ(0x63696c73, SLUICE_WIRE_MAGIC);

	EXPECT_EQ(1, SLUICE_WIRE_HELLO);
	EXPECT_EQ(2, SLUICE_WIRE_WELCOME);
	EXPECT_EQ(3, SLUICE_WIRE_REJECT);
	EXPECT_EQ(4, SLUICE_WIRE_SEGMENT);
	EXPECT_EQ(5, SLUICE_WIRE_RETIRE);
	EXPECT_EQ(6, SLUICE_WIRE_GOODBYE);
	EXPECT_EQ(10, SLUICE_WIRE_QUIT);
	EXPECT_EQ(7, SLUICE_WIRE_LOOK);
	EXPECT_EQ(8, SLUICE_WIRE_FDS);
	EXPECT_EQ(9, SLUICE_WIRE_STATUS);
	EXPECT_EQ(16, SLUICE_WIRE_FDS_MAX);

	EXPECT_EQ(0, SLUICE_DOORBELL_HOT);
	EXPECT_EQ(1, SLUICE_DOORBELL_ARMED);
	EXPECT_EQ(2, SLUICE_DOORBELL_RUNG);
	EXPECT_EQ(4, SLUICE_DOORBELL_MESSAGE);
	EXPECT_EQ(8, SLUICE_DOORBELL_SPACE);
	EXPECT_EQ(16, SLUICE_DOORBELL_SOCKET);

	EXPECT_EQ(1, SLUICE_RING_TRACED);
	EXPECT_EQ(2, SLUICE_RING_LAST);
	EXPECT_EQ(4, SLUICE_RING_FDS);
	EXPECT_EQ(8, SLUICE_RING_COUNTED);
	EXPECT_EQ(4096, SLUICE_LOAD_SIZE);
	EXPECT_STREQ("sluice-load-", SLUICE_LOAD_NAME);
	EXPECT_EQ(0x3ffffffffffff, SLUICE_CHANNEL_REQUEST);
	EXPECT_EQ(50, SLUICE_CHANNEL_STATUS_SHIFT);
	EXPECT_EQ(4095, SLUICE_CHANNEL_STATUS_MAX);
	EXPECT_EQ(UINT64_C(1) << 62, SLUICE_CHANNEL_TEXT);
	EXPECT_EQ(UINT64_C(1) << 63, SLUICE_CHANNEL_EXPIRED);
	EXPECT_EQ(UINT64_C(1) << 63, SLUICE_CHANNEL_STOP);
	EXPECT_EQ(1, SLUICE_REGISTRY_NO_REQUEST_OVERFLOW);
	EXPECT_EQ(2, SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW);
	EXPECT_EQ(4, SLUICE_REGISTRY_NO_FIRE_AND_FORGET);
	EXPECT_EQ(128, SLUICE_REGISTRY_COUNTERS);
	EXPECT_EQ(4096, SLUICE_REGISTRY_PORT_SIZE);
	EXPECT_EQ(64, SLUICE_CHANNEL_LINE);
	EXPECT_EQ(4096, SLUICE_CHANNEL_PAGE);
	EXPECT_EQ(3, SLUICE_CHANNEL_DELIVERIES_PER_REQUEST);
	EXPECT_EQ(64, SLUICE_SLICE_QUANTUM);
	EXPECT_EQ(16, SLUICE_SEGMENTS_ALIVE);
}

/* The kernel's own numbers, which segment.h repeats. */
TEST(abi_seals)
{
	EXPECT_EQ(F_SEAL_SEAL, SLUICE_SEAL_SEAL);
	EXPECT_EQ(F_SEAL_SHRINK, SLUICE_SEAL_SHRINK);
	EXPECT_EQ(F_SEAL_GROW, SLUICE_SEAL_GROW);
	EXPECT_EQ(F_SEAL_FUTURE_WRITE, SLUICE_SEAL_FUTURE_WRITE);
	EXPECT_EQ(0x13, SLUICE_SEGMENT_SEALS);
	EXPECT_EQ(0x06, SLUICE_CHANNEL_SEALS);
	EXPECT_EQ(0x11, SLUICE_CHANNEL_SEALS_MAPPED);
	EXPECT_EQ(0x07, SLUICE_LOAD_SEALS);
}

TEST_HARNESS_MAIN
