/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The survivor: a process whose peer dies.  It has one node and handles its events, as a
 * program with an event loop does, and counts which peers have come and gone.
 *
 * Beside the victim it has a bystander, a client or a server of the same service in the same
 * process, which is served all the time.
 */
#ifndef SELFTESTS_HARD_SURVIVOR_H
#define SELFTESTS_HARD_SURVIVOR_H

/* The library has another struct of this name, within itself. */
#define root	library_root
#include "wait/payer.h"
#include "api/client.h"
#include "api/server.h"
#undef root

#include "scenes.h"

#define PORTS_MOST	2

/* A request of a client, as the survivor remembers it. */
struct asked {
	struct sluice_pending_response *pending;
	int servers;		/* that it was sent to */
	int aside, others;	/* responses of the bystander; of the victim */
	int error;		/* of the end; 0: it has not come */
};

/* A request that a server has received and not answered. */
struct held {
	struct sluice_active_request *active;
	struct sluice_reply *reply;
};

struct survivor {
	const struct scene *scene;
	struct side side;
	struct sluice_server *servers[PORTS_MOST];
	struct sluice_client *clients[PORTS_MOST];	/* the bystander is the first of the one, */
	struct sluice_server *bystander;		/* or this */
	struct asked asked[PORTS_MOST * ACTIVE], aside;	/* those of a client one after another */
	struct held held[4 * ACTIVE];
	bool may_read;		/* the victim has sent all, or has gone */
	long came, went;	/* peers, of all ports that the victim is connected to */
	long exchanges;		/* of the bystander, or with it */
	const char *wrong;	/* the first mistake */
	char wrong_text[160];
};

helper void survivor_wrong(struct survivor *self, const char *what, long value)
{
	if (self->wrong)
		return;
	snprintf(self->wrong_text, sizeof(self->wrong_text), "%s: %ld (%s)", what, value,
		 sluice_strerror());
	self->wrong = self->wrong_text;
}

helper bool peer_has_gone(long error)
{
	return error == -ECONNRESET || error == -EPIPE;
}

/* Accounts of peers that have gone: each is freed when the next one comes. */
helper long accounts_kept(const struct survivor *self)
{
	const struct payer *payer = self->side.node ? self->side.node->wait.turns.payers : NULL;
	long count = 0;

	for (; payer; payer = payer->next)
		count += !payer->references;
	return count;
}

/* ---- As a server ----------------------------------------------------------------------- */

/*
 * Sends so many responses of the same size.  The client may have gone.  One is enough for a
 * client in this thread, which could not make room for more.
 */
helper void answer_held(struct survivor *self, struct held *held)
{
	size_t size = held->active->count;
	long i, r = 0, count = size == ASIDE || self->bystander ? 1 : self->scene->responses;

	for (i = 0; i < count && !r; i++) {
		if (!held->reply)
			held->reply = sluice_active_request_loan(held->active, size);
		if (!held->reply) {
			r = -errno;
			break;
		}
		pattern_fill(held->reply->data, held->reply->size, ~held->reply->count);
		r = sluice_reply_send(held->reply);
		if (r < 0 && sluice_reply_release(held->reply) < 0)
			survivor_wrong(self, "the release of a reply", -errno);
		held->reply = NULL;
	}
	if (r && !peer_has_gone(r))
		survivor_wrong(self, "a reply", r);
	r = sluice_active_request_release(held->active);
	if (r)
		survivor_wrong(self, "the release of a request", r);
	*held = (struct held){ .active = NULL };
}

helper void answer_all_held(struct survivor *self)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(self->held); i++)
		if (self->held[i].active)
			answer_held(self, &self->held[i]);
}

helper struct held *find_free(struct survivor *self)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(self->held); i++)
		if (!self->held[i].active)
			return &self->held[i];
	return NULL;
}

helper void take_one(struct survivor *self, struct sluice_server *server)
{
	struct sluice_active_request *active = sluice_server_receive(server, SLUICE_NOWAIT);
	struct held *held = find_free(self);

	if (!active) {
		if (errno != EAGAIN)
			survivor_wrong(self, "a request", -errno);
		return;
	}
	if (!pattern_holds(active->data, active->size, active->count))
		survivor_wrong(self, "a request of other bytes", (long)active->count);
	*held = (struct held){ .active = active };
	if (active->count != ASIDE && self->scene->reads == HOLDS && !self->may_read) {
		/* It fails if the client has gone. */
		held->reply = sluice_active_request_loan(active, active->count);
		if (!held->reply && !peer_has_gone(-errno))
			survivor_wrong(self, "a loan", -errno);
		return;
	}
	answer_held(self, held);
}

/* ---- As a client ----------------------------------------------------------------------- */

