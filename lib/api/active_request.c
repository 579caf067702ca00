// SPDX-License-Identifier: MIT
/*
 * Active requests, as the server that received them sees them.
 *
 *	receive --> live --release--> dead; the client's stream from this server ends
 *		      |-----end------> dead; likewise, with a status
 *
 * An active request keeps its channel, and through it the mapping that its data lies
 * in, whatever becomes of the client or of the server port.  Its data can be written
 * by nobody but the client, and has been checked to be all there; its contents are
 * the client's word.
 */
#include <errno.h>
#include <string.h>

#include "api/peer.h"
#include "api/server.h"
#include "base/error.h"
#include "base/opts.h"
#include "os/clock.h"
#include "trace/probes.h"

int active_request_check(struct sluice_active_request *head)
{
	if (!head)
		return fail(EINVAL, "active request is NULL");
	if (!handle_is_live(&active_request_of(head)->handle))
		return fail(EINVAL, "the active request was released before");
	return server_enter(active_request_of(head)->channel->server);
}

static struct channel *channel_of(const struct active_request *active)
{
	return &active->channel->responder.channel;
}

/* Is this so, and still so after a look?  That the client has gone comes by its socket. */
static int is_so_now(struct sluice_active_request *head,
		     bool (*is_so)(const struct active_request *active))
{
	struct wait *wait;
	int r = active_request_check(head);

	if (r < 0)
		return r;
	wait = &active_request_of(head)->channel->server->service->node->wait;
	wait_glance(wait);
	if (is_so(active_request_of(head)))
		wait_look(wait);
	return is_so(active_request_of(head));
}

static bool is_wanted(const struct active_request *active)
{
	return !responder_lost(&active->channel->responder, active->delivery);
}

static bool is_enough(const struct active_request *active)
{
	return responder_stop_hinted(&active->channel->responder, active->delivery);
}

int sluice_active_request_is_connected(struct sluice_active_request *head)
{
	return is_so_now(head, is_wanted);
}

int sluice_active_request_has_stop_hint(struct sluice_active_request *head)
{
	return is_so_now(head, is_enough);
}

int sluice_active_request_info(struct sluice_active_request *head,
			       struct sluice_request_info *info)
{
	struct sluice_request_info known = { .size = sizeof(known) };
	const struct active_request *active;
	int r;

	r = active_request_check(head);
	if (r < 0)
		return r;
	active = active_request_of(head);
	known.client = channel_of(active)->peer;
	known.node = channel_of(active)->peer_node;
	known.request = active->number;
	known.count = active->count;
	known.deadline = active->deadline;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_active_request_peer(struct sluice_active_request *head, struct sluice_peer *peer)
{
	int r = active_request_check(head);

	return r < 0 ? r : peer_answer(channel_of(active_request_of(head)), peer);
}

int sluice_active_request_pidfd(struct sluice_active_request *head)
{
	int r = active_request_check(head);

	return r < 0 ? r : channel_pidfd(channel_of(active_request_of(head)));
}

int sluice_active_request_take_fd(struct sluice_active_request *head)
{
	int r = active_request_check(head);

	return r < 0 ? r : attachment_take_fd(active_request_of(head)->attachment);
}

void active_request_finish(struct active_request *active, int code, const char *text)
{
	struct server_channel *channel = active->channel;
	struct responder *responder = &channel->responder;

	reply_drop_all(active);
	probe(active_request_release, responder->channel.port, responder->channel.peer,
	      active->number, probe_address(active->head.data), active->head.size,
	      active->since ? (uint64_t)(clock_now() - active->since) : 0);
	attachment_free(active->attachment);
	inlet_drop(&responder->requests, active->segment);
	if (unlikely(code))
		responder_finish_with(responder, active->delivery, active->traced, code, text);
	else
		responder_finish(responder, active->delivery, active->traced);
	handles_give(&channel->actives, active);
	channel_put(&responder->channel);
	server_let_go(channel->server, channel);
}

int sluice_active_request_end(struct sluice_active_request *head, int code, const char *text)
{
	int r = active_request_check(head);

	if (r < 0)
		return r;
	if (code < 1 || code > SLUICE_STATUS_MAX)
		return fail(EINVAL, "the code is %d, and must be from 1 to %d", code,
			    SLUICE_STATUS_MAX);
	if (text && strlen(text) > SLUICE_STATUS_TEXT_MAX)
		return fail(EINVAL, "the text has %zu bytes, and can have %d", strlen(text),
			    SLUICE_STATUS_TEXT_MAX);
	if (active_request_of(head)->ended)
		return fail(EINVAL, "the stream has ended with a reply that was marked as the last");
	active_request_finish(active_request_of(head), code, text);
	return 0;
}

int sluice_active_request_release(struct sluice_active_request *head)
{
	int r;

	if (!head)
		return 0;
	r = active_request_check(head);
	if (!r)
		active_request_finish(active_request_of(head), 0, NULL);
	return r;
}
