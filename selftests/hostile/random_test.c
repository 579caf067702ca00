// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile peer that does anything: packets of all types and lengths with descriptors of all
 * kinds, messages, returns and bells in any order, while a second thread of it writes the
 * shared words.  Half of what it says is in order, so that it gets further than the first
 * check, and most of the rest is only just not.
 *
 *	SEED=	of the sequence; it is printed, and gives the same sequence again
 *	STEPS=	how many
 *
 * The sequence depends on the seed alone; what the victim is doing at each step does not.
 * After a failure the last steps are printed.
 */
#include <pthread.h>

#include "files.h"
#include "scene.h"

SCENE_FIXTURE(random);

#define STEPS		100000
#define LAST		48
#define KEPT		16

struct step {
	const char *what;
	uint64_t a, b;
};

/* Of the peer; the last steps are shared, and read when it or its victim has died. */
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
static uint64_t draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(struct walk *walk, uint64_t limit)
{
	return (draw(&walk->random) >> 16) % limit;
}

static void note(const char *what, uint64_t a, uint64_t b)
{
	diary->last[diary->steps % LAST] = (struct step){ what, a, b };
}

/* A number near what matters. */
static uint64_t number(struct walk *walk)
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

static void make_files(struct walk *walk, const char *directory)
{
	int kind, i;

	for (kind = 0; kind < RAW_FILES; kind++)
		walk->files[kind] = raw_file((enum raw_file)kind, 1 << 16, directory);
	for (i = 0; i < KEPT; i++)
		walk->kept[i] = -1;
}

/* One of ours, one of the victim's own, the channel itself or its very socket. */
static int any_file(struct walk *walk)
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

/* What the victim has sent, and what came with it is sent back to it some time. */
static void listen_to_victim(struct walk *walk)
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

static void send_good_segment(struct walk *walk)
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

static void send_bad_segment(struct walk *walk)
{
	uint32_t n = below(walk, 2) ? walk->last_segment + 1 : (uint32_t)number(walk);
	uint64_t size = number(walk);

	note("bad SEGMENT", n, size);
	raw_segment(&walk->end, n, any_file(walk), size, below(walk, 2) ? size : number(walk));
}

static void send_retire(struct walk *walk)
{
	uint32_t n = walk->last_segment - (uint32_t)below(walk, 4);

	if (below(walk, 16) == 0)
		n = (uint32_t)number(walk);
	note("RETIRE", n, 0);
	raw_retire(&walk->end, n);
}

/* A header that is right or nearly so, and anything behind it. */
static void send_any(struct walk *walk)
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

static void send_fds(struct walk *walk)
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

/* To the next request, if there is one: some responses, and the end. */
static void respond(struct walk *walk, struct sluice_ring_slot message)
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

static void say_good(struct walk *walk)
{
	struct sluice_ring_slot message = raw_message(walk->last_segment, 64);

	message.flags = (uint32_t)below(walk, 16);
	note("good message", message.segment, message.flags);
	if (walk->end.is_server)
		respond(walk, message);
	else
		raw_say(&walk->end, message, NULL);
}

static void say_anything(struct walk *walk)
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

static void give_back(struct walk *walk)
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

static void write_word(struct walk *walk)
{
	uint64_t at = below(walk, walk->end.service->layout.size / 8);
	uint64_t word = number(walk);

	note("word", at, word);
	__atomic_store_n((uint64_t *)(void *)walk->end.memory + at, word, __ATOMIC_RELAXED);
}

static void punch(struct walk *walk)
{
	note("punch", 0, 0);
	(void)!fallocate(walk->end.memory_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)below(walk, 8) * 4096, 4096);
}

static void send_letter(struct walk *walk)
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

/* ---- The second thread ------------------------------------------------------------------ */

/* It writes words all the time, in bursts, so that some channels are left alone for long. */
static void *scribble(void *argument)
{
	uint64_t state = diary->seed ^ UINT64_C(0x5deece66d5deece6), at;
	struct walk *walk = argument;
	struct raw_end *end;
	int i;

	while (!__atomic_load_n(&walk->stop, __ATOMIC_RELAXED)) {
		raw_pause(MILLISECOND / 2);
		walk->writing = true;
		end = walk->shown;
		for (i = 0; end && i < 8; i++) {
			at = (draw(&state) >> 16) % (end->service->layout.size / 8);
			/* A slot or return that is there is bent, and not only what is empty. */
			__atomic_fetch_xor((uint64_t *)(void *)end->memory + at,
					   UINT64_C(1) << (draw(&state) >> 58), __ATOMIC_RELAXED);
		}
		walk->writing = false;
	}
	return NULL;
}

static void hide(struct walk *walk)
{
	walk->shown = NULL;
	while (walk->writing)
		sched_yield();
}

