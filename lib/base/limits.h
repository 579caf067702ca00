/* SPDX-License-Identifier: MIT */
/*
 * Every bound and default of the library, with where it comes from.
 */
#ifndef SLUICE_BASE_LIMITS_H
#define SLUICE_BASE_LIMITS_H

#include <stdint.h>

/*
 * The largest values of a service's settings.  They keep the memory of a channel, which is
 * allocated when two ports connect, below some tens of MiB.  The defaults, and all that is
 * known of a setting besides, are in config/settings.def.
 */
#define MAX_CLIENTS_LIMIT			4096u
#define MAX_SERVERS_LIMIT			1024u
#define MAX_NODES_LIMIT				8192u
#define PER_PORT_LIMIT				1024u

/* The domain of nodes that name none, and the bytes that the name of one can have. */
#define DOMAIN_DEFAULT				"default"
#define DOMAIN_LENGTH				63u

/* A channel larger than this is refused when the service is created. */
#define CHANNEL_SIZE_LIMIT	(UINT64_C(64) << 20)

/*
 * A segment reserves this much address space to grow in place.  47 bits of
 * address space hold 131,072 of them; see principle 3 in design.rst.
 */
#define SEGMENT_WINDOW		(UINT64_C(1) << 30)

/* Segments of one port together, when the user says nothing. */
#define MEMORY_LIMIT_DEFAULT	(UINT64_C(4) << 30)

/*
 * All segments of a server, when the user says nothing: this share of what the machine had
 * available when the server was made, so that a server cannot take all of it; but the first
 * MiB of as many clients as a service has by default.
 */
#define PORT_MEMORY_SHARE	2u
#define PORT_MEMORY_LEAST	(UINT64_C(256) << 20)

/*
 * Of that, this share for all clients of one process, when the user says nothing: one process
 * leaves most of it to others, and four can use it up.
 */
#define PEER_MEMORY_SHARE	4u

/* Of one segment, and of a port; also keeps sums of sizes from wrapping. */
#define MEMORY_LIMIT_MAX	(UINT64_C(1) << 40)

/* Room made at once for the first slices of a port, at most. */
#define SEGMENT_INITIAL_LIMIT	(UINT64_C(1) << 20)

/* A pool of up to this size is not worth retiring. */
#define RETIRE_SIZE_MIN		(UINT64_C(256) << 10)

/* A pool of which less than one part in so many was out at a time is mostly idle. */
#define RETIRE_SHARE		8u

/* Loans over which that is judged: at first, and after many rebounds. */
#define RETIRE_LOANS_MIN	256u
#define RETIRE_LOANS_MAX	(1u << 16)

/* Ground is populated in steps of this size, so that a signal can get through. */
#define POPULATE_STEP		(UINT64_C(32) << 20)

/* Only a growth of at least this size asks how much memory is available. */
#define AVAILABLE_CHECK_MIN	(UINT64_C(16) << 20)

/* Payload alignment, at most: that of a page. */
#define ALIGNMENT_LIMIT		4096u

/*
 * A released handle is used again only after this many others of its table were
 * released after it, which sluice.h promises; a table has as many more than can be in use.
 */
#define HANDLES_SPARE		8u

/* How long opening a service may fight with others removing it. */
#define REGISTRY_PATIENCE_NS	(INT64_C(2) * 1000 * 1000 * 1000)

/* How long one that has it open already may fight, while messages wait. */
#define REGISTRY_SHORT_PATIENCE_NS	(INT64_C(10) * 1000 * 1000)

/*
 * Who takes entries away is left so much time to end before they are written again; what
 * cannot be written is tried again after that time, then after twice as long, and so on.
 */
#define REGISTRY_SETTLE_NS	(INT64_C(100) * 1000 * 1000)
#define REGISTRY_RETRY_MAX_NS	(INT64_C(10) * 1000 * 1000 * 1000)

/* A node that the kernel cannot tell of it looks so often itself. */
#define REGISTRY_LOOK_NS	(INT64_C(10) * 1000 * 1000 * 1000)

/*
 * In socket mode a port that never sleeps looks at its sockets this often: about 2 %
 * of its time, and as late as a sleeper would be.
 */
#define SOCKET_GLANCE_NS	(INT64_C(100) * 1000)

