// SPDX-License-Identifier: MIT
/*
 * Replies, as the server that loans and sends them sees them; what the client receives
 * is a response.
 *
 *	dead --loan--> loaned --send--> dead, and the slice is out with the client
 *			  |---release, or release of the active request,
 *			      or destroying the server---> dead
 *
 * A reply belongs to its active request and lives in memory that only the client of
 * that request maps.  How it is sent is in api/reply_send.c.
 */
#include <errno.h>
#include <string.h>

#include "api/loan.h"
#include "api/server.h"
#include "api/tables.h"
#include "base/error.h"
#include "trace/counters.h"
#include "trace/probes.h"

struct reply *reply_enter_slowly(struct sluice_reply *head)
{
	struct reply *reply;

	if (!head)
		return fail_null(EINVAL, "reply is NULL");
	reply = reply_of(head);
	if (!handle_is_live(&reply->handle))
		return fail_null(EINVAL, "the reply is not loaned: it was sent or released before");
	return server_enter(reply->active->channel->server) < 0 ? NULL : reply;
}

void reply_end(struct reply *reply)
{
	struct active_request *active = reply->active;

	active->loaned--;
	counter_sub(&active->channel->responder.channel.counters->loaned, 1);
	handles_give(&active->channel->replies, &reply->handle);
}

void reply_forget(struct reply *reply)
{
	if (unlikely(reply->attachment))
		attachment_free(reply->attachment);
	reply_end(reply);
}

void reply_drop(struct reply *reply)
{
	const struct channel *channel = &reply->active->channel->responder.channel;

	probe(reply_release, channel->port, channel->peer, reply->active->message.in.request,
	      probe_address(reply->head.data), reply->head.size);
	pool_drop(&reply->active->channel->responder.pool, reply->slice);
	reply_forget(reply);
}

void reply_drop_all(struct active_request *active)
{
	struct reply *reply;
	uint32_t i = 0;

	while (active->loaned && (reply = handles_next(&active->channel->replies, &i)))
		if (reply->active == active) {
			reply_drop(reply);
			active->channel->replies.voided = true;
		}
}

/* No reply can be loaned for it any more. */
static COLD int fail_ended(const struct active_request *active)
{
	if (active->channel->server->destroyed)
		return fail(EPIPE, "the server was destroyed, and answers no more");
	return fail(EINVAL, "a reply that was marked as the last was sent");
}

int server_channel_make_replies(struct server_channel *channel)
{
	const struct sluice_registry_settings *settings =
		&channel->server->service->contract.settings;
	int r;

	r = table_init(&channel->replies, &channel->server->service->node->void_replies,
		       settings->max_active_requests * settings->max_loaned_replies, 1,
		       sizeof(struct reply), offsetof(struct reply, handle),
		       channel->server->config.pool.residence);
	if (r < 0)
		handles_end(&channel->replies, &channel->server->service->node->void_replies);
	return r;
}

static COLD int fail_all_loaned(uint32_t most)
{
	return fail(ENOBUFS, "all of max_loaned_replies_per_request, %u, are loaned", most);
}

/* May one more be loaned for this request?  0; -EPIPE, -EINVAL, -ENOBUFS or -ENOMEM. */
static inline int check_loan(const struct active_request *active)
{
	struct server_channel *channel = active->channel;
	const struct sluice_server *server = channel->server;
	uint32_t most = server->service->contract.settings.max_loaned_replies;

	if (unlikely(active->ended || server->destroyed))
		return fail_ended(active);
	if (unlikely(active->loaned >= most))
		return fail_all_loaned(most);
	return likely(channel->replies.items) ? 0 : server_channel_make_replies(channel);
}

/* The rest of the handle of a reply, which lies in this slice. */
static inline struct reply *fill(struct handle *handle, struct active_request *active,
				 uint32_t slice, size_t count, uint64_t bytes)
{
	struct server_channel *channel = active->channel;
	const struct payload *payload = &channel->server->service->response;
	unsigned char *begin = pool_address(&channel->responder.pool, slice);
	struct reply *reply = container_of(handle, struct reply, handle);

	reply->head = (struct sluice_reply){
		.data = begin + payload->lead,
		.header = payload->header ? begin : NULL,
		.count = count,
		.size = bytes - payload->lead,
	};
	reply->slice = slice;
	reply->count = count;
	reply->active = active;
	reply->attachment = NULL;
	reply->last = false;
	active->loaned++;
	counter_add(&channel->server->entry.counters->loaned, 1);
	return reply;
}

