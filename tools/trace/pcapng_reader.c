// SPDX-License-Identifier: MIT
/*
 * Reads messages from a pcapng file.
 *
 * The reader is for files of ours, in the byte order of this host; opening a file in the
 * other order fails with ENOTSUP.  It owns the file, the latest block, in which the payload
 * of a packet lies, and the names of the interfaces.
 *
 * It trusts nothing.  It skips blocks of other types and options that it does not need, but
 * checks each length against what contains it:
 *
 *  1. A block is looked at only if it is whole and both its lengths agree.  Memory for
 *     it grows as it is read, so that a length costs nothing by itself.
 *  2. A packet is handed out only if it is one of ours and all that it says it has is
 *     there: a known interface with a name, a header, and a payload that is not longer
 *     than the message.  Everything else is EINVAL.
 *  3. After an error each later call returns the same, since where the next block
 *     begins is not known.
 *
 * A file that ends between two blocks is whole, as far as can be told.
 */
#include "pcapng.h"

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mapped_file.h"
#include "pcapng_format.h"

/* So much of a block is read before memory for more of it is asked for. */
#define READ_STEP		((size_t)1 << 20)

struct pcapng_reader {
	FILE *file;
	unsigned char *block;	/* the latest: its body, and the length behind that */
	size_t room;
	char **name;		/* by number of interface; NULL: it is not ours */
	size_t interfaces;
	int error;		/* the first, negative (3) */
};

/* The rest of a block, or of an option, that has not been looked at. */
struct span {
	const unsigned char *data;
	size_t size;
};

/* The next bytes; false, and nothing done, if there are fewer. */
static bool span_take(struct span *span, void *ret_data, size_t size)
{
	if (span->size < size)
		return false;
	memcpy(ret_data, span->data, size);
	span->data += size;
	span->size -= size;
	return true;
}

/* All of it, or it is a file that was cut. */
static int read_exactly(FILE *file, void *data, size_t size)
{
	if (!size || fread(data, size, 1, file) == 1)
		return 0;
	return ferror(file) ? -EIO : -EINVAL;
}

static int make_room(struct pcapng_reader *reader, size_t size)
{
	unsigned char *grown;

	if (size <= reader->room)
		return 0;
	grown = realloc(reader->block, size);
	if (!grown)
		return -ENOMEM;
	reader->block = grown;
	reader->room = size;
	return 0;
}

/* Reads what follows the first bytes of the block, up to its end (1). */
static int read_rest(struct pcapng_reader *reader, size_t have, size_t size)
{
	int r = 0;

	while (r == 0 && have < size) {
		size_t step = size - have < READ_STEP ? size - have : READ_STEP;

		r = make_room(reader, have + step);
		if (r == 0)
			r = read_exactly(reader->file, reader->block + have, step);
		have += step;
	}
	return r;
}

/* Type and length, and 4 bytes more, which every block has.  0 at the end of the file. */
static int read_head(struct pcapng_reader *reader, struct block_head *ret_head)
{
	uint32_t first;
	int c, r;

	c = getc(reader->file);
	if (c == EOF)
		return ferror(reader->file) ? -EIO : 0;
	ungetc(c, reader->file);
	r = read_exactly(reader->file, ret_head, sizeof(*ret_head));
	if (r == 0)
		r = make_room(reader, sizeof(first));
	if (r == 0)
		r = read_exactly(reader->file, &first, sizeof(first));
	if (r < 0)
		return r;
	/* Before the length is used, since it would be in the wrong order too. */
	if (ret_head->type == BLOCK_SECTION && first == bswap_32(ORDER_MAGIC))
		return -ENOTSUP;
	memcpy(reader->block, &first, sizeof(first));
	return 1;
}

/* 1, with a body that is valid until the next one; 0 at the end of the file. */
static int read_block(struct pcapng_reader *reader, uint32_t *ret_type, struct span *ret_body)
{
	const size_t frame = BLOCK_FRAME, tail = sizeof(uint32_t);
	struct block_head head;
	uint32_t again;
	size_t size;
	int r;

	r = read_head(reader, &head);
	if (r <= 0)
		return r;
	if (head.length < frame || head.length % 4)
		return -EINVAL;
	size = head.length - frame;
	r = read_rest(reader, tail, size + tail);
	if (r < 0)
		return r;
	memcpy(&again, reader->block + size, sizeof(again));
	if (again != head.length)
		return -EINVAL;
	*ret_type = head.type;
	*ret_body = (struct span){ reader->block, size };
	return 1;
}

static void forget_interfaces(struct pcapng_reader *reader)
{
	while (reader->interfaces)
		free(reader->name[--reader->interfaces]);
}

/* A file may have several sections, if it was put together of several files. */
static int take_section(struct pcapng_reader *reader, struct span span)
{
	struct section_body body;

	if (!span_take(&span, &body, sizeof(body)) || body.magic != ORDER_MAGIC ||
	    body.major != VERSION_MAJOR)
		return -EINVAL;
	forget_interfaces(reader);
	return 0;
}