/*
 * Calls of the library that follow each other faster than this are one spinning loop:
 * longer than handling a short message, shorter than being told something by another
 * process through the kernel, which takes two system calls and a change of processes.
 */
#define SOCKET_LOOP_NS		(INT64_C(2) * 1000)

/*
 * How long a wait polls before it sleeps: at most, if the program says nothing, which
 * is twice the round trip of two sleepers, so that they can get out of it; and for a
 * start, about what a system call costs.
 */
#define SPIN_DEFAULT_NS		(INT64_C(50) * 1000)
#define SPIN_START_NS		(INT64_C(2) * 1000)

/* More than that is as good as always; it also keeps sums of times from wrapping. */
#define SPIN_LIMIT_NS		(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * A wait that is shorter than that, by far longer than the two system calls that holding
 * back signals costs, sleeps so often before it holds them back: once for the message, once
 * for a wait that was left queued.
 */
#define BRIEF_WAIT_NS		(INT64_C(1) * 1000 * 1000)
#define SLEEPS_UNHELD		2u

/* Polls between two looks at the clock. */
#define SPIN_BATCH		16u

/*
 * A channel that is polled in vain so often has cost about as much as being rung
 * would; of several that are polled, this many stay so even then.
 */
#define COOL_AFTER_LOOKS	1024u
#define COOL_ABOVE		8u

/*
 * A server that received its last request so long ago has time to look at all channels for
 * the one that waits longest, if there are more of them than take turns anyway.
 */
#define SLOW_LOOK_NS		(INT64_C(1) * 1000 * 1000)
#define SLOW_LOOK_ABOVE		2u

/*
 * A peer that has rung so often in a row for nothing is not slept for any more, until it
 * has sent a message, given one back or made room; it is looked at after this time instead.
 */
#define VAIN_RINGS_MAX		64u
#define VAIN_PAUSE_NS		(INT64_C(1) * 1000 * 1000)

/* How often a foreign event loop is made ready to sleep before it is told not to. */
#define PREPARE_ROUNDS		16u

/* Wakes that are held back to be made in one system call. */
#define WAKES_HELD_MAX		64u

/*
 * What a peer orders by packets (wait/budget.c).  It gets 1/16 of our time, and all peers
 * together half of it.  What is more than that waits; before, a peer may use up 4 ms at
 * once, and all together 8 ms.  To map and populate a segment of 64 MiB takes 3 ms, so the
 * first message of that size is not delayed; and an honest peer that comes meanwhile waits
 * for no more than 8 ms and the step that was begun.
 */
#define TURN_PRICE		INT64_C(16)
#define TURNS_PRICE		INT64_C(2)
#define TURN_DEBT_MAX_NS	(INT64_C(4) * 1000 * 1000 * TURN_PRICE)
#define TURNS_DEBT_MAX_NS	(INT64_C(8) * 1000 * 1000 * TURNS_PRICE)

/*
 * One step is never charged with more than this: it is rarely longer, and if it is, that is
 * not the peer's fault alone.  So nobody is shut out for longer than 0.1 s.
 */
#define TURN_CHARGE_MAX_NS	(INT64_C(8) * 1000 * 1000)

/* Turns that are given before other things are looked at. */
#define TURNS_AT_ONCE		64u

/*
 * Packets read from a peer in one turn: as many as a socket holds, about, so that what an
 * honest peer has sent is read at once.
 */
#define DRAIN_PACKETS_MAX	320u

/* What receiving a packet takes, beside handling it: it is not measured, but charged. */
#define PACKET_NS		(INT64_C(2) * 1000)

/* What a message with descriptors, or a status with a text, takes by its packet. */
#define PACKET_PAID_NS		(INT64_C(10) * 1000)

/*
 * Bytes of a peer's segments that are populated, or unmapped, in one step, which takes
 * 0.2 ms.  In one turn it is 16 steps.
 */
#define POPULATE_TURN		(UINT64_C(4) << 20)
#define POPULATE_TURNS_MAX	16u

/*
 * Address space of segments that peers have given up and that waits to be unmapped.  Where
 * there is more, it is unmapped at once.
 */
#define UNMAP_WAITING_MAX	(UINT64_C(4) << 30)

/* Packets that are read of a peer whose process has ended, or that has hung up. */
#define DRAIN_LAST_MAX		(2 * DRAIN_PACKETS_MAX)

