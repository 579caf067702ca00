/* SPDX-License-Identifier: MIT */
/* A client port, and the messages made from it. */
#ifndef SLUICE_API_CLIENT_H
#define SLUICE_API_CLIENT_H

#include "api/blocking.h"
#include "api/backpressure.h"
#include "api/service.h"
#include "os/clock.h"
#include "trace/counters.h"
#include "base/handles.h"
#include "registry/port_entry.h"
#include "wait/retry.h"
#include "exchange/stream.h"

/* The shortage that kept a client from a server. */
struct client_want {
	int error;			/* an errno */
	bool theirs;			/* the server has not got it */
	uint64_t server;		/* 0: to look for servers at all */
};

struct sluice_client {
	struct sluice_service *service;
	uint32_t references;		/* the user's, and one for each message */
	bool destroyed;			/* by the user */
	uint64_t untidy;		/* a channel has gone since the last look */
	bool wary;			/* one broke the protocol, or has to wait: letters wait for retry */
	bool crowded;			/* one was not connected to, since there are enough */
	struct retry retry;		/* a server could not be reached, or kept, for now */
	struct client_want want;	/* why */
	int lost;			/* why the last server went: an errno */
	struct port_entry entry;
	struct handshake self;
	struct port port;
	struct pool pool;
	struct backpressure backpressure;
	uint32_t max_loaned;		/* requests */
	uint32_t max_active;		/* pending responses */
	uint32_t max_borrowed;		/* responses of each */
	struct client_channel **channels;
	uint32_t count, room;
	bool routes;			/* has sent requests to one server, or has all from the start */
	uint32_t turn;			/* behind the server that was chosen last; at first any */
	uint64_t round;			/* of choosing */
	struct handles requests;	/* loaned ones, and pending responses */
	struct handles responses;
	uint32_t loaned;		/* requests, that are not sent */
	uint32_t active;		/* requests of which some server may have been told */
	uint32_t batch_begin;		/* in requests, where the next batch begins */
	uint64_t last_request;
};

/* A client's end of a channel, and what the client keeps for the server. */
struct client_channel {
	struct requester requester;
	struct sluice_client *client;
	struct patience patience;	/* of the request that it had no room for */
	uint64_t tried;			/* the round of choosing in which it was tried */
	bool claimed;			/* a request is counted in its page, and not sent yet */
	bool counted;			/* as a peer that is there */
	bool activated;			/* its server has no other socket than the service's */
};

static inline struct client_channel *client_channel_of(struct requester *requester)
{
	return container_of(requester, struct client_channel, requester);
}

/*
 * The public heads, each with the tail that only the library sees.  A request that was sent lives
 * on as its pending response: the mark of its handle tells which of the two it is.
 */
struct request {
	union {
		struct sluice_request head;
		struct sluice_pending_response pending;
	};
	struct handle handle;
	struct sluice_client *client;
	size_t count;			/* the head's is only to be read */
	uint64_t number;		/* 0: it was released */
	uint32_t slice;
	uint32_t borrowed;		/* responses held */
	int64_t deadline;		/* 0: none */
	int64_t loaned_at;		/* 0: nobody watches */
	struct attachment *attachment;	/* descriptors, or NULL */
	enum sluice_route route;
	bool begun;			/* it counts as active: some servers may have it */
	bool told;			/* that nothing more will come */
	struct stream stream;		/* once it has begun */
};

struct response {
	struct sluice_response head;
	struct handle handle;
	struct response_found found;	/* as it came; the head is only to be read */
	int64_t since;			/* when it was received; 0: nobody watched */
	struct sluice_client *client;
	struct request *pending;
	uint64_t request;		/* pending's number when this was received */
};

/* The beginning of every call of a client.  0, -EBUSY or -ECHILD. */
static inline int client_enter(struct sluice_client *client)
{
	return node_enter(client->service->node);
}

/* Lets go of servers that have gone, and does what is due by now. */
void client_tend(struct sluice_client *client) COLD;

/*
 * client_route.c: to choose a server, begin a round, and ask for the next choice until one
 * takes the request, or NULL.  Each choice is told whether the server has got it.
 */
void client_begin_round(struct sluice_client *client);
struct client_channel *client_next_choice(struct sluice_client *client);
void client_has_chosen(struct sluice_client *client, struct client_channel *channel);
void client_has_not_chosen(struct client_channel *channel);

/* The client is going to send requests to one server. */
void client_route(struct sluice_client *client);

/* The tables of messages.  0 or -ENOMEM; -EPERM too if they are to be locked. */
int client_make_tables(struct sluice_client *client) MUST_CHECK;

/* client_connect.c: connects to those that it finds, and lets go of those that have gone. */
void client_look_for_servers(struct sluice_client *client);

/* The same, when service_dir_hold() has returned held; this hold ends. */
void client_meet_servers(struct sluice_client *client, int held);
void client_tidy(struct sluice_client *client);

/* If none is there: connects to the socket on which somebody listens for one, if there is one. */
void client_start_server(struct sluice_client *client) COLD;

/* Servers that a request sent now would reach, even if they have not taken the connection. */
uint32_t client_servers(const struct sluice_client *client);

/* client_want.c: a server has broken the protocol: letters wait for the next look. */
void client_grow_wary(struct sluice_client *client);

/* client_want.c: a server's process has to wait: letters wait for a look at that time. */
void client_rest(struct sluice_client *client, int64_t until);

/* client_want.c: notes what was lacking, and that it is to be tried again. */
void client_wants(struct sluice_client *client, struct client_want want);

