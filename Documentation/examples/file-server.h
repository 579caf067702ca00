/* SPDX-License-Identifier: MIT */
/*
 * file-server.h - what the client and the server of file-server agree on
 *
 * The client names a file of the server's directory; the responses are its contents, a
 * piece at a time.  A file that cannot be read ends the request with an errno and a text.
 */
#ifndef FILE_SERVER_H
#define FILE_SERVER_H

#include <sluice.h>

struct file_wanted {
	char name[256];		/* without a "/" */
};

static const struct sluice_contract file_server = {
	.name     = "example/file-server",
	.request  = SLUICE_TYPE(struct file_wanted),
	.response = SLUICE_SLICE(uint8_t),
};

/* What O_DIRECT wants of memory, offset and length, and how much is read at a time. */
#define BLOCK	4096u
#define PIECE	(1u << 20)

/* Pieces begin on a block, and none may be lost: the server waits for who reads slowly. */
static const struct sluice_service_opts file_server_opts = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.response_alignment = BLOCK);

#endif /* FILE_SERVER_H */
