// SPDX-License-Identifier: MIT
/*
 * Which request a server receives next.
 *
 * Channels that are polled (api/server_channels.c) form a circle that is served in turn,
 * beginning with the one behind that looked at last, so no client starves another.
 * Those that are not polled have nothing, or they would have rung.  A server that works on a
 * request for a while has time to look at all of them before the next, and takes the one
 * that was seen first.
 *
 * A server that finds no request knows how busy it is, and corrects what its clients have
 * counted (shm/load.c).
 *
 * A request whose deadline has passed is finished with unseen (exchange/responder_request.c); a client
 * may send as many of those as it likes, and costs a ringful of looks at a time.
 *
 * A server that holds as many requests of a client as it may is told so (ENOBUFS) when
 * that client has one more queued, and no other client has any.  When nothing is queued it
 * waits, as below the limit.  A client has the same rule for responses
 * (api/pending_response.c).
 */
#include "api/server.h"

#include <errno.h>
#include <stdlib.h>

#include "api/tables.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "trace/probes.h"

/* Made with the first request: idle clients have none.  0 or -errno. */
static COLD int make_actives(struct server_channel *channel)
{
	const struct sluice_server *server = channel->server;
	int r;

	if (channel->actives.items)
		return 0;
	r = table_init(&channel->actives, NULL,
		       server->service->contract.settings.max_active_requests, 1,
		       sizeof(struct active_request), offsetof(struct active_request, handle),
		       server->config.pool.residence);
	if (r < 0)
		handles_deinit(&channel->actives);
	return r;
}

int server_prepare(struct responder *responder)
{
	struct server_channel *channel = server_channel_of(responder);
	int r = make_actives(channel);

	if (!r)
		r = reside(channel, sizeof(*channel), responder->config->pool.residence);
	return r < 0 ? r : server_channel_make_replies(channel);
}

static COLD void tell_received(const struct active_request *active)
{
	const struct responder *responder = &active->channel->responder;

	probe_active_request_receive(responder->channel.port, responder->channel.peer,
				     active->message.in.request, probe_address(active->head.data),
				     active->head.size, ring_waiting(&responder->request_ring));
}

static COLD void stamp(struct active_request *active)
{
	active->since = clock_now();
}

/* A message is there: the rest of the handle. */
static inline void fill(struct active_request *active, struct server_channel *channel,
			const struct held_slice *slice, uint64_t count, int64_t deadline)
{
	active->head = (struct sluice_active_request){
		.data = slice->data,
		.header = slice->header,
		.count = count,
		.size = slice->size,
		.deadline = deadline,
	};
	active->deadline = deadline;
	active->position = 0;
	active->since = 0;
	active->loaned = 0;
	active->ended = false;
	active->told_end = false;
	active->channel = channel;
	channel_get(&channel->responder.channel);
	channel->waits_since = 0;
	channel->quiet = 0;
}

/* The same of a message that is in it already. */
static inline struct sluice_active_request *received(struct server_channel *channel,
						     struct active_request *active)
{
	const struct inlet_message *message = &active->message;

	fill(active, channel, &message->slice, message->in.count,
	     responder_deadline(&message->in));
	counters_received(channel->server->entry.counters, active->head.size);
	if (probe_is_on(active_request_release))
		stamp(active);
	if (probe_is_on(active_request_receive))
		tell_received(active);
	return &active->head;
}

/*
 * There is no message in it, for this reason.  If the first request was finished with unseen, a
 * ringful may have been.  As take_from().
 */
static OUTLINE int take_behind(struct server_channel *channel, struct active_request *active,
			       int r, struct sluice_active_request **ret_request)
{
	uint64_t looks = channel->server->service->layout.request_slots;

	while ((r == -ETIMEDOUT || r == -ECANCELED) && --looks)
		r = responder_receive(&channel->responder, &active->message);
	if (r > 0) {
		*ret_request = received(channel, active);
		return 1;
	}
	handles_untake(&channel->actives, &active->handle);
	return r == -ENOBUFS ? r : 0;
}

