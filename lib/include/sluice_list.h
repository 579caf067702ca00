/* SPDX-License-Identifier: MIT */
/*
 * sluice_list.h - the contents of the registry: domains, nodes, services and ports
 *
 * The processes of a domain find each other through files below a root directory.  This
 * header is for programs that show these files, as the sluice command does.  Programs that
 * only send and receive do not need it.
 *
 *	struct sluice_list *list = sluice_list_open(NULL);
 *	struct sluice_list_service service = SLUICE_LIST_SERVICE();
 *	struct sluice_list_port port = SLUICE_LIST_PORT();
 *
 *	while (sluice_list_next_service(list, &service) > 0)
 *		while (sluice_list_next_port(list, &port) > 0)
 *			printf("%s %s\n", service.name, port.entry);
 *	sluice_list_close(list);
 *
 * A list is a copy of the registry at one moment.  Making one does not disturb the processes
 * of the domain, and needs no node.  After fork() parent and child may both use it.  An entry
 * that comes or goes while the list is made may be in it or not.
 *
 * Entries are files, and processes of other users may have written them.  A file is listed
 * only if it is a whole record of this protocol version, with values that the library can
 * write.  Other files are counted.  A record is the word of the process that wrote it, and may
 * be untrue.  Strings are terminated, and may hold any other bytes.
 *
 * Structs that are filled in begin with their own size, which the caller sets; the macros
 * do that.  Strings and pointers in them are valid until the list is closed.
 */
#ifndef SLUICE_LIST_H
#define SLUICE_LIST_H

#include <sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct sluice_list;
struct sluice_list_domains;

/**
 * struct sluice_list_opts - which directory is listed
 * @size: sizeof(struct sluice_list_opts).
 * @root: the root directory; NULL: the one that nodes of this process use, as configured.
 * @domain: the domain; NULL: the one that nodes of this process are in, as configured.
 *	sluice_list_domains_open() does not use it.
 */
struct sluice_list_opts {
	size_t size SLUICE_SIZE_(struct sluice_list_opts);
	const char *root SLUICE_ZERO_;
	const char *domain SLUICE_ZERO_;
};

/** SLUICE_LIST_OPTS() - options of a list, fields named as in an initialiser */
#define SLUICE_LIST_OPTS(...)	SLUICE_OPTS_(struct sluice_list_opts, __VA_ARGS__)

/** SLUICE_LIST_ALIVE - the process lives; of a service: a node has it open */
#define SLUICE_LIST_ALIVE	1u
/** SLUICE_LIST_ELSEWHERE - the process is in another pid namespace, where its pid counts */
#define SLUICE_LIST_ELSEWHERE	2u

/**
 * enum sluice_list_pattern - how the ports of a service talk to each other
 * @SLUICE_LIST_REQUEST_RESPONSE: clients send requests, servers send responses.
 */
enum sluice_list_pattern {
	SLUICE_LIST_REQUEST_RESPONSE = 1,
};

/**
 * enum sluice_list_kind - what a port does
 * @SLUICE_LIST_CLIENT: it sends requests.
 * @SLUICE_LIST_SERVER: it answers them.
 */
enum sluice_list_kind {
	SLUICE_LIST_CLIENT = 1,
	SLUICE_LIST_SERVER = 2,
};

/**
 * enum sluice_list_message_kind - indexes of the messages of request-response
 * @SLUICE_LIST_REQUEST: requests.
 * @SLUICE_LIST_RESPONSE: responses.
 */
enum sluice_list_message_kind {
	SLUICE_LIST_REQUEST = 0,
	SLUICE_LIST_RESPONSE = 1,
};

/**
 * struct sluice_list_place - where a list is from
 * @size: sizeof(struct sluice_list_place), set by the caller.
 * @root: the root directory.
 * @domain: the domain.
 * @time: when it was read, in nanoseconds of CLOCK_MONOTONIC.
 * @unreadable: number of entries that are closed to this user, not safe, or no whole record.
 * @other_versions: number of those that are of another version or messaging pattern.
 */
struct sluice_list_place {
	size_t size;
	const char *root;
	const char *domain;
	int64_t time;
	uint64_t unreadable;
	uint64_t other_versions;
};

/** SLUICE_LIST_PLACE() - a place to be filled in */
#define SLUICE_LIST_PLACE()	{ .size = sizeof(struct sluice_list_place) }

/**
 * struct sluice_list_node - a node
 * @size: sizeof(struct sluice_list_node), set by the caller.
 * @id: its id, as of sluice_node_id().
 * @entry: name of its file in the registry.
 * @name: the name that its program has given it; may be empty.
 * @flags: SLUICE_LIST_ALIVE, SLUICE_LIST_ELSEWHERE.
 * @pid: of its process, in the pid namespace of that.
 * @wait: how it sleeps, an &enum sluice_wait.
 * @rewritten: how often it has written entries again that others had removed.
 */
