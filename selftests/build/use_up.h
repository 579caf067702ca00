/* SPDX-License-Identifier: GPL-2.0-only */
/* How each limit of the page of settings is used up. */
#ifndef SELFTESTS_USE_UP_H
#define SELFTESTS_USE_UP_H

#include "steps.h"

static const struct sluice_service_opts of_1 = SLUICE_SERVICE_OPTS(
	LIMITS_OF(1), .max_nodes = 1, .max_fds_per_message = 1);

/* Client and server are in one side: the server takes the client in its own calls. */
helper long open_pair(struct side *side, const struct sluice_contract *contract,
		      const struct sluice_service_opts *service,
		      const struct sluice_client_opts *client,
		      const struct sluice_server_opts *server)
{
	long r = open_service(side, PTR(contract), PTR(service));

	if (!r)
		r = open_server(side, PTR(server), 0);
	if (!r)
		r = open_client(side, PTR(client), 0);
	while (!r && wait_servers(side, 1, SLUICE_NOWAIT) < 0)
		if (sluice_server_receive(side->server, SLUICE_NOWAIT))
			r = -EBADMSG;
	return r;
}

/* A request of 1 is held by the server. */
helper long have_request(struct side *side)
{
	long r = open_pair(side, &calls, &of_1, NULL, NULL);

	if (!r)
		r = ask(side, 0, 1);
	return r == 1 ? take(side, 0, LONG) : r;
}

helper long two_clients(struct side *side)
{
	if (open_pair(side, &calls, &of_1, NULL, NULL))
		return -EBADMSG;
	return sluice_client_create(side->service, NULL) ? 0 : -errno;
}

helper long two_servers(struct side *side)
{
	if (open_pair(side, &calls, &of_1, NULL, NULL))
		return -EBADMSG;
	return sluice_server_create(side->service, NULL) ? 0 : -errno;
}

helper long two_nodes(struct side *side)
{
	struct side other = { .wait = side->wait };
	long r;

	if (open_service(side, PTR(&calls), PTR(&of_1)))
		return -EBADMSG;
	r = open_service(&other, PTR(&calls), 0);
	leave(&other, 0, 0);
	return r;
}

helper long two_loans(struct side *side)
{
	if (open_pair(side, &calls, &of_1, NULL, NULL) || loan_question(side, 0, 1))
		return -EBADMSG;
	return loan_question(side, 1, 1);
}

helper long two_requests(struct side *side)
{
	if (open_pair(side, &calls, &of_1, NULL, NULL) || ask(side, 0, 1) != 1)
		return -EBADMSG;
	return ask(side, 1, 1);
}

helper long two_requests_of_a_client(struct side *side)
{
	static const struct sluice_client_opts one = SLUICE_CLIENT_OPTS(
		.max_active_requests = 1);

	if (open_pair(side, &calls, NULL, &one, NULL) || ask(side, 0, 1) != 1)
		return -EBADMSG;
	return ask(side, 1, 1);
}

helper long two_replies(struct side *side)
{
	if (have_request(side) != 1 || loan_answer(side, 0, 1))
		return -EBADMSG;
	return loan_answer(side, 0, 2);
}

/* The first of two answers is lost. */
helper long two_unread(struct side *side)
{
	if (have_request(side) != 1 || answer_many(side, 10, 2) != 2)
		return -EBADMSG;
	return hear(side, 0, LONG) == 11 ? 0 : -EBADMSG;
}

helper long two_borrowed(struct side *side)
{
	if (have_request(side) != 1 || answer(side, 0, 10) || hold(side, 0, 0) != 10 ||
	    answer(side, 0, 11))
		return -EBADMSG;
	return hear(side, 0, SLUICE_NOWAIT);
}

helper long two_fds(struct side *side)
{
	if (open_pair(side, &calls, &of_1, NULL, NULL) || loan_question(side, 0, 1) ||
	    sluice_request_attach_fd(side->request[0], STDOUT_FILENO))
		return -EBADMSG;
	return sluice_request_attach_fd(side->request[0], STDOUT_FILENO);
}

/* ---- Memory ---- */

static const struct sluice_client_opts client_of_1_page = SLUICE_CLIENT_OPTS(
	.port = { .memory_limit = 4096 });
static const struct sluice_server_opts server_of_1_page = SLUICE_SERVER_OPTS(
	.port = { .memory_limit = 4096 });
