/* SPDX-License-Identifier: MIT */
/* Every bound and default of the library, with its derivation. */
#ifndef SLUICE_BASE_LIMITS_H
#define SLUICE_BASE_LIMITS_H

#include <stdint.h>

/*
 * The largest values of a service's settings.  They keep the memory of a channel, which is
 * allocated when two ports connect, below some tens of MiB.  The defaults, and everything
 * else about a setting, are in config/settings.def.
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

/* All segments of one port, if the program does not say it. */
#define MEMORY_LIMIT_DEFAULT	(UINT64_C(4) << 30)

/*
 * All segments of a server, if the program does not say it: this share of the memory that
 * the machine had available when the server was made, so that a server cannot take all of
 * it; but at least the first MiB of as many clients as a service has by default.
 */
#define PORT_MEMORY_SHARE	2u
#define PORT_MEMORY_LEAST	(UINT64_C(256) << 20)

/*
 * The share of it for all clients of one process, if the program does not say it.  One
 * process leaves most of it to others, and four can use it up.
 */
#define PEER_MEMORY_SHARE	4u

/* The maximum of one segment, and of a port; it also keeps sums of sizes from wrapping. */
#define MEMORY_LIMIT_MAX	(UINT64_C(1) << 40)

/* Room for the first slices of a port that is made at once, at most. */
#define SEGMENT_INITIAL_LIMIT	(UINT64_C(1) << 20)

/* A pool of up to this size is not worth retiring. */
#define RETIRE_SIZE_MIN		(UINT64_C(256) << 10)

/* A pool is mostly idle if less than one part in so many was out at a time. */
#define RETIRE_SHARE		8u

/* Loans over which that is decided: at first, and after many rebounds. */
#define RETIRE_LOANS_MIN	256u
#define RETIRE_LOANS_MAX	(1u << 16)

/* Memory is populated in steps of this size, so that a signal can end it. */
#define POPULATE_STEP		(UINT64_C(32) << 20)

/* A growth of at least this size checks first how much memory is available. */
#define AVAILABLE_CHECK_MIN	(UINT64_C(16) << 20)

/* So often a port that never sleeps tells when it was last active: in messages. */
#define ACTIVE_EVERY		64u

/* Payload alignment, at most: that of a page. */
#define ALIGNMENT_LIMIT		4096u

/*
 * A released handle is used again only after this many others of its table were
 * released after it, which sluice.h promises; a table has as many more than can be in use.
 */
#define HANDLES_SPARE		8u

/* Numbers of threads begin with it: they mark live handles, and other memory is none. */
#define THREAD_PATTERN		(UINT64_C(0x4c495645) << 32)

/* How long opening a service may be repeated while others remove it. */
#define REGISTRY_PATIENCE_NS	(INT64_C(2) * 1000 * 1000 * 1000)

/* The same for a process that has it open already, while messages wait. */
#define REGISTRY_SHORT_PATIENCE_NS	(INT64_C(10) * 1000 * 1000)

/*
 * A process that removes entries has so much time to end before they are written again.  An
 * entry that cannot be written is tried again after that time, then after twice as long,
 * and so on.
 */
#define REGISTRY_SETTLE_NS	(INT64_C(100) * 1000 * 1000)
#define REGISTRY_RETRY_MAX_NS	(INT64_C(10) * 1000 * 1000 * 1000)

/* A node that the kernel cannot notify of it checks at this interval. */
#define REGISTRY_LOOK_NS	(INT64_C(10) * 1000 * 1000 * 1000)

/*
 * Watching the registry (registry/observer.c).  One step reads so many entries, which takes
 * about 0.5 ms if all of them are new.  What is known of services and ports is limited, to some
 * 15 MiB: a service has at most 5,120 ports, and a domain with a thousand services is large.
 */
#define WATCH_STEP		64u
#define WATCH_SERVICES_MAX	4096u
#define WATCH_PORTS_MAX		65536u

