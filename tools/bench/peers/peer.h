/* SPDX-License-Identifier: MIT */
/*
 * What each peer of Sluice is for make bench-peers: two processes that exchange a message
 * of 64 bytes each way.  A peer is one file, NAME.c or NAME.cpp, which defines peers[].
 * loop.c has the processes and the clock, and is the same for all.
 *
 * The client writes a value into all words of a request.  The server reads all of them, and
 * writes the value plus 1 into all words of its response, which the client reads.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdint.h>
#include <sys/types.h>

#define MESSAGE_WORDS	8
#define MESSAGE_SIZE	(MESSAGE_WORDS * sizeof(uint64_t))

#ifdef __cplusplus
extern "C" {
#endif

/* One way of using a peer. */
struct peer {
	const char *name;
	const char *waits;	/* "polls" or "sleeps" */

	/*
	 * In the parent, before both processes are forked.  0, -1, or the process of a daemon
	 * that the peer needs and that is to be ended afterwards.  NULL: nothing to do.
	 */
	pid_t (*prepare)(void);

	/*
	 * The server: calls ready() once a client can connect.  SIGTERM ends it, and otherwise
	 * it returns only after a failure.
	 */
	void (*serve)(void (*ready)(void));

	/* The client: connects; and makes one round trip.  0 or -1. */
	int (*connect)(void);
	int (*call)(uint64_t value, uint64_t *ret_answer);

	/* The client: must tell a daemon that it leaves.  NULL: it just ends. */
	void (*leave)(void);
};

extern const struct peer peers[];	/* the last one has no name */

/* A directory of this run, for sockets and the like. */
extern const char *peer_directory;

/* "PREFIX" "DIRECTORY/NAME", in a buffer of its own. */
const char *peer_path(const char *prefix, const char *name);

/* A sentence on standard error.  -1. */
__attribute__((__format__(__printf__, 1, 2)))
int peer_complain(const char *format, ...);

void message_write(void *message, uint64_t value);
uint64_t message_read(const void *message);	/* UINT64_MAX if the words differ */

#ifdef __cplusplus
}
#endif

#endif /* BENCH_PEER_H */
