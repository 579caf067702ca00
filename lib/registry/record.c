// SPDX-License-Identifier: MIT
/*
 * The records of the registry, read and checked.
 *
 * A record is the word of the process that wrote it.  In a directory that several users
 * share anybody may have written it, so the file may be of any kind, with any contents.
 *
 *  1. No symbolic link is followed, no FIFO, lease or device is waited for, and only a
 *     regular file is read.
 *  2. A record is believed only if magic, version and size are right, all strings are
 *     terminated, and sizes, alignments and settings are values that the library writes.
 *  3. Each record is read once, into memory of this process, and checked there.
 *
 * A record does not say whether its process lives (registry/listing.c does).
 */
#include "registry/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/fd.h"

/* The numbers of enum sluice_kind, which is part of the API and not known here. */
#define KIND_FIXED	0u
#define KIND_SLICE	1u

bool record_is_node(const struct sluice_registry_node *node)
{
	return node->magic == SLUICE_REGISTRY_MAGIC_NODE &&
	       node->version == SLUICE_PROTOCOL_VERSION && node->size == sizeof(*node);
}

bool record_is_port(const struct sluice_registry_port *port)
{
	return port->magic == SLUICE_REGISTRY_MAGIC_PORT &&
	       port->version == SLUICE_PROTOCOL_VERSION && port->size == sizeof(*port);
}

int record_open(int at, const char *name)
{
	int fd = fd_own(openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

	return fd < 0 ? -errno : fd;
}

/* Reads as much as there is, from the beginning.  Bytes, or -errno. */
static ssize_t read_file(int fd, void *ret_record, size_t size, struct stat *ret_status)
{
	ssize_t n;

	if (fstat(fd, ret_status))
		return -errno;
	if (!S_ISREG(ret_status->st_mode))
		return -EBADMSG;
	n = pread(fd, ret_record, size, 0);
	return n < 0 ? -errno : n;
}

/* All records begin with magic and version. */
static int check_head(const void *record, ssize_t got, uint32_t magic)
{
	uint32_t head[2];

	if (got < 0)
		return (int)got;
	if (got < (ssize_t)sizeof(head))
		return -EBADMSG;
	memcpy(head, record, sizeof(head));
	if (head[0] != magic)
		return -EBADMSG;
	return head[1] == SLUICE_PROTOCOL_VERSION ? 0 : -EPROTONOSUPPORT;
}

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

int record_read_node(int fd, struct sluice_registry_node *ret_node, struct stat *ret_status)
{
	struct sluice_registry_node node = { 0 };
	ssize_t got = read_file(fd, &node, sizeof(node), ret_status);
	int r = check_head(&node, got, SLUICE_REGISTRY_MAGIC_NODE);

	if (r < 0)
		return r;
	if (got != sizeof(node) || !record_is_node(&node) ||
	    !is_terminated(node.name, sizeof(node.name)))
		return -EBADMSG;
	*ret_node = node;
	return 0;
}

/* The role follows from the kind. */
static bool is_known_kind(const struct sluice_registry_port *port)
{
	return (port->kind == SLUICE_REGISTRY_CLIENT && port->role == SLUICE_REGISTRY_DIALS) ||
	       (port->kind == SLUICE_REGISTRY_SERVER && port->role == SLUICE_REGISTRY_LISTENS);
}

int record_read_port(int fd, struct port_record *ret_record, struct stat *ret_status)
{
	union {
		struct sluice_registry_port port;
		unsigned char bytes[SLUICE_REGISTRY_COUNTERS +
				    sizeof(struct sluice_registry_counters)];
	} file = { 0 };
	ssize_t got = read_file(fd, &file, sizeof(file), ret_status);
	int r = check_head(&file, got, SLUICE_REGISTRY_MAGIC_PORT);

	if (r < 0)
		return r;
	if (got != sizeof(file) || !record_is_port(&file.port) || !is_known_kind(&file.port) ||
	    !is_terminated(file.port.name, sizeof(file.port.name)))
		return -EBADMSG;
	ret_record->port = file.port;
	memcpy(&ret_record->counters, file.bytes + SLUICE_REGISTRY_COUNTERS,
	       sizeof(ret_record->counters));
	return 0;
}

/* ---- Contracts ---- */

static bool is_alignment(uint32_t number)
{
	return number && !(number & (number - 1)) && number <= ALIGNMENT_LIMIT;
}

static bool is_type(const struct sluice_registry_type *type)
{
	return is_terminated(type->name, sizeof(type->name)) && type->size &&
	       type->size <= PTRDIFF_MAX && is_alignment(type->alignment) &&
	       type->kind <= KIND_SLICE;
}

static bool is_header(const struct sluice_registry_type *type)
{
	return !type->size || (is_type(type) && type->kind == KIND_FIXED);
}

static bool are_messages(const struct sluice_registry_contract *contract)
{
	uint32_t i;

	if (contract->messages != SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES)
		return false;
	for (i = 0; i < contract->messages; i++)
		if (!is_type(&contract->message[i].payload) ||
		    !is_header(&contract->message[i].header))
			return false;
	return true;
}

static bool are_settings(const struct sluice_registry_settings *settings)
{
	return settings->max_clients && settings->max_servers && settings->max_nodes &&
	       settings->max_active_requests && settings->max_loaned_requests &&
	       settings->max_loaned_replies && settings->response_buffer &&
	       settings->max_borrowed && is_alignment(settings->request_alignment) &&
	       is_alignment(settings->response_alignment) &&
	       (settings->mode == 0600 || settings->mode == 0660 || settings->mode == 0666);
}

/* A key is never empty; a value may be. */
static bool is_attribute(const struct sluice_registry_attribute *attribute)
{
	return attribute->key[0] && is_terminated(attribute->key, sizeof(attribute->key)) &&
	       is_terminated(attribute->value, sizeof(attribute->value));
}

static bool are_attributes(const struct service_record *record, off_t file_size)
{
	uint32_t count = record->contract.attributes, i;

	if (count > SLUICE_ATTRIBUTES_MAX ||
	    file_size != (off_t)(sizeof(record->contract) + count * sizeof(record->attributes[0])))
		return false;
	for (i = 0; i < count; i++)
		if (!is_attribute(&record->attributes[i]))
			return false;
	return true;
}

static bool is_service(const struct service_record *record, off_t file_size)
{
	const struct sluice_registry_contract *contract = &record->contract;

	return contract->size == sizeof(*contract) &&
	       is_terminated(contract->name, sizeof(contract->name)) &&
	       are_messages(contract) && are_settings(&contract->settings) &&
	       are_attributes(record, file_size);
}

int record_read_service(int fd, struct service_record *ret_record, struct stat *ret_status)
{
	ssize_t got;
	int r;

	memset(ret_record, 0, sizeof(*ret_record));
	got = read_file(fd, ret_record, sizeof(*ret_record), ret_status);
	r = check_head(ret_record, got, SLUICE_REGISTRY_MAGIC_CONTRACT);
	if (r < 0)
		return r;
	if (ret_record->contract.pattern != SLUICE_REGISTRY_REQUEST_RESPONSE)
		return -EPROTONOSUPPORT;
	return got == ret_status->st_size && is_service(ret_record, got) ? 0 : -EBADMSG;
}
