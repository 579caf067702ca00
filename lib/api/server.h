/* SPDX-License-Identifier: MIT */
/* A server port, and the messages made from it. */
#ifndef SLUICE_API_SERVER_H
#define SLUICE_API_SERVER_H

#include "api/blocking.h"
#include "api/backpressure.h"
#include "api/service.h"
#include "base/handles.h"
#include "base/limits.h"
#include "exchange/load_page.h"
#include "registry/port_entry.h"
#include "exchange/responder.h"
#include "wait/retry.h"
#include "os/reserve.h"
#include "os/identity.h"

/* A process or user that has broken the protocol; zeroed, none (api/server_breaches.c). */
struct breacher {
	uid_t uid;
	pid_t pid;			/* 0: the user as a whole */
	struct retry pause;		/* until then its connections are not read */
};

struct sluice_server {
	struct sluice_service *service;
	uint32_t references;		/* the user's, and one for each channel */
	bool destroyed;			/* by the user */
	struct port_entry entry;
	struct handshake self;
	struct wait_source listener;
	struct identity socket;		/* what the listener's name stands for */
	bool activated;			/* the listener was handed over, and stays when this goes */
	struct reserve reserve;		/* for the next connection, and to turn it away */
	struct retry accept;		/* there may be connections left to take */
	int64_t full_since;		/* with no place for a further client; 0: it is not */
	struct retry announce;		/* there may be clients that were not told of it */
	struct port port;
	struct responder_config config;
	struct allowances allowances;	/* of the memory of replies */
	struct load_page load_page;	/* how busy it is; the descriptor is in self */
	struct load_keeper load;
	struct backpressure backpressure;
	struct server_channel *newest;	/* of all channels, or NULL */
	struct server_channel *gone;		/* of those that have gone, and are to be let go of */
	uint64_t strangers;		/* of those, without a HELLO (api/server_strangers.c) */
	int64_t strangers_end;		/* when the first of them is sent away */
	struct breacher breachers[BREACHERS_KEPT];
	struct server_channel *current;	/* of the circle of those that are polled, or NULL */
	uint32_t hot;			/* channels in the circle */
	uint64_t slow_looks;		/* counted from 1 */
	int64_t received_at;		/* the last request, by the coarse clock */
	uint64_t expired;		/* requests, by config.expired */
	/* The sums of channels that have gone, for sluice_server_memory(). */
	uint64_t growths, largest, retired;
};

/* Do clients find its socket? */
bool server_has_socket(const struct sluice_server *server) MUST_CHECK;

/* A server's end of a channel, and what the server keeps for it. */
struct server_channel {
	struct responder responder;
	struct sluice_server *server;
	/* All of the server's, from the newest on. */
	bool linked;
	struct server_channel *older, *newer;
	/* The circle of those that are polled. */
	struct server_channel *next, *before;
	uint32_t quiet;			/* looks in vain since the last request */
	uint64_t waits_since;		/* the slow look that first saw a request; or 0 */
	/* Those that have gone. */
	struct server_channel *next_gone, **gone_link;
	bool counted, missed;		/* as a peer: it has come; it has gone */
	bool stranger;			/* it has not said HELLO */
	int64_t stranger_end;		/* and may do so until then */
	int64_t unread_until;		/* likewise: what it sends stays in its socket */
	struct handles actives;		/* made with the first request */
	struct handles replies;		/* made with the first reply; see server_prepare() */
};

static inline struct server_channel *server_channel_of(struct responder *responder)
{
	return container_of(responder, struct server_channel, responder);
}

/* The public heads, each with the tail that only the library sees. */
struct active_request {
	struct sluice_active_request head;
	struct handle handle;
	struct inlet_message message;	/* as it came; its slice is the number of the delivery */
	int64_t deadline;		/* 0: none */
	uint64_t position;		/* of the next reply in the stream */
	int64_t since;			/* when it was received; 0: nobody watched */
	uint32_t loaned;		/* replies */
	bool ended;			/* the last reply was sent, or discarded */
	bool told_end;			/* it was sent, so the client knows that it was the last */
	struct server_channel *channel;
};

