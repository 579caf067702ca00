/* SPDX-License-Identifier: MIT */
/*
 * zstd-service-server.c - compresses and decompresses what clients send
 *
 * Shows a server that cannot know how long its reply will be: it loans what the
 * reply may come to, has libzstd write straight into it, and gives up the rest
 * before it sends.  Serves until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <zstd.h>

#include "zstd-service.h"
#include "usage.h"

#define SECOND	INT64_C(1000000000)

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static size_t work(const struct zstd_job *job,
		   const struct sluice_active_request *request,
		   struct sluice_reply *reply)
{
	if (job->operation == ZSTD_SERVICE_COMPRESS)
		return ZSTD_compress(reply->data, reply->size,
				     request->data, request->size, job->level);
	return ZSTD_decompress(reply->data, reply->size,
			       request->data, request->size);
}

/* Returns 0, or -1: no reply can be had, or the client wants none any more. */
static int answer(struct sluice_active_request *request)
{
	const struct zstd_job job = *(const struct zstd_job *)request->header;
	size_t bound = job.original_size;
	struct zstd_outcome *outcome;
	struct sluice_reply *reply;

	if (job.operation == ZSTD_SERVICE_COMPRESS)
		bound = ZSTD_compressBound(request->size);
	reply = sluice_active_request_loan(request, bound);
	if (!reply)
		return -1;

	outcome = reply->header;
	outcome->result = work(&job, request, reply);
	sluice_reply_shorten(reply, ZSTD_isError(outcome->result) ? 0 : outcome->result);
	return sluice_reply_send(reply) < 0 ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *request;

	usage(argc, argv, "");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	sluice_auto(sluice_node) node = sluice_node_create("zstd-service-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &zstd_service, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A second at most, so that no signal is overlooked for longer. */
		request = sluice_server_receive(server, SECOND);
		if (!request && errno != ETIMEDOUT && errno != EINTR)
			errx(1, "%s", sluice_strerror());
		if (request && answer(request) < 0)
			warnx("%s", sluice_strerror());
		sluice_active_request_release(request);
	}
	return 0;
}