/* 1 with the next option; 0 if there is none; -EINVAL. */
static int next_option(struct span *span, struct option_head *ret_head, struct span *ret_data)
{
	size_t size;

	if (!span->size)
		return 0;
	if (!span_take(span, ret_head, sizeof(*ret_head)))
		return -EINVAL;
	if (ret_head->code == OPTION_END)
		return 0;
	size = pcapng_padded(ret_head->length);
	if (size > span->size)
		return -EINVAL;
	*ret_data = (struct span){ span->data, ret_head->length };
	span->data += size;
	span->size -= size;
	return 1;
}

/* The name of a service; without data if the interface is none of ours. */
static int interface_name(struct span span, struct span *ret_name)
{
	struct span data, name = { NULL, 0 };
	struct interface_body body;
	struct option_head head;
	bool nanoseconds = false;
	int r;

	if (!span_take(&span, &body, sizeof(body)))
		return -EINVAL;
	while ((r = next_option(&span, &head, &data)) > 0) {
		if (head.code == OPTION_IF_NAME && !memchr(data.data, '\0', data.size))
			name = data;
		if (head.code == OPTION_IF_TSRESOL)
			nanoseconds = data.size == 1 && data.data[0] == NANOSECONDS;
	}
	if (r < 0)
		return r;
	if (body.linktype != LINKTYPE_USER0 || !nanoseconds)
		name.data = NULL;
	*ret_name = name;
	return 0;
}

static int take_interface(struct pcapng_reader *reader, struct span span)
{
	char **grown, *copy = NULL;
	struct span name;
	int r;

	r = interface_name(span, &name);
	if (r < 0)
		return r;
	grown = reallocarray(reader->name, reader->interfaces + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	reader->name = grown;
	if (name.data) {
		copy = strndup((const char *)name.data, name.size);
		if (!copy)
			return -ENOMEM;
	}
	grown[reader->interfaces++] = copy;
	return 0;
}

/* 1, or -EINVAL if it is not a whole packet of ours (2). */
static int take_packet(struct pcapng_reader *reader, struct span span,
		       struct capture_packet *ret_packet)
{
	struct capture_header header;
	struct packet_body body;

	if (!span_take(&span, &body, sizeof(body)) || body.captured > span.size ||
	    body.interface >= reader->interfaces || !reader->name[body.interface])
		return -EINVAL;
	span.size = body.captured;
	if (!span_take(&span, &header, sizeof(header)))
		return -EINVAL;
	header = capture_converted(&header);
	if (header.magic != CAPTURE_MAGIC || header.version != CAPTURE_VERSION ||
	    header.probe > 1 || span.size > capture_whole(&header))
		return -EINVAL;
	*ret_packet = (struct capture_packet){
		.header = header,
		.time = (uint64_t)body.time_high << 32 | body.time_low,
		.service = reader->name[body.interface],
		.payload = span.data,
		.captured = span.size,
	};
	return 1;
}

/* 1 with a packet; 0 at the end of the file; or an error. */
static int look_for_packet(struct pcapng_reader *reader, struct capture_packet *ret_packet)
{
	struct span body;
	uint32_t type;
	int r;

	while ((r = read_block(reader, &type, &body)) > 0) {
		if (type == BLOCK_PACKET)
			return take_packet(reader, body, ret_packet);
		if (type == BLOCK_SECTION)
			r = take_section(reader, body);
		else if (type == BLOCK_INTERFACE)
			r = take_interface(reader, body);
		if (r < 0)
			return r;
	}
	return r;
}

/* The first block, which must be a section header. */
static int begin(struct pcapng_reader *reader)
{
	struct span body;
	uint32_t type;
	int r;

	r = read_block(reader, &type, &body);
	if (r < 0)
		return r;
	return r == 0 || type != BLOCK_SECTION ? -EINVAL : take_section(reader, body);
}

struct pcapng_reader *pcapng_open(const char *path)
{
	struct pcapng_reader *reader = calloc(1, sizeof(*reader));
	int fd, r;

	if (!reader)
		return NULL;
	/*
	 * Opening does not wait for a FIFO without a writer; the file is read twice, so it
	 * must be regular.
	 */
	fd = file_open_named(path);
	reader->file = fd < 0 ? NULL : fdopen(fd, "r");
	r = reader->file ? begin(reader) : fd < 0 ? fd : -errno;
	if (fd >= 0 && !reader->file)
		close(fd);
	if (r == 0)
		return reader;
	pcapng_close(reader);
	errno = -r;
	return NULL;
}

int pcapng_next(struct pcapng_reader *reader, struct capture_packet *ret_packet)
{
	int r;

	if (reader->error)
		return reader->error;
	r = look_for_packet(reader, ret_packet);
	if (r < 0)
		reader->error = r;
	return r;
}

void pcapng_close(struct pcapng_reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	forget_interfaces(reader);
	free(reader->name);
	free(reader->block);
	free(reader);
}
