// SPDX-License-Identifier: MIT
/*
 * Reads the registry: the files through which the processes of a domain find each
 * other.  Nothing that anybody sees is written, locked or connected to, so that it needs no
 * more than permission to read, and nobody notices.  A lock, even for a moment, would keep the
 * last process of a service from removing it.
 *
 * Where the registry lies the library says (sluice_config_read()), and the directories
 * must be as safe as the library wants them: of this user or root, not writable by
 * others unless sticky, and no symbolic links.  Below a root directory of root's that is
 * for several users they may be of any; so may a service, which is only looked at here.
 * In a sticky one anybody can make an entry; one that is not safe, or not a whole record,
 * is passed over.
 *
 *  1. A record is believed only if magic, version and size are right, all strings are
 *     terminated, and sizes, alignments and settings are such as the library writes.
 *  2. That a record is there does not say that its process lives: who has to know opens
 *     the service.
 */
#include "registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice.h>
#include <sluice_config.h>

#include "configured.h"
#include "lost_root.h"

#define DOMAIN_DEFAULT	"default"
#define DOMAIN_LENGTH	63u
#define HASH_LENGTH	16u	/* hexadecimal digits */
#define ALIGNMENT_LIMIT	4096u

/* ---- The directories ------------------------------------------------------- */

/* Of the root directory that was opened last. */
static bool is_for_all;

static bool is_writable_by_others(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

static bool is_safe(const struct stat *st)
{
	return (is_for_all || st->st_uid == geteuid() || st->st_uid == 0) &&
	       (!is_writable_by_others(st) || (st->st_mode & S_ISVTX));
}

int registry_open_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EACCES : -errno;
	if (fstat(fd, &st) == 0 && is_safe(&st))
		return fd;
	close(fd);
	return -EACCES;
}

/* Opens what lies below a directory, and closes that, which may be an errno. */
static int descend(int at, const char *name)
{
	int fd;

	if (at < 0)
		return at;
	fd = registry_open_directory(at, name);
	close(at);
	return fd;
}

int registry_open_root(bool *ret_shared)
{
	struct sluice_config *config = sluice_config_read(NULL);
	char path[PATH_MAX];
	struct stat st;
	int fd;

	/* What is wrong there must not have us look somewhere else. */
	if (!config)
		return CONFIGURED_WRONG;
	sluice_config_free(config);
	configured_root(path, sizeof(path));
	is_for_all = false;
	fd = registry_open_directory(AT_FDCWD, path);
	*ret_shared = fd >= 0 && fstat(fd, &st) == 0 && is_writable_by_others(&st);
	is_for_all = *ret_shared && st.st_uid == 0;
	return fd;
}

/* Why it could not be opened, as far as that is known.  The default one need not be there. */
static int why_no_root(int error)
{
	char path[PATH_MAX], chosen[CONFIGURED_SIZE], source[CONFIGURED_SIZE];
	struct stat st;

	configured_root(path, sizeof(path));
	if (error == -ENOENT && configured("node.root", chosen, source) &&
	    strcmp(source, "built in") != 0)
		return -ENXIO;
	if (error == -EACCES && (lstat(path, &st) < 0 ? errno == ENOTDIR : !S_ISDIR(st.st_mode)))
		return -ENOTDIR;
	return error;
}

bool registry_is_domain(const char *name)
{
	size_t length = strlen(name);

	return length && length <= DOMAIN_LENGTH && name[0] != '.' && !strchr(name, '/');
}

int registry_open_domain(const char *domain)
{
	bool shared;
	int fd, r, root;

	domain = configured_domain(domain);
	if (!registry_is_domain(domain))
		return -EINVAL;
	root = registry_open_root(&shared);
	if (root < 0)
		return why_no_root(root);
	fd = registry_open_directory(root, domain);
	/* A domain in which nobody is is no failure; one in which nobody can be is. */
	r = fd == -ENOENT ? lost_root(root) : 0;
	close(root);
	return r < 0 ? r : fd;
}

/* ---- Records --------------------------------------------------------------- */

static bool is_terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

static bool is_alignment(uint32_t number)
{
	return number && !(number & (number - 1)) && number <= ALIGNMENT_LIMIT;
}

static bool type_is_good(const struct sluice_registry_type *type)
{
	return is_terminated(type->name, sizeof(type->name)) && type->size &&
	       type->size <= PTRDIFF_MAX && is_alignment(type->alignment) &&
	       type->kind <= SLUICE_KIND_SLICE;
}

static bool header_is_good(const struct sluice_registry_type *type)
{
	return !type->size || (type_is_good(type) && type->kind == SLUICE_KIND_FIXED);
}

/* A pattern's kinds of message come first; the rest of the array is empty. */
static bool messages_are_good(const struct sluice_registry_contract *contract)
{
	const struct sluice_registry_message *message;

	if (contract->messages != SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES)
		return false;
	for (uint32_t i = 0; i < contract->messages; i++) {
		message = &contract->message[i];
		if (!type_is_good(&message->payload) || !header_is_good(&message->header))
			return false;
	}
	return true;
}

static bool settings_are_good(const struct sluice_registry_settings *settings)
{
	return settings->max_clients && settings->max_servers && settings->max_nodes &&
	       settings->max_active_requests && settings->max_loaned_requests &&
	       settings->max_loaned_replies && settings->response_buffer &&
	       settings->max_borrowed && is_alignment(settings->request_alignment) &&
	       is_alignment(settings->response_alignment) &&
	       (settings->mode == 0600 || settings->mode == 0660 || settings->mode == 0666);
}