static const struct sluice_server_opts port_of_1_page = SLUICE_SERVER_OPTS(
	.port_memory_limit = 4096);
static const struct sluice_server_opts peers_of_1_page = SLUICE_SERVER_OPTS(
	.peer_memory_limit = 4096);
static const struct sluice_server_opts server_without_other_limits = SLUICE_SERVER_OPTS(
	.port_memory_limit = UINT64_C(1) << 40, .peer_memory_limit = UINT64_C(1) << 40);
helper long loan_request(struct side *side, long slot, size_t count)
{
	side->request[slot] = sluice_client_loan(side->client, count);
	return side->request[slot] ? 0 : -errno;
}

helper long loan_reply(struct side *side, long slot, size_t count)
{
	side->reply[slot] = sluice_active_request_loan(side->active[0], count);
	return side->reply[slot] ? 0 : -errno;
}

helper long have_blob(struct side *side, const struct sluice_server_opts *server)
{
	long r = open_pair(side, &blobs, NULL, NULL, server);

	if (!r)
		r = ask_blob(side, 0, 1);
	return r == 1 ? take_blob(side, 0, LONG) : r;
}

helper long a_long_request(struct side *side)
{
	if (open_pair(side, &blobs, NULL, &client_of_1_page, NULL))
		return -EBADMSG;
	return loan_request(side, 0, 4097);
}

helper long a_request_too_many(struct side *side)
{
	if (open_pair(side, &blobs, NULL, &client_of_1_page, NULL) ||
	    loan_request(side, 0, 4096))
		return -EBADMSG;
	return loan_request(side, 1, 1);
}

helper long a_long_static_request(struct side *side)
{
	if (open_pair(side, &blobs, NULL, &static_client, NULL))
		return -EBADMSG;
	return loan_request(side, 0, 2);
}

helper long a_long_reply(struct side *side)
{
	return have_blob(side, &server_of_1_page) == 1 ? loan_reply(side, 0, 4097) : -EBADMSG;
}

helper long one_too_many(struct side *side, const struct sluice_server_opts *server)
{
	if (have_blob(side, server) != 1 || loan_reply(side, 0, 4096))
		return -EBADMSG;
	return loan_reply(side, 1, 1);
}

helper long a_reply_too_many(struct side *side)
{
	return one_too_many(side, &server_of_1_page);
}

helper long a_reply_too_many_for_all(struct side *side)
{
	return one_too_many(side, &port_of_1_page);
}

helper long a_reply_too_many_for_a_process(struct side *side)
{
	return one_too_many(side, &peers_of_1_page);
}

helper long a_long_static_reply(struct side *side)
{
	return have_blob(side, &static_server) == 1 ? loan_reply(side, 0, 2) : -EBADMSG;
}

/* How each limit is used up; 0 or -errno, of the call that is one too many. */
static const struct {
	const char *owner, *name, *error;
	long (*use_up)(struct side *side);
} limits[] = {
	{ "service", "max_clients", "EUSERS", two_clients },
	{ "service", "max_servers", "EUSERS", two_servers },
	{ "service", "max_nodes", "EUSERS", two_nodes },
	{ "service", "max_active_requests_per_client", "EBUSY", two_requests },
	{ "service", "max_loaned_requests", "ENOBUFS", two_loans },
	{ "service", "max_loaned_replies_per_request", "ENOBUFS", two_replies },
	{ "service", "max_response_buffer_size", "none", two_unread },
	{ "service", "max_borrowed_responses_per_pending_response", "ENOBUFS", two_borrowed },
	{ "service", "max_fds_per_message", "ENOBUFS", two_fds },
	{ "client", "initial_max_slice_len", "EMSGSIZE", a_long_static_request },
	{ "client", "memory_limit", "EMSGSIZE", a_long_request },
	{ "client", "memory_limit", "ENOMEM", a_request_too_many },
	{ "client", "max_active_requests", "EBUSY", two_requests_of_a_client },
	{ "server", "initial_max_slice_len", "EMSGSIZE", a_long_static_reply },
	{ "server", "memory_limit", "EMSGSIZE", a_long_reply },
	{ "server", "memory_limit", "ENOMEM", a_reply_too_many },
	{ "server", "port_memory_limit", "ENOMEM", a_reply_too_many_for_all },
	{ "server", "peer_memory_limit", "ENOMEM", a_reply_too_many_for_a_process },
};

#endif /* SELFTESTS_USE_UP_H */
