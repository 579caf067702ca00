// SPDX-License-Identifier: MIT
/*
 * The connection to NATS.
 *
 * libnats has threads of its own: one reads the socket, one calls back with messages, one with
 * the fate of the connection.  A bridge has one thread.  Here is the only place that both
 * meet: callbacks append to a queue, and an eventfd tells the bridge that it has something.
 *
 *	threads of libnats --> queue, eventfd --> link_next() of the bridge
 *
 *  1. The callbacks touch the queue and nothing else.
 *  2. The queue has a bound in messages and one in bytes.  A callback that finds it full waits.
 *     Then libnats keeps messages, up to its own limits, and drops what comes after those.
 *     Numbers in the packets show that something is missing.
 *  3. Nothing is published while the connection is down.  libnats would keep it, and send it
 *     when the exchanges that it belongs to are over.
 *  4. Publishing waits for the NATS server no longer than WRITE_MS; then the connection is lost.
 *
 * libnats connects again by itself, for ever, unless the server refuses it twice; then the
 * connection is closed.
 */
#include "link.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define QUEUE_MOST	4096u
#define QUEUE_BYTES	((size_t)64 << 20)
#define WRITE_MS	2000
#define RECONNECT_MS	200
/* A NATS server that does not answer so many pings is gone. */
#define PING_MS		1000
#define PINGS		2
#define CONNECT_MS	2000
#define CLOSE_MS	5000

struct link {
	natsConnection *connection;
	natsOptions *options;
	int fd;
	pthread_mutex_t lock;		/* of what follows */
	pthread_cond_t room;
	struct link_event *first, **last;
	unsigned int count;
	size_t bytes;
	bool closing;			/* nobody waits any more */
};

/* ---- The queue -------------------------------------------------------------- */

static size_t bytes_of(const struct link_event *event)
{
	return event->msg ? (size_t)natsMsg_GetDataLength(event->msg) : 0;
}

/* Events without a message are few, and never wait (2). */
static void push(struct link *link, struct link_event *event)
{
	pthread_mutex_lock(&link->lock);
	while (event->msg && !link->closing &&
	       (link->count >= QUEUE_MOST || link->bytes >= QUEUE_BYTES))
		pthread_cond_wait(&link->room, &link->lock);
	if (!link->count)
		(void)eventfd_write(link->fd, 1);
	link->count++;
	link->bytes += bytes_of(event);
	*link->last = event;
	link->last = &event->next;
	pthread_mutex_unlock(&link->lock);
}

struct link_event *link_next(struct link *link)
{
	struct link_event *event;
	eventfd_t rung;

	pthread_mutex_lock(&link->lock);
	event = link->first;
	if (event) {
		link->first = event->next;
		if (!link->first)
			link->last = &link->first;
		link->count--;
		link->bytes -= bytes_of(event);
		if (!link->count)
			(void)eventfd_read(link->fd, &rung);
		pthread_cond_signal(&link->room);
	}
	pthread_mutex_unlock(&link->lock);
	return event;
}

void link_event_free(struct link_event *event)
{
	if (!event)
		return;
	natsMsg_Destroy(event->msg);
	free(event);
}

/* ---- Called by libnats ------------------------------------------------------ */

/* Without memory it is lost, as if NATS had lost it. */
static void tell(struct link *link, enum link_kind kind, natsMsg *msg, const char *why)
{
	struct link_event *event = calloc(1, sizeof(*event));

	if (!event) {
		natsMsg_Destroy(msg);
		return;
	}
	event->kind = kind;
	event->msg = msg;
	snprintf(event->why, sizeof(event->why), "%s", why ? why : "");
	push(link, event);
}

static void received(natsConnection *connection, natsSubscription *subscription, natsMsg *msg,
		     void *context)
{
	(void)connection;
	(void)subscription;
	tell(context, LINK_MESSAGE, msg, NULL);
}

static void came_up(natsConnection *connection, void *context)
{
	(void)connection;
	tell(context, LINK_UP, NULL, NULL);
}

static void went_down(natsConnection *connection, void *context)
{
	(void)connection;
	tell(context, LINK_DOWN, NULL, NULL);
}

static void was_closed(natsConnection *connection, void *context)
{
	const char *why = NULL;

	(void)natsConnection_GetLastError(connection, &why);
	tell(context, LINK_CLOSED, NULL, why);
}

static void failed(natsConnection *connection, natsSubscription *subscription, natsStatus status,
		   void *context)
{
	(void)connection;
	(void)subscription;
	tell(context, LINK_ERROR, NULL, natsStatus_GetText(status));
}

/* ---- The connection --------------------------------------------------------- */

static natsStatus set_security(natsOptions *options, const struct link_opts *opts)
{
	natsStatus s = NATS_OK;

	if (opts->credentials)
		s = natsOptions_SetUserCredentialsFromFiles(options, opts->credentials, NULL);
	if (s == NATS_OK && (opts->ca || strncmp(opts->url, "tls://", 6) == 0))
		s = natsOptions_SetSecure(options, true);
	if (s == NATS_OK && opts->ca)
		s = natsOptions_LoadCATrustedCertificates(options, opts->ca);
	return s;
}

