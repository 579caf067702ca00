// SPDX-License-Identifier: MIT
/*
 * A server port: a listening socket, and a channel to each client that has connected
 * (api/connections.c).
 *
 * Channels form a circle that is served in turn, beginning with the one behind that
 * served last, so no client starves another.
 *
 * The user's destroy closes the listener, ends all streams, gives back loaned replies
 * and says goodbye to the clients; channels of which the application still holds
 * active requests stay, readable, until those are released.  The object stays as long.
 */
#include "api/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/opts.h"
#include "link/server_socket.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/socket.h"

/* ---- Life ---- */

static int init_config(struct sluice_server *server, const struct sluice_server_opts *opts)
{
	struct sluice_service *service = server->service;
	const struct sluice_registry_settings *settings = &service->contract.settings;
	const struct service_port_opts port = {
		.initial_max_slice_len = opts->initial_max_slice_len,
		.memory_limit = opts->memory_limit,
		.strategy = opts->strategy,
	};
	int r;

	server->config = (struct responder_config){
		.wait = &service->node->wait,
		.layout = &service->layout,
		.settings = settings,
		.request = &service->request,
		.self = &server->self,
		.changed = server_channel_changed,
		.destroyed = server_channel_destroyed,
		.owner = server,
	};
	r = service_pool_config(&server->config.pool, &service->response, &port);
	if (r < 0)
		return r;
	server->config.pool.name = "sluice-replies";
	server->config.pool.loans = settings->max_loaned_replies;
	/* Loaned for each request held, and out: what the returns have room for. */
	server->config.pool.slices = settings->max_loaned_replies * settings->max_active_requests +
				     service->layout.response_return_entries;
	return 0;
}

static int open_port(struct sluice_server *server)
{
	struct sluice_service *service = server->service;
	int r;

	r = port_entry_claim(&server->entry, &service->dir, PORT_SERVER,
			     service->contract.settings.max_servers);
	if (r < 0)
		return r;
	server->self = (struct handshake){
		.port = server->entry.id,
		.node = service->node->seat.id,
		.contract = &service->contract,
	};
	server->listener.ready = server_accept;
	server->listener.fd = server_socket_listen(&service->dir, server->entry.id);
	r = server->listener.fd < 0 ? server->listener.fd :
	    wait_watch(&service->node->wait, &server->listener);
	if (r < 0) {
		if (server->listener.fd >= 0)
			server_socket_unlink(service->dir.servers_fd, server->entry.id);
		fd_close(server->listener.fd);
		port_entry_release(&server->entry, &service->dir);
		return r;
	}
	server->spare_fd = fd_own(open("/dev/null", O_RDONLY | O_CLOEXEC));
	port_entry_notify_clients(&service->dir);
	return 0;
}

struct sluice_server *sluice_server_create(struct sluice_service *service,
					   const struct sluice_server_opts *opts)
{
	struct sluice_server_opts known;
	struct sluice_server *server;
	int r;

	if (!service) {
		fail_parent("service");
		return NULL;
	}
	if (node_check(service->node) < 0 ||
	    opts_read(&known, sizeof(known), opts, "server_opts") < 0 ||
	    opts_check_reserved(known.reserved, "server_opts") < 0)
		return NULL;
	server = calloc(1, sizeof(*server));
	if (!server)
		return fail_null(ENOMEM, "no memory for a server");
	server->service = service_get(service);
	server->references = 1;
	server->tidy = true;
	r = init_config(server, &known);
	if (!r)
		r = open_port(server);
	if (r < 0) {
		server_free(server);
		return fail_again_null(r);
	}
	return server;
}

static void close_port(struct sluice_server *server)
{
	struct sluice_service *service = server->service;

	server_socket_unlink(service->dir.servers_fd, server->entry.id);
	wait_forget(&service->node->wait, &server->listener);
	server->listener.fd = fd_close(server->listener.fd);
	server->spare_fd = fd_close(server->spare_fd);
	port_entry_release(&server->entry, &service->dir);
}

/* Ends a channel of a server that is being destroyed. */
static void end_channel(struct sluice_server *server, struct responder *responder)
{
	struct session *session = responder->session;
	struct active_request *active;
	uint32_t i = 0;

	while (session && (active = handles_next(&session->actives, &i)))
		reply_drop_all(active);
	responder_end(responder);
	if (!responder->active)
		server_drop_channel(server, responder);
}

void sluice_server_destroy(struct sluice_server *server)
{
	struct responder *responder, *next;
	uint32_t i, count = 0;

	if (!server || node_check(server->service->node) < 0 || server->destroyed)
		return;
	/* Those who wait to be accepted are told too. */
	server_accept(&server->listener);
	server->destroyed = true;
	close_port(server);
	responder = server->current;
	if (responder)
		do
			count++;
		while ((responder = responder->next) != server->current);
	for (i = 0; i < count; i++, responder = next) {
		next = responder->next;
		end_channel(server, responder);
	}
	server_put(server);
}

int server_enter(struct sluice_server *server)
{
	return node_enter(server->service->node);
}

/* ---- Receiving ---- */

static struct session *session_of(struct sluice_server *server, struct responder *responder)
{
	struct session *session = responder->session;
	uint32_t limit = server->service->contract.settings.max_active_requests;

