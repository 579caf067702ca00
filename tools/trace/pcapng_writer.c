// SPDX-License-Identifier: MIT
/*
 * Writes messages to a pcapng file.
 *
 * The writer owns the names of the services that have an interface; the output owns the
 * file.  Its input is trusted, but may describe a process that is not: lengths that are
 * impossible are written as the longest there can be.
 *
 *  1. A packet's interface was written before it, in the same file.  A packet and an
 *     interface that is new with it are one unit of the output: if that is dropped the
 *     interface is forgotten.
 *  2. After an error nothing is written any more, so that what lies behind it is not
 *     taken for a block; each later call returns that first error.
 *  3. No packet is longer than the snap length that its interface states.
 *  4. Each file of several begins with a section of its own, and can be read alone.
 *
 * A writer that is killed leaves a file whose last block may be cut.
 */
#include "pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "pcapng_format.h"

/* The longest payload whose block still has a length of 32 bits. */
#define PAYLOAD_LIMIT \
	(UINT32_MAX - 3 - BLOCK_FRAME - sizeof(struct packet_body) - sizeof(struct capture_header))

/* A section has less; see put_section(). */
#define SECTION_MOST	128u

struct pcapng_writer {
	struct output *output;
	char **service;		/* by number of interface */
	uint32_t services;
	uint32_t snap;		/* of the payload */
};

static void put(struct pcapng_writer *writer, const void *data, size_t size)
{
	/* The stream takes everything; whether it was kept is asked at the end of a unit. */
	if (size)
		(void)!fwrite(data, size, 1, output_stream(writer->output));
}

static void put_padding(struct pcapng_writer *writer, size_t size)
{
	put(writer, "\0\0\0", pcapng_padded(size) - size);
}

static void put_head(struct pcapng_writer *writer, uint32_t type, size_t body)
{
	const struct block_head head = { type, (uint32_t)(body + BLOCK_FRAME) };

	put(writer, &head, sizeof(head));
}

static void put_tail(struct pcapng_writer *writer, size_t body)
{
	const uint32_t length = (uint32_t)(body + BLOCK_FRAME);

	put(writer, &length, sizeof(length));
}

static size_t option_size(size_t length)
{
	return sizeof(struct option_head) + pcapng_padded(length);
}

static size_t interface_size(const char *service)
{
	return BLOCK_FRAME + sizeof(struct interface_body) + option_size(strlen(service)) +
	       option_size(1) + option_size(0);
}

static void put_option(struct pcapng_writer *writer, uint16_t code, const void *data,
		       size_t length)
{
	const struct option_head head = { code, (uint16_t)length };

	put(writer, &head, sizeof(head));
	put(writer, data, length);
	put_padding(writer, length);
}

static void put_section(struct pcapng_writer *writer)
{
	static const char application[] = "sluice trace";
	const size_t length = sizeof(application) - 1;
	const struct section_body body = { ORDER_MAGIC, VERSION_MAJOR, 0, -1 };
	const size_t size = sizeof(body) + option_size(length) + option_size(0);

	put_head(writer, BLOCK_SECTION, size);
	put(writer, &body, sizeof(body));
	put_option(writer, OPTION_SHB_USERAPPL, application, length);
	put_option(writer, OPTION_END, NULL, 0);
	put_tail(writer, size);
}

