/* SPDX-License-Identifier: MIT */
/* The exchange that turns a connected socket into a channel. */
#ifndef SLUICE_CHANNEL_HANDSHAKE_H
#define SLUICE_CHANNEL_HANDSHAKE_H

#include "channel/channel.h"

/* The identity of an end, for either side. */
struct handshake {
	uint64_t port;
	uint64_t node;
	const struct sluice_registry_contract *contract;
	bool any_user;		/* may be at the other end */
	int load_fd;		/* of a server: the page that WELCOME brings */
};

/*
 * Client: checks whose socket this is, makes the channel's memory, maps it and says
 * HELLO.  A descriptor of the memory, to be kept until WELCOME; -EACCES (a server of
 * another user) or another -errno.
 */
int handshake_hello(struct channel *channel, const struct handshake *self) MUST_CHECK;

/*
 * Client: has the server, which has said WELCOME, sealed the memory?  If so it is
 * populated, and stays so.  0, -EPROTO or another -errno.
 */
int handshake_check_sealed(const struct channel *channel, int memory) MUST_CHECK;

/* Server: checks a HELLO, and notes who the client is.  0 or -errno. */
int handshake_check(struct channel *channel, const struct handshake *self,
		    const void *packet, size_t size, int passed) MUST_CHECK;

/* Server: maps and seals the memory that came with it.  0 or -errno. */
int handshake_accept(struct channel *channel, const void *packet, int passed) MUST_CHECK;

/* Server: says WELCOME.  0, or -EMFILE (its descriptor cannot be sent at the moment). */
int handshake_welcome(struct channel *channel, const struct handshake *self) MUST_CHECK;

/*
 * Server: says REJECT on a client's socket; an error that is no reason is told as ENOMEM.  0
 * or -errno (it was not sent).
 */
int handshake_reject(int fd, int error);

/* Server: says GOODBYE on the socket of a client that it has not taken. */
void handshake_turn_away(int fd);

/* Why a client has lost its channel by the server's word. */
struct handshake_refusal {
	int reason;		/* 0: it was welcomed; ECONNABORTED: the server lacked something */
	int lacked;		/* and what: EMFILE, ENFILE, ENOMEM; or EUSERS, as the reason is */
};

/*
 * Client: an answer has come.  0 with what it says; -EACCES (who answers is another
 * user than the socket's) or -EPROTO.
 */
int handshake_answer(struct channel *channel, const struct handshake *self,
		     const void *packet, size_t size,
		     struct handshake_refusal *ret_refusal) MUST_CHECK;

#endif /* SLUICE_CHANNEL_HANDSHAKE_H */