struct reply {
	struct sluice_reply head;
	struct handle handle;
	uint32_t slice;
	size_t count;			/* the head's is only to be read */
	struct attachment *attachment;	/* descriptors, or NULL */
	bool last;
	struct active_request *active;
};

/* Has this process connected it?  It is nobody's whom the kernel has no number for. */
static inline bool is_of_process(const struct server_channel *channel, const struct ucred *user)
{
	const struct ucred *own = &channel->responder.channel.user;

	return user->pid && own->pid == user->pid && own->uid == user->uid;
}

/* The beginning of every call of a server.  0, -EBUSY or -ECHILD. */
static inline int server_enter(struct sluice_server *server)
{
	return node_enter(server->service->node);
}

/* server.c: tells the clients that there are of the server. */
void server_announce(struct sluice_server *server);

/* Takes the connections that wait; or turns them away, when it leaves. */
void server_accept(struct sluice_server *server);
void server_accept_ready(struct wait_source *source);
void server_turn_away(struct sluice_server *server);

/* server_memory.c: what the replies may take.  0, -EINVAL or -EMSGSIZE. */
int server_allow_memory(struct sluice_server *server,
			const struct sluice_server_opts *opts) MUST_CHECK;

/* Gives up idle memory of another channel, so that a loan succeeds.  True: there was some. */
bool server_make_room(struct responder *responder);

/* server_places.c: a client has said HELLO; is there a place for it?  0 or -EUSERS. */
int server_admit(struct responder *responder) MUST_CHECK;

/* So many connections can be taken; 0: not now. */
uint32_t server_room(struct sluice_server *server) MUST_CHECK;

/* server_strangers.c: a channel is of one that has not said HELLO; or not any more. */
void server_note_stranger(struct sluice_server *server, struct server_channel *channel);
void server_forget_stranger(struct sluice_server *server, struct server_channel *channel);

/* One has come: there may be too many of its process or user now. */
void server_thin_out_strangers(struct sluice_server *server, struct server_channel *channel);

/* Descriptors are needed: the oldest goes.  True: there was one. */
bool server_send_oldest_stranger_away(struct sluice_server *server);

/* It cannot be kept, and is told so. */
void server_send_stranger_away(struct sluice_server *server, struct server_channel *channel);

/* Sends away those whose time is over; and when it is over next, or CLOCK_NEVER. */
void server_check_strangers(struct sluice_server *server);
int64_t server_strangers_alarm(const struct sluice_server *server);

/* server_breaches.c: a client has broken the protocol: its next connection waits. */
void server_note_breach(struct sluice_server *server, const struct server_channel *channel);

/* A connection of one that has broken the protocol stays unread for a while.  Does it? */
bool server_keeps_waiting(struct sluice_server *server, struct server_channel *channel);

/*
 * server_channels.c: takes over an accepted socket.  NULL if that fails, and the
 * client is told.
 */
struct server_channel *server_make_channel(struct sluice_server *server, int fd) MUST_CHECK;

/* The functions that the channels call. */
void server_channel_changed(struct responder *responder);
void server_channel_woken(struct responder *responder);
void server_channel_destroyed(struct responder *responder);

/*
 * Takes a channel out of the circle of those that are polled, and has its client ring.
 * If something has come meanwhile, or its rings are not heeded, it stays.  0 or -errno.
 */
int server_cool(struct sluice_server *server, struct server_channel *channel) MUST_CHECK COLD;

/* The node is asked from now on which thread may use the messages that are held. */
void server_ask_node(struct sluice_server *server);

/* Lets go of a channel. */
void server_drop_channel(struct sluice_server *server, struct server_channel *channel);

/* Lets go of channels that have gone and of which nothing is left to serve. */
void server_tidy(struct sluice_server *server);

void server_free(struct sluice_server *server);
void server_put(struct sluice_server *server);

/* The last active request of a channel was released, and the channel or the server has gone. */
void server_let_go(struct sluice_server *server, struct server_channel *channel) COLD;

/*
 * Writes its entry and its socket again if others have taken them away.  1; 0: nothing
 * was to do; -errno.
 */
