// SPDX-License-Identifier: MIT
/*
 * A server port: a listening socket, and a channel to each client that has connected
 * (api/server_channels.c), from which it receives requests (api/server_receive.c).
 *
 * A new server writes to the nodes of the clients that there are.  Those that it could not
 * write to, for want of something, are written to later.
 *
 * A listener that the program was handed over (registry/activation.c) is accepted from in the
 * same way.  It has no name of this server, so there is nothing to renew or to remove, and who
 * waits at it when the server goes waits for the next one.
 *
 * The user's destroy turns away who waits to be accepted, closes the listener, ends all
 * streams, gives back loaned replies and says goodbye to the clients; channels of which
 * the application still holds active requests stay, readable, until those are released.
 * The object stays as long.
 */
#include "api/server.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/opts.h"
#include "config/config_opts.h"
#include "registry/activation.h"
#include "registry/server_socket.h"
#include "os/fd.h"

/* ---- Life ---- */

static int init_config(struct sluice_server *server, const struct sluice_server_opts *opts)
{
	struct sluice_service *service = server->service;
	const struct sluice_registry_settings *settings = &service->contract.settings;
	int r;

	server->config = (struct responder_config){
		.wait = &service->node->wait,
		.layout = &service->layout,
		.settings = settings,
		.request = &service->request,
		.self = &server->self,
		.load = &server->load,
		.changed = server_channel_changed,
		.admit = server_admit,
		.make_room = server_make_room,
		.prepare = server_prepare,
		.woken = server_channel_woken,
		.destroyed = server_channel_destroyed,
		.expired = &server->expired,
	};
	r = backpressure_init(&server->backpressure, &opts->port);
	if (!r)
		r = service_pool_config(&server->config.pool, &service->response, &opts->port);
	if (r < 0)
		return r;
	server->config.pool.name = "sluice-replies";
	server->config.pool.loans = settings->max_loaned_replies;
	/*
	 * Loaned for each request held, and out: what the returns have room for, which is
	 * more than the client may keep, and as much as one does that keeps more.
	 */
	server->config.pool.slices = settings->max_loaned_replies * settings->max_active_requests +
				     service->layout.response_return_entries;
	return server_allow_memory(server, opts);
}

/* The rest comes with each client. */
static int make_resident(struct sluice_server *server)
{
	enum residence residence = server->config.pool.residence;
	int r = reside(server, sizeof(*server), residence);

	return r < 0 ? r : port_entry_reside(&server->entry, residence);
}

/* Removes the name of the listener, unless others find theirs by it. */
static void unlink_listener(const struct sluice_server *server)
{
	if (!server->activated)
		server_socket_unlink(&server->service->dir, server->entry.id);
}

/* handed_over: the program's descriptor, or 0.  A descriptor or -errno. */
static int open_listener(struct sluice_server *server, int handed_over)
{
	const struct service_dir *dir = &server->service->dir;

	server->activated = handed_over;
	return handed_over ? activation_adopt(dir, handed_over) :
			     server_socket_listen(dir, server->entry.id, &server->socket);
}

/* 0 or -errno. */
static int listen_for_clients(struct sluice_server *server, int handed_over)
{
	struct sluice_service *service = server->service;
	int r;

	server->listener.ready = server_accept_ready;
	server->listener.fd = open_listener(server, handed_over);
	r = server->listener.fd < 0 ? server->listener.fd :
	    wait_watch(&service->node->wait, &server->listener);
	if (r < 0 && server->listener.fd >= 0) {
		unlink_listener(server);
		server_turn_away(server);
	}
	if (r < 0)
		server->listener.fd = fd_close(server->listener.fd);
	return r;
}

void server_announce(struct sluice_server *server)
{
	retry_stop(&server->announce);
	if (port_entry_notify_dialling(&server->service->dir) < 0)
		retry_later(&server->announce);
}

/* Found by clients from the moment when the server listens. */
static int make_load_page(struct sluice_server *server)
{
	bool locked = server->config.pool.residence == RESIDENCE_LOCKED;
	int fd = load_page_make(&server->load_page, server->entry.id, locked);

	if (fd < 0)
		return fd;
	server->self.load_fd = fd;
	server->load.load = load_page_words(&server->load_page);
	return 0;
}

/* The directory of the service is held. */
static int register_port(struct sluice_server *server, const struct sluice_server_opts *opts)
{
	struct sluice_service *service = server->service;
	int r;

	r = port_entry_claim(&server->entry, &service->dir, PORT_SERVER,
			     service->contract.settings.max_servers, opts->port.name);
	if (r < 0)
		return r;
	r = make_resident(server);
	if (!r)
		r = make_load_page(server);
	if (r < 0) {
		port_entry_release(&server->entry, &service->dir);
		return r;
	}
	server->self = (struct handshake){
		.load_fd = server->self.load_fd,
		.port = server->entry.id,
		.node = service->node->entry.id,
		.contract = &service->contract,
		/* The mode of the socket has decided already who can connect. */
		.any_user = access_is_shared(&service->dir.access),
	};
	r = listen_for_clients(server, opts->listen_fd);
	if (r < 0) {
		port_entry_release(&server->entry, &service->dir);
		return r;
	}
	server->config.pool.port = server->entry.id;
	server->backpressure.port = server->entry.id;
	server->config.pool.counters = server->entry.counters;
	server->config.counters = server->entry.counters;
	service_tell_port(service, PORT_SERVER, server->entry.id);
	server_announce(server);
	server->port.ops = &server_port_ops;
	server->port.server = server;
	node_add_port(service->node, &server->port);
	node_registration_add_port(service->node, &server->port);
	return 0;
}

