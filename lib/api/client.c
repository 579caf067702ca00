// SPDX-License-Identifier: MIT
/*
 * A client port: the memory of its requests, a channel to each server, and the tables
 * of its message handles.
 *
 * The client connects to servers inside its own calls: to those whose sockets it finds
 * when it is made, and to others when a letter tells of them (api/node.c).  A channel
 * that has gone stays in the list as long as a pending response still reads from it;
 * the list is tidied at the beginning of a call, never in the middle of one.
 *
 * The user's destroy gives back what is loaned and takes the port out of the registry;
 * the object itself stays until the last pending response and the last response are
 * released, because their memory and channels belong to it.
 */
#include "api/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "link/server_socket.h"
#include "os/clock.h"

/* ---- Channels to the servers ---- */

/* What is short now may be there soon; anything else means that nobody is there. */
static void try_again(struct sluice_client *client, int error)
{
	if (client->destroyed || (error != EAGAIN && error != EMFILE && error != ENFILE &&
				  error != ENOMEM))
		return;
	client->retry = true;
	client->retry_at = clock_now() + client->retry_pause;
	if (client->retry_pause < CONNECT_RETRY_MAX_NS)
		client->retry_pause *= 2;
}

static void channel_changed(struct requester *requester)
{
	struct sluice_client *client = requester->owner;

	if (!requester->channel.gone)
		return;
	client->tidy = false;
	/* A server without descriptors hangs up before it has said anything. */
	if (requester->channel.gone == ECONNRESET && !requester->welcome)
		try_again(client, EAGAIN);
}

static bool is_known(const struct sluice_client *client, uint64_t server)
{
	const struct requester *requester;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		requester = client->requesters[i];
		if (requester->server == server && !requester->channel.gone)
			return true;
	}
	return false;
}

static int make_room(struct sluice_client *client)
{
	uint32_t room = client->room ? 2 * client->room : 4;
	struct requester **requesters;

	if (client->count < client->room)
		return 0;
	requesters = realloc(client->requesters, room * sizeof(struct requester *));
	if (!requesters)
		return -ENOMEM;
	client->requesters = requesters;
	client->room = room;
	return 0;
}

/* A server that cannot be reached is not there; others may be. */
static void connect_to(void *context, uint64_t server)
{
	struct sluice_client *client = context;
	struct sluice_service *service = client->service;
	struct requester_config config = {
		.wait = &service->node->wait,
		.layout = &service->layout,
		.settings = &service->contract.settings,
		.response = &service->response,
		.pool = &client->pool,
		.server = server,
		.changed = channel_changed,
		.owner = client,
	};
	struct requester *requester;
	int fd;

	if (is_known(client, server) || make_room(client) < 0)
		return;
	fd = server_socket_connect(&service->dir, server);
	if (fd < 0) {
		try_again(client, -fd);
		return;
	}
	requester = requester_create(&config, &client->self, fd);
	if (requester)
		client->requesters[client->count++] = requester;
	else
		try_again(client, errno);
}

static void look_for_servers(struct sluice_client *client)
{
	client->retry = false;
	server_socket_each(&client->service->dir, connect_to, client);
}

static void letter_came(struct node_listener *listener)
{
	struct sluice_client *client = container_of(listener, struct sluice_client, listener);

	client->retry_pause = CONNECT_RETRY_NS;
	look_for_servers(client);
}

/* Lets go of channels that have gone and from which nobody reads any more. */
static void tidy(struct sluice_client *client)
{
	struct requester *requester;
	uint32_t i = 0;

	client->tidy = true;
	while (i < client->count) {
		requester = client->requesters[i];
		if (!requester->channel.gone) {
			i++;
		} else if (requester->channel.references > 1) {
			client->tidy = false;
			i++;
		} else {
			client->requesters[i] = client->requesters[--client->count];
			channel_put(&requester->channel);
		}
	}
}

void client_glance(struct sluice_client *client)
{
	wait_glance(&client->service->node->wait);
	if (unlikely(!client->tidy))
		tidy(client);
	if (unlikely(client->retry) && clock_now() >= client->retry_at)
		look_for_servers(client);
}

int client_enter(struct sluice_client *client)
{
	return node_enter(client->service->node);
}

int client_sleep(struct sluice_client *client, int64_t deadline)
{
	return wait_until(&client->service->node->wait, deadline,
			  client->retry ? client->retry_at : CLOCK_NEVER);
}

/* ---- Life ---- */

static int init_pool(struct sluice_client *client, const struct sluice_client_opts *opts)
{
	const struct sluice_registry_settings *settings = &client->service->contract.settings;
	const struct service_port_opts port = {
		.initial_max_slice_len = opts->initial_max_slice_len,
		.memory_limit = opts->memory_limit,
		.strategy = opts->strategy,
	};
	struct pool_config config;
	int r;

	r = service_pool_config(&config, &client->service->request, &port);
	if (r < 0)
		return r;
	config.name = "sluice-requests";
	config.loans = settings->max_loaned_requests;
	/*
	 * Each server may hold as many requests as it may have active and as many as
	 * its queue takes, all of them others than the other servers hold.
	 */
	config.slices = settings->max_loaned_requests + settings->max_active_requests +
			2 * settings->max_active_requests * settings->max_servers;
	r = pool_init(&client->pool, &config);
	if (r < 0)
		pool_deinit(&client->pool);
	return r;
}