/* Remarks of one number that a program is told in a second (api/remarks.c). */
#define REMARKS_A_SECOND	4u
#define REMARKS_WINDOW_NS	(INT64_C(1) * 1000 * 1000 * 1000)

/* The registry is read again at this interval if the kernel does not report all changes. */
#define WATCH_LOOK_NS		(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * Changes read within a window.  1,000 clients that start at once make as many in more time.
 * A user who makes more of them is not listened to for a while.
 */
#define WATCH_CHANGES_MAX	4096u
#define WATCH_WINDOW_NS		(INT64_C(10) * 1000 * 1000)

/*
 * A process that ends closes its files some time before it has ended: after 1 ms it is looked
 * at, then after twice as long, and so on for a second.
 */
#define WATCH_DOUBTS		10u
#define WATCH_DOUBT_NS		(INT64_C(1) * 1000 * 1000)

/* The directories of the domain are missing: they are looked for after this time. */
#define WATCH_MISSING_NS	(INT64_C(10) * 1000 * 1000)

/*
 * In socket mode a port that never sleeps looks at its sockets this often: about 2 %
 * of its time, and as late as a sleeper would be.
 */
#define SOCKET_GLANCE_NS	(INT64_C(100) * 1000)

/*
 * Calls of the library that follow each other faster than this are one spinning loop.  It
 * is longer than handling a short message.  It is shorter than the time in which another
 * process can tell this one something through the kernel, which takes two system calls and
 * a change of processes.
 */
#define SOCKET_LOOP_NS		(INT64_C(2) * 1000)

/*
 * How long a wait polls before it sleeps.  The maximum, if the program does not say it, is
 * twice the round trip of two processes that sleep, so that these can find out that polling
 * is faster.  The first value is about the cost of a system call.
 */
#define SPIN_DEFAULT_NS		(INT64_C(50) * 1000)
#define SPIN_START_NS		(INT64_C(2) * 1000)

/* More than that is practically always; it also keeps sums of times from wrapping. */
#define SPIN_LIMIT_NS		(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * A wait that is shorter than that sleeps so often before it holds signals back: once for
 * the message, once for a wait that was left queued.  The time is far longer than the two
 * system calls that holding back signals costs.
 */
#define BRIEF_WAIT_NS		(INT64_C(1) * 1000 * 1000)
#define SLEEPS_UNHELD		2u

/* Polls between two looks at the clock. */
#define SPIN_BATCH		16u

/*
 * A channel that was polled so often without a message has cost about as much as a ring
 * would.  Of several polled channels so many stay polled even then.
 */
#define COOL_AFTER_LOOKS	1024u
#define COOL_ABOVE		8u

/*
 * A server that received its last request so long ago has time to look at all channels for
 * the request that waits longest, if there are more channels than take turns anyway.
 */
#define SLOW_LOOK_NS		(INT64_C(1) * 1000 * 1000)
#define SLOW_LOOK_ABOVE		2u

/*
 * A client's batch that has something ends when it has looked at so many pending responses in a
 * row for which nothing is there.  Answers mostly come in the order of the requests, so there is
 * seldom anything behind; and the next batch begins there if there is.
 */
#define LOOKS_IN_VAIN		4u

/*
 * A node no longer sleeps on a peer that has rung so often in a row without a reason, until
 * the peer has sent a message, returned one or made room.  The node looks at it after this
 * time instead.
 */
#define VAIN_RINGS_MAX		64u
#define VAIN_PAUSE_NS		(INT64_C(1) * 1000 * 1000)

/* How often a foreign event loop is made ready to sleep before it is told not to. */
#define PREPARE_ROUNDS		16u

/* Wakes that are held back to be made in one system call. */
#define WAKES_HELD_MAX		64u

/*
 * The time that a peer may use up by packets (wait/budget.c).  A peer is a process.  It gets
 * 1/16 of the node's time, and all peers together half of it.  Work beyond that waits.
 * Before, a peer may use up 4 ms at once, and all together 8 ms.  Mapping and populating a
 * segment of 64 MiB takes 3 ms, so the first message of that size is not delayed.  An honest
 * peer that comes meanwhile waits for no more than 8 ms and the step that was begun.
 */
