// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server's end of a channel whose client is hostile (exchange/responder.c and what is below
 * it).  The input is a program of single steps: the client sends packets of any kind with
 * descriptors of any kind, writes words and slots, gives back numbers, and hangs up; in
 * between, the server receives, replies, finishes, and gets ready to sleep.
 *
 * Socket, memory and segments are real, and the client has said HELLO.  Steps name small numbers,
 * since a change of plain bytes seldom makes a message that passes the first check: the stamp
 * of the next position, a segment that is there, a delivery that is free.  One kind of step
 * writes any word, and one any slot.
 *
 * Promises: a request that was received lies in memory that the client has shown.  A delivery
 * is held once, and the server holds at most max_active_requests.  No more is out than was
 * sent.  When the channel has gone, no descriptor, mapping or memory is left.
 */
#include "ends.h"

#include "exchange/responder.h"

#define STEPS_MAX	64
#define HELD_MAX	8

struct held {
	struct inlet_message message;
	uint64_t position;
	bool used, last;
};

static struct responder responder;
static struct load_keeper keeper;
static struct sluice_load load;
static uint64_t expired;
static bool destroyed;
static struct held held[HELD_MAX];

static void changed(struct responder *of)
{
	(void)of;
}

static int agree(struct responder *of)
{
	(void)of;
	return 0;
}

static bool no_room(struct responder *of)
{
	(void)of;
	return false;
}

static void gone(struct responder *of)
{
	(void)of;
	destroyed = true;
}

static const struct handshake self = { .port = 1, .node = 2, .contract = &around.contract };

static struct responder_config config = {
	.wait = &around.wait,
	.layout = &around.layout,
	.settings = &around.settings,
	.request = &around.payload,
	.counters = &around.counters,
	.load = &keeper,
	.make_room = no_room,
	.expired = &expired,
	.changed = changed,
	.admit = agree,
	.prepare = agree,
	.woken = changed,
	.destroyed = gone,
};

static void configure(uint8_t choice)
{
	static struct handshake own;

	own = self;
	if (own.load_fd <= 0)
		own.load_fd = around.wait.epoll;	/* any descriptor: no client looks at it */
	config.self = &own;
	config.pool = (struct pool_config){
		.name = "sluice-fuzz-",
		.strategy = POOL_POWER_OF_TWO,
		.slice_bytes = 64,
		.slice_len = 14,
		.payload = around.payload,
		.counters = &around.counters,
		.limit = 64 << 10,
		.most = 64 << 10,
		.slices = around.layout.deliveries * around.settings.response_buffer + 8,
		.loans = 4,
		.residence = choice & CHOICE_WHOLE ? RESIDENCE_PREFAULTED : RESIDENCE_LAZY,
	};
	keeper = (struct load_keeper){ .load = &load };
	load = (struct sluice_load){ 0 };
}

/* ---- The client in good order: up to its HELLO ---- */

static void greet(struct peer *peer)
{
	struct sluice_wire_hello hello = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_HELLO },
		.port = 3, .node = 4, .channel_size = around.layout.size,
		.contract = around.contract,
	};
	struct mapping memory;
	int fd = memfd_create("sluice-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	PROMISE(fd >= 0 && fallocate(fd, 0, 0, (off_t)around.layout.size) == 0);
	PROMISE(mapping_map(&memory, fd, around.layout.size, true) == 0);
	layout_format(memory.base, &around.layout);
	PROMISE(fcntl(fd, F_ADD_SEALS, SLUICE_CHANNEL_SEALS) == 0);
	peer_send(peer, &hello, sizeof(hello), &fd, 1);
	close(fd);
	peer->memory = memory.base;
}

/* All rings go on from a position that is near the end of what can be counted. */
static void go_near_the_wrap(struct peer *peer)
{
	struct sluice_ring_slot *ring = (void *)(peer->memory + around.layout.request_ring);
	uint64_t i, count = around.layout.request_slots, first = (UINT64_MAX >> 1) - count + 1;

	for (i = 0; i < count; i++)
		ring[(first + i) & (count - 1)].stamp = 2 * (first + i);
	responder.request_ring.next = first;
	responder.requests.returns.next = UINT32_MAX - 1;
	responder.replies.returns.next = UINT32_MAX - 1;
	peer->numbers = SLUICE_CHANNEL_REQUEST - 128;
}

/* ---- Steps of the server ---- */

