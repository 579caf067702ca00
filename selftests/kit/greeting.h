/* SPDX-License-Identifier: GPL-2.0-only */
/* A HELLO of any contents, said to the server of a fixture hostile by a socket of its own. */
#ifndef SELFTESTS_GREETING_H
#define SELFTESTS_GREETING_H

#include "hostile.h"
#include "descriptors.h"

#include "registry/server_socket.h"

/* What the server has answered. */
struct greeted {
	uint16_t type;		/* 0: it hung up without a word */
	uint32_t reason;	/* of a REJECT */
};

/* One that is in order; the bad side has opened the service, and needs no client. */
helper struct sluice_wire_hello good_hello(const FIXTURE_DATA(hostile) *self)
{
	const struct sluice_service *opened = self->bad.service;

	return (struct sluice_wire_hello){
		.header = HEADER(SLUICE_WIRE_HELLO),
		.port = 77,
		.node = 78,
		.channel_size = opened->layout.size,
		.contract = opened->contract,
	};
}

/* Memory that is in order; -1 if it cannot be had. */
helper int good_memory(const FIXTURE_DATA(hostile) *self)
{
	return fd_of_kind(FD_GOOD, self->bad.service->layout.size, SLUICE_CHANNEL_SEALS);
}

/* Says it, with a descriptor or without, and hangs up when the server has answered. */
helper struct greeted greet(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			   const struct sluice_wire_hello *hello, size_t size, int passed)
{
	struct sluice_wire_reject said = { .header.type = 0 };
	struct greeted answer = { .type = 0 };
	int fd;

	forget_breaches(self);
	fd = server_socket_connect(&self->bad.service->dir, self->server.server->entry.id);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, fdpass_send(fd, hello, size, passed));
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	if (recv(fd, &said, sizeof(said), MSG_DONTWAIT) > 0)
		answer = (struct greeted){ said.header.type, said.reason };
	close(fd);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	return answer;
}

#endif /* SELFTESTS_GREETING_H */