	if (session)
		return session;
	session = calloc(1, sizeof(*session));
	if (!session)
		return fail_null(ENOMEM, "no memory for a client's requests");
	session->server = server;
	session->responder = responder;
	if (handles_init(&session->actives, limit, sizeof(struct active_request),
			 offsetof(struct active_request, handle)) < 0) {
		free(session);
		return NULL;
	}
	responder->session = session;
	return session;
}

static struct sluice_active_request *make_active(struct session *session,
						 const struct request_found *found)
{
	struct active_request *active = handles_take(&session->actives);

	active->head = (struct sluice_active_request){
		.data = found->slice.data,
		.header = found->slice.header,
		.count = found->count,
		.size = found->slice.size,
	};
	active->delivery = found->delivery;
	active->segment = found->slice.segment;
	active->loaned = 0;
	active->position = 0;
	active->session = session;
	channel_get(&session->responder->channel);
	return &active->head;
}

/* 1 with a request; 0 (none); -ENOBUFS (only such as cannot be taken) or -ENOMEM. */
static int take(struct sluice_server *server, struct sluice_active_request **ret_request)
{
	struct responder *responder = server->current, *last = responder;
	struct request_found found;
	struct session *session;
	int r, result = 0;

	if (!responder)
		return 0;
	do {
		responder = responder->next;
		if (!responder_ready(responder))
			continue;
		session = session_of(server, responder);
		if (!session)
			return -ENOMEM;
		r = responder_receive(responder, &found);
		if (r == -ENOBUFS)
			result = -ENOBUFS;
		if (r > 0) {
			*ret_request = make_active(session, &found);
			server->current = responder;
			return 1;
		}
	} while (responder != last);
	return result;
}

static int arm_all(const struct sluice_server *server)
{
	struct responder *responder = server->current;
	int r;

	if (!responder)
		return 0;
	do {
		r = channel_arm(&responder->channel);
		responder = responder->next;
	} while (!r && responder != server->current);
	return r;
}

static bool any_ready(const struct sluice_server *server)
{
	const struct responder *responder = server->current;

	if (!responder)
		return false;
	do {
		if (responder_ready(responder))
			return true;
		responder = responder->next;
	} while (responder != server->current);
	return false;
}

static void settle_all(const struct sluice_server *server)
{
	struct responder *responder = server->current;

	if (!responder)
		return;
	do {
		channel_settle(&responder->channel);
		responder = responder->next;
	} while (responder != server->current);
}

static int sleep_on(struct sluice_server *server, int64_t deadline)
{
	int r = arm_all(server);

	if (!r && any_ready(server))
		r = wait_check(deadline);
	else if (!r)
		r = wait_until(&server->service->node->wait, deadline,
			       server->accept_later ? server->accept_at : CLOCK_NEVER);
	settle_all(server);
	return r;
}

struct sluice_active_request *sluice_server_receive(struct sluice_server *server, int64_t timeout)
{
	struct sluice_active_request *request = NULL;
	int64_t deadline = CLOCK_NEVER;
	int r, slept = 0;

	if (!server) {
		fail_parent("server");
		return NULL;
	}
	if (server_enter(server) < 0)
		return NULL;
	if (timeout > 0)
		deadline = clock_deadline(timeout);
	for (;;) {
		wait_glance(&server->service->node->wait);
		if (unlikely(!server->tidy))
			server_tidy(server);
		if (unlikely(server->accept_later) && clock_now() >= server->accept_at)
			server_accept(&server->listener);
		r = take(server, &request);
		if (r > 0)
			return request;
		if (r == -ENOBUFS)
			return fail_null(ENOBUFS, "requests are queued only of clients of which all of max_active_requests_per_client, %u, are held",
					 server->service->contract.settings.max_active_requests);
		if (r < 0)
			return NULL;
		if (slept < 0)
			return fail_again_null(slept);
		if (timeout == SLUICE_NOWAIT) {
			fail_quietly(EAGAIN, "no request has come");
			return NULL;
		}
		/* What came while the sleep ended is taken before the end counts. */
		slept = sleep_on(server, deadline);
	}
}

static void add_memory(struct sluice_memory *memory, const struct pool *pool)
{
	memory->growths += pool->growths;
	memory->segments += pool_segments(pool);
	memory->bytes += pool->bytes;
	memory->largest_segment = max_u64(memory->largest_segment, pool->largest);
	memory->retired += pool->retired;
}

int sluice_server_memory(struct sluice_server *server, struct sluice_memory *memory)
{
	struct sluice_memory known = { .size = sizeof(known) };
	const struct responder *responder;
	int r;

	if (!server || !memory || memory->size < sizeof(memory->size))
		return fail(EINVAL, "server or memory is NULL, or memory.size not set");
	r = node_check(server->service->node);
	if (r < 0)
		return r;
	known.growths = server->growths;
	known.largest_segment = server->largest;
	known.retired = server->retired;
	responder = server->current;
	if (responder)
		do {
			if (responder->pool_open)
				add_memory(&known, &responder->pool);
			responder = responder->next;
		} while (responder != server->current);
	known.size = memory->size;
	memcpy(memory, &known, min_u64(memory->size, sizeof(known)));
	return 0;
}
