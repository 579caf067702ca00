// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client's end of a channel whose server is hostile (exchange/requester.c, delivery.c,
 * stream.c and what is below them).  The input is a program of single steps, as in
 * server_fuzz.c: the server says WELCOME, tells of segments, answers, ends and gives back
 * requests, or does any of it wrong; in between, the client sends, receives, releases, cancels
 * and gets ready to sleep.
 *
 * Promises: a response that was received lies in memory that the server has shown, and is one
 * to the request that it is read for.  A request is out as long as its slice is held, and no
 * slice is lost: when the channel has gone, the pool has all of them.  No descriptor, mapping
 * or memory is left.
 */
#include "ends.h"

#include <sluice/load.h>

#include "exchange/requester.h"
#include "exchange/stream.h"
#include "shm/load.h"

#define STEPS_MAX	64
#define STREAMS		4
#define HELD_MAX	4

struct held {
	struct response_found found;
	bool used;
};

static struct requester requester;
static struct stream streams[STREAMS];
static struct held held[HELD_MAX];
static struct pool pool;
static uint64_t sent;
static uint64_t asked[STREAMS];		/* the number of the request of each */
static bool destroyed;

static void changed(struct requester *of)
{
	(void)of;
}

static void gone(struct requester *of)
{
	(void)of;
	destroyed = true;
}

static const struct requester_events events = { .changed = changed, .destroyed = gone };
static const struct handshake self = {
	.port = 1, .node = 2, .contract = &around.contract, .load_fd = -1,
};

static void make_pool(uint8_t choice)
{
	const struct pool_config config = {
		.name = "sluice-fuzz-",
		.strategy = POOL_POWER_OF_TWO,
		.slice_bytes = 64,
		.slice_len = 14,
		.payload = around.payload,
		.counters = &around.counters,
		.limit = 64 << 10,
		.most = 64 << 10,
		.slices = around.layout.deliveries + 4,
		.loans = 4,
		.residence = choice & CHOICE_WHOLE ? RESIDENCE_PREFAULTED : RESIDENCE_LAZY,
	};

	PROMISE(pool_init(&pool, &config) == 0);
}

static void connect_to(int fd)
{
	const struct requester_config config = {
		.wait = &around.wait,
		.layout = &around.layout,
		.settings = &around.settings,
		.response = &around.payload,
		.pool = &pool,
		.counters = &around.counters,
		.server = 3,
		.self = &self,
		.events = &events,
	};

	memset(&requester, 0, sizeof(requester));
	PROMISE(requester_init(&requester, &config, fd) == 0);
}

/* ---- The server ---- */

struct server {
	struct peer peer;
	int memory_fd;
	struct sluice_load *load;	/* its page; NULL: it has sent none */
};

/* Reads HELLO, and maps the memory that comes with it. */
static void accept_client(struct server *server)
{
	struct sluice_wire_hello hello;
	FDPASS_EXTRAS(extras);
	struct mapping memory;

	PROMISE(fdpass_receive(server->peer.fd, &hello, sizeof(hello), &extras) == sizeof(hello));
	PROMISE(extras.count == 1);
	PROMISE(mapping_map(&memory, extras.fds[0], around.layout.size, true) == 0);
	fdpass_take(&extras, &server->memory_fd);
	server->peer.memory = memory.base;
}

static void say_welcome(struct server *server)
{
	const struct sluice_wire_welcome welcome = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_WELCOME },
		.port = 3, .node = 4,
	};
	struct load_page page = { .inode = 0 };
	int fd;

	if (server->load)
		return;
	fd = load_page_make(&page, 3, false);
	PROMISE(fd >= 0);
	server->load = load_page_words(&page);
	(void)!fcntl(server->memory_fd, F_ADD_SEALS, SLUICE_CHANNEL_SEALS_MAPPED);
	peer_send(&server->peer, &welcome, sizeof(welcome), &fd, 1);
	fd_close(fd);
}

