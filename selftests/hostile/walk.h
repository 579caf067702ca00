/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a hostile peer may do in a step of its random walk: something with descriptors, packets or
 * rings.  The steps are drawn from a sequence of random numbers and noted in a diary.
 */
#ifndef SELFTESTS_HOSTILE_WALK_H
#define SELFTESTS_HOSTILE_WALK_H

#include "files.h"
#include "scene.h"

#define LAST		48
#define KEPT		16

struct step {
	const char *what;
	uint64_t a, b;
};

/* The state of the peer.  The last steps are shared; the test reads them after a death. */
struct walk {
	uint64_t random;
	struct raw_end end;
	int files[RAW_FILES];
	int kept[KEPT];			/* that the victim has sent */
	uint32_t last_segment;
	bool stop;			/* the second thread */
	struct raw_end *_Atomic shown;	/* what it may write, NULL: nothing */
	_Atomic bool writing;
};

static struct diary {
	uint64_t steps, channels, seed;
	struct step last[LAST];
} *diary;

/* xorshift64* */
helper uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

helper uint64_t below(struct walk *walk, uint64_t limit)
{
	return (draw(&walk->random) >> 16) % limit;
}

helper void note(const char *what, uint64_t a, uint64_t b)
{
	diary->last[diary->steps % LAST] = (struct step){ what, a, b };
}

/* A number near what matters. */
helper uint64_t number(struct walk *walk)
{
	static const uint64_t edges[] = {
		0, 1, 2, 63, 64, 4095, 4096, 4097, 1 << 16, 1 << 20, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_C(1) << 40, (UINT64_C(1) << 40) + 4096,
		INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 63, UINT64_MAX,
	};

	if (below(walk, 4) == 0)
		return draw(&walk->random);
	return edges[below(walk, ARRAY_SIZE(edges))];
}

/* ---- Descriptors ------------------------------------------------------------------- */

helper void make_files(struct walk *walk, const char *directory)
{
	int kind, i;

	for (kind = 0; kind < RAW_FILES; kind++)
		walk->files[kind] = raw_file((enum raw_file)kind, 1 << 16, directory);
	for (i = 0; i < KEPT; i++)
		walk->kept[i] = -1;
}

/* One of ours, one of the victim's own, the channel itself or its very socket. */
helper int any_file(struct walk *walk)
{
	int fd;

	switch (below(walk, 8)) {
	case 0:
		fd = walk->kept[below(walk, KEPT)];
		break;
	case 1:
		fd = below(walk, 2) ? walk->end.memory_fd : walk->end.load_fd;
		break;
	case 2:
		fd = walk->end.fd;
		break;
	case 3:
		fd = walk->files[RAW_SEGMENT];
		break;
	default:
		fd = walk->files[below(walk, RAW_FILES)];
	}
	return fd < 0 ? walk->files[RAW_SEGMENT] : fd;
}

static unsigned int some_files(struct walk *walk, int *fds)
{
	static const unsigned int counts[] = { 0, 0, 1, 1, 1, 2, 16, 17, RAW_FDS_MAX };
	unsigned int i, count = counts[below(walk, ARRAY_SIZE(counts))];
	bool same = below(walk, 2);

	for (i = 0; i < count; i++)
		fds[i] = i && same ? fds[0] : any_file(walk);
	return count;
}

/* Receives what the victim has sent.  The descriptors are sent back to it some time. */
helper void listen_to_victim(struct walk *walk)
{
	int fds[RAW_FDS_MAX], *place;
	unsigned int count;
	char packet[2048];

	while (raw_receive(walk->end.fd, packet, sizeof(packet), fds, &count) > 0)
		while (count) {
			place = &walk->kept[below(walk, KEPT)];
			if (*place >= 0)
				close(*place);
			*place = fds[--count];
		}
}

/* ---- Packets ------------------------------------------------------------------------ */

helper void send_good_segment(struct walk *walk)
{
	uint64_t size = UINT64_C(4096) << below(walk, 5);
	bool large = below(walk, 64) == 0;
	int fd = large ? raw_file(RAW_SEGMENT, 16 << 20, NULL) : walk->files[RAW_SEGMENT];

	size = large ? 16 << 20 : size;
	note("good SEGMENT", walk->last_segment + 1, size);
	if (raw_segment(&walk->end, walk->last_segment + 1, fd, size, size) >= 0)
		walk->last_segment++;
	if (large && fd >= 0)
		close(fd);
}

helper void send_bad_segment(struct walk *walk)
{
	uint32_t n = below(walk, 2) ? walk->last_segment + 1 : (uint32_t)number(walk);
	uint64_t size = number(walk);

	note("bad SEGMENT", n, size);
	raw_segment(&walk->end, n, any_file(walk), size, below(walk, 2) ? size : number(walk));
}

helper void send_retire(struct walk *walk)
{
	uint32_t n = walk->last_segment - (uint32_t)below(walk, 4);

	if (below(walk, 16) == 0)
		n = (uint32_t)number(walk);
	note("RETIRE", n, 0);
	raw_retire(&walk->end, n);
}