static int open_port(struct sluice_server *server, const struct sluice_server_opts *opts)
{
	struct sluice_service *service = server->service;
	int r;

	r = node_registration_check(service->node, service);
	if (r < 0)
		return r;
	r = service_hold(service);
	if (!r)
		r = register_port(server, opts);
	service_dir_release(&service->dir);
	return r;
}

static struct sluice_server *create_server(struct sluice_service *service,
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
	    opts_check_reserved(known.reserved, "server_opts") < 0 ||
	    config_fill_server(&service->node->config, &known, service->response.slice) < 0)
		return NULL;
	server = calloc(1, sizeof(*server));
	if (!server)
		return fail_null(ENOMEM, "no memory for a server");
	server->service = service_get(service);
	server->references = 1;
	server->self.load_fd = -1;
	reserve_init(&server->reserve);
	r = init_config(server, &known);
	if (!r)
		r = open_port(server, &known);
	if (r < 0) {
		server_free(server);
		return fail_again_null(r);
	}
	return server;
}

struct sluice_server *sluice_server_create(struct sluice_service *service,
					   const struct sluice_server_opts *opts)
{
	return made(create_server(service, opts));
}

static int renew_entry(struct sluice_server *server)
{
	const struct sluice_service *service = server->service;
	int r;

	r = port_entry_renew(&server->entry, &service->dir, PORT_SERVER,
			     service->contract.settings.max_servers);
	if (r > 0)
		(void)!port_entry_reside(&server->entry, server->config.pool.residence);
	return r;
}

bool server_has_socket(const struct sluice_server *server)
{
	return server->activated ||
	       server_socket_is_there(&server->service->dir, server->entry.id, &server->socket);
}

/* Those who have connected to the old one are taken first. */
static int renew_listener(struct sluice_server *server)
{
	const struct service_dir *dir = &server->service->dir;
	struct wait *wait = &server->service->node->wait;
	int fd;

	if (server_has_socket(server))
		return server->listener.watched || server->accept.wanted ? 0 :
		       wait_watch(wait, &server->listener);
	fd = server_socket_listen(dir, server->entry.id, &server->socket);
	if (fd < 0)
		return fd;
	server_accept(server);
	retry_stop(&server->accept);
	wait_forget(wait, &server->listener);
	fd_close(server->listener.fd);
	server->listener.fd = fd;
	fd = wait_watch(wait, &server->listener);
	return fd < 0 ? fd : 1;
}

static int renew_names(struct sluice_server *server)
{
	int entry, listener;

	entry = renew_entry(server);
	if (entry < 0)
		return entry;
	listener = renew_listener(server);
	return listener < 0 ? listener : entry || listener;
}

int server_renew(struct sluice_server *server)
{
	struct service_dir *dir = &server->service->dir;
	int r = service_dir_hold(dir);

	if (!r)
		r = renew_names(server);
	service_dir_release(dir);
	return r;
}

/*
 * Removing the names takes descriptors.  If there are none, this is tried again when those of
 * the port are closed.  A name that stays is removed as the names of dead processes are.
 */
static void close_port(struct sluice_server *server)
{
	struct sluice_service *service = server->service;
	int r;

	server->self.load_fd = fd_close(server->self.load_fd);
	r = service_dir_hold(&service->dir);
	if (!r)
		unlink_listener(server);
	if (r < 0) {
		service_dir_release(&service->dir);
		node_registration_spare_watch(service->node);
	}
	server_turn_away(server);
	wait_forget(&service->node->wait, &server->listener);
	server->listener.fd = fd_close(server->listener.fd);
	if (r < 0) {
		(void)service_dir_hold(&service->dir);
		unlink_listener(server);
	}
	port_entry_release(&server->entry, &service->dir);
	service_dir_release(&service->dir);
}

/* Ends a channel of a server that is being destroyed. */
static void end_channel(struct sluice_server *server, struct server_channel *channel)
{
	struct active_request *active;
	uint32_t i = 0;

	while ((active = handles_next(&channel->actives, &i)))
		reply_drop_all(active);
	responder_end(&channel->responder);
	if (!channel->responder.active)
		server_drop_channel(server, channel);
}

void sluice_server_destroy(struct sluice_server *server)
{
	struct server_channel *channel, *next;

	if (!server || node_check(server->service->node) < 0 || server->destroyed)
		return;
	server->destroyed = true;
	server_ask_node(server);
	node_remove_port(server->service->node, &server->port);
	close_port(server);
	for (channel = server->newest; channel; channel = next) {
		next = channel->older;
		end_channel(server, channel);
	}
	service_tell_port_gone(server->service, PORT_SERVER, server->entry.id);
	server_put(server);
}

uint64_t sluice_server_id(const struct sluice_server *server)
{
	return server ? server->entry.id : 0;
}

/* ---- What it has done ---- */

int64_t sluice_server_expired(struct sluice_server *server)
{
	int r;

	if (!server)
		return fail(EINVAL, "server is NULL");
	r = node_check(server->service->node);
	return r < 0 ? r : (int64_t)server->expired;
}
