// SPDX-License-Identifier: MIT
/*
 * What its node asks a server, and what a server looks after by the way: channels that have
 * gone, connections that wait for their turn, and times that have come.
 *
 * A node tells of a request only if the server can take it.  A channel that is not polled has
 * nothing, or it would have rung (api/server_channels.c); so the looks here are at those that
 * are polled.  They are as many as a hostile crowd of clients may connect, and each look ends
 * after a ringful.
 */
#include "api/server.h"

#include "os/clock.h"

static bool is_ready(struct server_channel *channel)
{
	return responder_ready(&channel->responder);
}

/* Clients come by themselves. */
static void letter_came(struct port *port)
{
	(void)port;
}

/* A channel that is not polled has nothing, or it would have rung. */
static bool any(const struct sluice_server *server, bool (*is)(struct server_channel *channel))
{
	struct server_channel *channel = server->current;
	uint32_t looks;

	for (looks = server->hot; looks; looks--, channel = channel->next)
		if (is(channel))
			return true;
	return false;
}

bool server_any_request(const struct sluice_server *server)
{
	return any(server, is_ready);
}

/* A node does not tell of what cannot be taken: its program would turn in circles. */
static bool any_ready(const struct port *port)
{
	return any(container_of(port, struct sluice_server, port), server_channel_can_receive);
}

/* The time has come to look whether what was counted in vain still is. */
static COLD void check_load(struct sluice_server *server)
{
	int64_t now = clock_now();

	if (now < load_alarm(&server->load))
		return;
	/* One that waits may be what is counted, whether it may be received or not. */
	if (server_any_request(server))
		server->load.excess_since = 0;
	else
		load_correct(&server->load, now);
}

void server_tend(struct sluice_server *server)
{
	if (server->load.excess_since)
		check_load(server);
	if (server->gone)
		server_tidy(server);
	if (server->strangers)
		server_check_strangers(server);
	if (retry_is_due(&server->accept))
		server_accept(server);
	if (retry_is_due(&server->announce))
		server_announce(server);
}

static void tend(struct port *port)
{
	server_tend(container_of(port, struct sluice_server, port));
}

int64_t server_alarm(const struct sluice_server *server)
{
	int64_t accepts = min_i64(retry_alarm(&server->accept), retry_alarm(&server->announce));

	accepts = min_i64(accepts, server_strangers_alarm(server));
	return min_i64(accepts, load_alarm(&server->load));
}

static int64_t first_alarm(const struct port *port)
{
	return server_alarm(container_of(port, struct sluice_server, port));
}

int server_arm(struct sluice_server *server)
{
	uint32_t looks;
	int r = 0;

	port_entry_rest(&server->entry);
	for (looks = server->hot; looks && !r; looks--) {
		server->current = server->current->next;
		r = server_cool(server, server->current);
	}
	return r;
}

static int arm_port(struct port *port)
{
	return server_arm(container_of(port, struct sluice_server, port));
}

/* There is one thing to tell. */
static bool next_event(struct port *port, struct sluice_event *event)
{
	if (port->cursor++ || !any_ready(port))
		return false;
	event->kind = SLUICE_EVENT_REQUEST;
	return true;
}

static void adopted(struct port *port)
{
	server_ask_node(container_of(port, struct sluice_server, port));
}

const struct port_ops server_port_ops = {
	.letter = letter_came,
	.tend = tend,
	.alarm = first_alarm,
	.arm = arm_port,
	.ready = any_ready,
	.adopted = adopted,
	.next = next_event,
};

int sluice_server_has_request(struct sluice_server *server)
{
	int r;

	if (!server)
		return fail(EINVAL, "server is NULL");
	r = server_enter(server);
	if (r < 0)
		return r;
	server_glance(server);
	/* New clients, and those that are not polled, are heard of through sockets. */
	if (!server_any_request(server) && wait_look(&server->service->node->wait))
		server_glance(server);
	return server_any_request(server);
}
