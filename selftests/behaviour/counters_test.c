// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters in the page of a port, as anybody reads them: equal to what the port has
 * done, message by message, and right for everything that can go another way.
 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>
#include <sluice/registry.h>

static const struct sluice_contract contract = {
	.name = "selftest/counters",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

FIXTURE(counters) {
	struct root root;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_client *client;
};

static void meet(struct __test_metadata *_metadata, struct sluice_client *client,
		 struct sluice_server *server)
{
	struct sluice_active_request *none;

	while (sluice_client_wait_servers(client, 1, SLUICE_NOWAIT) < 0) {
		none = sluice_server_receive(server, SLUICE_NOWAIT);
		ASSERT_EQ(NULL, none);
	}
	/* Through sockets, a look asks the kernel every 100 us only. */
	none = sluice_server_receive(server, 1000000);
	ASSERT_EQ(NULL, none);
}

static void open_with(struct __test_metadata *_metadata, FIXTURE_DATA(counters) *self,
		      uint64_t flags)
{
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.flags = flags, .max_active_requests_per_client = 4,
		.max_response_buffer_size = 2);

	self->node = sluice_node_create("counters", NULL);
	self->service = sluice_service_open(self->node, &contract, &opts);
	self->server = sluice_server_create(self->service, NULL);
	self->client = sluice_client_create(self->service, NULL);
	ASSERT_NE(NULL, self->client);
	ASSERT_NE(NULL, self->server);
	meet(_metadata, self->client, self->server);
}

FIXTURE_SETUP(counters)
{
	root_make(_metadata, &self->root);
}

FIXTURE_TEARDOWN(counters)
{
	sluice_client_destroy(self->client);
	sluice_server_destroy(self->server);
	sluice_service_close(self->service);
	sluice_node_destroy(self->node);
	TEARDOWN_CHECKS(&self->root);
}

/* The counters of the only port of this role, from its file. */
static struct sluice_registry_counters look(struct __test_metadata *_metadata,
					    const struct root *root, const char *role)
{
	struct sluice_registry_counters counters = { 0 };
	char command[512], path[256];
	FILE *found;
	int fd;

	snprintf(command, sizeof(command), "ls -d %s/default/services/*/ports/%s.0",
		 root->path, role);
	found = popen(command, "re");
	ASSERT_NE(NULL, found);
	ASSERT_NE(NULL, fgets(path, sizeof(path), found));
	pclose(found);
	path[strcspn(path, "\n")] = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(SLUICE_REGISTRY_PORT_SIZE, lseek(fd, 0, SEEK_END));
	EXPECT_EQ((ssize_t)sizeof(counters), pread(fd, &counters, sizeof(counters),
						   SLUICE_REGISTRY_COUNTERS));
	close(fd);
	return counters;
}

static struct sluice_pending_response *ask(struct __test_metadata *_metadata,
					   struct sluice_client *client, size_t count)
{
	struct sluice_request *request = sluice_client_loan(client, count);
	struct sluice_pending_response *pending;

	ASSERT_NE(NULL, request);
	pending = sluice_request_send(request);
	ASSERT_NE(NULL, pending);
	return pending;
}

static void answer(struct __test_metadata *_metadata, struct sluice_active_request *active,
		   size_t count)
{
	struct sluice_reply *reply = sluice_active_request_loan(active, count);

	ASSERT_NE(NULL, reply);
	ASSERT_EQ(0, sluice_reply_send(reply));
}

