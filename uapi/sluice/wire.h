/* SPDX-License-Identifier: MIT */
/*
 * The packets of two ends of a channel on its socket.
 *
 * The socket is an AF_UNIX SOCK_SEQPACKET.  Each packet is one of the structs below; a
 * packet of one byte is a ring of the doorbell and contains nothing.  Any other packet
 * breaks the protocol.
 *
 *	client -> server	HELLO		fds: the channel
 *	server -> client	WELCOME		fds: the page of load.h
 *	server -> client	REJECT		then the server hangs up
 *	either			SEGMENT		fds: the segment
 *	either			RETIRE
 *	either			FDS		fds: those of a message
 *	server -> client	STATUS
 *	client -> server	QUIT		its port is destroyed, but it still reads
 *	either			GOODBYE		then the sender hangs up
 *
 * HELLO is the client's first packet and comes once.  SEGMENT comes before the first
 * descriptor in a ring that needs it, and so do FDS.  STATUS comes before the word closed
 * that belongs to it.  A hang-up without a GOODBYE or a REJECT means that the peer has
 * died.
 */
#ifndef SLUICE_UAPI_WIRE_H
#define SLUICE_UAPI_WIRE_H

#include <stdint.h>

#include <sluice/registry.h>

#define SLUICE_WIRE_MAGIC	0x63696c73u	/* "slic" */

#define SLUICE_WIRE_HELLO	1u
#define SLUICE_WIRE_WELCOME	2u
#define SLUICE_WIRE_REJECT	3u
#define SLUICE_WIRE_SEGMENT	4u
#define SLUICE_WIRE_RETIRE	5u
#define SLUICE_WIRE_GOODBYE	6u
#define SLUICE_WIRE_LOOK	7u
#define SLUICE_WIRE_FDS		8u
#define SLUICE_WIRE_STATUS	9u
#define SLUICE_WIRE_QUIT	10u

/* So many descriptors come with a packet FDS, and one with any other. */
#define SLUICE_WIRE_FDS_MAX	16u

/* Bytes of the text of a STATUS, the terminating 0 included. */
#define SLUICE_STATUS_TEXT_SIZE	128u

/**
 * struct sluice_wire_header - begins every packet
 * @magic: SLUICE_WIRE_MAGIC.
 * @version: SLUICE_PROTOCOL_VERSION of the sender.
 * @type: one of SLUICE_WIRE_*.
 */
struct sluice_wire_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
};

/**
 * struct sluice_wire_hello - a client introduces itself
 * @header: type SLUICE_WIRE_HELLO.
 * @port: id of the client.
 * @node: id of its node.
 * @channel_size: bytes of the channel, whose descriptor is attached.
 * @contract: the service as the client knows it.
 */
struct sluice_wire_hello {
	struct sluice_wire_header header;
	uint64_t port;
	uint64_t node;
	uint64_t channel_size;
	struct sluice_registry_contract contract;
};

/**
 * struct sluice_wire_welcome - a server takes the client
 * @header: type SLUICE_WIRE_WELCOME.
 * @port: id of the server.
 * @node: id of its node.
 *
 * The page that says how busy the server is, is attached; see load.h.
 */
struct sluice_wire_welcome {
	struct sluice_wire_header header;
	uint64_t port;
	uint64_t node;
};

/**
 * struct sluice_wire_reject - a server refuses the client
 * @header: type SLUICE_WIRE_REJECT.
 * @reason: an errno.
 * @reserved: 0.
 */
struct sluice_wire_reject {
	struct sluice_wire_header header;
	uint32_t reason;
	uint32_t reserved;
};

/**
 * struct sluice_wire_segment - a segment is new, or has grown
 * @header: type SLUICE_WIRE_SEGMENT.
 * @number: of the segment, counted by its owner from 1, never used again.
 * @reserved: 0.
 * @size: bytes it has now; all of them are populated.
 * @window: bytes it may grow to.
 */
struct sluice_wire_segment {
	struct sluice_wire_header header;
	uint32_t number;
	uint32_t reserved;
	uint64_t size;
	uint64_t window;
};

/**
 * struct sluice_wire_retire - a segment will never be named again
 * @header: type SLUICE_WIRE_RETIRE.
 * @number: of the segment.
 * @reserved: 0.
 */
struct sluice_wire_retire {
	struct sluice_wire_header header;
	uint32_t number;
	uint32_t reserved;
};

/**
 * struct sluice_wire_quit - a client sends no more requests, and has given up its name
 * @header: type SLUICE_WIRE_QUIT.
 */
struct sluice_wire_quit {
	struct sluice_wire_header header;
};

/**
 * struct sluice_wire_goodbye - the sender leaves in good order
 * @header: type SLUICE_WIRE_GOODBYE.
 */
struct sluice_wire_goodbye {
	struct sluice_wire_header header;
};

/**
 * struct sluice_wire_fds - descriptors that belong to a message
 * @header: type SLUICE_WIRE_FDS.
 * @request: number of the request, or of that which is answered.
 * @position: of the response in its stream; 0 for a request.
 * @delivery: of the request.
 * @count: of the descriptors attached, 1 to the service's max_fds.
 */
struct sluice_wire_fds {
	struct sluice_wire_header header;
	uint64_t request;
	uint64_t position;
	uint32_t delivery;
	uint32_t count;
};

/**
 * struct sluice_wire_status - why a server has ended a request, in words
 * @header: type SLUICE_WIRE_STATUS.
 * @request: its number.
 * @delivery: of the request.
 * @reserved: 0.
 * @text: zero-padded.
 *
 * The code is in the word closed.
 */
struct sluice_wire_status {
	struct sluice_wire_header header;
	uint64_t request;
	uint32_t delivery;
	uint32_t reserved;
	char text[SLUICE_STATUS_TEXT_SIZE];
};

/**
 * struct sluice_wire_look - a datagram to a node: look at a service again
 * @header: type SLUICE_WIRE_LOOK.
 * @service: hash of the service's name.
 *
 * A hint, which may be lost or forged without harm.
 */
struct sluice_wire_look {
	struct sluice_wire_header header;
	uint64_t service;
};

_Static_assert(sizeof(struct sluice_wire_header) == 8, "no holes");
_Static_assert(sizeof(struct sluice_wire_hello) ==
	       32 + sizeof(struct sluice_registry_contract), "no holes");
_Static_assert(sizeof(struct sluice_wire_welcome) == 24, "no holes");
_Static_assert(sizeof(struct sluice_wire_reject) == 16, "no holes");
_Static_assert(sizeof(struct sluice_wire_segment) == 32, "no holes");
_Static_assert(sizeof(struct sluice_wire_retire) == 16, "no holes");
_Static_assert(sizeof(struct sluice_wire_fds) == 32, "no holes");
_Static_assert(sizeof(struct sluice_wire_status) == 24 + 128, "no holes");
_Static_assert(sizeof(struct sluice_wire_look) == 16, "no holes");

#endif /* SLUICE_UAPI_WIRE_H */
