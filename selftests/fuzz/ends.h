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

#include "../kit/descriptors.h"

/* What the first byte of the input chooses of a service. */
enum {
	CHOICE_BOUNDED = 1,	/* no overflow, and nobody forgets */
	CHOICE_WHOLE = 2,	/* memory is populated before it is used */
	CHOICE_NEAR_WRAP = 4,	/* the rings are near the end of their numbers */
};

#define SEGMENT_SIZE	4096u
#define FDS_MOST	2u
#define AGAIN		224u	/* a segment from here on is told of again */

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
	uint32_t segments;	/* that it has told of in good order */
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

/* A segment, as a peer in good order tells of it; or one more time, or one too many. */
static void peer_send_segment(struct peer *peer)
{
	uint8_t number = input_byte(peer->input);
	const struct sluice_wire_segment packet = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_SEGMENT },
		.number = number >= AGAIN ? 1u + number % 32 : peer->segments + 1,
		.size = SEGMENT_SIZE,
		.window = SEGMENT_SIZE * (1 + input_byte(peer->input) % 4),
	};
	int fd;

	if (number < AGAIN && ++peer->segments > SLUICE_SEGMENTS_ALIVE)
		return;
	fd = fd_of_kind(FD_FUTURE_SEALED, SEGMENT_SIZE, SLUICE_SEGMENT_SEALS);
	peer_send(peer, &packet, sizeof(packet), &fd, 1);
	close(fd);
}

/* A ring of the doorbell: one that was asked for, or seldom another. */
static void peer_ring(const struct peer *peer, const struct channel *victim)
{
	if (victim->bytes_due || input_byte(peer->input) % 16 == 15)
		peer_send(peer, "", 1, NULL, 0);
}

/* A number that is given back: in the place of the next return, or of a later one. */
static void peer_give_back(const struct peer *peer, const struct returns *returns,
			   uint64_t offset, uint32_t number, uint8_t choice)
{
	uint64_t *words = (void *)(peer->memory + offset);
	uint64_t position = returns->next + (choice & 64 ? choice & 3 : 0);

	words[position & returns->mask] = (position + 1) << 32 | number;
}

/* Any word of the memory. */
static void peer_write_word(const struct peer *peer)
{
	uint64_t offset = input_number(peer->input, 2), word = input_number(peer->input, 8);

	memcpy(word_at(peer, offset & ~(uint64_t)7), &word, sizeof(word));
}

/* The fields of a slot that a peer has wrong, as bits. */
enum {
	WRONG_REQUEST = 1, WRONG_POSITION = 2, WRONG_OFFSET = 4, WRONG_COUNT = 8,
	WRONG_SEGMENT = 16, WRONG_SLICE = 32, WRONG_STAMP = 64, WRONG_ALL = 128,
};

/* The choice of a slot: its flags, a deadline that has passed, how many elements. */
enum { SLOT_FLAGS = 15, SLOT_DEADLINE = 16, SLOT_COUNT = 32, SLOT_WRONG = 192 };

static inline uint64_t right_or(const struct peer *peer, uint8_t wrong, uint8_t bit, uint64_t right)
{
	return wrong & bit ? input_number(peer->input, 8) : right;
}

/*
 * A message in a slot, at a position.  What is not of the input is as it should be; the input
 * says which fields are not, and what they are.
 */
static void peer_write_slot(struct peer *peer, struct sluice_ring_slot *slots, uint64_t count,
			    uint64_t position, const struct ring_message *right)
{
	struct sluice_ring_slot *slot = &slots[position & (count - 1)];
	uint8_t choice = input_byte(peer->input), wrong = 0;
	uint64_t stamp;

	if (choice >= SLOT_WRONG)
		wrong = input_byte(peer->input);
	if (wrong & WRONG_ALL) {
		input_copy(peer->input, slot, sizeof(*slot));
		return;
	}
	slot->request = right_or(peer, wrong, WRONG_REQUEST, right->request);
	slot->position = right_or(peer, wrong, WRONG_POSITION, right->position);
	slot->offset = right_or(peer, wrong, WRONG_OFFSET, around.payload.lead);
	slot->count = right_or(peer, wrong, WRONG_COUNT, choice / SLOT_COUNT);
	slot->segment = (uint32_t)right_or(peer, wrong, WRONG_SEGMENT, 1);
	slot->slice = (uint32_t)right_or(peer, wrong, WRONG_SLICE, right->slice);
	slot->flags = choice & SLOT_FLAGS;
	slot->deadline = choice & SLOT_DEADLINE ? 1 : 0;
	stamp = right_or(peer, wrong, WRONG_STAMP, 0);
	slot->stamp = 2 * position + 1 + stamp;
}

/* A slice lies within what the peer has shown of its segment, and can be read. */
static void check_slice(const struct held_slice *slice)
{
	const struct view_segment *segment = slice->segment;
	const unsigned char *begin = slice->header ? slice->header : slice->data;

	PROMISE(begin >= segment->mapping.base);
	PROMISE(slice->size <= segment->told);
	PROMISE(slice->data + slice->size <= segment->mapping.base + segment->told);
	fuzz_read_all(begin, (size_t)(slice->data - begin) + slice->size);
}

/* A channel that is closed has no socket, and one that was broken has a sentence. */
static void check_gone(const struct channel *channel)
{
	if (channel->gone == EPROTO)
		PROMISE(fuzz_is_sentence(error_sentence()));
	PROMISE(channel->source.fd < 0 || !channel->gone);
}

#endif /* SELFTESTS_FUZZ_ENDS_H */