static int init_handles(struct sluice_client *client)
{
	const struct sluice_registry_settings *settings = &client->service->contract.settings;
	int r;

	r = handles_init(&client->requests, settings->max_loaned_requests,
			 sizeof(struct request), offsetof(struct request, handle));
	if (!r)
		r = handles_init(&client->pendings, settings->max_active_requests,
				 sizeof(struct pending), offsetof(struct pending, handle));
	if (!r)
		r = handles_init(&client->responses,
				 settings->max_active_requests * settings->max_borrowed,
				 sizeof(struct response), offsetof(struct response, handle));
	return r;
}

static int register_port(struct sluice_client *client)
{
	struct sluice_service *service = client->service;
	int r;

	r = port_entry_claim(&client->entry, &service->dir, PORT_CLIENT,
			     service->contract.settings.max_clients);
	if (r < 0)
		return r;
	client->self = (struct handshake){
		.port = client->entry.id,
		.node = service->node->seat.id,
		.contract = &service->contract,
	};
	client->retry_pause = CONNECT_RETRY_NS;
	client->listener.look = letter_came;
	node_listen(service->node, &client->listener);
	look_for_servers(client);
	return 0;
}

static void free_client(struct sluice_client *client)
{
	handles_deinit(&client->requests);
	handles_deinit(&client->pendings);
	handles_deinit(&client->responses);
	pool_deinit(&client->pool);
	free(client->requesters);
	service_put(client->service);
	free(client);
}

struct sluice_client *sluice_client_create(struct sluice_service *service,
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
	    opts_check_reserved(known.reserved, "client_opts") < 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return fail_null(ENOMEM, "no memory for a client");
	client->service = service_get(service);
	client->references = 1;
	client->tidy = true;
	r = init_pool(client, &known);
	if (!r)
		r = init_handles(client);
	if (!r)
		r = register_port(client);
	if (r < 0) {
		free_client(client);
		return fail_again_null(r);
	}
	return client;
}

struct sluice_client *client_get(struct sluice_client *client)
{
	client->references++;
	return client;
}

void client_put(struct sluice_client *client)
{
	struct requester *requester;

	if (--client->references)
		return;
	while (client->count) {
		requester = client->requesters[--client->count];
		channel_say_goodbye(&requester->channel);
		channel_put(&requester->channel);
	}
	free_client(client);
}

void sluice_client_destroy(struct sluice_client *client)
{
	struct request *request;
	uint32_t i = 0;

	if (!client || node_check(client->service->node) < 0 || client->destroyed)
		return;
	while ((request = handles_next(&client->requests, &i))) {
		pool_drop(&client->pool, request->slice);
		handles_give(&client->requests, request);
	}
	node_unlisten(client->service->node, &client->listener);
	port_entry_release(&client->entry, &client->service->dir);
	client->destroyed = true;
	client->retry = false;
	client_put(client);
}

/* ---- Waiting for servers ---- */

/* Servers that a request sent now would reach, whether they have come round or not. */
static unsigned int connected(const struct sluice_client *client)
{
	const struct channel *channel;
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		channel = &client->requesters[i]->channel;
		n += !channel->gone && !channel->leaving;
	}
	return n;
}

int sluice_client_wait_servers(struct sluice_client *client, unsigned int servers,
			       int64_t timeout)
{
	uint32_t most;
	int64_t deadline;
	int r;

	if (!client) {
		fail_parent("client");
		return -errno;
	}
	r = client_enter(client);
	if (r < 0)
		return r;
	most = client->service->contract.settings.max_servers;
	if (servers > most)
		return fail(EUSERS, "%u servers are waited for, and the service has max_servers %u",
			    servers, most);
	deadline = clock_deadline(timeout);
	for (;;) {
		client_glance(client);
		if (connected(client) >= servers)
			return (int)connected(client);
		if (timeout == SLUICE_NOWAIT)
			return fail(EAGAIN, "%u servers are connected, and %u are waited for",
				    connected(client), servers);
		r = client_sleep(client, deadline);
		if (r < 0)
			return r;
	}
}

int sluice_client_memory(struct sluice_client *client, struct sluice_memory *memory)
{
	struct sluice_memory known = { .size = sizeof(known) };
	int r;

	if (!client || !memory || memory->size < sizeof(memory->size))
		return fail(EINVAL, "client or memory is NULL, or memory.size not set");
	r = node_check(client->service->node);
	if (r < 0)
		return r;
	known.growths = client->pool.growths;
	known.segments = pool_segments(&client->pool);
	known.bytes = client->pool.bytes;
	known.largest_segment = client->pool.largest;
	known.retired = client->pool.retired;
	known.size = memory->size;
	memcpy(memory, &known, min_u64(memory->size, sizeof(known)));
	return 0;
}