static natsStatus set_callbacks(natsOptions *options, struct link *link)
{
	natsStatus s = natsOptions_SetDisconnectedCB(options, went_down, link);

	if (s == NATS_OK)
		s = natsOptions_SetReconnectedCB(options, came_up, link);
	if (s == NATS_OK)
		s = natsOptions_SetClosedCB(options, was_closed, link);
	if (s == NATS_OK)
		s = natsOptions_SetErrorHandler(options, failed, link);
	if (s == NATS_OK)
		s = natsOptions_SetRetryOnFailedConnect(options, true, came_up, link);
	return s;
}

static natsStatus set_times(natsOptions *options)
{
	natsStatus s = natsOptions_SetMaxReconnect(options, -1);

	if (s == NATS_OK)
		s = natsOptions_SetReconnectWait(options, RECONNECT_MS);
	if (s == NATS_OK)
		s = natsOptions_SetReconnectBufSize(options, 1);	/* (3) */
	if (s == NATS_OK)
		s = natsOptions_SetTimeout(options, CONNECT_MS);
	if (s == NATS_OK)
		s = natsOptions_SetPingInterval(options, PING_MS);
	if (s == NATS_OK)
		s = natsOptions_SetMaxPingsOut(options, PINGS);
	if (s == NATS_OK)
		s = natsOptions_SetWriteDeadline(options, WRITE_MS);	/* (4) */
	return s;
}

static natsStatus connect_to(struct link *link, const struct link_opts *opts)
{
	natsStatus s = natsOptions_Create(&link->options);

	if (s == NATS_OK)
		s = natsOptions_SetURL(link->options, opts->url);
	if (s == NATS_OK)
		s = natsOptions_SetName(link->options, opts->name);
	if (s == NATS_OK)
		s = set_security(link->options, opts);
	if (s == NATS_OK)
		s = set_callbacks(link->options, link);
	if (s == NATS_OK)
		s = set_times(link->options);
	/* One thread for all subscriptions, which keeps what they receive in order. */
	if (s == NATS_OK)
		s = natsOptions_UseGlobalMessageDelivery(link->options, true);
	if (s == NATS_OK)
		s = natsOptions_SetSendAsap(link->options, true);
	if (s == NATS_OK)
		s = natsConnection_Connect(&link->connection, link->options);
	if (s == NATS_OK)
		tell(link, LINK_UP, NULL, NULL);
	if (s != NATS_NOT_YET_CONNECTED)
		return s;
	tell(link, LINK_ERROR, NULL, "the server is not there yet; it is tried again");
	return NATS_OK;
}

struct link *link_open(const struct link_opts *opts, char ret_why[LINK_WHY])
{
	struct link *link = calloc(1, sizeof(*link));
	const char *why;
	natsStatus s;

	if (!link) {
		snprintf(ret_why, LINK_WHY, "there is no memory");
		return NULL;
	}
	link->last = &link->first;
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->room, NULL);
	link->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s = link->fd < 0 ? NATS_SYS_ERROR : connect_to(link, opts);
	if (s == NATS_OK)
		return link;
	why = nats_GetLastError(NULL);
	snprintf(ret_why, LINK_WHY, "cannot connect to %s: %s", opts->url,
		 why && *why ? why : natsStatus_GetText(s));
	link_close(link);
	return NULL;
}

void link_close(struct link *link)
{
	struct link_event *event;

	if (!link)
		return;
	pthread_mutex_lock(&link->lock);
	link->closing = true;
	pthread_cond_broadcast(&link->room);
	pthread_mutex_unlock(&link->lock);
	natsConnection_Destroy(link->connection);
	natsOptions_Destroy(link->options);
	/* When its threads have ended, nothing comes any more. */
	if (nats_CloseAndWait(CLOSE_MS) != NATS_OK)
		return;
	while ((event = link_next(link)))
		link_event_free(event);
	if (link->fd >= 0)
		close(link->fd);
	pthread_cond_destroy(&link->room);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

int link_fd(const struct link *link)
{
	return link->fd;
}

int link_publish(struct link *link, const char *subject, const char *reply, const void *data,
		 size_t size)
{
	natsStatus s = natsConnection_PublishRequest(link->connection, subject, reply, data,
						     (int)size);

	return s == NATS_OK ? 0 : -ENOTCONN;
}

natsSubscription *link_subscribe(struct link *link, const char *subject, const char *queue)
{
	natsSubscription *subscription = NULL;
	natsStatus s;

	if (queue)
		s = natsConnection_QueueSubscribe(&subscription, link->connection, subject, queue,
						  received, link);
	else
		s = natsConnection_Subscribe(&subscription, link->connection, subject, received,
					     link);
	return s == NATS_OK ? subscription : NULL;
}

void link_unsubscribe(natsSubscription *subscription)
{
	natsSubscription_Destroy(subscription);
}

size_t link_payload_most(struct link *link)
{
	int64_t most = natsConnection_GetMaxPayload(link->connection);

	return most > 0 ? (size_t)most : 0;
}