TEST_F(counters, messages_and_bytes)
{
	struct sluice_registry_counters client, server;
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	struct sluice_response *response;
	uint64_t i, asked = 0, answered = 0;

	open_with(_metadata, self, 0);
	for (i = 1; i <= 20; i++) {
		pending = ask(_metadata, self->client, 10 * i);
		active = sluice_server_receive(self->server, SLUICE_FOREVER);
		ASSERT_NE(NULL, active);
		answer(_metadata, active, i);
		sluice_active_request_release(active);
		response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
		ASSERT_NE(NULL, response);
		sluice_response_release(response);
		sluice_pending_response_release(pending);
		asked += 10 * i;
		answered += i;
		client = look(_metadata, &self->root, "client");
		server = look(_metadata, &self->root, "server");
		EXPECT_EQ(i, client.sent);
		EXPECT_EQ(i, client.received);
		EXPECT_EQ(asked, client.sent_bytes);
		EXPECT_EQ(answered, client.received_bytes);
		EXPECT_EQ(i, server.sent);
		EXPECT_EQ(i, server.received);
		EXPECT_EQ(answered, server.sent_bytes);
		EXPECT_EQ(asked, server.received_bytes);
	}
	EXPECT_EQ(20, client.polled + client.woken);
	EXPECT_EQ(20, server.polled + server.woken);
	EXPECT_EQ(1, client.depth_most);
	EXPECT_EQ(1, server.depth_most);
	EXPECT_EQ(1, client.peers);
	EXPECT_EQ(1, server.peers);
	EXPECT_LT(0, client.active);
	EXPECT_LT(0, server.active);
}

TEST_F(counters, loans_and_depth)
{
	struct sluice_registry_counters counters;
	struct sluice_pending_response *pending[3];
	struct sluice_active_request *active[3];
	struct sluice_request *request[2];
	struct sluice_reply *reply;
	int i;

	open_with(_metadata, self, 0);
	request[0] = sluice_client_loan(self->client, 1);
	request[1] = sluice_client_loan(self->client, 1);
	EXPECT_EQ(2, look(_metadata, &self->root, "client").loaned);
	sluice_request_release(request[0]);
	EXPECT_EQ(1, look(_metadata, &self->root, "client").loaned);
	sluice_request_release(request[1]);
	EXPECT_EQ(0, look(_metadata, &self->root, "client").loaned);

	for (i = 0; i < 3; i++)
		pending[i] = ask(_metadata, self->client, 1);
	counters = look(_metadata, &self->root, "client");
	EXPECT_EQ(0, counters.loaned);
	EXPECT_EQ(3, counters.depth);
	for (i = 0; i < 3; i++) {
		active[i] = sluice_server_receive(self->server, SLUICE_FOREVER);
		ASSERT_NE(NULL, active[i]);
	}
	reply = sluice_active_request_loan(active[0], 1);
	ASSERT_NE(NULL, reply);
	counters = look(_metadata, &self->root, "server");
	EXPECT_EQ(3, counters.depth);
	EXPECT_EQ(1, counters.loaned);
	/* The reply goes with its request. */
	for (i = 0; i < 3; i++) {
		sluice_active_request_release(active[i]);
		sluice_pending_response_release(pending[i]);
	}
	counters = look(_metadata, &self->root, "server");
	EXPECT_EQ(0, counters.depth);
	EXPECT_EQ(3, counters.depth_most);
	EXPECT_EQ(0, counters.loaned);
	counters = look(_metadata, &self->root, "client");
	EXPECT_EQ(0, counters.depth);
	EXPECT_EQ(3, counters.depth_most);
}

/* The public figures of memory, and those in the page, are the same. */
TEST_F(counters, memory)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_registry_counters counters;
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	size_t i;

	open_with(_metadata, self, 0);
	for (i = 1; i < 4000000; i *= 4) {
		pending = ask(_metadata, self->client, i);
		active = sluice_server_receive(self->server, SLUICE_FOREVER);
		ASSERT_NE(NULL, active);
		answer(_metadata, active, 2 * i);
		sluice_active_request_release(active);
		sluice_pending_response_release(pending);
		ASSERT_EQ(0, sluice_client_memory(self->client, &memory));
		counters = look(_metadata, &self->root, "client");
		EXPECT_EQ(memory.growths, counters.growths);
		EXPECT_EQ(memory.segments, counters.segments);
		EXPECT_EQ(memory.bytes, counters.segment_bytes);
		ASSERT_EQ(0, sluice_server_memory(self->server, &memory));
		counters = look(_metadata, &self->root, "server");
		EXPECT_EQ(memory.growths, counters.growths);
		EXPECT_EQ(memory.segments, counters.segments);
		EXPECT_EQ(memory.bytes, counters.segment_bytes);
	}
	EXPECT_LT(2, counters.growths);
	/* The client's memory goes with it. */
	sluice_client_destroy(self->client);
	self->client = NULL;
	active = sluice_server_receive(self->server, 1000000);
	EXPECT_EQ(NULL, active);
	counters = look(_metadata, &self->root, "server");
	EXPECT_EQ(0, counters.segments);
	EXPECT_EQ(0, counters.segment_bytes);
	EXPECT_EQ(0, counters.peers);
	EXPECT_LT(2, counters.growths);
}

