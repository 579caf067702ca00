// SPDX-License-Identifier: MIT
/* A Unix socket that keeps packets apart: the kernel alone, without a library. */
#include "peer.h"

#include <sys/socket.h>
#include <unistd.h>

static int sockets[2];

static pid_t prepare(void)
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) < 0 ?
	       peer_complain("there is no Unix socket") : 0;
}

static void serve(void (*ready)(void))
{
	uint64_t message[MESSAGE_WORDS];

	ready();
	while (recv(sockets[1], message, sizeof(message), 0) == sizeof(message)) {
		message_write(message, message_read(message) + 1);
		if (send(sockets[1], message, sizeof(message), 0) < 0)
			return;
	}
}

static int connect_client(void)
{
	return 0;
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	uint64_t message[MESSAGE_WORDS];

	message_write(message, value);
	if (send(sockets[0], message, sizeof(message), 0) < 0 ||
	    recv(sockets[0], message, sizeof(message), 0) != sizeof(message))
		return peer_complain("the server is gone");
	*ret_answer = message_read(message);
	return 0;
}

const struct peer peers[] = {
	{ "Unix seqpacket", "sleeps", prepare, serve, connect_client, call, NULL },
	{ 0 },
};
