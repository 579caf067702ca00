// SPDX-License-Identifier: MIT
/*
 * sluice bridge - carries the requests and responses of a service between hosts
 *
 * Documentation/bridge.rst has the design.  A bridge is one thread, with one node and one
 * connection to NATS.  Its loop sleeps in poll(2) until the node or the connection has
 * something, and gives it to the role of the bridge: offer.c or use.c.
 *
 *	the node, link.c --> loop() --> packets, events, ticks --> offer.c or use.c
 *
 *  1. The number of a bridge is that of one connection.  When the connection comes back the
 *     bridge has another number.  So nothing that was sent to it before arrives after that,
 *     and its exchanges end when the connection is lost.
 *  2. Only the thread of the loop uses the node.
 *  3. A packet is believed in nothing but what it can do to its own exchange.  Its header is
 *     checked here as a header; what the numbers mean is checked by the role.
 */
#include "bridge.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tools/configured.h"
#include "tools/interrupt.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

/* ---- Packets ---------------------------------------------------------------- */

static int publish(struct bridge *bridge, const char *subject, struct packet *packet,
		   const void *data, size_t size)
{
	char reply[SUBJECT_SIZE];

	if (!bridge->up)
		return -ENOTCONN;
	packet->version = PACKET_VERSION;
	subject_header(reply, bridge->network, bridge->id, packet);
	return link_publish(bridge->link, subject, reply, data, size);
}

int bridge_send(struct bridge *bridge, uint64_t to, struct packet *packet, const void *data,
		size_t size)
{
	char subject[SUBJECT_SIZE];

	packet->about = to;
	subject_bridge(subject, bridge->network, to);
	return publish(bridge, subject, packet, data, size);
}

int bridge_ask(struct bridge *bridge, struct packet *packet, const void *data, size_t size)
{
	char subject[SUBJECT_SIZE];

	subject_service(subject, bridge->network, bridge->options.service.name);
	return publish(bridge, subject, packet, data, size);
}

size_t bridge_part_most(struct bridge *bridge)
{
	size_t most = link_payload_most(bridge->link);

	return most < PART_MOST ? most : PART_MOST;
}

/* NATS says that nobody has received a packet of ours. */
static void unheard(struct bridge *bridge, const char *subject)
{
	struct packet packet;
	uint64_t sender;

	if (subject_read_header(subject, bridge->network, &sender, &packet) &&
	    sender == bridge->id)
		bridge->role->unheard(bridge, &packet);
}

/* Is the subject our number, or the service? */
static bool is_for_us(const struct bridge *bridge, const char *subject)
{
	char ours[SUBJECT_SIZE];

	subject_bridge(ours, bridge->network, bridge->id);
	if (strcmp(subject, ours) == 0)
		return true;
	subject_service(ours, bridge->network, bridge->options.service.name);
	return strcmp(subject, ours) == 0;
}

static void message(struct bridge *bridge, struct link_event *event)
{
	const char *subject = natsMsg_GetSubject(event->msg);
	const char *reply = natsMsg_GetReply(event->msg);
	struct bridge_packet packet = {
		.data = natsMsg_GetData(event->msg),
		.size = (size_t)natsMsg_GetDataLength(event->msg),
		.event = event,
	};

	if (natsMsg_IsNoResponders(event->msg))
		unheard(bridge, subject);
	else if (bridge->up && reply && is_for_us(bridge, subject) &&
		 subject_read_header(reply, bridge->network, &packet.sender, &packet.packet))
		bridge->role->packet(bridge, &packet);
	link_event_free(packet.event);
}

/* ---- What both roles need --------------------------------------------------- */

void bridge_tell_why(char why[CONTRACT_WHY], const char *verb, const char *sentence)
{
	if (strcmp(why, sentence) == 0)
		return;
	snprintf(why, CONTRACT_WHY, "%s", sentence);
	bridge_say("does not %s the service: %s", verb, sentence);
}

int bridge_when_full(const struct sluice_full *full, void *context)
{
	(void)full;
	(void)context;
	return SLUICE_ANSWER_FAIL;
}

/* ---- The connection --------------------------------------------------------- */

static void down(struct bridge *bridge)
{
	if (!bridge->up)
		return;
	bridge->up = false;
	bridge_say("the connection to NATS is lost; it is tried again");
	bridge->role->down(bridge);
	link_unsubscribe(bridge->inbox);
	bridge->inbox = NULL;
}

