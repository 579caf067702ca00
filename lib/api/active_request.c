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

struct active_request *active_request_enter_slowly(struct sluice_active_request *head)
{
	struct active_request *active;

	if (!head)
		return fail_null(EINVAL, "active request is NULL");
	active = active_request_of(head);
	if (!handle_is_live(&active->handle))
		return fail_null(EINVAL, "the active request was released before");
	return server_enter(active->channel->server) < 0 ? NULL : active;
}

static struct channel *channel_of(const struct active_request *active)
{
	return &active->channel->responder.channel;
}

/* Is this so, and still so after a look?  That the client has gone comes by its socket. */
static int is_so_now(struct sluice_active_request *head,
		     bool (*is_so)(const struct active_request *active))
{
	const struct active_request *active = active_request_enter(head);
	struct wait *wait;

	if (!active)
		return -errno;
	wait = &active->channel->server->service->node->wait;
	wait_glance(wait);
	if (is_so(active))
		wait_look(wait);
	return is_so(active);
}

static bool is_wanted(const struct active_request *active)
{
	return !responder_lost(&active->channel->responder, active->message.in.slice);
}

static bool is_enough(const struct active_request *active)
{
	return responder_stop_hinted(&active->channel->responder, active->message.in.slice);
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
	const struct active_request *active = active_request_enter(head);

	if (!active)
		return -errno;
	known.client = channel_of(active)->peer;
	known.node = channel_of(active)->peer_node;
	known.request = active->message.in.request;
	known.count = active->message.in.count;
	known.deadline = active->deadline;
	return opts_answer(info, &known, sizeof(known), "info");
}

int sluice_active_request_peer(struct sluice_active_request *head, struct sluice_peer *peer)
{
	const struct active_request *active = active_request_enter(head);

	return active ? peer_answer(channel_of(active), peer) : -errno;
}

int sluice_active_request_pidfd(struct sluice_active_request *head)
{
	const struct active_request *active = active_request_enter(head);

	return active ? channel_pidfd(channel_of(active)) : -errno;
}

int sluice_active_request_take_fd(struct sluice_active_request *head)
{
	const struct active_request *active = active_request_enter(head);

	return active ? attachment_take_fd(active->message.attachment) : -errno;
}

void active_request_finish(struct active_request *active, int code, const char *text)
{
	struct server_channel *channel = active->channel;
	struct responder *responder = &channel->responder;
	const struct ring_message *in = &active->message.in;
	bool traced = in->flags & SLUICE_RING_TRACED;

	if (unlikely(active->loaned))
		reply_drop_all(active);
	probe(active_request_release, responder->channel.port, responder->channel.peer,
	      in->request, probe_address(active->head.data), active->head.size,
	      active->since ? (uint64_t)(clock_now() - active->since) : 0);
	if (unlikely(active->message.attachment))
		attachment_free(active->message.attachment);
	inlet_drop(&responder->requests, active->message.slice.segment);
	if (unlikely(code))
		responder_finish_with(responder, in->slice, traced, code, text);
	else
		responder_finish(responder, in->slice, traced, active->told_end);
	handles_give(&channel->actives, &active->handle);
	channel_put(&responder->channel);
	if (unlikely(!responder->active &&
		     (channel->server->destroyed || responder->channel.gone)))
		server_let_go(channel->server, channel);
}

int sluice_active_request_end(struct sluice_active_request *head, int code, const char *text)
{
	struct active_request *active = active_request_enter(head);

	if (!active)
		return -errno;
	if (code < 1 || code > SLUICE_STATUS_MAX)
		return fail(EINVAL, "the code is %d, and must be from 1 to %d", code,
			    SLUICE_STATUS_MAX);
	if (text && strlen(text) > SLUICE_STATUS_TEXT_MAX)
		return fail(EINVAL, "the text has %zu bytes, and can have %d", strlen(text),
			    SLUICE_STATUS_TEXT_MAX);
	if (active->ended)
		return fail(EINVAL, "the stream has ended with a reply that was marked as the last");
	active_request_finish(active, code, text);
	return 0;
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE int release_otherwise(struct sluice_active_request *head)
{
	struct active_request *active;

	if (!head)
		return 0;
	active = active_request_enter(head);
	if (unlikely(!active))
		return -errno;
	active_request_finish(active, 0, NULL);
	return 0;
}

/*
 * Does nobody watch, is nothing left that belongs to it, and does only this handle end?  The
 * channel and the segment have other holders, and the server is there.
 */
static inline bool is_plain(const struct active_request *active)
{
	return likely(!probe_is_on(active_request_release) && !active->loaned &&
		      !active->message.attachment &&
		      !(active->message.in.flags & SLUICE_RING_TRACED) &&
		      !active->message.slice.segment->retired &&
		      !active->channel->server->destroyed &&
		      active->channel->responder.channel.references > 1);
}

static COLD int told_sleeper(struct channel *channel)
{
	channel_ring(channel, SLUICE_DOORBELL_MESSAGE);
	return 0;
}

STRAIGHT int sluice_active_request_release(struct sluice_active_request *head)
{
	struct active_request *active = active_request_of_ours(head);
	struct responder *responder;
	bool sleeps = false;

	if (unlikely(!active || !is_plain(active)))
		return release_otherwise(head);
	responder = &active->channel->responder;
	if (unlikely(!responder_finish_plain(responder, active->message.in.slice,
					     active->message.in.request, active->told_end, &sleeps)))
		return release_otherwise(head);
	active->message.slice.segment->held--;
	handles_give(&active->channel->actives, &active->handle);
	responder->channel.references--;
	return likely(!sleeps) ? 0 : told_sleeper(&responder->channel);
}
