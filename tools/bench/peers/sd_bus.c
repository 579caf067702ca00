// SPDX-License-Identifier: MIT
/* sd-bus: a method call from peer to peer, over a Unix socket and without a bus. */
#include "peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <systemd/sd-bus.h>

#define OBJECT		"/bench"
#define INTERFACE	"bench.Peer"

static int sockets[2];
static sd_bus *client;

static int complain(int error)
{
	return peer_complain("sd-bus: %s", strerror(-error));
}

static pid_t prepare(void)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0 ?
	       peer_complain("there is no Unix socket") : 0;
}

static int answer(sd_bus_message *request, void *context, sd_bus_error *error)
{
	uint64_t message[MESSAGE_WORDS];
	sd_bus_message *reply;
	const void *data;
	size_t size;
	int r = sd_bus_message_read_array(request, 'y', &data, &size);

	(void)context;
	(void)error;
	if (r < 0 || size != sizeof(message))
		return r < 0 ? r : -EINVAL;
	memcpy(message, data, sizeof(message));
	message_write(message, message_read(message) + 1);
	r = sd_bus_message_new_method_return(request, &reply);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', message, sizeof(message));
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Call", "ay", "ay", answer, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void serve(void (*ready)(void))
{
	sd_bus *bus = NULL;
	sd_id128_t id;
	int r = sd_id128_randomize(&id);

	if (r >= 0)
		r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, sockets[1], sockets[1]);
	if (r >= 0)
		r = sd_bus_set_server(bus, 1, id);
	if (r >= 0)
		r = sd_bus_set_anonymous(bus, 1);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, OBJECT, INTERFACE, methods, NULL);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		ready();
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	complain(r);
}

static int connect_client(void)
{
	int r = sd_bus_new(&client);

	if (r >= 0)
		r = sd_bus_set_fd(client, sockets[0], sockets[0]);
	if (r >= 0)
		r = sd_bus_start(client);
	return r < 0 ? complain(r) : 0;
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	sd_bus_message *request = NULL, *reply = NULL;
	uint64_t message[MESSAGE_WORDS];
	const void *data = NULL;
	size_t size = 0;
	int r = sd_bus_message_new_method_call(client, &request, NULL, OBJECT, INTERFACE, "Call");

	message_write(message, value);
	if (r >= 0)
		r = sd_bus_message_append_array(request, 'y', message, sizeof(message));
	if (r >= 0)
		r = sd_bus_call(client, request, 0, NULL, &reply);
	if (r >= 0)
		r = sd_bus_message_read_array(reply, 'y', &data, &size);
	if (r >= 0 && size == sizeof(message)) {
		memcpy(message, data, sizeof(message));
		*ret_answer = message_read(message);
	}
	sd_bus_message_unref(request);
	sd_bus_message_unref(reply);
	return r < 0 ? complain(r) : 0;
}

const struct peer peers[] = {
	{ "sd-bus, peer to peer", "sleeps", prepare, serve, connect_client, call, NULL },
	{ 0 },
};
