// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the registry shows a hostile peer (peer.h): the contract of a service, and the
 * mailboxes of nodes.  The layout of a channel is computed here once more, from
 * uapi/sluice/channel.h.
 */
#include "peer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static uint64_t fnv1a(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * UINT64_C(0x100000001b3);
	return hash;
}

static uint32_t pow2(uint64_t x)
{
	uint64_t power = 2;

	while (power < x)
		power *= 2;
	return (uint32_t)power;
}

static uint64_t place(struct raw_layout *layout, uint64_t bytes)
{
	uint64_t offset = layout->size;

	layout->size = (offset + bytes + SLUICE_CHANNEL_LINE - 1) & ~(SLUICE_CHANNEL_LINE - 1ull);
	return offset;
}

static struct raw_layout layout_of(const struct sluice_registry_settings *settings)
{
	uint64_t a = settings->max_active_requests, d = 3 * a;
	struct raw_layout l = { .deliveries = (uint32_t)d };

	l.request_return_entries = pow2(d);
	l.response_return_entries = pow2(d * settings->response_buffer +
					 a * settings->max_borrowed);
	l.request_slots = pow2(a);
	l.response_slots = pow2(settings->response_buffer);
	l.client_bell = place(&l, 64);
	l.server_bell = place(&l, 64);
	l.cancelled = place(&l, d * 8);
	l.closed = place(&l, d * 8);
	l.request_returns = place(&l, l.request_return_entries * 8ull);
	l.request_ring = place(&l, l.request_slots * 64ull);
	l.stages = place(&l, d * 32);
	l.response_returns = place(&l, l.response_return_entries * 8ull);
	l.response_rings = place(&l, d * l.response_slots * 64ull);
	l.size = (l.size + SLUICE_CHANNEL_PAGE - 1) & ~(SLUICE_CHANNEL_PAGE - 1ull);
	return l;
}

int raw_service_find(struct raw_service *ret_service, const char *root, const char *name)
{
	struct raw_service s = { .hash = fnv1a(name) };
	char path[RAW_PATH_MAX + 16];
	ssize_t n;
	int fd;

	snprintf(s.domain, sizeof(s.domain), "%s/default", root);
	snprintf(s.path, sizeof(s.path), "%.150s/services/%016llx", s.domain,
		 (unsigned long long)s.hash);
	snprintf(path, sizeof(path), "%s/contract", s.path);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, &s.contract, sizeof(s.contract));
	close(fd);
	if (n != (ssize_t)sizeof(s.contract))
		return -EPROTO;
	s.layout = layout_of(&s.contract.settings);
	*ret_service = s;
	return 0;
}

/* Does the name of a file end with this? */
static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && !strcmp(name + length - tail, end);
}

static int mailbox(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_usec = 50 * 1000 };
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%.70s/%.30s", directory, name);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

int raw_mailboxes(const struct raw_service *service, int *ret_sockets, int most)
{
	char path[RAW_PATH_MAX + 16];
	struct dirent *entry;
	int count = 0;
	DIR *nodes;

	snprintf(path, sizeof(path), "%s/nodes", service->domain);
	nodes = opendir(path);
	while (nodes && count < most && (entry = readdir(nodes))) {
		if (!ends_with(entry->d_name, ".sock"))
			continue;
		ret_sockets[count] = mailbox(path, entry->d_name);
		count += ret_sockets[count] >= 0;
	}
	if (nodes)
		closedir(nodes);
	return count;
}

int raw_letters(const struct raw_service *service, const void *letter, size_t size)
{
	int sockets[16], count, sent = 0;

	count = raw_mailboxes(service, sockets, 16);
	while (count--) {
		sent += send(sockets[count], letter, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
		close(sockets[count]);
	}
	return sent;
}

int raw_look(const struct raw_service *service)
{
	struct sluice_wire_look look = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_LOOK },
		.service = service->hash,
	};

	return raw_letters(service, &look, sizeof(look));
}
