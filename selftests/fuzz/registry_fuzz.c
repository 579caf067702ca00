// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file of the registry of any contents: the entry of a node or a port, or the contract of a
 * service.  Each is read in the two ways there are.  A listing reads any kind
 * (registry/record.c, api/list.c).  A program that opens a service reads its contract
 * (registry/service_dir.c), compares it with its own (api/contract.c) and lays out channels by
 * its settings (exchange/layout.c).
 *
 * The first byte may have the first words of the file written: magic, version and size of one
 * of the kinds.  So the corpus does not depend on the version of the protocol.
 *
 * The service is one of the fuzzer's own root directory, and stays open, so that its
 * contract is not removed.  Its contract file is written again for each input.
 *
 * Promises: an entry is shown with strings that end and values that the library writes, or
 * refused with a sentence.  A service that was opened has the settings that were asked for,
 * within their limits.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice.h>
#include <sluice_list.h>

#include "base/limits.h"
#include "api/service.h"

static const struct sluice_contract contract = {
	.name = "fuzz/service",
	.request = SLUICE_TYPE(uint64_t),
	.response = SLUICE_SLICE(uint32_t),
	.request_header = SLUICE_TYPE(uint32_t),
};

static struct sluice_node *node;
static int contract_file = -1;

static void begin_service(void)
{
	struct sluice_node_opts opts = SLUICE_NODE_OPTS(.wait = SLUICE_WAIT_SOCKET);
	struct sluice_service *service;
	char path[64];

	if (node)
		return;
	setenv("SLUICE_ROOT", fuzz_root(), 1);
	node = sluice_node_create("fuzz", &opts);
	service = sluice_service_open(node, &contract, NULL);
	PROMISE(service);
	snprintf(path, sizeof(path), "services/%s/" SERVICE_DIR_CONTRACT, service->dir.name);
	contract_file = openat(service->dir.node->root.domain_fd, path,
			       O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	PROMISE(contract_file >= 0);
}

/* ---- The file ---- */

#define FILE_MOST	8192u

enum { KIND = 3, HEAD = 4 };

static const uint32_t heads[][3] = {
	{ SLUICE_REGISTRY_MAGIC_NODE, SLUICE_PROTOCOL_VERSION, sizeof(struct sluice_registry_node) },
	{ SLUICE_REGISTRY_MAGIC_PORT, SLUICE_PROTOCOL_VERSION, sizeof(struct sluice_registry_port) },
	{ SLUICE_REGISTRY_MAGIC_CONTRACT, SLUICE_PROTOCOL_VERSION,
	  sizeof(struct sluice_registry_contract) },
	{ SLUICE_REGISTRY_MAGIC_CONTRACT, SLUICE_PROTOCOL_VERSION - 1, 0 },
};

static size_t read_contents(unsigned char contents[FILE_MOST], struct input *input)
{
	uint8_t choice = input_byte(input);
	size_t size = input->left < FILE_MOST ? input->left : FILE_MOST;

	input_copy(input, contents, size);
	if (choice & HEAD && size >= sizeof(heads[0]))
		memcpy(contents, heads[choice & KIND], sizeof(heads[0]));
	return size;
}

/* ---- A listing ---- */

static void check_type(const struct sluice_type *type)
{
	if (!type->size)
		return;
	PROMISE(type->name && strlen(type->name) < SLUICE_TYPE_NAME_SIZE);
	PROMISE(type->size <= PTRDIFF_MAX && type->alignment <= ALIGNMENT_LIMIT);
}

static void check_service(const struct sluice_list_service *service)
{
	unsigned int i;

	PROMISE(strlen(service->name) < SLUICE_SERVICE_NAME_SIZE);
	for (i = 0; i < SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES; i++) {
		check_type(&service->messages[i].payload);
		check_type(&service->messages[i].header);
	}
	for (i = 0; i < service->settings->attribute_count; i++)
		PROMISE(service->settings->attributes[i].key[0]);
}

static void list(int fd)
{
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_node entry = SLUICE_LIST_NODE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct sluice_list *all = sluice_list_open_fd(fd);

	if (!all) {
		PROMISE(errno == EBADMSG || errno == EPROTONOSUPPORT);
		PROMISE(fuzz_is_sentence(sluice_strerror()));
		return;
	}
	while (sluice_list_next_node(all, &entry) > 0)
		PROMISE(strlen(entry.name) < SLUICE_NODE_NAME_SIZE);
	while (sluice_list_next_port(all, &port) > 0)
		PROMISE(strlen(port.name) < SLUICE_PORT_NAME_SIZE);
	while (sluice_list_next_service(all, &service) > 0)
		check_service(&service);
	sluice_list_close(all);
}

/* ---- A program that opens the service ---- */

static void open_service(const void *contents, size_t size)
{
	struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(.max_clients = 2);
	struct sluice_service *service;

	PROMISE(ftruncate(contract_file, 0) == 0);
	PROMISE(pwrite(contract_file, contents, size, 0) == (ssize_t)size);
	service = sluice_service_open(node, &contract, &opts);
	if (service) {
		PROMISE(service->layout.size <= CHANNEL_SIZE_LIMIT);
		PROMISE(service->contract.settings.max_clients >= 2);
		PROMISE(service->contract.attributes <= SLUICE_ATTRIBUTES_MAX);
		sluice_service_close(service);
		return;
	}
	PROMISE(errno == EPROTONOSUPPORT || errno == EPROTOTYPE || errno == EACCES ||
		errno == EUSERS);
	PROMISE(fuzz_is_sentence(sluice_strerror()));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char contents[FILE_MOST];
	struct input input = { .at = data, .left = size };

	fuzz_begin();
	begin_service();
	fuzz_begin();
	size = read_contents(contents, &input);
	list(fuzz_file(contents, size));
	open_service(contents, size);
	fuzz_end();
	return 0;
}
