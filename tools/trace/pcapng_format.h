/* SPDX-License-Identifier: MIT */
/*
 * A pcapng file of ours, as it lies on the disk.
 *
 * A file is a chain of blocks, each of a multiple of 4 bytes:
 *
 *	type, length, body, length once more
 *
 *	section header		first: byte order and version
 *	interface description	of a service, before its first packet: if_name is the
 *				service's name, the link type USER0, times nanoseconds
 *	enhanced packet		a message: struct capture_header and the payload
 *
 * Words of blocks are in the byte order of the host that wrote them, which the section
 * header tells from the other one.  The struct capture_header is little-endian
 * everywhere, for those that take it apart by other means than ours.
 */
#ifndef TRACE_PCAPNG_FORMAT_H
#define TRACE_PCAPNG_FORMAT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>

#include "pcapng.h"

#define BLOCK_SECTION		0x0a0d0d0au
#define BLOCK_INTERFACE		1u
#define BLOCK_PACKET		6u

#define ORDER_MAGIC		0x1a2b3c4du
#define VERSION_MAJOR		1u
#define LINKTYPE_USER0		147u
#define NANOSECONDS		9u	/* as if_tsresol has it: a negative power of 10 */

#define OPTION_END		0u
#define OPTION_IF_NAME		2u
#define OPTION_SHB_USERAPPL	4u
#define OPTION_IF_TSRESOL	9u

#define CAPTURE_MAGIC		0x70756c73u	/* "slup" */
#define CAPTURE_VERSION		1u

/* Type and length in front, length once more behind. */
#define BLOCK_FRAME		12u

struct block_head {
	uint32_t type;
	uint32_t length;
};

struct section_body {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	int64_t length;		/* of the section; -1: not said */
};

struct interface_body {
	uint16_t linktype;
	uint16_t reserved;
	uint32_t snap;
};

struct packet_body {
	uint32_t interface;
	uint32_t time_high;
	uint32_t time_low;
	uint32_t captured;	/* bytes that follow */
	uint32_t original;	/* bytes there were */
};

struct option_head {
	uint16_t code;
	uint16_t length;
};

_Static_assert(sizeof(struct section_body) == 16, "no holes");
_Static_assert(sizeof(struct interface_body) == 8, "no holes");
_Static_assert(sizeof(struct packet_body) == 20, "no holes");
_Static_assert(sizeof(struct capture_header) == 48, "no holes");

static inline size_t pcapng_padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Bytes of the whole message, or the most there can be. */
static inline uint64_t capture_whole(const struct capture_header *header)
{
	uint64_t sum;

	return __builtin_add_overflow(header->bytes, header->lead, &sum) ? UINT64_MAX : sum;
}

/* Converts from the host's byte order to the file's; and back. */
static inline struct capture_header capture_converted(const struct capture_header *header)
{
	return (struct capture_header){
		.magic = htole32(header->magic),
		.version = htole16(header->version),
		.probe = htole16(header->probe),
		.pid = htole32(header->pid),
		.lead = htole32(header->lead),
		.port = htole64(header->port),
		.peer = htole64(header->peer),
		.request = htole64(header->request),
		.bytes = htole64(header->bytes),
	};
}

#endif /* TRACE_PCAPNG_FORMAT_H */
