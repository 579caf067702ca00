// SPDX-License-Identifier: MIT
/* nng: a request and a reply socket over ipc. */
#include "peer.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

static nng_socket client;

static int complain(int error)
{
	return peer_complain("nng: %s", nng_strerror(error));
}

static int receive(nng_socket from, uint64_t *message)
{
	size_t size = MESSAGE_SIZE;

	return nng_recv(from, message, &size, 0);
}

static void serve(void (*ready)(void))
{
	uint64_t message[MESSAGE_WORDS];
	nng_socket server;
	int r = nng_rep0_open(&server);

	if (!r)
		r = nng_listen(server, peer_path("ipc://", "nng"), NULL, 0);
	if (!r)
		ready();
	while (!r) {
		r = receive(server, message);
		message_write(message, message_read(message) + 1);
		if (!r)
			r = nng_send(server, message, sizeof(message), 0);
	}
	complain(r);
}

static int connect_client(void)
{
	int r = nng_req0_open(&client);

	if (!r)
		r = nng_dial(client, peer_path("ipc://", "nng"), NULL, 0);
	return r ? complain(r) : 0;
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	uint64_t message[MESSAGE_WORDS];
	int r;

	message_write(message, value);
	r = nng_send(client, message, sizeof(message), 0);
	if (!r)
		r = receive(client, message);
	if (r)
		return complain(r);
	*ret_answer = message_read(message);
	return 0;
}

const struct peer peers[] = {
	{ "nng req/rep", "sleeps", NULL, serve, connect_client, call, NULL },
	{ 0 },
};
