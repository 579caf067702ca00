// SPDX-License-Identifier: MIT
/*
 * A client port: the memory of its requests, a channel to each server
 * (api/client_connect.c), and the tables of its message handles.
 *
 * The node asks the client whether there is something to receive, whom to arm for, and when
 * the next deadline is.  The client answers by the pending responses that are held.
 *
 * When the user destroys it, it gives back what is loaned and leaves the registry.  The object
 * itself stays until the last pending response and the last response are released, because
 * their memory and channels belong to it.
 */
#include "api/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/opts.h"
#include "config/config_opts.h"
#include "os/clock.h"
#include "os/random.h"

/* ---- What the node asks ---- */

static void letter_came(struct port *port)
{
	struct sluice_client *client = container_of(port, struct sluice_client, port);

	/* After a breach, the look comes when its pause has passed. */
	if (client->destroyed || client->wary)
		return;
	retry_afresh(&client->retry);
	client_look_for_servers(client);
}

void client_tend(struct sluice_client *client)
{
	if (client->untidy)
		client_tidy(client);
	if (retry_is_due(&client->retry))
		client_look_for_servers(client);
}

static void tend(struct port *port)
{
	client_tend(container_of(port, struct sluice_client, port));
}

static int64_t first_alarm(const struct port *port)
{
	const struct sluice_client *client = container_of(port, struct sluice_client, port);
	int64_t alarm = client_alarm(client);
	const struct request *pending;
	uint32_t i = 0;

	while ((pending = pending_next(client, &i)))
		alarm = min_i64(alarm, pending_alarm(pending));
	return alarm;
}

static int arm_port(struct port *port)
{
	struct sluice_client *client = container_of(port, struct sluice_client, port);
	struct request *pending;
	uint32_t i = 0;
	int r = 0;

	port_entry_rest(&client->entry);
	while (!r && (pending = pending_next(client, &i)))
		r = stream_arm(&pending->stream);
	return r;
}

static bool any_ready(const struct port *port)
{
	const struct sluice_client *client = container_of(port, struct sluice_client, port);
	const struct request *pending;
	uint32_t i = 0;

	while ((pending = pending_next(client, &i)))
		if (pending_ready(pending))
			return true;
	return false;
}

static bool next_event(struct port *port, struct sluice_event *event)
{
	struct sluice_client *client = container_of(port, struct sluice_client, port);
	struct request *pending;

	while ((pending = pending_next(client, &port->cursor)))
		if (pending_ready(pending)) {
			event->kind = SLUICE_EVENT_RESPONSE;
			event->pending = &pending->pending;
			return true;
		}
	return false;
}

static void adopted(struct port *port)
{
	struct sluice_client *client = container_of(port, struct sluice_client, port);

	handles_ask(&client->requests);
	handles_ask(&client->responses);
}

static const struct port_ops port_ops = {
	.letter = letter_came,
	.tend = tend,
	.alarm = first_alarm,
	.arm = arm_port,
	.ready = any_ready,
	.adopted = adopted,
	.next = next_event,
};

int64_t client_alarm(const struct sluice_client *client)
{
	return retry_alarm(&client->retry);
}

/* ---- Life ---- */

static int init_pool(struct sluice_client *client, const struct sluice_client_opts *opts)
{
	const struct sluice_registry_settings *settings = &client->service->contract.settings;
	struct pool_config config;
	int r;

	r = service_pool_config(&config, &client->service->request, &opts->port);
	if (r < 0)
		return r;
	config.name = "sluice-requests";
	config.port = client->entry.id;
	config.counters = client->entry.counters;
	config.loans = settings->max_loaned_requests;
	/*
	 * Each server may hold as many requests as it may have active and as many as
	 * its queue takes, all of them others than the other servers hold; and no more
	 * servers than max_servers do (api/client_connect.c).  What they have returned is taken
	 * before the pool grows.
	 */
	config.slices = settings->max_loaned_requests + settings->max_active_requests +
			2 * settings->max_active_requests * settings->max_servers;
	r = pool_init(&client->pool, &config);
	if (r < 0)
		pool_deinit(&client->pool);
	return r;
}

static int choose_limits(struct sluice_client *client, const struct sluice_client_opts *opts)
{
	uint32_t most = client->service->contract.settings.max_active_requests;

	client->max_loaned = client->service->contract.settings.max_loaned_requests;
	client->max_active = opts->max_active_requests ? opts->max_active_requests : most;
	client->max_borrowed = client->service->contract.settings.max_borrowed;
	if (client->max_active <= most)
		return 0;
	return fail(EINVAL, "max_active_requests is %u, and the service has max_active_requests_per_client %u",
		    client->max_active, most);
}

/* Has all be there that is not made with a connection, if the port asks for it. */
static int make_resident(struct sluice_client *client)
{
	enum residence residence = client->pool.config.residence;
	int r;

	if (residence == RESIDENCE_LAZY)
		return 0;
	r = reside(client, sizeof(*client), residence);
	if (!r)
		r = port_entry_reside(&client->entry, residence);
	return r < 0 ? r : client_make_tables(client);
}

