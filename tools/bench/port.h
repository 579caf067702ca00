/* SPDX-License-Identifier: MIT */
/* The node, the service, the client and the server of a thing, and their messages. */
#ifndef BENCH_PORT_H
#define BENCH_PORT_H

#include "bench.h"

#include <sluice.h>

struct port {
	unsigned int users;		/* things */
	char name[32];
	struct sluice_contract contract;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;	/* one of the two */
	struct sluice_client *client;
};

/* One side of a thing. */
struct end {
	const struct thing *thing;
	struct port *port;
	uint64_t sent;				/* client: value of the last request */
	uint64_t received;			/* client: requests that were answered */
	struct sluice_pending_response **pending;	/* client: thing->flight of them, or 1 */
	struct sluice_active_request *request;	/* server: received already */
	/* Of batches, thing->flight or 1 of each. */
	struct sluice_arrival *arrivals;	/* client */
	struct sluice_active_request **requests;	/* server */
	unsigned int taken, used;		/* of them */
};

int port_make_node(struct port *port, const struct thing *thing);
int port_make_service(struct port *port, const struct thing *thing);
int port_open_service(struct port *port, const struct thing *thing);	/* both */
struct sluice_client *port_make_client(struct port *port, const struct thing *thing,
				       unsigned int servers);
struct sluice_server *port_make_server(struct port *port, const struct thing *thing);

/* The server's node takes connections until it has so many clients. */
int port_admit(struct sluice_node *node, unsigned int clients);

/* The setup, admit and teardown of a method whose state is an end. */
int end_setup(const struct thing *thing, enum side side, void **ret_state);
int end_admit(void *state, unsigned int clients);
void end_teardown(void *state);

/* Did a receive find nothing yet, or was it only interrupted?  Then it can be repeated. */
bool end_not_yet(void);

/* NULL after a complaint. */
struct sluice_request *end_loan(const struct thing *thing, struct sluice_client *client,
				uint64_t value);
struct sluice_active_request *end_receive(const struct thing *thing,
					  struct sluice_server *server);
struct sluice_reply *end_answer(const struct thing *thing,
				struct sluice_active_request *request);

/* Receives the response, unless it has come already; ends the exchange; compares. */
int end_hear(const struct thing *thing, struct sluice_pending_response *pending,
	     struct sluice_response *response, uint64_t value);

/* Sends the reply, and is done with its request. */
int end_finish(struct sluice_active_request *request, struct sluice_reply *reply);

/* One request, received, answered and released. */
int end_serve(const struct thing *thing, struct sluice_active_request *request);

#endif /* BENCH_PORT_H */