helper void receive_one(struct survivor *self, struct asked *asked)
{
	struct sluice_response *response;
	struct sluice_peer peer = SLUICE_PEER();
	int r;

	response = sluice_pending_response_receive(asked->pending, SLUICE_NOWAIT);
	if (!response) {
		if (errno == EAGAIN)
			return;
		if (asked->error)
			survivor_wrong(self, "a second end of a stream", -errno);
		asked->error = errno;
		return;
	}
	sluice_response_peer(response, &peer);
	asked->aside += peer.pid == getpid();
	asked->others += peer.pid != getpid();
	if (!pattern_holds(response->data, response->size, ~response->count))
		survivor_wrong(self, "a response of other bytes", (long)response->count);
	r = sluice_response_release(response);
	if (r)
		survivor_wrong(self, "the release of a response", r);
}

helper bool send_one(struct survivor *self, struct sluice_client *client, struct asked *asked,
		     size_t size)
{
	struct sluice_request *request = sluice_client_loan(client, size);

	*asked = (struct asked){ .pending = NULL };
	if (!request) {
		survivor_wrong(self, "a loan", -errno);
		return false;
	}
	pattern_fill(request->data, request->size, request->count);
	asked->pending = sluice_request_send(request);
	if (!asked->pending) {
		survivor_wrong(self, "a send", -errno);
		sluice_request_release(request);
		return false;
	}
	asked->servers = sluice_pending_response_servers(asked->pending);
	return true;
}

helper void forget(struct survivor *self, struct asked *asked)
{
	int r = sluice_pending_response_release(asked->pending);

	if (r)
		survivor_wrong(self, "the release of a pending response", r);
	asked->pending = NULL;
}

/* The bystander of a server: it asks, and when it has heard, asks again. */
helper void ask_aside(struct survivor *self)
{
	if (!self->aside.pending)
		send_one(self, self->clients[0], &self->aside, ASIDE);
	else if (self->aside.error && self->aside.aside < (int)self->scene->ports)
		survivor_wrong(self, "the bystander was not answered", self->aside.aside);
	else if (self->aside.error && self->aside.error != EPIPE)
		survivor_wrong(self, "the bystander was told that it ended", self->aside.error);
	else if (self->aside.error) {
		forget(self, &self->aside);
		self->exchanges++;
		send_one(self, self->clients[0], &self->aside, ASIDE);
	}
}

/* ---- Its events ------------------------------------------------------------------------ */

helper struct asked *find_asked(struct survivor *self, struct sluice_pending_response *pending)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(self->asked); i++)
		if (self->asked[i].pending == pending)
			return &self->asked[i];
	return self->aside.pending == pending ? &self->aside : NULL;
}

/* Whether peers of this port are victims, and the bystander. */
helper bool is_concerned(const struct survivor *self, const struct sluice_event *event)
{
	return self->bystander ? event->client != NULL : event->server != NULL;
}

helper void count_peers(struct survivor *self, const struct sluice_event *event)
{
	if (!is_concerned(self, event))
		return;
	if (event->kind == SLUICE_EVENT_CONNECTED) {
		self->came += (long)event->peers;
		return;
	}
	self->went += (long)event->peers;
	if (!peer_has_gone(-event->reason))
		survivor_wrong(self, "a peer went for this reason", event->reason);
}

/* Whether there was something that it could do. */
helper bool handle(struct survivor *self, const struct sluice_event *event)
{
	bool reads = self->may_read || self->scene->reads != READS_LATE;
	struct asked *asked;

	switch (event->kind) {
	case SLUICE_EVENT_REQUEST:
		if (!reads && event->server != self->bystander)
			return false;
		take_one(self, event->server);
		return true;
	case SLUICE_EVENT_RESPONSE:
		asked = find_asked(self, event->pending);
		if (!asked)
			survivor_wrong(self, "an event of an unknown request", 0);
		else if (reads || asked == &self->aside)
			receive_one(self, asked);
		return reads || asked == &self->aside;
	case SLUICE_EVENT_CONNECTED:
	case SLUICE_EVENT_DISCONNECTED:
		count_peers(self, event);
		return true;
	}
	return true;
}

/* Waits a little, and handles what has happened. */
helper void turn_once(struct survivor *self)
{
	struct sluice_event event = SLUICE_EVENT();
	bool busy = false;
	int r;

	if (self->clients[0] && !self->bystander)
		ask_aside(self);
	r = sluice_node_wait(self->side.node, MILLISECOND);
	if (r && r != -ETIMEDOUT) {
		survivor_wrong(self, "a wait", r);
		return;
	}
	while (!r && sluice_node_next(self->side.node, &event) == 1)
		busy |= handle(self, &event);
	if (!r && !busy)
		pause_briefly();
	if (self->may_read)
		answer_all_held(self);
}

#endif /* SELFTESTS_HARD_SURVIVOR_H */