/* The directory of the service is held. */
static int register_port(struct sluice_client *client, const struct sluice_client_opts *opts)
{
	struct sluice_service *service = client->service;
	int r;

	r = port_entry_claim(&client->entry, &service->dir, PORT_CLIENT,
			     service->contract.settings.max_clients, opts->port.name);
	if (r < 0)
		return r;
	r = init_pool(client, opts);
	if (!r)
		r = make_resident(client);
	if (r < 0) {
		port_entry_release(&client->entry, &service->dir);
		return r;
	}
	client->backpressure.port = client->entry.id;
	client->self = (struct handshake){
		.port = client->entry.id,
		.node = service->node->entry.id,
		.contract = &service->contract,
		.any_user = service->any_user,
	};
	service_tell_port(service, PORT_CLIENT, client->entry.id);
	client->turn = (uint32_t)random_id() / 2;
	client->routes = client->pool.config.residence != RESIDENCE_LAZY;
	client->port.ops = &port_ops;
	client->port.client = client;
	node_add_port(service->node, &client->port);
	node_registration_add_port(service->node, &client->port);
	return 0;
}

static int open_port(struct sluice_client *client, const struct sluice_client_opts *opts)
{
	struct sluice_service *service = client->service;
	int r;

	r = choose_limits(client, opts);
	if (!r)
		r = node_registration_check(service->node, service);
	if (!r)
		r = backpressure_init(&client->backpressure, &opts->port);
	if (r < 0)
		return r;
	r = service_hold(service);
	if (!r)
		r = register_port(client, opts);
	if (!r)
		client_meet_servers(client, 0);
	else
		service_dir_release(&service->dir);
	return r;
}

int client_renew(struct sluice_client *client)
{
	struct sluice_service *service = client->service;
	int r = service_dir_hold(&service->dir);

	if (!r)
		r = port_entry_renew(&client->entry, &service->dir, PORT_CLIENT,
				     service->contract.settings.max_clients);
	service_dir_release(&service->dir);
	if (r > 0)
		(void)!port_entry_reside(&client->entry, client->pool.config.residence);
	return r;
}

static void free_client(struct sluice_client *client)
{
	handles_end(&client->requests, &client->service->node->void_requests);
	handles_deinit(&client->responses);
	pool_deinit(&client->pool);
	port_entry_deinit(&client->entry);
	free(client->channels);
	service_put(client->service);
	free(client);
}

static struct sluice_client *create_client(struct sluice_service *service,
					   const struct sluice_client_opts *opts)
{
	struct sluice_client_opts known;
	struct sluice_client *client;
	int r;

	if (!service) {
		fail_parent("service");
		return NULL;
	}
	if (node_check(service->node) < 0 ||
	    opts_read(&known, sizeof(known), opts, "client_opts") < 0 ||
	    opts_check_reserved(known.reserved, "client_opts") < 0 ||
	    config_fill_client(&service->node->config, &known,
			       service->contract.settings.max_active_requests,
			       service->request.slice) < 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return fail_null(ENOMEM, "no memory for a client");
	client->service = service_get(service);
	client->references = 1;
	r = open_port(client, &known);
	if (r < 0) {
		free_client(client);
		return fail_again_null(r);
	}
	return client;
}

struct sluice_client *sluice_client_create(struct sluice_service *service,
					   const struct sluice_client_opts *opts)
{
	return made(create_client(service, opts));
}

void client_end(struct sluice_client *client)
{
	struct client_channel *channel;

	node_remove_port(client->service->node, &client->port);
	while (client->count) {
		channel = client->channels[--client->count];
		requester_end(&channel->requester);
		channel_put(&channel->requester.channel);
	}
	free_client(client);
}

void sluice_client_destroy(struct sluice_client *client)
{
	struct request *request;
	uint32_t i = 0;

	if (!client || node_check(client->service->node) < 0 || client->destroyed)
		return;
	while (client->loaned && (request = handles_next(&client->requests, &i)))
		if (!handle_is_second(&request->handle)) {
			request_drop(request);
			client->requests.voided = true;
		}
	(void)service_dir_hold(&client->service->dir);
	port_entry_release(&client->entry, &client->service->dir);
	service_dir_release(&client->service->dir);
	service_tell_port_gone(client->service, PORT_CLIENT, client->entry.id);
	client->destroyed = true;
	/* It is there until its last message is released, but not as a client of the service. */
	for (i = 0; client->references > 1 && i < client->count; i++)
		requester_quit(&client->channels[i]->requester);
	port_disown(&client->port);
	retry_stop(&client->retry);
	client_put(client);
}

uint64_t sluice_client_id(const struct sluice_client *client)
{
	return client ? client->entry.id : 0;
}

int sluice_client_memory(struct sluice_client *client, struct sluice_memory *memory)
{
	struct sluice_memory known = { .size = sizeof(known) };
	int r;

	if (!client)
		return fail(EINVAL, "client is NULL");
	r = node_check(client->service->node);
	if (r < 0)
		return r;
	known.growths = client->pool.growths;
	known.segments = pool_segments(&client->pool);
	known.bytes = client->pool.bytes;
	known.largest_segment = client->pool.largest;
	known.retired = client->pool.retired;
	return opts_answer(memory, &known, sizeof(known), "memory");
}
