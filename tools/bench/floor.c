// SPDX-License-Identifier: MIT
/*
 * The floors: what a round trip costs when two processes share a page and nothing
 * else.  Each side has a word of its own, in which the other writes the number of the
 * message that it has sent, and a buffer with that message.
 *
 *	io_uring futex	wake the other and wait for it, in one io_uring_enter()
 *	futex		the same in two system calls
 *	payload		nobody sleeps: both look at their word until it changes
 *	cache line	the same, and there is no message beside the word
 *
 * So a round trip moves two cache lines for a floor of cache lines, and the lines of the
 * message besides for all others.
 *
 * Messages are numbered through all floors.  Between two rounds both processes have
 * made the same number of round trips, so that they agree on the number.
 *
 * The ring and its flags are what Sluice uses.  Futexes in io_uring came with Linux
 * 6.7, after the headers of Debian 12, hence the numbers here.
 */
#include "bench.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <liburing.h>

#define OP_FUTEX_WAIT	51
#define OP_FUTEX_WAKE	52
#define FUTEX_SIZE_U32	2
#define FUTEX_ANY_BIT	0xffffffffu

enum { TAG_WAIT = 1, TAG_WAKE = 2 };

struct mailbox {
	_Alignas(2 * LINE) uint32_t number;	/* of the last message in it */
	_Alignas(2 * LINE) unsigned char data[];
};

static struct mailbox *mailboxes[2];
static uint32_t number;

struct floor {
	struct mailbox *own;
	struct mailbox *other;
	size_t touched;
	struct io_uring ring;
	bool has_ring;
};

int floor_prepare(size_t size)
{
	size_t room = sizeof(struct mailbox) + (size + 2 * LINE - 1) / (2 * LINE) * (2 * LINE);
	char *area = mmap(NULL, 2 * room, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return complain("no memory for the floors: %s", strerror(errno));
	mailboxes[SERVER] = (struct mailbox *)area;
	mailboxes[CLIENT] = (struct mailbox *)(area + room);
	return 0;
}

static uint32_t *word(struct mailbox *mailbox)
{
	return &mailbox->number;
}

/* R: publishes the data of the message; pairs with A in arrived(). */
static void post(struct floor *floor, uint32_t message)
{
	__atomic_store_n(word(floor->other), message, __ATOMIC_RELEASE);
}

/* A: pairs with R in post(). */
static bool arrived(struct floor *floor, uint32_t message)
{
	return __atomic_load_n(word(floor->own), __ATOMIC_ACQUIRE) == message;
}

/* ---- io_uring ------------------------------------------------------------ */

static bool has_futexes(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool has = probe && probe->last_op >= OP_FUTEX_WAKE &&
		   probe->ops[OP_FUTEX_WAIT].flags & IO_URING_OP_SUPPORTED;

	io_uring_free_probe(probe);
	return has;
}

static int ring_setup(struct floor *floor)
{
	int r = io_uring_queue_init(8, &floor->ring,
				    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);

	if (r < 0) {
		complain("io_uring: %s", strerror(-r));
		return UNAVAILABLE;
	}
	floor->has_ring = true;
	if (has_futexes(&floor->ring))
		return 0;
	complain("the kernel's io_uring has no futexes (Linux 6.7)");
	return UNAVAILABLE;
}

static int ring_queue(struct floor *floor, int opcode, uint32_t *at, uint64_t value)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&floor->ring);

	if (!sqe)
		return complain("io_uring: the queue is full");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = (uint8_t)opcode;
	sqe->flags = opcode == OP_FUTEX_WAKE ? IOSQE_CQE_SKIP_SUCCESS : 0;
	sqe->fd = FUTEX_SIZE_U32;
	sqe->addr = (uintptr_t)at;
	sqe->off = value;
	sqe->addr3 = FUTEX_ANY_BIT;
	sqe->user_data = opcode == OP_FUTEX_WAKE ? TAG_WAKE : TAG_WAIT;
	return 0;
}

/* The wake is only queued: it goes with the wait that follows, if there is one. */
static int ring_tell(struct floor *floor, uint32_t message, bool last)
{
	post(floor, message);
	if (ring_queue(floor, OP_FUTEX_WAKE, word(floor->other), INT_MAX) < 0)
		return -1;
	if (last && io_uring_submit(&floor->ring) < 0)
		return complain("io_uring: cannot submit");
	return 0;
}