/* A header that is right or nearly so, and anything behind it. */
helper void send_any(struct walk *walk)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 8, 9, 16, 24, 32, 152, 1632, 1633, 2048 };
	union {
		struct sluice_wire_header header;
		uint64_t words[256];
	} packet;
	size_t i, size = sizes[below(walk, ARRAY_SIZE(sizes))];
	int fds[RAW_FDS_MAX];
	unsigned int count;

	for (i = 0; i < ARRAY_SIZE(packet.words); i++)
		packet.words[i] = number(walk);
	packet.header = (struct sluice_wire_header){
		SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, (uint16_t)below(walk, 11),
	};
	if (below(walk, 8) == 0)
		packet.header.magic = (uint32_t)number(walk);
	if (below(walk, 8) == 0)
		packet.header.version = (uint16_t)number(walk);
	count = some_files(walk, fds);
	note("any packet", packet.header.type, size << 16 | count);
	raw_packet(walk->end.fd, &packet, size, fds, count);
}

helper void send_fds(struct walk *walk)
{
	struct sluice_wire_fds packet = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_FDS },
		.request = walk->end.request + 1,
		.delivery = (uint32_t)below(walk, walk->end.service->layout.deliveries + 1),
	};
	int fds[RAW_FDS_MAX];
	unsigned int count = some_files(walk, fds);

	packet.count = below(walk, 4) ? count : (uint32_t)number(walk);
	note("FDS", packet.delivery, count);
	raw_packet(walk->end.fd, &packet, sizeof(packet), fds, count);
}

/* ---- Rings ---------------------------------------------------------------------------- */

/* Answers the next request, if there is one, with some responses and the end. */
helper void respond(struct walk *walk, struct sluice_ring_slot message)
{
	uint32_t delivery, count = (uint32_t)below(walk, 3);
	struct sluice_ring_slot request;

	if (raw_pop(&walk->end.requests, &request) < 0)
		return;
	delivery = request.slice % walk->end.service->layout.deliveries;
	message.request = request.request;
	for (; message.position < count; message.position++, message.slice++)
		raw_push(&walk->end.responses[delivery], &message);
	if (below(walk, 16))
		raw_finish(&walk->end, request.request, delivery);
}

helper void say_good(struct walk *walk)
{
	struct sluice_ring_slot message = raw_message(walk->last_segment, 64);

	message.flags = (uint32_t)below(walk, 16);
	note("good message", message.segment, message.flags);
	if (walk->end.is_server)
		respond(walk, message);
	else
		raw_say(&walk->end, message, NULL);
}

helper void say_anything(struct walk *walk)
{
	struct sluice_ring_slot message = {
		.request = below(walk, 2) ? walk->end.request + 1 : number(walk),
		.position = below(walk, 2) ? 0 : number(walk),
		.offset = below(walk, 2) ? 64 * below(walk, 64) : number(walk),
		.count = below(walk, 2) ? below(walk, 128) : number(walk),
		.deadline = below(walk, 2) ? 0 : number(walk),
		.segment = below(walk, 4) ? walk->last_segment : (uint32_t)number(walk),
		.slice = (uint32_t)below(walk, walk->end.service->layout.deliveries + 1),
		.flags = (uint32_t)below(walk, 32),
	};
	uint32_t d = message.slice % walk->end.service->layout.deliveries;

	note("any message", message.segment, message.offset);
	raw_push(walk->end.is_server ? &walk->end.responses[d] : &walk->end.requests, &message);
}

helper void give_back(struct walk *walk)
{
	struct sluice_ring_slot message;
	uint32_t d = (uint32_t)below(walk, walk->end.service->layout.deliveries);
	uint32_t n = (uint32_t)below(walk, 64);

	note("return", d, n);
	if (walk->end.is_server)
		raw_return(&walk->end.request_returns, below(walk, 8) ? d : n);
	else if (raw_pop(&walk->end.responses[d], &message) >= 0)
		raw_return(&walk->end.response_returns, message.slice);
	else if (below(walk, 64) == 0)
		raw_return(&walk->end.response_returns, n);
}

helper void write_word(struct walk *walk)
{
	uint64_t at = below(walk, walk->end.service->layout.size / 8);
	uint64_t word = number(walk);

	note("word", at, word);
	__atomic_store_n((uint64_t *)(void *)walk->end.memory + at, word, __ATOMIC_RELAXED);
}

helper void punch(struct walk *walk)
{
	note("punch", 0, 0);
	(void)!fallocate(walk->end.memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)below(walk, 8) * 4096, 4096);
}

helper void send_letter(struct walk *walk)
{
	char letter[64];
	size_t i;

	note("letter", 0, 0);
	for (i = 0; i < sizeof(letter); i++)
		letter[i] = (char)draw(&walk->random);
	if (below(walk, 2))
		raw_look(walk->end.service);
	else
		raw_letters(walk->end.service, letter, 1 + below(walk, sizeof(letter)));
}

#endif /* SELFTESTS_HOSTILE_WALK_H */