struct sluice_list_node {
	size_t size;
	uint64_t id;
	const char *entry;
	const char *name;
	uint32_t flags;
	uint32_t pid;
	uint32_t wait;
	uint32_t rewritten;
};

/** SLUICE_LIST_NODE() - a node to be filled in */
#define SLUICE_LIST_NODE()	{ .size = sizeof(struct sluice_list_node) }

/**
 * struct sluice_list_message - a kind of message of a service
 * @payload: type of its elements.
 * @header: type of its user header; its size is 0 if there is none.
 * @lead: bytes in front of the elements: the user header and its padding.
 */
struct sluice_list_message {
	struct sluice_type payload;
	struct sluice_type header;
	uint64_t lead;
};

/**
 * struct sluice_list_service - a service
 * @size: sizeof(struct sluice_list_service), set by the caller.
 * @entry: name of its directory in the registry.
 * @name: its name.
 * @flags: SLUICE_LIST_ALIVE.
 * @pattern: an &enum sluice_list_pattern.
 * @nodes: how many nodes live that have it open.
 * @message_count: how many kinds of message it has.
 * @messages: these; of a service of request-response by enum sluice_list_message_kind.
 * @settings: its settings, as of sluice_service_settings(), and its attributes.
 * @other_flags: flags of its record that this library does not know.
 * @reserved: 0.
 */
struct sluice_list_service {
	size_t size;
	const char *entry;
	const char *name;
	uint32_t flags;
	uint32_t pattern;
	uint32_t nodes;
	uint32_t message_count;
	const struct sluice_list_message *messages;
	const struct sluice_service_opts *settings;
	uint32_t other_flags;
	uint32_t reserved;
};

/** SLUICE_LIST_SERVICE() - a service to be filled in */
#define SLUICE_LIST_SERVICE()	{ .size = sizeof(struct sluice_list_service) }

/**
 * struct sluice_list_counters - what a port has done, and has
 * @size: sizeof(struct sluice_list_counters), as the library has it.
 * @sent: messages: requests of a client, one for each server they went to; replies of
 *	a server.
 * @sent_bytes: of their elements.
 * @received: messages: responses of a client, requests of a server.
 * @received_bytes: of their elements.
 * @loaned: messages that are loaned now, and not sent.
 * @depth: of a client, requests that are pending now; of a server, requests that it
 *	holds now.
 * @depth_most: the largest value that @depth has had.
 * @peers: ports at the other end that are connected now.
 * @growths: how often memory was extended for a loan.
 * @segments: of its memory, now.
 * @segment_bytes: of them, now.
 * @overflows: messages lost to a full queue: taken back out of it, or not sent.
 * @blocked: nanoseconds that sends have waited for room.
 * @polled: receives that found something without sleeping.
 * @woken: receives that slept before they did.
 * @expired: requests whose deadline had passed, and that nobody looked at.
 * @violations: breaches of the protocol by peers.
 * @active: when it last sent or received, in nanoseconds of CLOCK_MONOTONIC; 0: never.  It is
 *	told when the port goes to sleep, to some milliseconds; a port that never does tells
 *	it with every 64th message.
 *
 * The process of the port writes them, so they may be anything.
 */
struct sluice_list_counters {
	size_t size;
	uint64_t sent;
	uint64_t sent_bytes;
	uint64_t received;
	uint64_t received_bytes;
	uint64_t loaned;
	uint64_t depth;
	uint64_t depth_most;
	uint64_t peers;
	uint64_t growths;
	uint64_t segments;
	uint64_t segment_bytes;
	uint64_t overflows;
	uint64_t blocked;
	uint64_t polled;
	uint64_t woken;
	uint64_t expired;
	uint64_t violations;
	uint64_t active;
};

/**
 * struct sluice_list_port - a port of a service
 * @size: sizeof(struct sluice_list_port), set by the caller.
 * @id: its id, as of sluice_client_id() or sluice_server_id().
 * @node: id of the node it belongs to.
 * @entry: name of its file in the registry, such as "client.3".
 * @name: the name that its program has given it; may be empty.
 * @flags: SLUICE_LIST_ALIVE, SLUICE_LIST_ELSEWHERE.
 * @pid: of its process, in the pid namespace of that.
 * @kind: an &enum sluice_list_kind.
 * @listens: 1: it has a socket that others connect to; 0: it connects to those of others.
 * @counters: what it has counted.
 */
struct sluice_list_port {
	size_t size;
	uint64_t id;
	uint64_t node;
	const char *entry;
	const char *name;
	uint32_t flags;
	uint32_t pid;
	uint32_t kind;
	uint32_t listens;
	const struct sluice_list_counters *counters;
};

/** SLUICE_LIST_PORT() - a port to be filled in */
#define SLUICE_LIST_PORT()	{ .size = sizeof(struct sluice_list_port) }