static int ring_wait(struct floor *floor, uint32_t message)
{
	bool armed = false;

	do {
		struct io_uring_cqe *cqe;
		int r;

		if (!armed && ring_queue(floor, OP_FUTEX_WAIT, word(floor->own),
					 message - 1) < 0)
			return -1;
		armed = true;
		r = io_uring_submit_and_wait(&floor->ring, 1);
		if (r < 0 && r != -EINTR)
			return complain("io_uring: %s", strerror(-r));
		while (io_uring_peek_cqe(&floor->ring, &cqe) == 0) {
			if (cqe->user_data == TAG_WAKE)
				return complain("io_uring: cannot wake: %s", strerror(-cqe->res));
			armed = false;
			io_uring_cqe_seen(&floor->ring, cqe);
		}
	} while (armed || !arrived(floor, message));
	return 0;
}

/* ---- Futex system calls -------------------------------------------------- */

static int futex_tell(struct floor *floor, uint32_t message, bool last)
{
	(void)last;
	post(floor, message);
	if (syscall(SYS_futex, word(floor->other), FUTEX_WAKE, INT_MAX, NULL, NULL, 0) < 0)
		return complain("futex: cannot wake: %s", strerror(errno));
	return 0;
}

static int futex_wait(struct floor *floor, uint32_t message)
{
	do {
		if (syscall(SYS_futex, word(floor->own), FUTEX_WAIT, message - 1,
			    NULL, NULL, 0) < 0 && errno != EAGAIN && errno != EINTR)
			return complain("futex: cannot wait: %s", strerror(errno));
	} while (!arrived(floor, message));
	return 0;
}

/* ---- Polling ------------------------------------------------------------- */

static int line_tell(struct floor *floor, uint32_t message, bool last)
{
	(void)last;
	post(floor, message);
	return 0;
}

static int line_wait(struct floor *floor, uint32_t message)
{
	while (!arrived(floor, message))
		spin_pause();
	return 0;
}

/* ---- The two sides ------------------------------------------------------- */

typedef int tell_fn(struct floor *floor, uint32_t message, bool last);
typedef int wait_fn(struct floor *floor, uint32_t message);

static void teardown(void *state)
{
	struct floor *floor = state;

	if (floor->has_ring)
		io_uring_queue_exit(&floor->ring);
	free(floor);
}

static int setup(const struct thing *thing, enum side side, void **ret_state)
{
	struct floor *floor = calloc(1, sizeof(*floor));

	if (!floor)
		return complain("no memory");
	floor->own = mailboxes[side];
	floor->other = mailboxes[side == CLIENT ? SERVER : CLIENT];
	floor->touched = thing->touched;
	*ret_state = floor;
	return 0;
}

/* For a floor that has no message: the word is all that moves. */
static int setup_line(const struct thing *thing, enum side side, void **ret_state)
{
	int r = setup(thing, side, ret_state);

	if (r == 0)
		((struct floor *)*ret_state)->touched = 0;
	return r;
}

static int setup_ring(const struct thing *thing, enum side side, void **ret_state)
{
	void *state = NULL;
	int r = setup(thing, side, &state);

	if (r)
		return r;
	r = ring_setup(state);
	if (r)
		teardown(state);
	else
		*ret_state = state;
	return r;
}

static inline int call(struct floor *floor, tell_fn *tell, wait_fn *wait)
{
	uint32_t message = ++number;

	payload_write(floor->other->data, floor->touched, message);
	if (tell(floor, message, false) < 0 || wait(floor, message) < 0)
		return -1;
	if (floor->touched && payload_read(floor->own->data, floor->touched) != message + UINT64_C(1))
		return complain("a floor's message is not what was written");
	return 0;
}

static inline int serve(struct floor *floor, bool last, tell_fn *tell, wait_fn *wait)
{
	uint32_t message = ++number;
	uint64_t value;

	if (wait(floor, message) < 0)
		return -1;
	value = payload_read(floor->own->data, floor->touched);
	payload_write(floor->other->data, floor->touched, value + 1);
	return tell(floor, message, last);
}

#define STEPS(way)						\
	static int way##_call(void *state, bool last)		\
	{							\
		(void)last;					\
		return call(state, way##_tell, way##_wait);	\
	}							\
	static int way##_serve(void *state, bool last)		\
	{							\
		return serve(state, last, way##_tell, way##_wait); \
	}

STEPS(ring)
STEPS(futex)
STEPS(line)

const struct method floor_uring[2] = {
	[SERVER] = { setup_ring, ring_serve, teardown, NULL },
	[CLIENT] = { setup_ring, ring_call, teardown, NULL },
};

const struct method floor_futex[2] = {
	[SERVER] = { setup, futex_serve, teardown, NULL },
	[CLIENT] = { setup, futex_call, teardown, NULL },
};

const struct method floor_payload[2] = {
	[SERVER] = { setup, line_serve, teardown, NULL },
	[CLIENT] = { setup, line_call, teardown, NULL },
};

const struct method floor_line[2] = {
	[SERVER] = { setup_line, line_serve, teardown, NULL },
	[CLIENT] = { setup_line, line_call, teardown, NULL },
};