static void up(struct bridge *bridge)
{
	char subject[SUBJECT_SIZE];

	down(bridge);
	if (getrandom(&bridge->id, sizeof(bridge->id), 0) != sizeof(bridge->id))
		abort();		/* the kernel gives 8 bytes, or never returns */
	subject_all_of(subject, bridge->network, bridge->id);
	bridge->inbox = link_subscribe(bridge->link, subject, NULL);
	if (!bridge->inbox)
		return;			/* the connection is lost, which the next event says */
	bridge->up = true;
	bridge->error[0] = 0;
	bridge_say("is connected to NATS");
	bridge->role->up(bridge);
}

/* The same sentence is not printed twice in a row. */
static void tell_error(struct bridge *bridge, const char *why)
{
	if (strcmp(bridge->error, why) == 0)
		return;
	memcpy(bridge->error, why, sizeof(bridge->error));
	bridge_say("NATS: %s", why);
}

/* Returns after some events, so that the node has its turn. */
static void drain_link(struct bridge *bridge)
{
	struct link_event *event;

	for (unsigned int i = 0; i < 64 && (event = link_next(bridge->link)); i++) {
		if (event->kind == LINK_MESSAGE) {
			message(bridge, event);
			continue;
		}
		if (event->kind == LINK_UP)
			up(bridge);
		else if (event->kind == LINK_DOWN)
			down(bridge);
		else if (event->why[0])
			tell_error(bridge, event->why);
		bridge->closed |= event->kind == LINK_CLOSED;
		link_event_free(event);
	}
}

/* ---- The loop --------------------------------------------------------------- */

static void drain_node(struct bridge *bridge)
{
	struct sluice_event event = SLUICE_EVENT();

	while (sluice_node_next(bridge->node, &event) > 0)
		bridge->role->event(bridge, &event);
}

static int nap(int64_t ns)
{
	return ns <= 0 ? 0 : (int)(ns / 1000000 + 1);
}

/* 0, or -1 and a sentence was printed. */
static int turn(struct bridge *bridge, int64_t *next_tick)
{
	struct pollfd fd[] = {
		{ .fd = sluice_node_fd(bridge->node), .events = POLLIN },
		{ .fd = link_fd(bridge->link), .events = POLLIN },
	};
	int64_t now = sluice_deadline(0), rest = *next_tick - now;
	int r = sluice_node_prepare(bridge->node);

	if (r < 0 && r != -EINTR)
		return bridge_say("%s", sluice_strerror());
	if (bridge->hurry && rest > HURRY_NS)
		rest = HURRY_NS;
	if (r == 0 && poll(fd, 2, nap(rest)) < 0 && errno != EINTR)
		return bridge_say("cannot wait: %s", strerror(errno));
	drain_node(bridge);
	drain_link(bridge);
	if (bridge->hurry) {
		bridge->hurry = false;
		bridge->role->again(bridge);
	}
	now = sluice_deadline(0);
	if (now >= *next_tick) {
		*next_tick = now + TICK_NS;
		bridge->role->tick(bridge, now);
	}
	return 0;
}

static int loop(struct bridge *bridge)
{
	int64_t next_tick = 0;

	while (!interrupted) {
		if (turn(bridge, &next_tick) < 0)
			return -1;
		if (bridge->closed)
			return bridge_say("the NATS server does not take this bridge, which ends");
	}
	return 0;
}

static int run(struct bridge *bridge)
{
	const struct bridge_options *options = &bridge->options;
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.domain = options->service.domain);
	const struct link_opts link = {
		.url = options->url, .name = "sluice bridge",
		.credentials = options->credentials, .ca = options->ca,
	};
	char why[LINK_WHY];

	bridge->network = options->network ? options->network :
			  configured_domain(options->service.domain);
	bridge->role = options->offers ? &offer_role : &use_role;
	bridge->node = sluice_node_create("sluice-bridge", &node);
	if (!bridge->node)
		return bridge_say("%s", sluice_strerror());
	if (bridge->role->start(bridge) < 0)
		return bridge_say("there is no memory");
	interrupt_catch(bridge->node);
	bridge->link = link_open(&link, why);
	if (!bridge->link)
		return bridge_say("%s", why);
	return loop(bridge);
}

int verb_bridge(int argc, char **argv)
{
	static struct bridge bridge;
	int r = bridge_parse(&bridge.options, argc, argv);

	if (r > 0)
		return r;
	if (r < 0)
		return 0;
	signal(SIGPIPE, SIG_IGN);
	r = run(&bridge);
	if (bridge.role)
		bridge.role->finish(&bridge);
	interrupt_forget();
	sluice_node_destroy(bridge.node);
	link_close(bridge.link);
	return r < 0;
}