static void receive(void)
{
	struct inlet_message message;
	int i, r = responder_receive(&responder, &message);

	if (r <= 0)
		return;
	check_slice(&message.slice);
	PROMISE(message.in.slice < around.layout.deliveries);
	PROMISE(responder.active <= around.settings.max_active_requests);
	for (i = 0; i < HELD_MAX && held[i].used; i++)
		PROMISE(held[i].message.in.slice != message.in.slice);
	PROMISE(i < HELD_MAX);
	held[i] = (struct held){ .message = message, .used = true };
}

static struct held *find_held(uint8_t number)
{
	unsigned int i;

	for (i = 0; i < HELD_MAX; i++)
		if (held[(number + i) % HELD_MAX].used)
			return &held[(number + i) % HELD_MAX];
	return NULL;
}

static void finish(struct held *one, uint8_t choice)
{
	uint32_t delivery = one->message.in.slice;
	bool traced = one->message.in.flags & SLUICE_RING_TRACED;

	check_slice(&one->message.slice);
	attachment_free(one->message.attachment);
	inlet_drop(&responder.requests, one->message.slice.segment);
	if (choice & 1 && !one->last)
		responder_finish_with(&responder, delivery, traced, 1 + choice, choice & 2 ? "why" : NULL);
	else
		responder_finish(&responder, delivery, traced, one->last);
	one->used = false;
}

static void reply(struct held *one, uint8_t choice)
{
	uint64_t count = choice >> 2 & 31;
	int number, r;
	struct reply_message message = {
		.position = one->position,
		.count = count,
		.delivery = one->message.in.slice,
		.traced = one->message.in.flags & SLUICE_RING_TRACED,
		.last = choice & 1,
	};

	if (one->last || responder_lost(&responder, message.delivery))
		return;
	number = responder_loan(&responder, around.payload.lead + count * around.payload.element);
	if (number < 0) {
		PROMISE(fuzz_is_sentence(error_sentence()));
		return;
	}
	message.slice = (uint32_t)number;
	memset(pool_address(&responder.pool, message.slice), choice,
	       around.payload.lead + count * around.payload.element);
	r = responder_reply(&responder, &message);
	if (r < 0) {
		pool_drop(&responder.pool, message.slice);
		return;
	}
	one->position++;
	one->last = message.last;
}

/* What a sleep and a look around do. */
static void look_around(uint8_t choice)
{
	uint32_t delivery = choice % around.layout.deliveries;

	(void)!responder_ready(&responder);
	responder_notice(&responder);
	if (responder.channel.own_bell)
		(void)!channel_arm(&responder.channel, SLUICE_DOORBELL_MESSAGE);
	if (responder.reply_rings && responder.channel.own_bell)
		(void)!responder_has_room(&responder, delivery);
	if (responder.channel.own_bell)
		(void)!responder_stop_hinted(&responder, delivery);
	if (responder.pool_open && choice & 128)
		(void)!responder_give_up_idle(&responder);
	channel_disarm(&responder.channel);
}

/* ---- Steps of the client ---- */

static void write_request(struct peer *peer)
{
	uint64_t ahead = input_byte(peer->input);
	struct ring_message right = { .request = peer->numbers++ };

	while (right.slice < around.layout.deliveries && responder.held[right.slice].request)
		right.slice++;
	/* Behind requests that are in the ring already. */
	ahead = ahead & 128 || !responder.request_ring.slots ? ahead & 3 :
		ring_waiting(&responder.request_ring);
	right.slice += (uint32_t)ahead;
	peer_write_slot(peer, (void *)(peer->memory + around.layout.request_ring),
			around.layout.request_slots, responder.request_ring.next + ahead, &right);
}

/* One that is out; or any. */
static void give_back(const struct peer *peer)
{
	uint8_t choice = input_byte(peer->input);
	uint32_t number = choice & 63, i;

	if (!responder.replies.returns.entries)
		return;
	for (i = 0; !(choice & 128) && responder.pool_open && i < responder.pool.count; i++)
		if (responder.pool.slices[i].sent && responder.pool.slices[i].holders)
			number = i;
	peer_give_back(peer, &responder.replies.returns, around.layout.response_returns, number,
		       choice);
}

static void write_cancelled(const struct peer *peer)
{
	uint64_t *words = (void *)(peer->memory + around.layout.cancelled);
	uint8_t choice = input_byte(peer->input);
	uint32_t delivery = choice % around.layout.deliveries;

	words[delivery] = responder.held[delivery].request |
			  (choice & 128 ? SLUICE_CHANNEL_STOP : 0);
}

