/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections to a server that a client port knows nothing of (hostile.h). */
#ifndef SELFTESTS_KNOCK_H
#define SELFTESTS_KNOCK_H

#include "hostile.h"

#include "registry/server_socket.h"

helper void changed(struct requester *requester)
{
	(void)requester;
}

helper void destroyed(struct requester *requester)
{
	free(requester);
}

static const struct requester_events knock_events = { .changed = changed, .destroyed = destroyed };

/* A connection with a HELLO of this port. */
helper struct requester *knock(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			       struct handshake *who, uint64_t port)
{
	struct sluice_service *opened = self->bad.service;
	struct requester_config config = {
		.wait = &opened->node->wait,
		.layout = &opened->layout,
		.settings = &opened->contract.settings,
		.response = &opened->response,
		.pool = &self->good.client->pool,
		.counters = self->good.client->entry.counters,
		.server = self->server.server->entry.id,
		.self = who,
		.events = &knock_events,
	};
	struct requester *requester = calloc(1, sizeof(*requester));
	int fd = server_socket_connect(&opened->dir, config.server);

	*who = (struct handshake){
		.port = port,
		.node = opened->node->entry.id,
		.contract = &opened->contract,
	};
	EXPECT_LE(0, fd);
	EXPECT_NE(NULL, requester);
	EXPECT_EQ(0, requester_init(requester, &config, fd));
	return requester;
}

#endif /* SELFTESTS_KNOCK_H */