/* ---- The walk ------------------------------------------------------------------------------ */

typedef void deed(struct walk *walk);

/* As often as it stands here: those that end a channel are rare. */
static deed *const deeds[] = {
	send_good_segment, send_good_segment, send_good_segment, send_retire, send_retire,
	say_good, say_good, say_good, say_good, say_good, say_good, say_good, say_good,
	give_back, give_back, give_back, give_back,
};
static deed *const bad_deeds[] = {
	send_bad_segment, send_any, send_any, send_fds, say_anything, say_anything,
	write_word, punch, send_letter,
};

static bool meet(struct scene *scene, const struct raw_service *service, struct walk *walk)
{
	if (walk->end.memory && !raw_hung_up(&walk->end))
		return true;
	hide(walk);
	if (walk->end.memory)
		raw_leave(&walk->end);
	walk->last_segment = 0;
	if (raw_meet(&walk->end, service, scene->as_server) < 0) {
		walk->end = (struct raw_end){ .fd = -1, .memory_fd = -1, .load_fd = -1 };
		return false;
	}
	note("new channel", ++diary->channels, 0);
	/* Every second channel is left to the packets alone. */
	if (diary->channels % 2)
		walk->shown = &walk->end;
	return true;
}

static void take_step(struct walk *walk)
{
	if (below(walk, 16) == 0)
		bad_deeds[below(walk, ARRAY_SIZE(bad_deeds))](walk);
	else
		deeds[below(walk, ARRAY_SIZE(deeds))](walk);
	if (below(walk, 8) == 0)
		raw_bell(&walk->end);
	if (below(walk, 32) == 0)
		listen_to_victim(walk);
	if (below(walk, 256) == 0)
		raw_pause((int64_t)below(walk, 1000) * 1000);
	if (below(walk, 4096) == 0)
		raw_goodbye(&walk->end);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static long wander(struct scene *scene, const struct raw_service *service)
{
	uint64_t steps = from_environment("STEPS", in_full() ? STEPS : STEPS / 4);
	struct walk walk = { .random = diary->seed, .end = { .fd = -1 } };
	int64_t until = now() + (getenv("STEPS") ? INT64_MAX / 2 : 30 * SECOND);
	pthread_t second;

	make_files(&walk, scene->root.path);
	if (pthread_create(&second, NULL, scribble, &walk))
		return -EAGAIN;
	while (diary->steps < steps && now() < until) {
		if (meet(scene, service, &walk))
			take_step(&walk);
		diary->steps++;
	}
	hide(&walk);
	walk.stop = true;
	pthread_join(second, NULL);
	raw_leave(&walk.end);
	return (long)diary->steps;
}

static void tell_last(struct __test_metadata *_metadata)
{
	uint64_t i = diary->steps < LAST ? 0 : diary->steps - LAST + 1;

	for (; i <= diary->steps; i++)
		TH_LOG("step %llu: %s %llu %llu", (unsigned long long)i,
		       diary->last[i % LAST].what ? diary->last[i % LAST].what : "nothing",
		       (unsigned long long)diary->last[i % LAST].a,
		       (unsigned long long)diary->last[i % LAST].b);
}

/* It is killed if its victim has died, which it would go on to wait for. */
static void await_walk(struct scene *scene)
{
	while (is_alive(scene->peer) && is_alive(scene_victim(scene)) && !scene->stage->failures)
		raw_pause(20 * MILLISECOND);
}

/*
 * A peer that has broken the protocol is made to wait; the walk breaks it at nearly each
 * channel, and is to see many.  So the victim does without these pauses here.
 */
bool __wrap_server_keeps_waiting(void *server, void *channel);
void __wrap_client_grow_wary(void *client);

bool __wrap_server_keeps_waiting(void *server, void *channel)
{
	(void)server, (void)channel;
	return false;
}

void __wrap_client_grow_wary(void *client)
{
	(void)client;
}

TEST_F_TIMEOUT(random, walk, 86400)
{
	char fifo[128];

	diary = mmap(NULL, sizeof(*diary), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)diary);
	diary->seed = from_environment("SEED", (uint64_t)now() | 1);
	TH_LOG("SEED=%llu", (unsigned long long)diary->seed);
	self->scene.await = await_walk;
	self->scene.more_mappings = 2;
	scene_play(_metadata, &self->scene, wander);
	TH_LOG("%llu steps through %llu channels", (unsigned long long)diary->steps,
	       (unsigned long long)diary->channels);
	if (_metadata->exit_code != KSFT_PASS)
		tell_last(_metadata);
	munmap(diary, sizeof(*diary));
	snprintf(fifo, sizeof(fifo), "%s/fifo", self->scene.root.path);
	unlink(fifo);
}

TEST_HARNESS_MAIN