/* There is no handle for a request.  As take_from(), which is to be called again after a 1. */
static COLD int find_handle(struct server_channel *channel)
{
	int r;

	if (channel->actives.items)
		return responder_ready(&channel->responder) ? -ENOBUFS : 0;
	r = responder_polls(&channel->responder) ? make_actives(channel) : 0;
	return r < 0 ? r : channel->actives.items != NULL;
}

/*
 * Looks into one channel.  1 with a request; 0 (none); -ENOBUFS (it cannot be taken) or
 * another -errno.  The message is copied out of the ring into the handle, and stays there.
 */
static inline int take_from(struct server_channel *channel,
			    struct sluice_active_request **ret_request)
{
	struct handle *handle = handles_take(&channel->actives, thread_number);
	struct active_request *active;
	int r;

	if (unlikely(!handle)) {
		r = find_handle(channel);
		if (r <= 0)
			return r;
		handle = handles_take(&channel->actives, thread_number);
	}
	active = container_of(handle, struct active_request, handle);
	r = responder_receive(&channel->responder, &active->message);
	if (unlikely(r <= 0))
		return take_behind(channel, active, r, ret_request);
	*ret_request = received(channel, active);
	return 1;
}

/* It was looked at in vain; is polling it still the better bargain? */
static COLD int grow_quiet(struct sluice_server *server, struct server_channel *channel)
{
	if (++channel->quiet < COOL_AFTER_LOOKS || server->hot <= COOL_ABOVE)
		return 0;
	return server_cool(server, channel);
}

/* Were requests taken one after another, so that turns are short? */
static bool is_quick(const struct sluice_server *server)
{
	return server->hot <= SLOW_LOOK_ABOVE ||
	       clock_coarse() - server->received_at < SLOW_LOOK_NS;
}

/*
 * Each channel that is found to have a request notes in which look that was.  So requests that
 * came while another one was worked on do not overtake those that were there before.  The
 * channel that has waited longest has the next turn; of several, the next in the circle.
 */
static COLD void give_turn_to_longest(struct sluice_server *server)
{
	struct server_channel *channel = server->current, *longest = NULL;
	uint32_t looks;

	server->slow_looks++;
	for (looks = server->hot; looks; looks--) {
		channel = channel->next;
		if (!server_channel_can_receive(channel))
			continue;
		if (!channel->waits_since)
			channel->waits_since = server->slow_looks;
		if (!longest || channel->waits_since < longest->waits_since)
			longest = channel;
	}
	if (longest)
		server->current = longest->before;
}

/* Nothing waits: what is counted in vain is taken away. */
static void correct_load(struct sluice_server *server)
{
	if (unlikely(load_exceeds(&server->load)))
		load_correct(&server->load, clock_coarse());
}

/* The channel whose turn it is gave this.  Looks at the others; as take(). */
static COLD int take_from_others(struct sluice_server *server, int r,
				 struct sluice_active_request **ret_request)
{
	uint32_t looks = server->hot;
	int result = 0;

	for (;;) {
		if (r == -ENOBUFS)
			result = r;
		else if (!r)
			r = grow_quiet(server, server->current);
		if (r && r != -ENOBUFS)
			return r;
		if (!--looks)
			break;
		server->current = server->current->next;
		r = take_from(server->current, ret_request);
	}
	if (!result)
		correct_load(server);
	return result;
}

/* The turn is that of the next channel.  As take(). */
static inline int take_next(struct sluice_server *server,
			    struct sluice_active_request **ret_request)
{
	int r;

	server->current = server->current->next;
	r = take_from(server->current, ret_request);
	return likely(r > 0) ? r : take_from_others(server, r, ret_request);
}

/* No channel is polled, or so many that it matters which is the next.  As take(). */
static STRAIGHT OUTLINE int take_of_many(struct sluice_server *server,
					 struct sluice_active_request **ret_request)
{
	int r;

	if (!server->hot) {
		correct_load(server);
		return 0;
	}
	if (!is_quick(server))
		give_turn_to_longest(server);
	r = take_next(server, ret_request);
	if (r > 0)
		server->received_at = clock_coarse();
	return r;
}

/* 1 with a request; 0 (none); -ENOBUFS (only such as cannot be taken) or -errno. */
static inline int take(struct sluice_server *server, struct sluice_active_request **ret_request)
{
	return likely(server->hot - 1 < SLOW_LOOK_ABOVE) ? take_next(server, ret_request) :
							   take_of_many(server, ret_request);
}