static void put_interface(struct pcapng_writer *writer, const char *service)
{
	const struct interface_body body = {
		.linktype = LINKTYPE_USER0,
		.snap = writer->snap + (uint32_t)sizeof(struct capture_header),
	};
	const uint8_t resolution = NANOSECONDS;
	const size_t length = strlen(service);
	const size_t size = interface_size(service) - BLOCK_FRAME;

	put_head(writer, BLOCK_INTERFACE, size);
	put(writer, &body, sizeof(body));
	put_option(writer, OPTION_IF_NAME, service, length);
	put_option(writer, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	put_option(writer, OPTION_END, NULL, 0);
	put_tail(writer, size);
}

static void put_packet(struct pcapng_writer *writer, uint32_t interface,
		       const struct capture_packet *packet)
{
	const size_t payload = packet->captured < writer->snap ? packet->captured : writer->snap;
	struct capture_header header = packet->header;
	const size_t data = sizeof(header) + payload;
	uint64_t original;
	struct packet_body body;

	if (__builtin_add_overflow(capture_whole(&header), sizeof(header), &original) ||
	    original > UINT32_MAX)
		original = UINT32_MAX;
	body = (struct packet_body){
		.interface = interface,
		.time_high = (uint32_t)(packet->time >> 32),
		.time_low = (uint32_t)packet->time,
		.captured = (uint32_t)data,
		.original = (uint32_t)original,
	};
	header.magic = CAPTURE_MAGIC;
	header.version = CAPTURE_VERSION;
	header = capture_converted(&header);
	put_head(writer, BLOCK_PACKET, sizeof(body) + pcapng_padded(data));
	put(writer, &body, sizeof(body));
	put(writer, &header, sizeof(header));
	put(writer, packet->payload, payload);
	put_padding(writer, data);
	put_tail(writer, sizeof(body) + pcapng_padded(data));
}

static int add_service(struct pcapng_writer *writer, const char *service)
{
	char **grown = reallocarray(writer->service, writer->services + (size_t)1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	writer->service = grown;
	grown[writer->services] = strdup(service);
	if (!grown[writer->services])
		return -ENOMEM;
	writer->services++;
	return 0;
}

static void forget_services(struct pcapng_writer *writer, uint32_t first)
{
	while (writer->services > first)
		free(writer->service[--writer->services]);
}

/* The number of a service's interface, if it has one. */
static uint32_t find_service(const struct pcapng_writer *writer, const char *service)
{
	uint32_t i = 0;

	while (i < writer->services && strcmp(writer->service[i], service) != 0)
		i++;
	return i;
}

/* The size of a packet and its interface, at most. */
static uint64_t size_of(const struct capture_packet *packet)
{
	return interface_size(packet->service) + BLOCK_FRAME + sizeof(struct packet_body) +
	       sizeof(struct capture_header) + pcapng_padded(packet->captured);
}

/* Goes on in the next file if the packet does not fit in this one. */
static int find_place(struct pcapng_writer *writer, const struct capture_packet *packet)
{
	const uint64_t size = size_of(packet);
	int r;

	if (output_fits(writer->output, size) ||
	    !output_has_next(writer->output, size + SECTION_MOST))
		return 0;
	r = output_next(writer->output);
	if (r < 0)
		return r;
	forget_services(writer, 0);
	put_section(writer);
	return output_unit(writer->output, 0) ? 0 : -ENOBUFS;
}

struct pcapng_writer *pcapng_create(struct output *output, uint32_t snap)
{
	struct pcapng_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->snap = snap < PAYLOAD_LIMIT ? snap : (uint32_t)PAYLOAD_LIMIT;
	writer->output = output;
	put_section(writer);
	output_unit(output, 0);
	return writer;
}

static int write_unit(struct pcapng_writer *writer, const struct capture_packet *packet)
{
	const uint32_t before = writer->services;
	const uint32_t interface = find_service(writer, packet->service);

	if (interface == before && add_service(writer, packet->service) < 0)
		return -ENOMEM;
	if (interface == before)
		put_interface(writer, packet->service);
	put_packet(writer, interface, packet);
	if (output_unit(writer->output, 1))
		return 0;
	forget_services(writer, before);
	return output_error(writer->output) ? output_error(writer->output) : -ENOBUFS;
}

int pcapng_write(struct pcapng_writer *writer, const struct capture_packet *packet)
{
	int r;

	if (packet->captured > capture_whole(&packet->header) || packet->header.probe > 1 ||
	    strlen(packet->service) > UINT16_MAX)
		return -EINVAL;
	if (output_error(writer->output))
		return output_error(writer->output);
	r = find_place(writer, packet);
	return r < 0 ? r : write_unit(writer, packet);
}

void pcapng_finish(struct pcapng_writer *writer)
{
	forget_services(writer, 0);
	free(writer->service);
	free(writer);
}
