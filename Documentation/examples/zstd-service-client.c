/* SPDX-License-Identifier: MIT */
/*
 * zstd-service-client.c - has a file compressed, and decompressed again
 *
 * Shows a large slice: the file is read straight into the memory of the request
 * and lies still until libzstd, in the server's process, has read it there.  A
 * request that was sent can still be read, so that is what the decompressed
 * bytes are compared with.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "zstd-service.h"
#include "usage.h"

#define ARGUMENTS "[-l N|--level N] [--servers N] FILE"


static struct sluice_request *loan(struct sluice_client *client, size_t count)
{
	struct sluice_request *request = sluice_client_loan(client, count);

	if (!request)
		errx(1, "%s", sluice_strerror());
	return request;
}

/* A request that holds the file. */
static struct sluice_request *loan_file(struct sluice_client *client,
					const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sluice_request *request;
	struct stat status;
	size_t have = 0;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		err(1, "%s", path);
	if (!S_ISREG(status.st_mode))
		errx(1, "%s: not a regular file", path);

	request = loan(client, (size_t)status.st_size);
	do {
		got = read(fd, (char *)request->data + have, request->size - have);
		if (got < 0)
			err(1, "%s", path);
		have += (size_t)got;
	} while (got > 0 && have < request->size);
	close(fd);

	if (sluice_request_shorten(request, have) < 0)	/* the file may have, too */
		errx(1, "%s", sluice_strerror());
	return request;
}

static struct sluice_pending_response *send_job(struct sluice_request *request,
						struct zstd_job job)
{
	struct sluice_pending_response *pending;

	*(struct zstd_job *)request->header = job;
	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

/* One answer is enough, if there are several servers. */
static struct sluice_response *receive(struct sluice_pending_response *pending)
{
	const struct zstd_outcome *outcome;
	struct sluice_response *response;

	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	outcome = response->header;
	if (ZSTD_isError(outcome->result))
		errx(1, "zstd: %s", ZSTD_getErrorName(outcome->result));
	return response;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "level",   required_argument, NULL, 'l' },
		{ "servers", required_argument, NULL, 's' },
		{ 0 },
	};
	int option, level = 3, servers = 1;

	usage(argc, argv, ARGUMENTS);
	while ((option = getopt_long(argc, argv, "l:", options, NULL)) != -1) {
		if (option == 'l')
			level = atoi(optarg);
		else if (option == 's')
			servers = atoi(optarg);
		else
			errx(2, "usage: " ARGUMENTS);
	}
	if (optind != argc - 1 || servers < 1)
		errx(2, "usage: " ARGUMENTS);

	sluice_auto(sluice_node) node = sluice_node_create("zstd-service-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &zstd_service, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, (unsigned int)servers, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	sluice_auto(sluice_pending_response) original = send_job(
		loan_file(client, argv[optind]),
		(struct zstd_job){ .operation = ZSTD_SERVICE_COMPRESS, .level = level });
	sluice_auto(sluice_response) packed = receive(original);

	/* They lie in the server's memory: to send them is to write them into ours. */
	struct sluice_request *request = loan(client, packed->count);
	memcpy(request->data, packed->data, packed->size);

	sluice_auto(sluice_pending_response) again = send_job(request,
		(struct zstd_job){ .operation = ZSTD_SERVICE_DECOMPRESS,
				   .original_size = original->size });
	sluice_auto(sluice_response) unpacked = receive(again);

	if (unpacked->size != original->size ||
	    memcmp(unpacked->data, original->data, original->size) != 0)
		errx(1, "%s: not the same after decompression", argv[optind]);
	printf("%s: %zu bytes, compressed %zu (%.1f %%), decompressed %zu, all the same\n",
	       argv[optind], original->size, packed->size,
	       original->size ? 100.0 * (double)packed->size / (double)original->size : 0,
	       unpacked->size);
	return 0;
}
