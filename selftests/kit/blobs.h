/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps with slices of bytes, the messages of &blobs.  The bytes of a request and of a
 * response follow from its length, and every byte is checked.  steps.h includes this file.
 */
#ifndef SELFTESTS_BLOBS_H
#define SELFTESTS_BLOBS_H

/* ask_blob(slot, size): sends so many bytes; how many servers they reached. */
helper long ask_blob(struct side *side, long slot, long size)
{
	struct sluice_request *request;

	request = sluice_client_loan(side->client, (size_t)size);
	if (!request)
		return -errno;
	if (request->count != (size_t)size || request->size != (size_t)size)
		return -EBADMSG;
	pattern_fill(request->data, request->size, request->count);
	side->pending[slot] = sluice_request_send(request);
	if (!side->pending[slot])
		return -errno;
	return sluice_pending_response_servers(side->pending[slot]);
}

/* The length of a response, every byte checked; it is released.  NULL: -errno. */
helper long said_blob(struct sluice_response *response)
{
	long size;

	if (!response)
		return -errno;
	size = (long)response->count;
	if (response->size != response->count ||
	    !pattern_holds(response->data, response->size, ~response->count))
		size = -EBADMSG;
	return sluice_response_release(response) < 0 ? -errno : size;
}

/* hear_blob(slot, timeout): length of the next response, every byte checked. */
helper long hear_blob(struct side *side, long slot, long timeout)
{
	return said_blob(sluice_pending_response_receive(side->pending[slot], timeout));
}

/* take_blob(slot, timeout): receives a request; its length, every byte checked. */
helper long take_blob(struct side *side, long slot, long timeout)
{
	struct sluice_active_request *active;

	active = sluice_server_receive(side->server, timeout);
	if (!active)
		return -errno;
	side->active[slot] = active;
	if (active->size != active->count ||
	    !pattern_holds(active->data, active->size, active->count))
		return -EBADMSG;
	return (long)active->count;
}

/* answer_blob(slot, size): sends so many bytes back. */
helper long answer_blob(struct side *side, long slot, long size)
{
	struct sluice_reply *reply;

	reply = sluice_active_request_loan(side->active[slot], (size_t)size);
	if (!reply)
		return -errno;
	if (reply->count != (size_t)size || reply->size != (size_t)size)
		return -EBADMSG;
	pattern_fill(reply->data, reply->size, ~reply->count);
	return sluice_reply_send(reply);
}

/* serve_blobs(requests): answers so many, each with as many bytes as it has. */
helper long serve_blobs(struct side *side, long requests, long unused)
{
	long size, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		size = take_blob(side, 0, LONG);
		result = size < 0 ? size : answer_blob(side, 0, size);
		if (result >= 0)
			result = done(side, 0, 0);
		if (result < 0)
			return result;
	}
	return requests;
}

/* exchange_blob(slot, size): asks for so many bytes and hears all of them. */
helper long exchange_blob(struct side *side, long slot, long size)
{
	long result;

	result = ask_blob(side, slot, size);
	if (result < 0)
		return result;
	result = hear_blob(side, slot, LONG);
	if (result != size)
		return result < 0 ? result : -EBADMSG;
	result = hear_blob(side, slot, LONG);
	if (result != -EPIPE)
		return result < 0 ? result : -EBADMSG;
	return cancel(side, slot, 0);
}

#endif /* SELFTESTS_BLOBS_H */
