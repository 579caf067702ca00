// SPDX-License-Identifier: MIT
/*
 * A port, as its node sees a client or a server: something to be waited for.
 *
 * Requests and responses are told of by every wait, as long as they can be received,
 * for the rings say whether they are there.  That peers came or went is told by one
 * wait: it is counted until a wait returns, which shows the count to
 * sluice_node_next(), and what nobody asked for by the next wait is forgotten.  So a
 * program that is not interested never spins on it, and no peer can make a queue of
 * news grow.
 */
#include "api/port.h"

#include <string.h>

static bool is_disowned(const struct port *port)
{
	return !port->client && !port->server;
}

void port_disown(struct port *port)
{
	port->client = NULL;
	port->server = NULL;
	memset(&port->changes, 0, sizeof(port->changes));
	memset(&port->told, 0, sizeof(port->told));
}

void port_peer_came(struct port *port)
{
	if (!is_disowned(port))
		port->changes.came++;
}

void port_peer_went(struct port *port, int reason)
{
	if (is_disowned(port))
		return;
	port->changes.went++;
	port->changes.reason = reason;
}

bool port_has_changed(const struct port *port)
{
	return port->changes.came || port->changes.went;
}

void port_rewind(struct port *port)
{
	port->told = port->changes;
	memset(&port->changes, 0, sizeof(port->changes));
	port->cursor = 0;
}

bool port_next(struct port *port, struct sluice_event *event)
{
	struct port_changes *told = &port->told;

	event->client = port->client;
	event->server = port->server;
	if (told->came) {
		event->kind = SLUICE_EVENT_CONNECTED;
		event->peers = told->came;
		told->came = 0;
		return true;
	}
	if (told->went) {
		event->kind = SLUICE_EVENT_DISCONNECTED;
		event->peers = told->went;
		event->reason = told->reason;
		told->went = 0;
		return true;
	}
	return port->ops->next(port, event);
}