/**
 * sluice_list_open() - list what is in a domain now
 * @opts: which domain; NULL: the configured one.
 *
 * The list of a domain without processes is empty.  So is the list of a default root directory
 * that no node has made yet.
 *
 * Context: Any thread.
 * Return: The list, to be given to sluice_list_close(); or NULL with errno EINVAL (the
 * domain's name is no valid name, or the configuration is wrong), E2BIG (an option that this
 * library does not know), EACCES (a directory is closed to this user or not safe to use),
 * ENXIO (the root directory that was named is not there), ENOTDIR (it is a file or a
 * symbolic link), ESTALE (it was removed, and no process can be in it), EOPNOTSUPP (no files
 * can be made in its file system), ENOENT (a file of the configuration that was named is not
 * there), ENOMEM, EMFILE, ENFILE or EIO.
 */
struct sluice_list *sluice_list_open(const struct sluice_list_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_list_open_fd() - list the one entry that an open file holds
 * @fd: a file of the registry, for example one that another process holds open.  It is read
 *	once, and the descriptor is not kept.
 *
 * The list has one node, one service without ports, or one port without a service, which
 * sluice_list_next_port() returns at once.  SLUICE_LIST_ALIVE is not set, and the names of
 * entries are empty.
 *
 * Context: Any thread.
 * Return: The list, to be given to sluice_list_close(); or NULL with errno EBADMSG (the
 * file is no whole record), EPROTONOSUPPORT (it is one of another protocol version), EBADF,
 * ENOMEM or EIO.
 */
struct sluice_list *sluice_list_open_fd(int fd) SLUICE_MUST_CHECK;

/**
 * sluice_list_where() - where a list is from, and how many entries could not be read
 * @list: the list.
 * @place: filled in.
 *
 * Context: One thread at a time.
 * Return: 0 or -EINVAL.
 */
int sluice_list_where(struct sluice_list *list, struct sluice_list_place *place);

/**
 * sluice_list_next_node() - the next node of a list
 * @list: the list; NULL passes the failure of sluice_list_open() on.
 * @node: filled in.
 *
 * Nodes come in no order.
 *
 * Context: One thread at a time.
 * Return: 1; 0: there are no more; or -EINVAL or the failure passed on.
 */
int sluice_list_next_node(struct sluice_list *list, struct sluice_list_node *node);

/**
 * sluice_list_next_service() - the next service of a list
 * @list: the list; NULL passes the failure of sluice_list_open() on.
 * @service: filled in.
 *
 * Services come by name, those that are left behind included.
 *
 * Context: One thread at a time.
 * Return: 1; 0: there are no more; or -EINVAL or the failure passed on.
 */
int sluice_list_next_service(struct sluice_list *list, struct sluice_list_service *service);

/**
 * sluice_list_next_port() - the next port of the service that was returned last
 * @list: the list; NULL passes the failure of sluice_list_open() on.
 * @port: filled in.
 *
 * Ports come by kind, and those of a kind by the number in the name of their entry.
 *
 * Context: One thread at a time.
 * Return: 1; 0: there are no more; or -EINVAL or the failure passed on.
 */
int sluice_list_next_port(struct sluice_list *list, struct sluice_list_port *port);

/**
 * sluice_list_close() - give a list back
 * @list: the list, or NULL.
 *
 * Context: Any thread.
 */
void sluice_list_close(struct sluice_list *list);

/**
 * struct sluice_list_domain - a domain
 * @size: sizeof(struct sluice_list_domain), set by the caller.
 * @name: its name.
 */
struct sluice_list_domain {
	size_t size;
	const char *name;
};

/** SLUICE_LIST_DOMAIN() - a domain to be filled in */
#define SLUICE_LIST_DOMAIN()	{ .size = sizeof(struct sluice_list_domain) }

/**
 * sluice_list_domains_open() - list the domains below a root directory
 * @opts: which root directory; NULL: the configured one.
 *
 * A domain may be closed to this user; sluice_list_open() says so.
 *
 * Context: Any thread.
 * Return: The domains, to be given to sluice_list_domains_close(); or NULL with an errno of
 * sluice_list_open().
 */
struct sluice_list_domains *sluice_list_domains_open(const struct sluice_list_opts *opts)
	SLUICE_MUST_CHECK;

/**
 * sluice_list_domains_next() - the next domain, by name
 * @domains: the domains; NULL passes the failure of sluice_list_domains_open() on.
 * @domain: filled in.
 *
 * Context: One thread at a time.
 * Return: 1; 0: there are no more; or -EINVAL or the failure passed on.
 */
int sluice_list_domains_next(struct sluice_list_domains *domains,
			     struct sluice_list_domain *domain);

/**
 * sluice_list_domains_close() - give the domains back
 * @domains: the domains, or NULL.
 *
 * Context: Any thread.
 */
void sluice_list_domains_close(struct sluice_list_domains *domains);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_LIST_H */