#define TURN_PRICE		INT64_C(16)
#define TURNS_PRICE		INT64_C(2)
#define TURN_DEBT_MAX_NS	(INT64_C(4) * 1000 * 1000 * TURN_PRICE)
#define TURNS_DEBT_MAX_NS	(INT64_C(8) * 1000 * 1000 * TURNS_PRICE)

/*
 * The same for making and unmaking channels with one process (wait/payer.c): 1/16 of the
 * node's time, and before that 32 ms at once.  A channel takes 0.1 ms, or some milliseconds
 * where ports are prefaulted.  A process that comes and goes waits for at most a quarter of
 * a second, which a person hardly notices.
 */
#define GREETING_PRICE		INT64_C(16)
#define GREETING_DEBT_MAX_NS	(INT64_C(32) * 1000 * 1000 * GREETING_PRICE)
#define GREETING_WAIT_MAX_NS	(INT64_C(128) * 1000 * 1000)

/*
 * One step is never charged with more than this.  It rarely takes longer, and if it does,
 * that is not only due to the peer.  So no peer waits for longer than 0.1 s.
 */
#define TURN_CHARGE_MAX_NS	(INT64_C(8) * 1000 * 1000)

/* Turns that are given before other work is done. */
#define TURNS_AT_ONCE		64u

/*
 * Packets read from a peer in one turn: about as many as a socket holds, so that everything
 * that an honest peer has sent is read at once.
 */
#define DRAIN_PACKETS_MAX	320u

/* The time to receive a packet, without handling it: it is not measured, but charged. */
#define PACKET_NS		(INT64_C(2) * 1000)

/*
 * The time that the packet of a message with descriptors, or of a status with a text,
 * takes.
 */
#define PACKET_PAID_NS		(INT64_C(10) * 1000)

/*
 * Bytes of a peer's segments that are populated, or unmapped, in one step, which takes
 * 0.2 ms.  In one turn it is 16 steps.
 */
#define POPULATE_TURN		(UINT64_C(4) << 20)
#define POPULATE_TURNS_MAX	16u

/*
 * Address space of segments that peers have given up and that waits to be unmapped.  Beyond
 * that it is unmapped at once.
 */
#define UNMAP_WAITING_MAX	(UINT64_C(4) << 30)

/* Packets that are read from a peer whose process has ended, or that has hung up. */
#define DRAIN_LAST_MAX		(2 * DRAIN_PACKETS_MAX)

/*
 * A call that failed for lack of something is tried again after the first pause, which is
 * hardly noticed, then after twice as long, and so on up to the longest pause.  A wake a
 * second costs nothing, and a person does not wait longer (wait/retry.c).
 */
#define RETRY_FIRST_NS		(INT64_C(1) * 1000 * 1000)
#define RETRY_LONGEST_NS	(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * Letters that a node reads within a window.  Making a server takes 0.1 ms or more, so one
 * process that makes servers as fast as it can does not reach the limit, and each server is
 * found at once. 16 letters that mean nothing cost some 20 us.
 */
#define LETTERS_AT_ONCE		16u
#define LETTERS_WINDOW_NS	(INT64_C(1) * 1000 * 1000)

/*
 * Descriptors that peers have been sent and do not receive, beyond the first of each: this
 * share of RLIMIT_NOFILE.  The kernel counts all of a user against that limit, so some
 * nodes of one user leave room for each other.
 */
#define FLIGHT_SHARE		4u

/*
 * Sockets of closed channels that peers have left unread: of a process, which then gets no
 * further channel, and in all.  An honest process reads, or closes its end.  They are looked
 * at once in a second.
 */
#define FLIGHTS_LEFT_PROCESS	4u
#define FLIGHTS_LEFT_MAX	64u
#define FLIGHTS_LOOK_NS		(INT64_C(1) * 1000 * 1000 * 1000)