/*
 * As fail(); and if something is lacking to reach servers, the sentence goes on to say
 * who lacks what.
 */
int client_fail(const struct sluice_client *client, int error, const char *sentence) COLD;

/* As fail(), for a channel that the server refused, or that was lost for want of something. */
int client_fail_lost(const struct sluice_client *client, int error) COLD;

/* Writes its entry again if others have taken it away.  1; 0: nothing was to do; -errno. */
int client_renew(struct sluice_client *client) MUST_CHECK;

/* May something have happened, or be due? */
static inline uint64_t client_has_news(const struct sluice_client *client)
{
	return client->untidy | client->retry.wanted | node_has_news(client->service->node);
}

/* The same, for what a send looks after. */
static inline uint64_t client_has_news_to_send(const struct sluice_client *client)
{
	return client->untidy | client->retry.wanted |
	       wait_may_handle(&client->service->node->wait);
}

/* Looks what has happened, without waiting. */
static inline void client_glance(struct sluice_client *client)
{
	if (unlikely(client_has_news(client))) {
		node_glance(client->service->node);
		client_tend(client);
	}
}

static inline void client_glance_to_send(struct sluice_client *client)
{
	if (unlikely(client_has_news_to_send(client))) {
		wait_glance_to_send(&client->service->node->wait);
		client_tend(client);
	}
}

/* When a server that could not be reached is tried again; CLOCK_NEVER. */
int64_t client_alarm(const struct sluice_client *client);

static inline struct request *pending_of(struct sluice_pending_response *head)
{
	return container_of(head, struct request, pending);
}

/* The pending response, if it is live, and this thread's; or NULL. */
static inline struct request *pending_of_ours(struct sluice_pending_response *head)
{
	return likely(head && pending_of(head)->handle.mark == (thread_number | HANDLE_SECOND)) ?
	       pending_of(head) : NULL;
}

/* As request_enter_slowly(). */
struct request *pending_enter_slowly(struct sluice_pending_response *head) COLD;

/* The beginning of every call with one.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct request *pending_enter(struct sluice_pending_response *head)
{
	struct request *pending = pending_of_ours(head);

	return likely(pending) ? pending : pending_enter_slowly(head);
}

/* Its own limit, or the client's: there may be responses of others that were released. */
static inline bool pending_is_at_limit(const struct request *pending)
{
	const struct sluice_client *client = pending->client;

	return pending->borrowed >= client->max_borrowed || handles_at_limit(&client->responses);
}

/* The next pending response at or behind *index, which moves on; NULL at the end. */
struct request *pending_next(const struct sluice_client *client, uint32_t *index);

/* When the request expires; CLOCK_NEVER. */
static inline int64_t pending_deadline(const struct request *pending)
{
	return pending->deadline ? pending->deadline : CLOCK_NEVER;
}

/* Would receiving from it return something, or an end that was not told yet? */
bool pending_ready(const struct request *pending);

/* When it will be ready by the clock alone: at its deadline, or never. */
int64_t pending_alarm(const struct request *pending);

/* The first response, or NULL with errno; see sluice_pending_response_receive(). */
struct sluice_response *pending_receive(struct request *pending, int64_t timeout);

/*
 * A response that is there, for a batch.  1; 0 (none yet); -ENOBUFS while the stream goes on:
 * there is one, and no room; or another -errno, as pending_receive().
 */
int pending_take(struct request *pending, struct sluice_response **ret_response) MUST_CHECK;

/* Nobody wants its answer any more: it is active no more, and its number is 0. */
void pending_end(struct request *pending);

static inline struct request *request_of(struct sluice_request *head)
{
	return container_of(head, struct request, head);
}

/*
 * The same, if the mark of its handle is not this thread's: it is dead, or its node is asked.
 * NULL with errno.
 */
struct request *request_enter_slowly(struct sluice_request *head) COLD;

/* The request, if it is loaned, and this thread's; or NULL. */
static inline struct request *request_of_ours(struct sluice_request *head)
{
	return likely(head && request_of(head)->handle.mark == thread_number) ? request_of(head) :
										NULL;
}

/* The beginning of every call with a request.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct request *request_enter(struct sluice_request *head)
{
	struct request *request = request_of_ours(head);

	return likely(request) ? request : request_enter_slowly(head);
}

/*
 * request_offer.c: sends it, for the first time, to each server that is there.  False: some have
 * no room.
 */
bool request_send_to_all(struct request *request);

/*
 * The same: offers it until each server has it, or goes without.  waited: one had no room
 * already.  1 or -errno.
 */
int request_offer(struct request *request, bool waited) MUST_CHECK COLD;

/* It counts no more, and its reference on the client goes. */
void request_end_active(struct request *request);

/* A loaned request counts as active from here on: servers are told of it. */
static inline void request_begin(struct request *request)
{
	struct sluice_client *client = request->client;

	request->begun = true;
	client->references++;
	counters_depth(client->entry.counters, ++client->active);
}

/* It was sent, and is a pending response of this thread from here on. */
static inline void request_become_pending(struct request *request)
{
	struct sluice_client *client = request->client;

	request->handle.mark |= HANDLE_SECOND;
	counter_set(&client->entry.counters->loaned, --client->loaned);
}

/* A loaned request is given back. */
void request_drop(struct request *request);

/* Nobody refers to it any more. */
void client_end(struct sluice_client *client) COLD;

/* A message that held a reference has gone. */
static inline void client_put(struct sluice_client *client)
{
	if (unlikely(!--client->references))
		client_end(client);
}

#endif /* SLUICE_API_CLIENT_H */
