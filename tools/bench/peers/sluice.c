// SPDX-License-Identifier: MIT
/* Sluice, in the same loop as its peers. */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>

#include <sluice.h>

struct message {
	uint64_t words[MESSAGE_WORDS];
};

static const struct sluice_contract contract = {
	.name = "bench/peer",
	.request = SLUICE_TYPE(struct message),
	.response = SLUICE_TYPE(struct message),
};

static struct sluice_client *client;
static int64_t timeout = SLUICE_FOREVER;

static pid_t prepare(void)
{
	return setenv("SLUICE_ROOT", peer_directory, 1);
}

static pid_t prepare_polling(void)
{
	timeout = SLUICE_NOWAIT;
	return prepare();
}

static int complain(void)
{
	return peer_complain("%s", sluice_strerror());
}

static struct sluice_service *open_service(void)
{
	struct sluice_node *node = sluice_node_create("peer", NULL);

	return sluice_service_open(node, &contract, NULL);
}

static void serve(void (*ready)(void))
{
	struct sluice_server *server = sluice_server_create(open_service(), NULL);
	struct sluice_active_request *request;
	struct sluice_reply *reply;

	if (server)
		ready();
	for (;;) {
		request = sluice_server_receive(server, timeout);
		if (!request && errno == EAGAIN)
			continue;
		reply = sluice_active_request_loan(request, 1);
		if (!reply)
			break;
		message_write(reply->data, message_read(request->data) + 1);
		if (sluice_reply_send(reply) < 0)
			break;
		sluice_active_request_release(request);
	}
	complain();
}

static int connect_client(void)
{
	client = sluice_client_create(open_service(), NULL);
	return sluice_client_wait_servers(client, 1, SLUICE_FOREVER) < 0 ? complain() : 0;
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	if (!request)
		return complain();
	message_write(request->data, value);
	pending = sluice_request_send(request);
	if (!pending)
		return complain();
	do {
		response = sluice_pending_response_receive(pending, timeout);
	} while (!response && errno == EAGAIN);
	if (!response)
		return complain();
	*ret_answer = message_read(response->data);
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	return 0;
}

const struct peer peers[] = {
	{ "Sluice", "polls", prepare_polling, serve, connect_client, call, NULL },
	{ "Sluice", "sleeps", prepare, serve, connect_client, call, NULL },
	{ 0 },
};
