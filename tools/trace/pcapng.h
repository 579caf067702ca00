/* SPDX-License-Identifier: MIT */
/* Messages in a pcapng file, which Wireshark, capinfos and sluice trace replay read. */
#ifndef TRACE_PCAPNG_H
#define TRACE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The header of each packet's payload; of fixed size, little-endian. */
struct capture_header {
	uint32_t magic;		/* "slup" */
	uint16_t version;	/* 1 */
	uint16_t probe;		/* 0 a request, 1 a reply */
	uint32_t pid;		/* of the sender */
	uint32_t lead;		/* bytes in front of the elements: user header, padding */
	uint64_t port;		/* the sender's */
	uint64_t peer;		/* the receiver's */
	uint64_t request;	/* number */
	uint64_t bytes;		/* of the elements, however many are in the packet */
};

struct capture_packet {
	struct capture_header header;
	uint64_t time;		/* nanoseconds since the epoch */
	const char *service;	/* not NULL */
	const void *payload;	/* lead and elements */
	size_t captured;	/* bytes of payload, at most header.lead + header.bytes */
};

struct output;
struct pcapng_writer;

/*
 * Begins a file, in an output that stays the caller's and that takes units of snap and
 * PCAPNG_UNIT bytes; snap is the most bytes of a packet's payload.  NULL, errno.
 */
#define PCAPNG_UNIT	4096u
struct pcapng_writer *pcapng_create(struct output *output, uint32_t snap);

/* 0; -ENOBUFS: there is no room for it now, or the file has its size; or -errno. */
int pcapng_write(struct pcapng_writer *writer, const struct capture_packet *packet);

/* Everything that it writes is in the output already. */
void pcapng_finish(struct pcapng_writer *writer);

struct pcapng_reader;

/* NULL with errno: EINVAL if it is no capture of ours. */
struct pcapng_reader *pcapng_open(const char *path);

/* 1 with the next packet, valid until the next call; 0 at the end; -EINVAL, -EIO. */
int pcapng_next(struct pcapng_reader *reader, struct capture_packet *ret_packet);
void pcapng_close(struct pcapng_reader *reader);

#endif /* TRACE_PCAPNG_H */
