/* SPDX-License-Identifier: MIT */
/* A client port, and the messages made from it. */
#ifndef SLUICE_API_CLIENT_H
#define SLUICE_API_CLIENT_H

#include "api/service.h"
#include "base/handles.h"
#include "link/port_entry.h"
#include "link/stream.h"

struct sluice_client {
	struct sluice_service *service;
	uint32_t references;		/* the user's, and one for each message */
	bool destroyed;			/* by the user */
	bool tidy;			/* no channel has gone since the last look */
	bool retry;			/* a server could not be reached for now */
	int64_t retry_at, retry_pause;
	struct port_entry entry;
	struct handshake self;
	struct node_listener listener;
	struct pool pool;
	struct requester **requesters;
	uint32_t count, room;
	struct handles requests;
	struct handles pendings;
	struct handles responses;
	uint64_t last_request;
};

/* The public heads, each with the tail that only the library sees. */
struct request {
	struct sluice_request head;
	struct handle handle;
	uint32_t slice;
	size_t count;			/* the head's is only to be read */
	struct sluice_client *client;
};

struct pending {
	struct sluice_pending_response head;
	struct handle handle;
	uint32_t slice;
	struct sluice_client *client;
	struct stream stream;
	uint64_t request;		/* its number */
	uint32_t borrowed;		/* responses held */
};

struct response {
	struct sluice_response head;
	struct handle handle;
	uint32_t number;		/* of the slice, for its server */
	uint32_t segment;		/* index in the view */
	struct requester *requester;
	struct sluice_client *client;
	struct pending *pending;
	uint64_t request;		/* pending's number when this was received */
};

/* What every call of a client begins with.  0, -EBUSY or -ECHILD. */
int client_enter(struct sluice_client *client) MUST_CHECK;

/* Sleeps as wait_until() does, and no longer than the client can. */
int client_sleep(struct sluice_client *client, int64_t deadline) MUST_CHECK;

/* Looks what has happened, without waiting. */
void client_glance(struct sluice_client *client);

struct sluice_client *client_get(struct sluice_client *client);
void client_put(struct sluice_client *client);

#endif /* SLUICE_API_CLIENT_H */
