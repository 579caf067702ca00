// SPDX-License-Identifier: MIT
/*
 * Receiving several requests with one call.
 *
 * The first request is received as by sluice_server_receive(), with its wait, its limits and
 * its errors (api/server_receive.c).  Then requests are taken in the same way, one from each
 * channel in turn, as long as there are some and places for them.  So a batch has no rules of
 * its own: the turn of the channels, requests that nobody is to see, and tracing are those of
 * single requests.
 *
 * A failure behind the first request ends the batch.  Its cause is still there, so the next
 * call meets it and tells of it.
 *
 * A hostile client can fill its own ring, which counts for one channel of the circle.  The
 * looks that one request may cost are bounded there, and the requests of a batch by what may
 * be held of each client.
 */
#include <errno.h>

#include "api/server.h"
#include "base/error.h"

int sluice_server_receive_batch(struct sluice_server *server,
				struct sluice_active_request **requests,
				unsigned int most, int64_t timeout)
{
	struct sluice_active_request *request;
	unsigned int count = 0;
	int r;

	if (!server)
		return fail_parent("server");
	r = server_enter(server);
	if (r < 0 || !most)
		return r;
	if (!requests)
		return fail(EINVAL, "requests is NULL");
	request = server_receive(server, timeout);
	if (!request)
		return -errno;
	do {
		requests[count++] = request;
	} while (count < most && server_take(server, &request) > 0);
	return (int)count;
}
