// SPDX-License-Identifier: MIT
/*
 * Writes messages to a pcapng file.
 *
 * The writer owns the file and the names of the services that have an interface.
 * What it is given is trusted, but may come from a process that is not: lengths that
 * are no lengths are written as the longest there can be.
 *
 *  1. A packet's interface was written before it.
 *  2. After an error nothing is written any more, so that what lies behind it is not
 *     taken for a block; each later call returns that first error.
 *  3. No packet is longer than the snap length that its interface states.
 *
 * A writer that is killed leaves a file whose last block may be cut.
 */
#include "pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcapng_format.h"

/* The longest payload whose block still has a length of 32 bits. */
#define PAYLOAD_LIMIT \
	(UINT32_MAX - 3 - BLOCK_FRAME - sizeof(struct packet_body) - sizeof(struct capture_header))

struct pcapng_writer {
	FILE *file;
	char **service;		/* by number of interface */
	uint32_t services;
	uint32_t snap;		/* of the payload */
	int error;		/* the first, negative; 0 */
};

static void put(struct pcapng_writer *writer, const void *data, size_t size)
{
	errno = EIO;
	if (!writer->error && size && fwrite(data, size, 1, writer->file) != 1)
		writer->error = -errno;
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
	const size_t size = sizeof(body) + option_size(length) + option_size(1) + option_size(0);

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

/* The interface of a service, which is new if the service is (1). */
static uint32_t interface_of(struct pcapng_writer *writer, const char *service)
{
	uint32_t i;

	for (i = 0; i < writer->services; i++)
		if (strcmp(writer->service[i], service) == 0)
			return i;
	if (!writer->error)
		writer->error = add_service(writer, service);
	put_interface(writer, service);
	return i;
}

/* What others say to each other is not for everybody, so the file is its owner's. */
static FILE *create_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

struct pcapng_writer *pcapng_create(const char *path, uint32_t snap)
{
	struct pcapng_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->snap = snap < PAYLOAD_LIMIT ? snap : (uint32_t)PAYLOAD_LIMIT;
	writer->file = create_file(path);
	if (!writer->file) {
		free(writer);
		return NULL;
	}
	put_section(writer);
	return writer;
}

int pcapng_write(struct pcapng_writer *writer, const struct capture_packet *packet)
{
	uint32_t interface;

	if (packet->captured > capture_whole(&packet->header) || packet->header.probe > 1 ||
	    strlen(packet->service) > UINT16_MAX)
		return -EINVAL;
	interface = interface_of(writer, packet->service);
	put_packet(writer, interface, packet);
	return writer->error;
}

int pcapng_finish(struct pcapng_writer *writer)
{
	int error;

	if (fclose(writer->file) && !writer->error)
		writer->error = -errno;
	error = writer->error;
	while (writer->services)
		free(writer->service[--writer->services]);
	free(writer->service);
	free(writer);
	return error;
}
