/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer that speaks uapi/sluice and knows nothing of the library: a client that attacks
 * servers, or a server that attacks clients.  It is written from Documentation/protocol.rst
 * and uses libc only, so that a mistake of the library cannot hide in it.
 *
 * Functions are small, so that an attack is composed of them; none of them checks whether
 * what it is told to send is allowed.  They return 0 or more, or -errno.  A peer belongs to
 * one thread; rings may be changed by another one behind its back.
 */
#ifndef SELFTESTS_HOSTILE_PEER_H
#define SELFTESTS_HOSTILE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sluice/channel.h>
#include <sluice/load.h>
#include <sluice/registry.h>
#include <sluice/segment.h>
#include <sluice/wire.h>

#define RAW_FDS_MAX	253	/* that the kernel lets one packet carry */
#define RAW_PATH_MAX	200

/* ---- The service, as the registry shows it -------------------------------- */

struct raw_layout {
	uint32_t deliveries;
	uint32_t request_return_entries, response_return_entries;
	uint32_t request_slots, response_slots;
	uint64_t client_bell, server_bell, cancelled, closed;
	uint64_t request_returns, response_returns;
	uint64_t request_ring, response_rings, stages;
	uint64_t size;
};

struct raw_service {
	char domain[RAW_PATH_MAX];	/* <root>/<domain> */
	char path[RAW_PATH_MAX];	/* the directory of the service */
	uint64_t hash;
	struct sluice_registry_contract contract;
	struct raw_layout layout;
};

/* Finds a service of the domain "default" below the root. */
int raw_service_find(struct raw_service *ret_service, const char *root, const char *name);

/*
 * Sockets that are connected to the mailboxes of all nodes of the domain; how many.  One
 * whose mailbox is full waits for 50 ms until there is room, and so fills it at once.
 */
int raw_mailboxes(const struct raw_service *service, int *ret_sockets, int most);

/* Sends a letter to every node of the domain; how many took it. */
int raw_letters(const struct raw_service *service, const void *letter, size_t size);
int raw_look(const struct raw_service *service);

/* ---- One end of a channel -------------------------------------------------- */

/* A message ring: where its owner is in it. */
struct raw_ring {
	struct sluice_ring_slot *slots;
	uint32_t size, used;
	uint64_t tail, head;
};

struct raw_returns {
	struct sluice_return *words;
	uint32_t size;
	uint64_t tail, head;
};

struct raw_end {
	const struct raw_service *service;
	bool is_server;
	int fd;				/* the socket */
	int memory_fd;			/* of the channel; -1: not kept */
	int load_fd;			/* of the server's page, at a client */
	unsigned char *memory;
	struct raw_ring requests;
	struct raw_ring *responses;	/* one for each delivery */
	struct raw_returns request_returns, response_returns;
	bool *out;			/* deliveries, at a client */
	uint64_t request;		/* number of the last one, at a client */
	uint32_t segment;		/* number of the last one that was announced */
};

/* ---- Meeting a victim ------------------------------------------------------- */

/* A socket to a server of the service, one of those that @skip does not name. */
int raw_connect(const struct raw_service *service, uint64_t skip);

/* A whole client: connected, welcomed.  -errno of a REJECT. */
int raw_join(struct raw_end *ret_end, const struct raw_service *service);

/* Sends HELLO on a connected socket, which the end owns from now on. */
int raw_hello(struct raw_end *ret_end, const struct raw_service *service, int fd);
int raw_await_welcome(struct raw_end *end, int milliseconds);

/* A socket under which clients find a server; the name is removed by raw_unlisten(). */
struct raw_listener {
	const struct raw_service *service;
	uint64_t id;
	int fd;
};

int raw_listen(struct raw_listener *ret_listener, const struct raw_service *service);
void raw_unlisten(struct raw_listener *listener);
int raw_accept(struct raw_end *ret_end, const struct raw_listener *listener, int milliseconds);
/* A good server does so before it sends WELCOME: nobody can make holes any more. */
int raw_seal(struct raw_end *end);
int raw_welcome(struct raw_end *end, const struct raw_listener *listener, int page_fd);

/* A whole server's end: listens under a new id, and waits for a client to come. */
int raw_receive_client(struct raw_end *ret_end, const struct raw_service *service);

/* Either, by what is attacked; as often as wanted. */
int raw_meet(struct raw_end *ret_end, const struct raw_service *service, bool as_server);
void raw_leave(struct raw_end *end);
bool raw_hung_up(const struct raw_end *end);

/* ---- Packets ------------------------------------------------------------------ */

int raw_packet(int fd, const void *packet, size_t size, const int *fds, unsigned int count);
int raw_segment(struct raw_end *end, uint32_t number, int fd, uint64_t size, uint64_t window);
int raw_retire(struct raw_end *end, uint32_t number);
int raw_goodbye(struct raw_end *end);

/* One packet that has come, -EAGAIN if there is none; descriptors are the caller's. */
int raw_receive(int fd, void *packet, size_t size, int *fds, unsigned int *ret_count);
/* Reads and drops all that has come. */
void raw_drain(struct raw_end *end);

/* Announces a good segment of so many bytes; its number. */
int raw_new_segment(struct raw_end *end, uint64_t size);

/* ---- Rings -------------------------------------------------------------------- */

int raw_push(struct raw_ring *ring, const struct sluice_ring_slot *message);
int raw_pop(struct raw_ring *ring, struct sluice_ring_slot *ret_message);
void raw_return(struct raw_returns *returns, uint32_t number);
int raw_returned(struct raw_returns *returns);
void raw_bell(struct raw_end *end);

/* A message whose payload is @count bytes at the beginning of a segment, with no bell. */
struct sluice_ring_slot raw_message(uint32_t segment, uint64_t count);

/*
 * Sends it: a client as a request with the next number and a free delivery; a server as
 * the only response to a request, for which it waits.  *ret_delivery may be NULL.
 */
int raw_say(struct raw_end *end, struct sluice_ring_slot message, uint32_t *ret_delivery);

/* A server's end of a request. */
void raw_finish(struct raw_end *end, uint64_t request, uint32_t delivery);

/* ---- Time ------------------------------------------------------------------------ */

int64_t raw_now(void);
void raw_pause(int64_t nanoseconds);

#endif /* SELFTESTS_HOSTILE_PEER_H */