/*
 * Pause before a server whose socket is full is offered again a request that may not be
 * lost.
 */
#define ANNOUNCE_RETRY_NS	(INT64_C(1) * 1000 * 1000)

/* Whether to go on waiting for room is asked again after this time, and twice that. */
#define ASK_AGAIN_NS		(INT64_C(1) * 1000 * 1000)
#define ASK_AGAIN_MAX_NS	(INT64_C(100) * 1000 * 1000)

/*
 * A full server takes no client for so long, since it may notice late that a client has
 * ended; a process needs some milliseconds to end on a busy machine.
 */
#define FULL_GRACE_NS		(INT64_C(100) * 1000 * 1000)

/* Connections taken at a time, so that other work gets its turn. */
#define ACCEPT_AT_ONCE		64u

/* The time to take or make one, without its HELLO: it is not measured, but charged. */
#define ACCEPT_NS		(INT64_C(20) * 1000)

/*
 * Connections without a HELLO.  A client sends it within microseconds after it has
 * connected.  It takes longer only if the client is stopped just then; in that case it
 * tries again.  A program that makes many clients at once has one such connection for each
 * thread, so 16 are enough for a process, and 64 for the threads of several programs.  Each
 * costs two descriptors, so one user takes at most 128 of the 1,024 that a process may have
 * by default.
 */
#define STRANGER_PATIENCE_NS	(INT64_C(1) * 1000 * 1000 * 1000)
#define STRANGERS_PER_PROCESS	16u
#define STRANGERS_PER_USER	64u

/*
 * Processes and users that have broken the protocol, of which a server knows when they may
 * be heard again.  One attacker is one or two.  Others of such a user wait so long at most,
 * which a person hardly notices; so STRANGERS_PER_USER new processes can order 640 HELLOs a
 * second.
 */
#define BREACHERS_KEPT		16u
#define NEWCOMER_PAUSE_NS	(INT64_C(100) * 1000 * 1000)

/* Pending connections of a server; the kernel cuts it to net.core.somaxconn. */
#define SERVER_BACKLOG		4096

/*
 * How busy a server is.  Counts and times are limited so that their product fits into 62
 * bits.  A change of a word that others change meanwhile is tried so often; more than one
 * try is rare, since a try takes some 50 ns.  A count that stays without a request for so
 * long is wrong.  That is far longer than a client takes from counting a request to sending
 * it, unless it is stopped.
 */
#define LOAD_COUNT_MAX		(UINT64_C(1) << 24)
#define LOAD_SERVICE_MAX_NS	(UINT64_C(1) << 36)
#define LOAD_TRIES		16u
#define LOAD_DOUBT_NS		(INT64_C(100) * 1000 * 1000)

/*
 * The average of a server's service times covers about the last 16, and is used from the
 * eighth on: fewer say more about the requests than about the server.  It distinguishes
 * servers above 250 us, below which scheduling decides, and up to a factor of 16: a server
 * that has had a long request by chance must not be avoided for ever.
 */
#define LOAD_SAMPLES		16
#define LOAD_SAMPLES_LEAST	8
#define LOAD_SERVICE_LEAST_NS	(UINT64_C(250) * 1000)
#define LOAD_SERVICE_RATIO	16u

/*
 * If a server has not sent WELCOME yet, its client looks for the page among so many
 * descriptors of its process, beginning with the lowest: the page was opened before any
 * connection.
 */
#define LOAD_LOOKS		256u

/* Entries of a node's submission and completion queues; see lib/os/uring.c. */
#define URING_ENTRIES		64u
#define URING_COMPLETIONS	4096u

/*
 * The kernel interrupts a thread some 10 ms after it has closed a ring, and later on a machine
 * that is busy.
 */
#define URING_INTERRUPTION_NS	(500 * INT64_C(1000000))

/* The longest sleep: 146 years, to which the kernel can add the time in 63 bits. */
#define URING_WAIT_MOST_NS	(INT64_MAX / 2)

#endif /* SLUICE_BASE_LIMITS_H */