/* A handle and a slice of count elements; NULL with errno. */
static struct reply *take_loan(struct active_request *active, size_t count)
{
	struct server_channel *channel = active->channel;
	struct responder *responder = &channel->responder;
	const struct payload *payload = &channel->server->service->response;
	uint64_t bytes = 0;
	int slice;

	if (check_loan(active) < 0 || payload_loan(payload, count, &bytes) < 0)
		return NULL;
	slice = responder_loan(responder, bytes);
	if (slice < 0)
		return fail_again_null(slice);
	return fill(handles_take(&channel->replies, active->handle.mark), active, (uint32_t)slice,
		    count, bytes);
}

static COLD void tell_loan(const struct active_request *active, const struct reply *reply,
			   size_t count)
{
	const struct channel *channel = &active->channel->responder.channel;

	if (!reply)
		probe(reply_loan_fail, channel->port, channel->peer, active->message.in.request,
		      count, active->loaned, (uint64_t)errno);
	else
		probe(reply_loan, channel->port, channel->peer, active->message.in.request,
		      probe_address(reply->head.data), reply->head.size, active->loaned);
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE struct sluice_reply *loan_otherwise(struct sluice_active_request *head, size_t count)
{
	struct active_request *active = active_request_enter(head);
	struct reply *reply;

	if (unlikely(!active))
		return NULL;
	reply = take_loan(active, count);
	if (unlikely(!reply) || probe_is_on(reply_loan))
		tell_loan(active, reply, count);
	return likely(reply) ? &reply->head : NULL;
}

/*
 * The common case: one more may be loaned, a handle can be used again, and a slice of the length
 * is at hand.  NULL: it is not so, and nothing has changed.
 */
static inline struct reply *loan_plain(struct active_request *active, size_t count)
{
	struct server_channel *channel = active->channel;
	const struct sluice_server *server = channel->server;
	const struct payload *payload = &server->service->response;
	struct pool *pool = &channel->responder.pool;
	uint64_t bytes;

	if (unlikely(active->ended || server->destroyed || channel->replies.spare <= 0 ||
		     active->loaned >= server->service->contract.settings.max_loaned_replies ||
		     !payload_bytes(payload, count, &bytes) || !pool_has_spare(pool, bytes) ||
		     probe_is_on(reply_loan)))
		return NULL;
	return fill(handles_take_spare(&channel->replies, thread_number), active,
		    pool_take_spare(pool), count, bytes);
}

STRAIGHT struct sluice_reply *sluice_active_request_loan(struct sluice_active_request *head,
							 size_t count)
{
	struct active_request *active = active_request_of_ours(head);
	struct reply *reply = likely(active) ? loan_plain(active, count) : NULL;

	return likely(reply) ? &reply->head : loan_otherwise(head, count);
}

struct sluice_reply *sluice_active_request_loan_zeroed(struct sluice_active_request *head,
						       size_t count)
{
	struct sluice_reply *reply = sluice_active_request_loan(head, count);
	uint64_t lead;

	if (!reply)
		return NULL;
	lead = reply_of(reply)->active->channel->server->service->response.lead;
	memset((unsigned char *)reply->data - lead, 0, lead + reply->size);
	return reply;
}

int sluice_reply_shorten(struct sluice_reply *head, size_t count)
{
	struct reply *reply = reply_enter(head);
	const struct payload *payload;
	const struct channel *channel;
	int r;

	if (!reply)
		return -errno;
	channel = &reply->active->channel->responder.channel;
	payload = &reply->active->channel->server->service->response;
	r = loan_shorten(payload, reply->count, count);
	if (r < 0)
		return r;
	reply->count = count;
	head->count = count;
	head->size = count * payload->element;
	probe(reply_shorten, channel->port, channel->peer, reply->active->message.in.request,
	      probe_address(head->data), head->size);
	return 0;
}

int sluice_reply_set_last(struct sluice_reply *head)
{
	struct reply *reply = reply_enter(head);

	if (!reply)
		return -errno;
	reply->last = true;
	return 0;
}

int sluice_reply_attach_fd(struct sluice_reply *head, int fd)
{
	struct reply *reply = reply_enter(head);

	if (!reply)
		return -errno;
	return attachment_add(&reply->attachment, fd,
			      reply->active->channel->server->service->contract.settings.max_fds);
}

int sluice_reply_release(struct sluice_reply *head)
{
	struct reply *reply;

	if (!head)
		return 0;
	reply = reply_enter(head);
	if (!reply)
		return -errno;
	reply_drop(reply);
	return 0;
}