TEST_F(counters, overflows_and_expired)
{
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	struct sluice_request *request;
	int i;

	open_with(_metadata, self, 0);
	pending = ask(_metadata, self->client, 1);
	active = sluice_server_receive(self->server, SLUICE_FOREVER);
	ASSERT_NE(NULL, active);
	for (i = 0; i < 5; i++)
		answer(_metadata, active, 1);
	EXPECT_EQ(3, look(_metadata, &self->root, "server").overflows);
	sluice_active_request_release(active);
	sluice_pending_response_release(pending);

	for (i = 0; i < 6; i++)
		sluice_pending_response_release(ask(_metadata, self->client, 1));
	EXPECT_EQ(2, look(_metadata, &self->root, "client").overflows);
	while ((active = sluice_server_receive(self->server, 1000000)))
		sluice_active_request_release(active);

	request = sluice_client_loan(self->client, 1);
	ASSERT_NE(NULL, request);
	ASSERT_EQ(0, sluice_request_set_deadline(request, sluice_deadline(1000000)));
	pending = sluice_request_send(request);
	ASSERT_NE(NULL, pending);
	usleep(5000);
	active = sluice_server_receive(self->server, 1000000);
	EXPECT_EQ(NULL, active);
	EXPECT_EQ(1, look(_metadata, &self->root, "server").expired);
	sluice_pending_response_release(pending);
}

TEST_F(counters, blocked)
{
	struct sluice_pending_response *pending[4];
	struct sluice_active_request *active;
	struct sluice_request *request;
	uint64_t blocked;
	int i;

	open_with(_metadata, self, SLUICE_SERVICE_NO_REQUEST_OVERFLOW);
	for (i = 0; i < 4; i++)
		pending[i] = ask(_metadata, self->client, 1);
	sluice_pending_response_release(pending[0]);
	request = sluice_client_loan(self->client, 1);
	ASSERT_NE(NULL, request);
	ASSERT_EQ(0, sluice_request_set_deadline(request, sluice_deadline(20000000)));
	EXPECT_EQ(NULL, sluice_request_send(request));
	EXPECT_EQ(ETIMEDOUT, errno);
	blocked = look(_metadata, &self->root, "client").blocked;
	EXPECT_LE(10000000, blocked);
	sluice_request_release(request);
	for (i = 1; i < 4; i++)
		sluice_pending_response_release(pending[i]);
	while ((active = sluice_server_receive(self->server, 1000000)))
		sluice_active_request_release(active);
}

/* They can be stored when the port is gone, as long as a message of it is left. */
TEST_F(counters, outlive_their_file)
{
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	struct sluice_response *response;

	open_with(_metadata, self, 0);
	pending = ask(_metadata, self->client, 1);
	active = sluice_server_receive(self->server, SLUICE_FOREVER);
	ASSERT_NE(NULL, active);
	answer(_metadata, active, 1);
	sluice_client_destroy(self->client);
	self->client = NULL;
	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	ASSERT_NE(NULL, response);
	sluice_server_destroy(self->server);
	self->server = NULL;
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	sluice_active_request_release(active);
}

TEST_HARNESS_MAIN