/* The request at the front of the ring, or behind it, was taken. */
static void take_request(const struct server *server)
{
	struct sluice_ring_slot *slots = (void *)(server->peer.memory + around.layout.request_ring);
	uint64_t position = requester.request_ring.next - 1 - input_byte(server->peer.input) % 4;

	slots[position & requester.request_ring.mask].stamp =
		2 * (position + around.layout.request_slots);
}

static struct delivery *choose_delivery(uint8_t choice)
{
	return requester.fresh ? &requester.deliveries[choice % requester.fresh] : NULL;
}

static void write_response(struct server *server)
{
	uint8_t choice = input_byte(server->peer.input);
	struct delivery *delivery = choose_delivery(choice);
	struct ring_message right = { .slice = choice };
	uint64_t ahead;

	if (!delivery)
		return;
	ahead = choice & 128 ? choice >> 4 & 7 : ring_waiting(&delivery->ring);
	right.request = delivery->request;
	right.position = delivery->position + ahead;
	peer_write_slot(&server->peer, delivery->ring.slots, around.layout.response_slots,
			delivery->ring.next + ahead, &right);
}

static void write_closed(const struct server *server)
{
	uint64_t *words = (void *)(server->peer.memory + around.layout.closed);
	uint8_t choice = input_byte(server->peer.input);
	const struct delivery *delivery = choose_delivery(choice);

	if (delivery)
		words[delivery->number] = delivery->request |
			(choice & 128 ? SLUICE_CHANNEL_EXPIRED : 0) |
			(choice & 64 ? SLUICE_CHANNEL_TEXT : 0) |
			(choice & 32 ? UINT64_C(7) << SLUICE_CHANNEL_STATUS_SHIFT : 0);
}

static void send_status(const struct server *server)
{
	uint8_t choice = input_byte(server->peer.input);
	const struct delivery *delivery = choose_delivery(choice);
	struct sluice_wire_status status = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_STATUS },
		.request = delivery ? delivery->request : 1,
		.delivery = choice % 8,
	};

	memset(status.text, 'a', choice & 128 ? sizeof(status.text) : 3);
	peer_send(&server->peer, &status, sizeof(status), NULL, 0);
}

/* One that is out; or any. */
static void give_back(const struct server *server)
{
	uint8_t choice = input_byte(server->peer.input);
	uint32_t number = choice & 63, i;

	for (i = 0; !(choice & 128) && i < requester.fresh; i++)
		if (requester.deliveries[i].out)
			number = i;
	peer_give_back(&server->peer, &requester.requests.returns, around.layout.request_returns,
		       number, choice);
}

static void write_load(const struct server *server)
{
	uint64_t offset = input_byte(server->peer.input) * 8u;
	uint64_t word = input_number(server->peer.input, 8);

	if (server->load)
		memcpy((char *)server->load + offset % SLUICE_LOAD_SIZE, &word, sizeof(word));
}

/* ---- The client ---- */

static void send_request(uint8_t choice)
{
	struct stream *stream = &streams[choice % STREAMS];
	uint64_t count = choice >> 3;
	struct requester_message message = {
		.count = count,
		.counted = requester.load_page.inode && choice & 4,
	};
	int number;

	if (stream->current)
		return;
	free(stream->status.text);
	*stream = (struct stream){ .loaned = choice & 4 ? 1 : 0 };
	number = pool_loan(&pool, around.payload.lead + count * around.payload.element);
	if (number < 0) {
		PROMISE(fuzz_is_sentence(error_sentence()));
		return;
	}
	message.request = asked[choice % STREAMS] = ++sent;
	message.slice = (uint32_t)number;
	memset(pool_address(&pool, message.slice), choice, around.payload.lead);
	(void)!requester_send(&requester, &message, stream);
	/* The program's hold; the delivery has its own. */
	pool_drop(&pool, message.slice);
}

static struct held *find_held(bool used, uint8_t from)
{
	unsigned int i;

