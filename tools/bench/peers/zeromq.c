// SPDX-License-Identifier: MIT
/* ZeroMQ: a REQ and a REP socket over ipc. */
#include "peer.h"

#include <zmq.h>

static void *client;

static void *open_socket(int type)
{
	return zmq_socket(zmq_ctx_new(), type);
}

static int complain(void)
{
	return peer_complain("zeromq: %s", zmq_strerror(zmq_errno()));
}

static void serve(void (*ready)(void))
{
	void *server = open_socket(ZMQ_REP);
	uint64_t message[MESSAGE_WORDS];

	if (zmq_bind(server, peer_path("ipc://", "zeromq")) < 0) {
		complain();
		return;
	}
	ready();
	while (zmq_recv(server, message, sizeof(message), 0) == sizeof(message)) {
		message_write(message, message_read(message) + 1);
		if (zmq_send(server, message, sizeof(message), 0) < 0)
			break;
	}
	complain();
}

static int connect_client(void)
{
	client = open_socket(ZMQ_REQ);
	return zmq_connect(client, peer_path("ipc://", "zeromq")) < 0 ? complain() : 0;
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	uint64_t message[MESSAGE_WORDS];

	message_write(message, value);
	if (zmq_send(client, message, sizeof(message), 0) < 0 ||
	    zmq_recv(client, message, sizeof(message), 0) != sizeof(message))
		return complain();
	*ret_answer = message_read(message);
	return 0;
}

const struct peer peers[] = {
	{ "ZeroMQ REQ/REP", "sleeps", NULL, serve, connect_client, call, NULL },
	{ 0 },
};
