/* SPDX-License-Identifier: MIT */
/*
 * The probes: where a tracer may look on while processes exchange messages.
 *
 * They are USDT probes of the provider "sluice", in the library itself, each at one
 * place and with a semaphore, so that those nobody looks at cost next to nothing.
 * A send is told before anybody else can see the message, so before its receive; should
 * the ring turn out to be broken then, a release follows.  What a port has received and
 * still holds when it is destroyed is released after that.  The id of a client is its own
 * word, which a server passes on.
 *
 * This list is all of them: a probe's name, how many arguments it has, and what these
 * are, in order.  An argument may be added behind the others; nothing else changes.
 * sluice-probes(7) says when each is hit.
 *
 * Arguments are 64-bit integers, by name:
 *
 *	node		id of a node
 *	port		id of the port in which it happened
 *	peer		id of the port at the other end of the channel; 0 if there is none
 *	request		number of the request, counted by its client from the loan on; with
 *			the id of the client it names one exchange
 *	slice		address of the elements in the memory of the process: the same in all
 *			probes that are about one loan, or one message received
 *	bytes		of the elements; of a segment, its size
 *	depth		messages in the queue, with this one if it is sent and without it
 *			if it is received; of a loan, the loans that are out
 *	count		elements asked for
 *	held, waited, late
 *			nanoseconds; held is 0 if the beginning was not seen by a tracer
 *	error		an errno
 *	name, service, reason
 *			address of a string in the memory of the process
 *	role		0 client, 1 server
 *	wait		1 io_uring, 2 sockets
 *	events		SLUICE_DOORBELL_MESSAGE, SLUICE_DOORBELL_SPACE
 *	how		1 a futex wake, 2 a byte on the socket
 *	strategy	an enum sluice_strategy
 *	segment		number of the segment
 *	before, after	bytes of the segment that grows; before is 0 for a further one
 *	advice		the least initial_max_slice_len with which the first segment had been
 *			large enough; 0 if there is none
 *	request_lead, reply_lead
 *			bytes in front of the elements of each message of the service: the
 *			user header, and what pads it
 *	stages		address of a struct sluice_trace_stages
 */
#ifndef SLUICE_UAPI_TRACE_H
#define SLUICE_UAPI_TRACE_H

#include <stdint.h>

#define SLUICE_TRACE_PROVIDER	"sluice"
#define SLUICE_TRACE_ARGUMENTS	6	/* of a probe, at most */

#define SLUICE_TRACE_PROBES(PROBE)						\
	PROBE(node_create,		3, node, name, wait)			\
	PROBE(node_destroy,		1, node)				\
	PROBE(service_open,		2, node, service)			\
	PROBE(service_close,		2, node, service)			\
	PROBE(port_create,		6, port, role, node, service, request_lead, reply_lead) \
	PROBE(port_destroy,		4, port, role, node, service)		\
	PROBE(channel_connect,		2, port, peer)				\
	PROBE(channel_refuse,		3, port, peer, error)			\
	PROBE(channel_gone,		3, port, peer, error)			\
	PROBE(request_loan,		6, port, peer, request, slice, bytes, depth) \
	PROBE(request_loan_fail,	4, port, count, depth, error)		\
	PROBE(request_shorten,		5, port, peer, request, slice, bytes)	\
	PROBE(request_send,		6, port, peer, request, slice, bytes, depth) \
	PROBE(request_release,		5, port, peer, request, slice, bytes)	\
	PROBE(request_overflow,		3, port, peer, request)			\
	PROBE(request_block,		2, port, request)			\
	PROBE(request_unblock,		4, port, request, waited, error)	\
	PROBE(pending_response_release,	5, port, peer, request, slice, bytes)	\
	PROBE(response_receive,		6, port, peer, request, slice, bytes, depth) \
	PROBE(response_release,		6, port, peer, request, slice, bytes, held) \
	PROBE(active_request_receive,	6, port, peer, request, slice, bytes, depth) \
	PROBE(active_request_release,	6, port, peer, request, slice, bytes, held) \
	PROBE(reply_loan,		6, port, peer, request, slice, bytes, depth) \
	PROBE(reply_loan_fail,		6, port, peer, request, count, depth, error) \
	PROBE(reply_shorten,		5, port, peer, request, slice, bytes)	\
	PROBE(reply_send,		6, port, peer, request, slice, bytes, depth) \
	PROBE(reply_release,		5, port, peer, request, slice, bytes)	\
	PROBE(reply_overflow,		3, port, peer, request)			\
	PROBE(growth,			6, port, strategy, segment, before, after, advice) \
	PROBE(segment_retire,		3, port, segment, bytes)		\
	PROBE(segment_free,		3, port, segment, bytes)		\
	PROBE(doorbell_arm,		3, port, peer, events)			\
	PROBE(doorbell_ring,		3, port, peer, how)			\
	PROBE(doorbell_wake,		2, port, peer)				\
	PROBE(deadline_miss,		4, port, peer, request, late)		\
	PROBE(protocol_violation,	3, port, peer, reason)			\
	PROBE(round_trip,		4, port, peer, request, stages)

/* Their numbers, in the order of the list. */
enum sluice_trace_probe {
#define SLUICE_TRACE_NUMBER_(name, count, ...)	SLUICE_TRACE_##name,
	SLUICE_TRACE_PROBES(SLUICE_TRACE_NUMBER_)
#undef SLUICE_TRACE_NUMBER_
	SLUICE_TRACE_COUNT
};

/**
 * struct sluice_trace_stages - what one round trip went through
 * @loaned: when the request was loaned.
 * @sent: when it was sent to this server.
 * @received: when the server received it.
 * @replied: when the server sent its first reply.
 * @responded: when the client received its first response.
 * @finished: when the server released the request.
 * @ended: when the client took notice of the end, or put one to it.
 * @bytes: of the request's elements.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC; 0 for what did not happen, or not in time
 * for the client to hear of it.  Those of the server are its word, as far as each lies
 * between the one before and the end.
 */
struct sluice_trace_stages {
	uint64_t loaned;
	uint64_t sent;
	uint64_t received;
	uint64_t replied;
	uint64_t responded;
	uint64_t finished;
	uint64_t ended;
	uint64_t bytes;
};

_Static_assert(sizeof(struct sluice_trace_stages) == 64, "no holes");

#endif /* SLUICE_UAPI_TRACE_H */