enum step {
	RECEIVE, FINISH, REPLY, LOOK, DRAIN, SEGMENT, PACKET, RING, WORD, SLOT, RETURN, CANCEL,
	RAW, HANG_UP, STEPS
};

const struct fuzz_row fuzz_rows[] = {
	FUZZ_ROW("stamps", SEGMENT, SLOT, SLOT, WORD, WORD, RECEIVE, LOOK, REPLY, FINISH),
	FUZZ_ROW("slices", SEGMENT, SLOT, SLOT, SLOT, RECEIVE, RECEIVE, FINISH),
	FUZZ_ROW("numbers", SEGMENT, SLOT, SLOT, RECEIVE, RECEIVE, REPLY, FINISH, CANCEL),
	FUZZ_ROW("returns", SEGMENT, SLOT, RECEIVE, REPLY, REPLY, RETURN, RETURN, LOOK, FINISH),
	FUZZ_ROW("bells", SEGMENT, SLOT, RECEIVE, REPLY, FINISH, RING, LOOK, LOOK, WORD, DRAIN),
	FUZZ_ROW("packets", PACKET, PACKET, PACKET, SEGMENT, SLOT, DRAIN, RECEIVE, FINISH, RAW,
		 HANG_UP),
	{ .name = NULL },
};

static void step_of_client(struct peer *peer, enum step step)
{
	uint8_t raw[64], size;

	switch (step) {
	case SEGMENT:
		peer_send_segment(peer);
		break;
	case PACKET:
		peer_send_packet(peer);
		break;
	case RING:
		peer_ring(peer, &responder.channel);
		break;
	case WORD:
		peer_write_word(peer);
		break;
	case SLOT:
		write_request(peer);
		break;
	case RETURN:
		give_back(peer);
		break;
	case CANCEL:
		write_cancelled(peer);
		break;
	case RAW:
		size = input_byte(peer->input) % sizeof(raw);
		input_copy(peer->input, raw, size);
		peer_send(peer, raw, size, NULL, 0);
		break;
	default:
		shutdown(peer->fd, SHUT_RDWR);
	}
}

static void take_step(struct peer *peer)
{
	uint8_t step = input_step(peer->input), choice = input_byte(peer->input);
	struct held *one = find_held(choice);

	switch (step % STEPS) {
	case RECEIVE:
		receive();
		break;
	case FINISH:
		if (one)
			finish(one, choice);
		break;
	case REPLY:
		if (one && responder.channel.own_bell)
			reply(one, choice);
		break;
	case LOOK:
		look_around(choice);
		break;
	case DRAIN:
		(void)!channel_drain(&responder.channel);
		break;
	default:
		step_of_client(peer, (enum step)(step % STEPS));
	}
	check_gone(&responder.channel);
}

/* ---- One input ---- */

static void end(const struct peer *peer)
{
	struct mapping memory = { .base = peer->memory, .length = around.layout.size };
	struct held *one;

	while ((one = find_held(0)))
		finish(one, 0);
	PROMISE(!responder.active);
	close(peer->fd);
	responder_end(&responder);
	channel_end(&responder.channel);
	channel_put(&responder.channel);
	PROMISE(destroyed);
	turns_run(&around.wait.turns);
	flights_close(&around.wait.flights);
	mapping_unmap(&memory);
}

void fuzz_feed(struct input *input)
{
	struct peer peer = { .input = input, .numbers = 1 };
	uint8_t choice = input_byte(input);
	int ends[2], steps;

	fuzz_begin();
	begin_surroundings(choice);
	configure(choice);
	fuzz_begin();
	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	peer.fd = ends[1];
	memset(&responder, 0, sizeof(responder));
	memset(held, 0, sizeof(held));
	destroyed = false;
	PROMISE(responder_init(&responder, &config, ends[0]) == 0);
	greet(&peer);
	(void)!channel_drain(&responder.channel);
	PROMISE(responder.channel.own_bell && !responder.channel.gone);
	if (choice & CHOICE_NEAR_WRAP)
		go_near_the_wrap(&peer);
	/* Random cases get further if the beginning is in order. */
	if (input->row)
		peer_send_segment(&peer);
	for (steps = 0; input->left && steps < STEPS_MAX; steps++)
		take_step(&peer);
	end(&peer);
	fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };

	fuzz_feed(&input);
	return 0;
}
