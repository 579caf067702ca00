// SPDX-License-Identifier: MIT
/*
 * Active requests, as the server that received them sees them.
 *
 *	receive --> live --release--> dead; the client's stream from this server ends
 *
 * An active request keeps its channel, and through it the mapping that its data lies
 * in, whatever becomes of the client or of the server port.  Its data can be written
 * by nobody but the client, and has been checked to be all there; its contents are
 * the client's word.
 */
#include <errno.h>

#include "api/server.h"
#include "base/error.h"
#include "os/clock.h"
#include "trace/probes.h"

static struct active_request *active_of(struct sluice_active_request *head)
{
	return container_of(head, struct active_request, head);
}

int sluice_active_request_is_connected(struct sluice_active_request *head)
{
	struct active_request *active;
	struct sluice_server *server;
	int r;

	if (!head)
		return fail(EINVAL, "active request is NULL");
	active = active_of(head);
	if (!handle_is_live(&active->handle))
		return fail(EINVAL, "the active request was released before");
	server = active->session->server;
	r = server_enter(server);
	if (r < 0)
		return r;
	wait_glance(&server->service->node->wait);
	return !responder_lost(active->session->responder, active->delivery);
}

void active_request_finish(struct active_request *active)
{
	struct session *session = active->session;
	struct responder *responder = session->responder;

	reply_drop_all(active);
	probe(active_request_release, responder->channel.port, responder->channel.peer,
	      active->number, probe_address(active->head.data), active->head.size,
	      active->since ? (uint64_t)(clock_now() - active->since) : 0);
	view_drop(&responder->channel.view, active->segment);
	responder_finish(responder, active->delivery, active->traced);
	handles_give(&session->actives, active);
	channel_put(&responder->channel);
	server_let_go(session->server, responder);
}

int sluice_active_request_release(struct sluice_active_request *head)
{
	struct active_request *active;
	int r;

	if (!head)
		return 0;
	active = active_of(head);
	if (!handle_is_live(&active->handle))
		return fail(EINVAL, "the active request was released before");
	r = server_enter(active->session->server);
	if (!r)
		active_request_finish(active);
	return r;
}