	for (i = 0; i < HELD_MAX; i++)
		if (held[(from + i) % HELD_MAX].used == used)
			return &held[(from + i) % HELD_MAX];
	return NULL;
}

static void receive(uint8_t choice)
{
	struct stream *stream = &streams[choice % STREAMS];
	struct held *free_one = find_held(false, 0);
	struct response_found found;
	int r;

	if (!stream->servers || !free_one)
		return;
	r = choice & 128 ? stream_look(stream) : stream_receive(stream, &found);
	if (r < 0)
		PROMISE(!stream->current && !stream->open);
	if (r <= 0 || choice & 128)
		return;
	check_slice(&found.message.slice);
	PROMISE(found.requester == &requester);
	PROMISE(found.message.in.request == asked[choice % STREAMS]);
	channel_get(&requester.channel);
	*free_one = (struct held){ .found = found, .used = true };
}

static void release(struct held *one)
{
	check_slice(&one->found.message.slice);
	attachment_free(one->found.message.attachment);
	inlet_give_back(&requester.responses, one->found.message.in.slice, false);
	inlet_drop(&requester.responses, one->found.message.slice.segment);
	channel_put(&requester.channel);
	one->used = false;
}

static void look_around(uint8_t choice)
{
	struct stream *stream = &streams[choice % STREAMS];
	struct sluice_load *load = load_page_words(&requester.load_page);
	struct load_seen seen;

	requester_reap(&requester);
	(void)!requester_has_room(&requester);
	(void)!stream_ready(stream);
	(void)!stream_is_connected(stream);
	(void)!stream_has_response(stream);
	if (!requester.channel.gone)
		(void)!stream_arm(stream);
	stream_disarm(stream);
	if (choice & 128)
		stream_hint_stop(stream);
	if (!load)
		return;
	seen = load_look(load);
	if (load_claim(load, seen.counted))
		load_drop(load);
}

enum step {
	SEND, RECEIVE, RELEASE, CANCEL, LOOK, DRAIN, QUIT, WELCOME, SEGMENT, PACKET, RING, WORD,
	TAKE, RESPONSE, CLOSED, STATUS, RETURN, LOAD, HANG_UP, STEPS
};

const struct fuzz_row fuzz_rows[] = {
	FUZZ_ROW("stamps", WELCOME, SEGMENT, SEND, SEND, TAKE, RESPONSE, RESPONSE, WORD, WORD,
		 RECEIVE, LOOK, RELEASE, CANCEL),
	FUZZ_ROW("slices", SEGMENT, SEND, RESPONSE, RESPONSE, RESPONSE, RECEIVE, RECEIVE, RELEASE),
	FUZZ_ROW("numbers", SEGMENT, SEND, SEND, TAKE, RESPONSE, RESPONSE, CLOSED, CLOSED, STATUS,
		 RETURN, RECEIVE, RECEIVE, RECEIVE, RELEASE, CANCEL),
	FUZZ_ROW("returns", SEND, SEND, SEND, TAKE, RETURN, RETURN, LOOK, CANCEL, CLOSED, RECEIVE),
	FUZZ_ROW("bells", SEGMENT, SEND, TAKE, RESPONSE, RECEIVE, RELEASE, RING, LOOK, LOOK, WORD,
		 DRAIN, CANCEL),
	FUZZ_ROW("packets", PACKET, PACKET, PACKET, WELCOME, SEGMENT, SEND, RESPONSE, DRAIN,
		 RECEIVE, RELEASE, CANCEL, QUIT, HANG_UP),
	FUZZ_ROW("load", WELCOME, DRAIN, LOAD, LOAD, LOOK, SEND, CANCEL),
	{ .name = NULL },
};

