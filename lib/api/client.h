/* SPDX-License-Identifier: MIT */
/* A client port, and the messages made from it. */
#ifndef SLUICE_API_CLIENT_H
#define SLUICE_API_CLIENT_H

#include "api/blocking.h"
#include "api/backpressure.h"
#include "api/service.h"
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
	uint32_t max_active;		/* pending responses */
	uint32_t max_borrowed;		/* responses of each */
	struct client_channel **channels;
	uint32_t count, room;
	bool routes;			/* has sent requests to one server, or has all from the start */
	uint32_t turn;			/* behind the server that was chosen last; at first any */
	uint64_t round;			/* of choosing */
	struct handles requests;
	struct handles pendings;
	struct handles responses;
	uint32_t batch_begin;		/* in pendings, where the next batch begins */
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

/* The public heads, each with the tail that only the library sees. */
struct request {
	struct sluice_request head;
	struct handle handle;
	uint32_t slice;
	size_t count;			/* the head's is only to be read */
	uint64_t number;
	int64_t loaned_at;		/* 0: nobody watches */
	int64_t deadline;		/* 0: none */
	enum sluice_route route;
	struct attachment *attachment;	/* descriptors, or NULL */
	struct pending *pending;	/* some servers have it, others had no room; or NULL */
	struct sluice_client *client;
};

struct pending {
	struct sluice_pending_response head;
	struct handle handle;
	uint32_t slice;
	struct sluice_client *client;
	struct stream stream;
	uint64_t request;		/* its number */
	int64_t deadline;		/* CLOCK_NEVER: none */
	uint32_t borrowed;		/* responses held */
	size_t count;			/* the head's is only to be read */
	bool sent;			/* and the user has seen it */
	bool told;			/* that nothing more will come */
};

struct response {
	struct sluice_response head;
	struct handle handle;
	struct response_found found;	/* as it came; the head is only to be read */
	int64_t since;			/* when it was received; 0: nobody watched */
	struct sluice_client *client;
	struct pending *pending;
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

/* Looks what has happened, without waiting. */
static inline void client_glance(struct sluice_client *client)
{
	struct sluice_node *node = client->service->node;

	if (unlikely(client->untidy | client->retry.wanted | node_has_news(node))) {
		node_glance(node);
		client_tend(client);
	}
}

static inline void client_glance_to_send(struct sluice_client *client)
{
	struct wait *wait = &client->service->node->wait;

	if (unlikely(client->untidy | client->retry.wanted | wait_may_handle(wait))) {
		wait_glance_to_send(wait);
		client_tend(client);
	}
}

/* When a server that could not be reached is tried again; CLOCK_NEVER. */
int64_t client_alarm(const struct sluice_client *client);

/* Would receiving from it return something, or an end that was not told yet? */
bool pending_ready(const struct pending *pending);

/* When it will be ready by the clock alone: at its deadline, or never. */
int64_t pending_alarm(const struct pending *pending);

/* The first response, or NULL with errno; see sluice_pending_response_receive(). */
struct sluice_response *pending_receive(struct pending *pending, int64_t timeout);

/*
 * A response that is there, for a batch.  1; 0 (none yet); -ENOBUFS while the stream goes on:
 * there is one, and no room; or another -errno, as pending_receive().
 */
int pending_take(struct pending *pending, struct sluice_response **ret_response) MUST_CHECK;

/* Nobody wants its answer any more. */
void pending_drop(struct pending *pending);

static inline struct request *request_of(struct sluice_request *head)
{
	return container_of(head, struct request, head);
}

/*
 * The same, if the mark of its handle is not this thread's: it is dead, or its node is asked.
 * NULL with errno.
 */
struct request *request_enter_slowly(struct sluice_request *head) COLD;

/* The beginning of every call with a request.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct request *request_enter(struct sluice_request *head)
{
	if (likely(head && request_of(head)->handle.mark == thread_number))
		return request_of(head);
	return request_enter_slowly(head);
}

/* Its handle is dead from here on; what becomes of the slice is another matter. */
void request_forget(struct request *request);

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