/* ---- Receiving ---- */

struct receiving {
	struct blocking blocking;
	struct sluice_server *server;
	struct sluice_active_request *request;
};

static int attempt(struct blocking *blocking)
{
	struct receiving *receiving = container_of(blocking, struct receiving, blocking);

	server_glance(receiving->server);
	return take(receiving->server, &receiving->request);
}

static int arm(struct blocking *blocking)
{
	struct receiving *receiving = container_of(blocking, struct receiving, blocking);
	struct sluice_server *server = receiving->server;
	int r = server_arm(server);

	blocking->alarm = server_alarm(server);
	return r < 0 ? r : server_any_request(server);
}

/* Nothing was there at the first look, or it could not be taken: result says which. */
static COLD struct sluice_active_request *receive_later(struct sluice_server *server,
							int64_t timeout, int result)
{
	struct receiving receiving = {
		.blocking = {
			.node = server->service->node,
			.attempt = attempt,
			.arm = arm,
		},
		.server = server,
	};
	int r = block(&receiving.blocking, timeout, result);

	if (r > 0)
		blocking_count(&receiving.blocking, server->entry.counters);
	if (r == -EAGAIN)
		fail_quietly(EAGAIN, "no request has come");
	else if (r == -ENOBUFS)
		fail(ENOBUFS, "requests are queued only of clients of which all of max_active_requests_per_client, %u, are held",
		     server->service->contract.settings.max_active_requests);
	return receiving.request;
}

struct sluice_active_request *server_receive(struct sluice_server *server, int64_t timeout)
{
	struct sluice_active_request *request = NULL;
	int r;

	server_glance(server);
	r = take(server, &request);
	if (unlikely(r <= 0))
		return receive_later(server, timeout, r);
	counters_polled(server->entry.counters);
	return request;
}

int server_take(struct sluice_server *server, struct sluice_active_request **ret_request)
{
	return take(server, ret_request);
}

/* In any way but the common one, which has changed nothing. */
static STRAIGHT OUTLINE struct sluice_active_request *receive_otherwise(struct sluice_server *server,
							      int64_t timeout)
{
	if (!server) {
		fail_parent("server");
		return NULL;
	}
	return node_enter(server->service->node) < 0 ? NULL : server_receive(server, timeout);
}

/* Is the call one of its thread, with no news, for which few channels are polled? */
static inline bool is_plain(const struct sluice_server *server)
{
	return likely(server && node_is_ours(server->service->node)) &&
	       likely(!server_has_news(server)) &&
	       likely(server->hot - 1 < SLOW_LOOK_ABOVE);
}

/*
 * The common case: the channel whose turn it is has a plain request, nobody watches, and a
 * handle can be used again.  That is below the limit of those that may be held.  Otherwise
 * NULL, and nothing has changed.
 */
static inline struct sluice_active_request *receive_plain(struct sluice_server *server)
{
	struct sluice_registry_counters *counters = server->entry.counters;
	struct server_channel *channel = server->current->next;
	struct active_request *active;
	struct inlet_plain plain;

	if (unlikely(channel->actives.spare <= 0 || counters_tell_received_active(counters) ||
		     probe_is_on(active_request_release) || probe_is_on(active_request_receive) ||
		     !responder_receive_plain(&channel->responder, &plain)))
		return NULL;
	active = container_of(handles_take_spare(&channel->actives, thread_number),
			      struct active_request, handle);
	active->message.in.request = plain.in.request;
	active->message.in.count = plain.in.count;
	active->message.in.slice = plain.in.slice;
	active->message.in.flags = 0;
	active->message.slice.segment = plain.slice.segment;
	active->message.attachment = NULL;
	fill(active, channel, &plain.slice, plain.in.count, 0);
	counters_received_more(counters, plain.slice.size);
	counters_polled(counters);
	server->current = channel;
	return &active->head;
}

STRAIGHT struct sluice_active_request *sluice_server_receive(struct sluice_server *server, int64_t timeout)
{
	struct sluice_active_request *request;

	request = likely(is_plain(server)) ? receive_plain(server) : NULL;
	return likely(request) ? request : receive_otherwise(server, timeout);
}
