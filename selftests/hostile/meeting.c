// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a hostile peer (peer.h) gets a channel: as a client that connects to a socket of the
 * service's directory, or as a server that has one there and is found by clients.  A
 * server of these has no record in ports/, as nobody makes it have one.
 */
#include "peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "files.h"

#define HEADER(kind)	{ SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, kind }

/* Answers come at the latest after so long; a victim may be slow or refuse to look. */
#define ANSWER_WAIT	3000

static uint64_t random_id(void)
{
	uint64_t id = 0;

	while (!id && getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		;
	return id;
}

/* ---- The memory ---------------------------------------------------------------- */

static int map(struct raw_end *end, int fd)
{
	const struct raw_layout *l = &end->service->layout;
	const struct sluice_registry_settings *settings = &end->service->contract.settings;
	uint32_t d;
	void *memory;

	memory = mmap(NULL, l->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	end->memory = memory;
	end->memory_fd = fd;
	end->requests = (struct raw_ring){
		.slots = (void *)(end->memory + l->request_ring),
		.size = l->request_slots, .used = settings->max_active_requests,
	};
	for (d = 0; d < l->deliveries; d++)
		end->responses[d] = (struct raw_ring){
			.slots = (struct sluice_ring_slot *)(void *)(end->memory +
					l->response_rings) + d * l->response_slots,
			.size = l->response_slots, .used = settings->response_buffer,
		};
	end->request_returns = (struct raw_returns){
		.words = (void *)(end->memory + l->request_returns),
		.size = l->request_return_entries,
	};
	end->response_returns = (struct raw_returns){
		.words = (void *)(end->memory + l->response_returns),
		.size = l->response_return_entries,
	};
	return 0;
}

static int start(struct raw_end *ret_end, const struct raw_service *service, int fd,
		 bool is_server)
{
	*ret_end = (struct raw_end){
		.service = service, .is_server = is_server,
		.fd = fd, .memory_fd = -1, .load_fd = -1,
		.responses = calloc(service->layout.deliveries, sizeof(struct raw_ring)),
		.out = calloc(service->layout.deliveries, sizeof(bool)),
	};
	return ret_end->responses && ret_end->out ? 0 : -ENOMEM;
}

static void format(const struct raw_end *end)
{
	uint32_t d, i;

	for (i = 0; i < end->requests.size; i++)
		end->requests.slots[i].stamp = 2 * i;
	for (d = 0; d < end->service->layout.deliveries; d++)
		for (i = 0; i < end->responses[d].size; i++)
			end->responses[d].slots[i].stamp = 2 * i;
}

void raw_leave(struct raw_end *end)
{
	if (end->memory)
		munmap(end->memory, end->service->layout.size);
	if (end->memory_fd >= 0)
		close(end->memory_fd);
	if (end->load_fd >= 0)
		close(end->load_fd);
	if (end->fd >= 0)
		close(end->fd);
	free(end->responses);
	free(end->out);
	*end = (struct raw_end){ .fd = -1, .memory_fd = -1, .load_fd = -1 };
}

/* One packet, for which it waits; one descriptor of it is kept, -1 if none came. */
static int await_packet(int fd, void *packet, size_t size, int milliseconds, int *ret_fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int fds[RAW_FDS_MAX], r;
	unsigned int count;

	*ret_fd = -1;
	do {
		if (poll(&poll_fd, 1, milliseconds) != 1)
			return -ETIMEDOUT;
		r = raw_receive(fd, packet, size, fds, &count);
		while (count > 1)
			close(fds[--count]);
		if (count)
			*ret_fd = fds[0];
	} while (r == 1);	/* a bell */
	return r ? r : -ECONNRESET;
}

/* ---- As a client --------------------------------------------------------------- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int raw_connect(const struct raw_service *service, uint64_t skip)
{
	char path[2 * RAW_PATH_MAX], *end;
	struct dirent *entry;
	int fd = -ENOENT;
	uint64_t id;
	DIR *servers;

	snprintf(path, sizeof(path), "%s/servers", service->path);
	servers = opendir(path);
	if (!servers)
		return -errno;
	while (fd < 0 && (entry = readdir(servers))) {
		id = strtoull(entry->d_name, &end, 16);
		if (end != entry->d_name + 16 || strcmp(end, ".sock") || id == skip)
			continue;
		snprintf(path, sizeof(path), "%s/servers/%.30s", service->path, entry->d_name);
		fd = connect_to(path);
	}
	closedir(servers);
	return fd;
}

int raw_hello(struct raw_end *ret_end, const struct raw_service *service, int fd)
{
	struct sluice_wire_hello hello = {
		.header = HEADER(SLUICE_WIRE_HELLO),
		.port = random_id(),
		.node = random_id(),
		.channel_size = service->layout.size,
		.contract = service->contract,
	};
	int memory, r;

	r = start(ret_end, service, fd, false);
	memory = r < 0 ? r : raw_file(RAW_CHANNEL, service->layout.size, NULL);
	if (memory < 0)
		return memory;
	r = map(ret_end, memory);
	if (r < 0) {
		close(memory);
		return r;
	}
	format(ret_end);
	return raw_packet(fd, &hello, sizeof(hello), &memory, 1);
}

int raw_await_welcome(struct raw_end *end, int milliseconds)
{
	union {
		struct sluice_wire_header header;
		struct sluice_wire_welcome welcome;
		struct sluice_wire_reject reject;
		char bytes[2048];
	} packet;
	int r;

	r = await_packet(end->fd, &packet, sizeof(packet), milliseconds, &end->load_fd);
	if (r < 0)
		return r;
	if (packet.header.type == SLUICE_WIRE_REJECT)
		return -(int)packet.reject.reason;
	return packet.header.type == SLUICE_WIRE_WELCOME ? 0 : -EPROTO;
}

int raw_join(struct raw_end *ret_end, const struct raw_service *service)
{
	int fd, r;

	fd = raw_connect(service, 0);
	if (fd < 0)
		return fd;
	r = raw_hello(ret_end, service, fd);
	if (r >= 0)
		r = raw_await_welcome(ret_end, ANSWER_WAIT);
	if (r < 0)
		raw_leave(ret_end);
	return r;
}

/* ---- As a server --------------------------------------------------------------- */

static void socket_path(char path[108], const struct raw_listener *listener, const char *end)
{
	snprintf(path, 108, "%.60s/servers/%016llx%.5s", listener->service->path,
		 (unsigned long long)listener->id, end);
}

int raw_listen(struct raw_listener *ret_listener, const struct raw_service *service)
{
	struct raw_listener listener = { .service = service, .id = random_id() };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[108];
	int error;

	listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener.fd < 0)
		return -errno;
	socket_path(address.sun_path, &listener, ".new");
	socket_path(path, &listener, ".sock");
	if (bind(listener.fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener.fd, 64) || rename(address.sun_path, path)) {
		error = errno;
		close(listener.fd);
		return -error;
	}
	raw_look(service);
	*ret_listener = listener;
	return 0;
}

void raw_unlisten(struct raw_listener *listener)
{
	char path[108];

	socket_path(path, listener, ".sock");
	unlink(path);
	close(listener->fd);
}

int raw_accept(struct raw_end *ret_end, const struct raw_listener *listener, int milliseconds)
{
	struct pollfd poll_fd = { .fd = listener->fd, .events = POLLIN };
	struct sluice_wire_hello hello;
	int fd, memory, r;

	if (poll(&poll_fd, 1, milliseconds) != 1)
		return -ETIMEDOUT;
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = start(ret_end, listener->service, fd, true);
	if (r >= 0)
		r = await_packet(fd, &hello, sizeof(hello), milliseconds, &memory);
	if (r >= 0)
		r = memory < 0 ? -EPROTO : map(ret_end, memory);
	if (r < 0)
		raw_leave(ret_end);
	return r;
}

int raw_seal(struct raw_end *end)
{
	return fcntl(end->memory_fd, F_ADD_SEALS,
		     (int)(SLUICE_SEAL_FUTURE_WRITE | SLUICE_SEAL_SEAL)) ? -errno : 0;
}

int raw_welcome(struct raw_end *end, const struct raw_listener *listener, int page_fd)
{
	struct sluice_wire_welcome welcome = {
		.header = HEADER(SLUICE_WIRE_WELCOME),
		.port = listener->id,
		.node = random_id(),
	};

	return raw_packet(end->fd, &welcome, sizeof(welcome), &page_fd, page_fd >= 0);
}

int raw_receive_client(struct raw_end *ret_end, const struct raw_service *service)
{
	struct raw_listener listener;
	int r;

	r = raw_listen(&listener, service);
	if (r < 0)
		return r;
	r = raw_accept(ret_end, &listener, ANSWER_WAIT);
	if (r >= 0) {
		raw_seal(ret_end);
		ret_end->load_fd = raw_file(RAW_PAGE, SLUICE_LOAD_SIZE, NULL);
		r = raw_welcome(ret_end, &listener, ret_end->load_fd);
		if (r < 0)
			raw_leave(ret_end);
	}
	raw_unlisten(&listener);
	return r;
}

int raw_meet(struct raw_end *ret_end, const struct raw_service *service, bool as_server)
{
	return as_server ? raw_receive_client(ret_end, service) : raw_join(ret_end, service);
}