int server_renew(struct sluice_server *server) MUST_CHECK;

/* server_port.c: lets go of what has gone, and does what is due by now. */
void server_tend(struct sluice_server *server) COLD;

/* May something have happened, or be due? */
static inline uint64_t server_has_news(const struct sluice_server *server)
{
	return (uint64_t)server->load.excess_since | (uint64_t)(uintptr_t)server->gone |
	       server->strangers | server->accept.wanted | server->announce.wanted |
	       node_has_news(server->service->node);
}

/* Looks what has happened, without waiting. */
static inline void server_glance(struct sluice_server *server)
{
	if (unlikely(server_has_news(server))) {
		node_glance(server->service->node);
		server_tend(server);
	}
}

/* reply.c: makes the table of a channel's replies.  As client_make_tables(). */
int server_channel_make_replies(struct server_channel *channel) MUST_CHECK COLD;

/* server_receive.c: makes all that a channel may come to need.  0 or -errno. */
int server_prepare(struct responder *responder) MUST_CHECK;

/* Is there a request that can be taken? */
static inline bool server_channel_can_receive(struct server_channel *channel)
{
	return responder_ready(&channel->responder) && !responder_is_at_limit(&channel->responder);
}

/*
 * server_port.c: has the clients ring that are polled now; is there a request of any of them,
 * whether it can be taken or not; and what its node asks a server.
 */
int server_arm(struct sluice_server *server) MUST_CHECK;
bool server_any_request(const struct sluice_server *server);
extern const struct port_ops server_port_ops;

/* When connections are taken, or clients told, that something was lacking for; CLOCK_NEVER. */
int64_t server_alarm(const struct sluice_server *server);

/* The next request, or NULL with errno; see sluice_server_receive(). */
struct sluice_active_request *server_receive(struct sluice_server *server, int64_t timeout);

/* A request that is there, for a batch.  1; 0 (none); -ENOBUFS (none may be taken) or -errno. */
int server_take(struct sluice_server *server,
		struct sluice_active_request **ret_request) MUST_CHECK;

static inline struct active_request *active_request_of(struct sluice_active_request *head)
{
	return container_of(head, struct active_request, head);
}

/* As request_enter_slowly(). */
struct active_request *active_request_enter_slowly(struct sluice_active_request *head) COLD;

/* The active request, if it is live, and this thread's; or NULL. */
static inline struct active_request *active_request_of_ours(struct sluice_active_request *head)
{
	return likely(head && active_request_of(head)->handle.mark == thread_number) ?
	       active_request_of(head) : NULL;
}

/* The beginning of every call with one.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct active_request *active_request_enter(struct sluice_active_request *head)
{
	struct active_request *active = active_request_of_ours(head);

	return likely(active) ? active : active_request_enter_slowly(head);
}

/* Nothing more will be sent for it, and it is not read any more; code 0: no status. */
void active_request_finish(struct active_request *active, int code, const char *text);

static inline struct reply *reply_of(struct sluice_reply *head)
{
	return container_of(head, struct reply, head);
}

/* As request_enter_slowly(). */
struct reply *reply_enter_slowly(struct sluice_reply *head) COLD;

/* The reply, if it is loaned, and this thread's; or NULL. */
static inline struct reply *reply_of_ours(struct sluice_reply *head)
{
	return likely(head && reply_of(head)->handle.mark == thread_number) ? reply_of(head) :
									      NULL;
}

/* The beginning of every call with one.  NULL with errno: EINVAL, EBUSY or ECHILD. */
static inline struct reply *reply_enter(struct sluice_reply *head)
{
	struct reply *reply = reply_of_ours(head);

	return likely(reply) ? reply : reply_enter_slowly(head);
}

/*
 * Its handle is dead from here on, and it has no descriptors; or it may have some; or also, its
 * slice is given back.
 */
void reply_end(struct reply *reply);
void reply_forget(struct reply *reply);
void reply_drop(struct reply *reply);

/* Gives the unsent replies of an active request back. */
void reply_drop_all(struct active_request *active) COLD;

#endif /* SLUICE_API_SERVER_H */