static void step_of_server(struct server *server, enum step step)
{
	switch (step) {
	case WELCOME:
		say_welcome(server);
		break;
	case SEGMENT:
		peer_send_segment(&server->peer);
		break;
	case PACKET:
		peer_send_packet(&server->peer);
		break;
	case RING:
		peer_ring(&server->peer, &requester.channel);
		break;
	case WORD:
		peer_write_word(&server->peer);
		break;
	case TAKE:
		take_request(server);
		break;
	case RESPONSE:
		write_response(server);
		break;
	case CLOSED:
		write_closed(server);
		break;
	case STATUS:
		send_status(server);
		break;
	case RETURN:
		give_back(server);
		break;
	case LOAD:
		write_load(server);
		break;
	default:
		shutdown(server->peer.fd, SHUT_RDWR);
	}
}

static void take_step(struct server *server)
{
	uint8_t step = input_step(server->peer.input), choice = input_byte(server->peer.input);
	struct held *one;

	switch (step % STEPS) {
	case SEND:
		send_request(choice);
		break;
	case RECEIVE:
		receive(choice);
		break;
	case RELEASE:
		one = find_held(true, choice);
		if (one)
			release(one);
		break;
	case CANCEL:
		stream_cancel(&streams[choice % STREAMS]);
		break;
	case LOOK:
		look_around(choice);
		break;
	case DRAIN:
		(void)!channel_drain(&requester.channel);
		break;
	case QUIT:
		requester_quit(&requester);
		break;
	default:
		step_of_server(server, (enum step)(step % STEPS));
	}
	check_gone(&requester.channel);
}

/* The rings go on from a position that is near the end of what can be counted. */
static void go_near_the_wrap(const struct server *server)
{
	struct sluice_ring_slot *ring = (void *)(server->peer.memory + around.layout.request_ring);
	uint64_t i, count = around.layout.request_slots, first = (UINT64_MAX >> 1) - count + 1;

	for (i = 0; i < count; i++)
		ring[(first + i) & (count - 1)].stamp = 2 * (first + i);
	requester.request_ring.next = first;
	requester.requests.returns.next = requester.responses.returns.next = UINT32_MAX - 1;
}

/* ---- One input ---- */

static void end(const struct server *server)
{
	struct mapping memory = { .base = server->peer.memory, .length = around.layout.size };
	struct mapping load = { .base = (void *)server->load, .length = SLUICE_LOAD_SIZE };
	struct held *one;
	uint32_t i;

	while ((one = find_held(true, 0)))
		release(one);
	for (i = 0; i < STREAMS; i++) {
		stream_cancel(&streams[i]);
		free(streams[i].status.text);
	}
	close(server->peer.fd);
	fd_close(server->memory_fd);
	channel_end(&requester.channel);
	for (i = 0; i < requester.fresh; i++)
		PROMISE(!requester.deliveries[i].holding);
	PROMISE(requester.channel.references == 1);
	channel_put(&requester.channel);
	PROMISE(destroyed && !pool_out(&pool));
	pool_deinit(&pool);
	turns_run(&around.wait.turns);
	flights_close(&around.wait.flights);
	mapping_unmap(&memory);
	mapping_unmap(&load);
}

void fuzz_feed(struct input *input)
{
	struct server server = { .peer.input = input };
	uint8_t choice = input_byte(input);
	int ends[2], steps;

	fuzz_begin();
	begin_surroundings(choice);
	fuzz_begin();
	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	server.peer.fd = ends[1];
	memset(streams, 0, sizeof(streams));
	memset(held, 0, sizeof(held));
	destroyed = false;
	sent = choice & CHOICE_NEAR_WRAP ? SLUICE_CHANNEL_REQUEST - 16 : 0;
	make_pool(choice);
	connect_to(ends[0]);
	accept_client(&server);
	if (choice & CHOICE_NEAR_WRAP)
		go_near_the_wrap(&server);
	/* Random cases get further if the beginning is in order. */
	if (input->row) {
		say_welcome(&server);
		peer_send_segment(&server.peer);
		send_request(input_byte(input) & ~4);
	}
	for (steps = 0; input->left && steps < STEPS_MAX; steps++)
		take_step(&server);
	end(&server);
	fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };

	fuzz_feed(&input);
	return 0;
}