/* A key is never empty; a value may be. */
static bool attribute_is_good(const struct sluice_registry_attribute *attribute)
{
	return attribute->key[0] && is_terminated(attribute->key, sizeof(attribute->key)) &&
	       is_terminated(attribute->value, sizeof(attribute->value));
}

bool registry_is_contract(const struct sluice_registry_contract *record)
{
	return record->magic == SLUICE_REGISTRY_MAGIC_CONTRACT &&
	       record->version == SLUICE_PROTOCOL_VERSION && record->size == sizeof(*record) &&
	       record->attributes <= SLUICE_ATTRIBUTES_MAX &&
	       record->pattern == SLUICE_REGISTRY_REQUEST_RESPONSE &&
	       is_terminated(record->name, sizeof(record->name)) &&
	       messages_are_good(record) && settings_are_good(&record->settings);
}

/* A contract with its attributes, as it is in a file of so many bytes. */
struct contract_file {
	struct sluice_registry_contract contract;
	struct sluice_registry_attribute attribute[SLUICE_ATTRIBUTES_MAX];
};

static bool contract_file_is_good(const struct contract_file *file, off_t bytes)
{
	uint32_t count = file->contract.attributes;

	if (!registry_is_contract(&file->contract) ||
	    bytes != (off_t)(sizeof(file->contract) + count * sizeof(file->attribute[0])))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!attribute_is_good(&file->attribute[i]))
			return false;
	return true;
}

/* A record from its beginning, as much of it as there is.  Bytes, or -errno. */
static ssize_t read_record(int at, const char *name, void *ret_record, size_t size,
			   struct stat *ret_status)
{
	/* Not to wait for anybody, should it be a FIFO. */
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = fstat(fd, ret_status) < 0 ? -1 : pread(fd, ret_record, size, 0);
	if (got < 0)
		got = -errno;
	else if (!S_ISREG(ret_status->st_mode))
		got = -EBADMSG;
	close(fd);
	return got;
}

/* What all records begin with: magic and version. */
static int check_head(const void *record, ssize_t got, uint32_t wanted)
{
	uint32_t head[2];

	if (got < 0)
		return (int)got;
	memcpy(head, record, sizeof(head));
	if (got < (ssize_t)sizeof(head) || head[0] != wanted)
		return -EBADMSG;
	return head[1] == SLUICE_PROTOCOL_VERSION ? 0 : -EPROTONOSUPPORT;
}

int registry_read_node(int nodes, const char *name, struct sluice_registry_node *ret_node,
		       struct stat *ret_status)
{
	struct sluice_registry_node node = { 0 };
	ssize_t got = read_record(nodes, name, &node, sizeof(node), ret_status);
	int r = check_head(&node, got, SLUICE_REGISTRY_MAGIC_NODE);

	if (r < 0)
		return r;
	if (got != sizeof(node) || node.size != sizeof(node) ||
	    !is_terminated(node.name, sizeof(node.name)))
		return -EBADMSG;
	*ret_node = node;
	return 0;
}

static bool is_known_port(const struct sluice_registry_port *port)
{
	return (port->kind == SLUICE_REGISTRY_CLIENT && port->role == SLUICE_REGISTRY_DIALS) ||
	       (port->kind == SLUICE_REGISTRY_SERVER && port->role == SLUICE_REGISTRY_LISTENS);
}

int registry_read_port(int ports, const char *name, struct sluice_registry_port *ret_port,
		       struct sluice_registry_counters *ret_counters, struct stat *ret_status)
{
	union {
		struct sluice_registry_port port;
		unsigned char bytes[SLUICE_REGISTRY_COUNTERS + sizeof(*ret_counters)];
	} file = { 0 };
	ssize_t got = read_record(ports, name, &file, sizeof(file), ret_status);
	int r = check_head(&file, got, SLUICE_REGISTRY_MAGIC_PORT);

	if (r < 0)
		return r;
	if (got != sizeof(file) || file.port.size != sizeof(file.port) || !is_known_port(&file.port) ||
	    !is_terminated(file.port.name, sizeof(file.port.name)))
		return -EBADMSG;
	*ret_port = file.port;
	memcpy(ret_counters, file.bytes + SLUICE_REGISTRY_COUNTERS, sizeof(*ret_counters));
	return 0;
}

bool registry_is_member(const char *name)
{
	return !strncmp(name, "node.", strlen("node."));
}

int registry_read_contract(int services, const char *hash,
			   struct sluice_registry_contract *ret_contract,
			   struct sluice_registry_attribute *ret_attributes,
			   struct stat *ret_status)
{
	int service = registry_open_directory(services, hash);
	struct contract_file file = { 0 };
	ssize_t got;
	int r;

	if (service < 0)
		return service;
	got = read_record(service, "contract", &file, sizeof(file), ret_status);
	close(service);
	r = check_head(&file, got, SLUICE_REGISTRY_MAGIC_CONTRACT);
	if (r < 0)
		return r;
	if (file.contract.pattern != SLUICE_REGISTRY_REQUEST_RESPONSE)
		return -EPROTONOSUPPORT;
	if (got != ret_status->st_size || !contract_file_is_good(&file, got))
		return -EBADMSG;
	*ret_contract = file.contract;
	if (ret_attributes)
		memcpy(ret_attributes, file.attribute, sizeof(file.attribute));
	return 0;
}

int registry_each(int at, const char *name, const char *below, void *context,
		  registry_entry *call)
{
	int r, fd = registry_open_directory(at, name);
	struct dirent *entry;
	DIR *directory;

	if (below)
		fd = descend(fd, below);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		close(fd);
		return r;
	}
	while ((errno = 0, entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			call(context, dirfd(directory), entry->d_name);
	r = errno == ENOENT ? 0 : -errno;
	closedir(directory);
	return r;
}
