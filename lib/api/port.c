// SPDX-License-Identifier: MIT
/*
 * A port, as its node sees a client or a server: something that can be waited for.
 *
 * Every wait returns for requests and responses as long as they can be received, because the
 * rings show whether they are there.  Only one wait returns because peers came or went: they
 * are counted until a wait returns, which shows the count to sluice_node_next().  If the
 * program does not ask, the next wait forgets the count.  So a program that is not interested
 * never spins on such events, and no peer can make a queue of them grow.
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
