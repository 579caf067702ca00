/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What server_fuzz.c and client_fuzz.c share: a service, the surroundings of one end of a
 * channel, and the hostile peer at the other end, which has the socket, the channel's memory
 * and a segment, and does what the input says.
 */
#ifndef SELFTESTS_FUZZ_ENDS_H
#define SELFTESTS_FUZZ_ENDS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <sluice/channel.h>
#include <sluice/segment.h>
#include <sluice/wire.h>

#include "fuzz.h"

#include "api/contract.h"
#include "base/error.h"
#include "channel/inlet.h"
#include "os/fd.h"
#include "os/fdpass.h"
#include "exchange/layout.h"
#include "wait/wait.h"

#include "descriptors.h"

/* What the first byte of the input chooses of a service. */
enum {
	CHOICE_BOUNDED = 1,	/* no overflow, and nobody forgets */
	CHOICE_WHOLE = 2,	/* memory is populated before it is used */
	CHOICE_NEAR_WRAP = 4,	/* the rings are near the end of their numbers */
};

#define SEGMENT_SIZE	4096u
#define FDS_MOST	2u

/* What does not change from input to input. */
struct surroundings {
	struct sluice_registry_contract contract;
	struct sluice_registry_settings settings;
	struct payload payload;
	struct layout layout;
	struct wait wait;
	struct sluice_registry_counters counters;
	bool made;
};

static struct surroundings around;

static void choose_service(uint8_t choice)
{
	around.settings.flags = choice & CHOICE_BOUNDED ?
		SLUICE_REGISTRY_NO_REQUEST_OVERFLOW | SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW |
		SLUICE_REGISTRY_NO_FIRE_AND_FORGET : 0;
	around.contract.settings = around.settings;
	/* No input pays for what an earlier one has used. */
	around.wait.turns.budget = (struct budget){ 0 };
	memset(&around.counters, 0, sizeof(around.counters));
}

static void begin_surroundings(uint8_t choice)
{
	const struct sluice_contract contract = {
		.name = "fuzz/service",
		.request = SLUICE_SLICE(uint32_t),
		.response = SLUICE_SLICE(uint32_t),
		.request_header = SLUICE_TYPE(uint64_t),
		.response_header = SLUICE_TYPE(uint64_t),
	};
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = 2, .max_response_buffer_size = 2,
		.max_borrowed_responses_per_pending_response = 2,
		.max_fds_per_message = FDS_MOST);

	if (!around.made) {
		PROMISE(contract_record(&around.contract, &contract, &opts) == 0);
		around.settings = around.contract.settings;
		around.payload = payload_of(&around.contract.message[SLUICE_REGISTRY_REQUEST], 0);
		layout_compute(&around.layout, &around.settings);
		PROMISE(wait_init(&around.wait, WAIT_SOCKET) == 0);
		around.made = true;
	}
	choose_service(choice);
}

/* ---- The hostile peer ---- */

struct peer {
	struct input *input;
	int fd;			/* its end of the socket */
	unsigned char *memory;	/* of the channel; or NULL */
	uint64_t numbers;	/* of requests; near the wrap of what they can be, or not */
};

static inline uint8_t *word_at(const struct peer *peer, uint64_t offset)
{
	return peer->memory + offset % (around.layout.size - 7);
}

