// SPDX-License-Identifier: MIT
/*
 * A question and its answer in one call, for programs that copy.
 *
 * It is made of the public calls alone, and adds no state.  So everything that a peer may do
 * is judged there, and the answer is copied out of a message whose size has been checked.  All
 * that the call loans or receives is released before it returns.
 *
 * The deadline of the request is that of the call.  A server does not begin with a request
 * that nobody waits for any more.
 */
#include <errno.h>
#include <string.h>

#include "api/client.h"
#include "base/error.h"
#include "os/clock.h"

/* What is left of the time, as a timeout. */
static int64_t left_until(int64_t deadline, int64_t timeout)
{
	if (deadline == CLOCK_NEVER || timeout == SLUICE_NOWAIT)
		return timeout;
	return max_i64(deadline - clock_now(), SLUICE_NOWAIT);
}

/* May both be copied as one element each?  0 or -EINVAL. */
static int check_types(const struct sluice_service *service)
{
	if (service->request.slice || service->response.slice)
		return fail(EINVAL, "the service has slices, which are not copied");
	return 0;
}

/* A request with a copy of the question; or NULL with errno. */
static struct sluice_request *loan_question(struct sluice_client *client, const void *question,
					    int64_t deadline)
{
	const struct payload *payload = &client->service->request;
	struct sluice_request *request = payload->header ? sluice_client_loan_zeroed(client, 1) :
							   sluice_client_loan(client, 1);

	if (!request)
		return NULL;
	memcpy(request->data, question, payload->element);
	/* It cannot fail: the time is not negative. */
	(void)sluice_request_set_deadline(request, deadline == CLOCK_NEVER ? 0 : deadline);
	return request;
}

int sluice_call(struct sluice_client *client, const void *question, void *answer, int64_t timeout)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct sluice_request *request;
	int64_t deadline;
	int r;

	if (!client)
		return fail_parent("client");
	if (!question || !answer)
		return fail(EINVAL, "%s is NULL", question ? "answer" : "question");
	r = check_types(client->service);
	if (r < 0)
		return r;
	deadline = timeout == SLUICE_NOWAIT ? CLOCK_NEVER : clock_deadline(timeout);
	r = sluice_client_wait_servers(client, 1, timeout);
	if (r < 0)
		return r;
	request = loan_question(client, question, deadline);
	if (!request)
		return -errno;
	response = sluice_request_call(request, &pending, left_until(deadline, timeout));
	r = response ? 0 : -errno;
	if (response)
		memcpy(answer, response->data, client->service->response.element);
	if (!pending)
		(void)sluice_request_release(request);
	(void)sluice_response_release(response);
	(void)sluice_pending_response_release(pending);
	return r < 0 ? fail_again(r) : 0;
}