/*
 * What failed for want of something is tried again after the first pause, which is
 * hardly noticed, then after twice as long, and so on up to the longest: a wake a second
 * costs nothing, and a person does not wait longer (wait/retry.c).
 */
#define RETRY_FIRST_NS		(INT64_C(1) * 1000 * 1000)
#define RETRY_LONGEST_NS	(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * Letters that a node reads within a window.  To make a server takes 0.1 ms and more, so one
 * process that makes servers as fast as it can does not reach that, and each of them is
 * found at once.  16 letters that do not count cost some 20 us.
 */
#define LETTERS_AT_ONCE		16u
#define LETTERS_WINDOW_NS	(INT64_C(1) * 1000 * 1000)

/*
 * Descriptors that peers have been sent and do not receive, beyond the first of each: this
 * share of RLIMIT_NOFILE.  The kernel counts all of a user against that limit, so some
 * nodes of one user leave room for each other.
 */
#define FLIGHT_SHARE		4u

/* A server whose socket is full is offered a request that may not be lost again. */
#define ANNOUNCE_RETRY_NS	(INT64_C(1) * 1000 * 1000)

/* Whether to go on waiting for room is asked again after this time, and twice that. */
#define ASK_AGAIN_NS		(INT64_C(1) * 1000 * 1000)
#define ASK_AGAIN_MAX_NS	(INT64_C(100) * 1000 * 1000)

/*
 * A server that is full takes nobody for so long, since a client that has just ended may be
 * noticed late; a process needs some milliseconds for that on a busy machine.
 */
#define FULL_GRACE_NS		(INT64_C(100) * 1000 * 1000)

/* Connections taken at a time, so that other things get their turn. */
#define ACCEPT_AT_ONCE		64u

/* What taking one costs, beside its HELLO: it is not measured, but charged. */
#define ACCEPT_NS		(INT64_C(20) * 1000)

/*
 * Connections without a HELLO.  A client says it within microseconds after it has
 * connected; it takes longer only if it is stopped just then, and then it tries again.  A
 * program that makes many clients at once has one such connection for each thread, so 16
 * are many; and 64 are the threads of several programs.  Each costs two descriptors, so one
 * user has 128 of the 1,024 that a process may have by default.
 */
#define STRANGER_PATIENCE_NS	(INT64_C(1) * 1000 * 1000 * 1000)
#define STRANGERS_PER_PROCESS	16u
#define STRANGERS_PER_USER	64u

/* Pending connections of a server; the kernel cuts it to net.core.somaxconn. */
#define SERVER_BACKLOG		4096

/*
 * How busy a server is.  Counts and times are cut so that their product fits into 62 bits.
 * A word that others change meanwhile is tried so often: more than one try is rare, since
 * a try takes some 50 ns.  What is counted in vain for so long is not there: far longer
 * than a client takes from counting a request to sending it, unless it is stopped.
 */
#define LOAD_COUNT_MAX		(UINT64_C(1) << 24)
#define LOAD_SERVICE_MAX_NS	(UINT64_C(1) << 36)
#define LOAD_TRIES		16u
#define LOAD_DOUBT_NS		(INT64_C(100) * 1000 * 1000)

/*
 * The average of a server's service times is one of the last 16, about, and is told from
 * the eighth on: fewer say more of the requests than of the server.  Servers are told
 * apart by it above 250 us, below which scheduling decides, and up to a factor of 16: one
 * that has had a long request by chance must not be avoided for ever.
 */
#define LOAD_SAMPLES		16
#define LOAD_SAMPLES_LEAST	8
#define LOAD_SERVICE_LEAST_NS	(UINT64_C(250) * 1000)
#define LOAD_SERVICE_RATIO	16u

/*
 * The page of a server that has not welcomed its client yet is looked for among so many
 * descriptors of its process, from the lowest on: it was opened before any connection.
 */
#define LOAD_LOOKS		256u

/* Entries of a node's submission and completion queues; see lib/os/uring.c. */
#define URING_ENTRIES		64u
#define URING_COMPLETIONS	4096u

/* The longest sleep: 146 years, to which the kernel can add the time in 63 bits. */
#define URING_WAIT_MOST_NS	(INT64_MAX / 2)

#endif /* SLUICE_BASE_LIMITS_H */