static void peer_send(const struct peer *peer, const void *packet, size_t size, const int *fds,
		      unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(SLUICE_WIRE_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)packet, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *head;

	if (count) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	}
	(void)!sendmsg(peer->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/*
 * A packet of the type that the input says, with the next bytes of the input behind its
 * header: as long as it should be, or as the input says.
 */
static void peer_send_packet(const struct peer *peer)
{
	static const uint8_t sizes[] = {
		[SLUICE_WIRE_WELCOME] = sizeof(struct sluice_wire_welcome),
		[SLUICE_WIRE_REJECT] = sizeof(struct sluice_wire_reject),
		[SLUICE_WIRE_SEGMENT] = sizeof(struct sluice_wire_segment),
		[SLUICE_WIRE_RETIRE] = sizeof(struct sluice_wire_retire),
		[SLUICE_WIRE_GOODBYE] = sizeof(struct sluice_wire_goodbye),
		[SLUICE_WIRE_FDS] = sizeof(struct sluice_wire_fds),
		[SLUICE_WIRE_STATUS] = sizeof(struct sluice_wire_status),
		[SLUICE_WIRE_QUIT] = sizeof(struct sluice_wire_quit),
	};
	uint8_t type = input_byte(peer->input) % 16, kinds = input_byte(peer->input);
	uint8_t size = input_byte(peer->input), count = kinds >> 5, i;
	struct {
		struct sluice_wire_header header;
		uint8_t rest[256];
	} packet;
	int fds[8];

	packet.header = (struct sluice_wire_header){
		SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, type,
	};
	/* 0: as long as it should be. */
	if (!size)
		size = type < sizeof(sizes) ? sizes[type] : 1;
	input_copy(peer->input, packet.rest, size > sizeof(packet.header) ? size - sizeof(packet.header) : 0);
	for (i = 0; i < count; i++)
		fds[i] = fd_of_kind((enum descriptor)((kinds & 31) % FD_KINDS), SEGMENT_SIZE,
				    SLUICE_SEGMENT_SEALS | SLUICE_CHANNEL_SEALS);
	if (!count || fds[0] >= 0)
		peer_send(peer, &packet, size, fds, count);
	for (i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* A segment, as a peer in good order tells of it. */
static void peer_send_segment(const struct peer *peer)
{
	const struct sluice_wire_segment packet = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_SEGMENT },
		.number = 1 + input_byte(peer->input) % 4,
		.size = SEGMENT_SIZE,
		.window = SEGMENT_SIZE * (1 + input_byte(peer->input) % 4),
	};
	int fd = fd_of_kind(FD_FUTURE_SEALED, SEGMENT_SIZE, SLUICE_SEGMENT_SEALS);

	peer_send(peer, &packet, sizeof(packet), &fd, 1);
	close(fd);
}

/* Any word of the memory. */
static void peer_write_word(const struct peer *peer)
{
	uint64_t offset = input_number(peer->input, 2), word = input_number(peer->input, 8);

	memcpy(word_at(peer, offset & ~(uint64_t)7), &word, sizeof(word));
}

/*
 * A message in a slot, with the stamp of a position.  Its fields are small numbers, one byte
 * each in the input, which are right for a message or just wrong; or all of it is the input's.
 */
static void peer_write_slot(const struct peer *peer, struct sluice_ring_slot *slots,
			    uint64_t count, uint64_t position)
{
	struct sluice_ring_slot *slot = &slots[position & (count - 1)];
	uint8_t choice = input_byte(peer->input);

	if (choice & 128) {
		input_copy(peer->input, slot, sizeof(*slot));
		return;
	}
	slot->request = peer->numbers + input_byte(peer->input);
	slot->position = input_byte(peer->input);
	slot->offset = 8u * input_byte(peer->input);
	slot->count = input_number(peer->input, 2);
	slot->segment = choice & 3 ? choice & 3 : 1;
	slot->slice = input_byte(peer->input);
	slot->flags = choice >> 3 & 15;
	slot->deadline = choice & 4 ? 1 : 0;
	slot->stamp = 2 * position + 1;
}

/* A slice lies within what the peer has shown of its segment, and can be read. */
static void check_slice(const struct inlet *inlet, const struct held_slice *slice)
{
	const struct view_segment *segment = &inlet->view.segments[slice->segment];
	const unsigned char *begin = slice->header ? slice->header : slice->data;

	PROMISE(begin >= segment->mapping.base);
	PROMISE(slice->size <= segment->told);
	PROMISE(slice->data + slice->size <= segment->mapping.base + segment->told);
	fuzz_read_all(begin, (size_t)(slice->data - begin) + slice->size);
}

/* A channel that is closed says why, and what it is closed for is counted. */
static void check_gone(const struct channel *channel)
{
	if (channel->gone == EPROTO)
		PROMISE(fuzz_is_sentence(error_sentence()));
	PROMISE(channel->source.fd < 0 || !channel->gone);
}

#endif /* SELFTESTS_FUZZ_ENDS_H */
