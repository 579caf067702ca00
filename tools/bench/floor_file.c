// SPDX-License-Identifier: MIT
/*
 * The floors that go through the kernel's files: what a round trip costs if the message is
 * copied into the kernel and out of it.
 *
 *	packet		one packet each way over a Unix socket (SOCK_SEQPACKET)
 *	pipe		the bytes each way through a pipe of that direction
 *
 * The descriptors are made before the processes are forked, and both have them.  Each side
 * sleeps in read(2).
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* By side: what it reads from, and what it writes to. */
struct way {
	int in[2];
	int out[2];
};

static struct way packets, pipes;

struct file_floor {
	int in;
	int out;
	size_t touched;
	uint64_t value;
	unsigned char *data;
};

int floor_file_prepare(void)
{
	int sockets[2], there[2], back[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return complain("socketpair: %s", strerror(errno));
	if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
		return complain("pipe: %s", strerror(errno));
	packets = (struct way){
		.in = { [SERVER] = sockets[0], [CLIENT] = sockets[1] },
		.out = { [SERVER] = sockets[0], [CLIENT] = sockets[1] },
	};
	pipes = (struct way){
		.in = { [SERVER] = there[0], [CLIENT] = back[0] },
		.out = { [SERVER] = back[1], [CLIENT] = there[1] },
	};
	return 0;
}

static int setup(const struct thing *thing, const struct way *way, enum side side,
		 void **ret_state)
{
	struct file_floor *floor = calloc(1, sizeof(*floor));

	if (floor)
		floor->data = malloc(thing->touched);
	if (!floor || !floor->data) {
		free(floor);
		return complain("no memory");
	}
	floor->in = way->in[side];
	floor->out = way->out[side];
	floor->touched = thing->touched;
	*ret_state = floor;
	return 0;
}

static void teardown(void *state)
{
	struct file_floor *floor = state;

	free(floor->data);
	free(floor);
}

static int setup_pipe(const struct thing *thing, enum side side, void **ret_state)
{
	return setup(thing, &pipes, side, ret_state);
}

/* A packet that is larger than the socket's buffer cannot be sent. */
static int setup_packet(const struct thing *thing, enum side side, void **ret_state)
{
	socklen_t length = sizeof(int);
	int buffer = 0;

	getsockopt(packets.out[side], SOL_SOCKET, SO_SNDBUF, &buffer, &length);
	if (buffer > 0 && thing->touched >= (size_t)buffer / 2) {
		complain("a packet of %zu B does not fit into a socket's buffer", thing->touched);
		return UNAVAILABLE;
	}
	return setup(thing, &packets, side, ret_state);
}

static int put(const struct file_floor *floor)
{
	size_t done = 0;

	while (done < floor->touched) {
		ssize_t n = write(floor->out, floor->data + done, floor->touched - done);

		if (n < 0 && errno != EINTR)
			return complain("cannot write to a floor: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int get(const struct file_floor *floor)
{
	size_t done = 0;

	while (done < floor->touched) {
		ssize_t n = read(floor->in, floor->data + done, floor->touched - done);

		if (n == 0 || (n < 0 && errno != EINTR))
			return complain("cannot read from a floor: %s",
					n ? strerror(errno) : "the other side is gone");
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int call(void *state, bool last)
{
	struct file_floor *floor = state;

	(void)last;
	payload_write(floor->data, floor->touched, ++floor->value);
	if (put(floor) < 0 || get(floor) < 0)
		return -1;
	if (payload_read(floor->data, floor->touched) != floor->value + 1)
		return complain("a floor's message is not what was written");
	return 0;
}

static int serve(void *state, bool last)
{
	struct file_floor *floor = state;

	(void)last;
	if (get(floor) < 0)
		return -1;
	payload_write(floor->data, floor->touched,
		      payload_read(floor->data, floor->touched) + 1);
	return put(floor);
}

const struct method floor_packet[2] = {
	[SERVER] = { setup_packet, serve, teardown, NULL },
	[CLIENT] = { setup_packet, call, teardown, NULL },
};

const struct method floor_pipe[2] = {
	[SERVER] = { setup_pipe, serve, teardown, NULL },
	[CLIENT] = { setup_pipe, call, teardown, NULL },
};
