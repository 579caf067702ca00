/* SPDX-License-Identifier: MIT */
/*
 * The files below the root directory through which processes find each other.
 *
 *	<root>/<domain>/nodes/<node id>			struct sluice_registry_node
 *	<root>/<domain>/nodes/<node id>.sock		datagrams, struct sluice_wire_look
 *	<root>/<domain>/services/<hash>/contract	struct sluice_registry_contract
 *	<root>/<domain>/services/<hash>/ports/client.<n>  struct sluice_registry_port
 *	<root>/<domain>/services/<hash>/ports/server.<n>  likewise; and both hold, at
 *			SLUICE_REGISTRY_COUNTERS, struct sluice_registry_counters
 *	<root>/<domain>/services/<hash>/ports/node.<n>	a further name of nodes/<node id>
 *	<root>/<domain>/services/<hash>/servers/<port id>.sock	SOCK_SEQPACKET
 *
 * Ids and hashes are 16 hexadecimal digits.  A file of nodes/ or ports/ is held
 * under an exclusive flock by the process it stands for, from before it gets its
 * name; an unlocked one stands for nobody and is removed by whoever finds it.
 * So may be a locked one whose process is dead: a child of it has the lock.
 * Every node that has a service open holds a shared flock on its contract, and a name
 * in its ports/.  A service that is being made is called <id>.new, one that is being
 * removed <id>.gone.
 *
 * Files are read with pread and believed only after magic, version and size
 * have been checked.  All are written once, before they get their name; but the
 * counters of a port, and @rewritten of a node, are stored for as long as these live, by
 * their owner.  What they say is that process's word.
 */
#ifndef SLUICE_UAPI_REGISTRY_H
#define SLUICE_UAPI_REGISTRY_H

#include <stdint.h>

/* Raised whenever anything in this folder changes incompatibly. */
#define SLUICE_PROTOCOL_VERSION		7u

#define SLUICE_REGISTRY_MAGIC_NODE	0x65646f6eu	/* "node" */
#define SLUICE_REGISTRY_MAGIC_CONTRACT	0x74636e63u	/* "cnct" */
#define SLUICE_REGISTRY_MAGIC_PORT	0x74726f70u	/* "port" */

#define SLUICE_SERVICE_NAME_SIZE	256u	/* the terminating 0 included */
#define SLUICE_TYPE_NAME_SIZE		128u
#define SLUICE_NODE_NAME_SIZE		128u
#define SLUICE_PORT_NAME_SIZE		64u
#define SLUICE_ATTRIBUTE_KEY_SIZE	64u
#define SLUICE_ATTRIBUTE_VALUE_SIZE	256u
#define SLUICE_ATTRIBUTES_MAX		16u

/* Kinds of message that a contract has room for. */
#define SLUICE_REGISTRY_MESSAGES	4u

/**
 * enum sluice_registry_pattern - how the ports of a service talk to each other
 * @SLUICE_REGISTRY_REQUEST_RESPONSE: clients send requests, servers send responses.
 *
 * The pattern decides which kinds of port and of message a service has, and what its
 * settings mean.  0 is no pattern.
 */
enum sluice_registry_pattern {
	SLUICE_REGISTRY_REQUEST_RESPONSE = 1,
};

/**
 * enum sluice_registry_message_kind - the messages of request-response
 * @SLUICE_REGISTRY_REQUEST: requests.
 * @SLUICE_REGISTRY_RESPONSE: responses.
 * @SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES: how many these are.
 *
 * They are indexes of @message in a contract.
 */
enum sluice_registry_message_kind {
	SLUICE_REGISTRY_REQUEST = 0,
	SLUICE_REGISTRY_RESPONSE = 1,
	SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES = 2,
};

/**
 * enum sluice_registry_port_kind - what a port does
 * @SLUICE_REGISTRY_CLIENT: it sends requests.
 * @SLUICE_REGISTRY_SERVER: it answers them.
 *
 * 0 is no kind.
 */
enum sluice_registry_port_kind {
	SLUICE_REGISTRY_CLIENT = 1,
	SLUICE_REGISTRY_SERVER = 2,
};

/**
 * enum sluice_registry_role - how a port comes to its connections
 * @SLUICE_REGISTRY_DIALS: it connects to the sockets in servers/.
 * @SLUICE_REGISTRY_LISTENS: it has a socket in servers/.
 *
 * It follows from the kind of port.  Who only looks after connections or entries need
 * not know the kinds.
 */
enum sluice_registry_role {
	SLUICE_REGISTRY_DIALS = 0,
	SLUICE_REGISTRY_LISTENS = 1,
};

/**
 * struct sluice_registry_type - a payload type
 * @size: bytes of an element; 0 for no user header.
 * @alignment: of an element.
 * @kind: 0 exactly one element, 1 a slice.
 * @name: without a leading struct, union or enum; zero-padded.
 * @fingerprint: of its layout; 0 if whoever made the service knew none.
 */
struct sluice_registry_type {
	uint64_t size;
	uint32_t alignment;
	uint32_t kind;
	char name[SLUICE_TYPE_NAME_SIZE];
	uint64_t fingerprint;
};

/**
 * struct sluice_registry_message - one kind of message of a service
 * @payload: type of its elements.
 * @header: type of its user header; all 0 for none.
 */
struct sluice_registry_message {
	struct sluice_registry_type payload;
	struct sluice_registry_type header;
};

/* In the flags of the settings: no request is taken back out of a full ring; */
#define SLUICE_REGISTRY_NO_REQUEST_OVERFLOW	1u
/* no response is; */
#define SLUICE_REGISTRY_NO_RESPONSE_OVERFLOW	2u
/* a request whose client does not wait for the answer any more is not received. */
#define SLUICE_REGISTRY_NO_FIRE_AND_FORGET	4u

/**
 * struct sluice_registry_settings - the numbers of a service of request-response
 * @max_clients: ports.
 * @max_servers: ports.
 * @max_nodes: that have the service open.
 * @max_active_requests: per client.
 * @max_loaned_requests: per client.
 * @max_loaned_replies: per active request.
 * @response_buffer: unread responses, per request and server.
 * @max_borrowed: responses held, per pending response.
 * @max_fds: descriptors that travel with a message.
 * @flags: SLUICE_REGISTRY_NO_* or 0.
 * @request_alignment: that elements of requests begin on a multiple of; of it and their
 *	type's, the larger.
 * @response_alignment: the same for responses.
 * @mode: who may use it, as of a file: of 0600, 0660 and 0666 one.
 * @group: that @mode speaks of, and the directory has; 0 if @mode is 0600.
 */
struct sluice_registry_settings {
	uint32_t max_clients;
	uint32_t max_servers;
	uint32_t max_nodes;
	uint32_t max_active_requests;
	uint32_t max_loaned_requests;
	uint32_t max_loaned_replies;
	uint32_t response_buffer;
	uint32_t max_borrowed;
	uint32_t max_fds;
	uint32_t flags;
	uint32_t request_alignment;
	uint32_t response_alignment;
	uint32_t mode;
	uint32_t group;
};

/**
 * struct sluice_registry_attribute - a word about a service, for who looks for one
 * @key: zero-padded; several attributes may have the same.
 * @value: zero-padded.
 */
struct sluice_registry_attribute {
	char key[SLUICE_ATTRIBUTE_KEY_SIZE];
	char value[SLUICE_ATTRIBUTE_VALUE_SIZE];
};

/**
 * struct sluice_registry_contract - what a service is
 * @magic: SLUICE_REGISTRY_MAGIC_CONTRACT.
 * @version: SLUICE_PROTOCOL_VERSION.
 * @size: sizeof(struct sluice_registry_contract).
 * @attributes: how many struct sluice_registry_attribute follow in the file; at most
 *	SLUICE_ATTRIBUTES_MAX.
 * @name: of the service; zero-padded.
 * @pattern: an enum sluice_registry_pattern.
 * @messages: how many of @message the pattern has; the others are all 0.
 * @message: the kinds of message; for request-response an enum
 *	sluice_registry_message_kind says which is which.
 * @settings: the numbers.
 * @reserved: 0; room for a pattern with more settings.
 */
struct sluice_registry_contract {
	uint32_t magic;
	uint32_t version;
	uint32_t size;
	uint32_t attributes;
	char name[SLUICE_SERVICE_NAME_SIZE];
	uint32_t pattern;
	uint32_t messages;
	struct sluice_registry_message message[SLUICE_REGISTRY_MESSAGES];
	struct sluice_registry_settings settings;
	uint32_t reserved[12];
};

/**
 * struct sluice_registry_node - who sits in a node
 * @magic: SLUICE_REGISTRY_MAGIC_NODE.
 * @version: SLUICE_PROTOCOL_VERSION.
 * @size: sizeof(struct sluice_registry_node).
 * @pid: process, in its own pid namespace.
 * @id: of the node.
 * @pidfd_inode: of the process; 0 if it is not known.
 * @pid_namespace: its inode; 0 if it is not known.
 * @wait: 1 io_uring, 2 sockets.
 * @rewritten: how often the node has written entries again that others had taken away.
 * @name: given by the user; zero-padded.
 */
struct sluice_registry_node {
	uint32_t magic;
	uint32_t version;
	uint32_t size;
	uint32_t pid;
	uint64_t id;
	uint64_t pidfd_inode;
	uint64_t pid_namespace;
	uint32_t wait;
	uint32_t rewritten;
	char name[SLUICE_NODE_NAME_SIZE];
};

/**
 * struct sluice_registry_port - a port of a service
 * @magic: SLUICE_REGISTRY_MAGIC_PORT.
 * @version: SLUICE_PROTOCOL_VERSION.
 * @size: sizeof(struct sluice_registry_port).
 * @pid: process, in its own pid namespace.
 * @id: of the port.
 * @node: id of the node it belongs to.
 * @role: an enum sluice_registry_role.
 * @kind: an enum sluice_registry_port_kind.
 * @pidfd_inode: of the process; 0 if it is not known.
 * @pid_namespace: its inode; 0 if it is not known.
 * @name: given by the user; zero-padded.
 */
struct sluice_registry_port {
	uint32_t magic;
	uint32_t version;
	uint32_t size;
	uint32_t pid;
	uint64_t id;
	uint64_t node;
	uint32_t role;
	uint32_t kind;
	uint64_t pidfd_inode;
	uint64_t pid_namespace;
	char name[SLUICE_PORT_NAME_SIZE];
};

/* The offset of a port's counters in its file, and the length of the file. */
#define SLUICE_REGISTRY_COUNTERS	128u
#define SLUICE_REGISTRY_PORT_SIZE	4096u

/**
 * struct sluice_registry_counters - what a port has done, and has
 * @sent: messages: requests of a client, one for each server they went to; replies of
 *	a server.
 * @sent_bytes: of their elements.
 * @received: messages: responses of a client, requests of a server.
 * @received_bytes: of their elements.
 * @loaned: messages that are loaned now, and not sent.
 * @depth: of a client, requests that are pending now; of a server, requests that it
 *	holds now.
 * @depth_most: the most that there ever were.
 * @peers: ports at the other end that are connected now.
 * @growths: how often memory was extended for a loan.
 * @segments: of its memory, now.
 * @segment_bytes: of them, now.
 * @overflows: messages lost to a full queue: taken back out of it, or not sent.
 * @blocked: nanoseconds that sends have waited for room.
 * @polled: receives that found something without sleeping.
 * @woken: receives that slept before they did.
 * @expired: requests whose deadline had passed, and nobody looked at.
 * @violations: breaches of the protocol by peers.
 * @active: when it last sent or received, in nanoseconds of CLOCK_MONOTONIC; 0: never.  It is
 *	told when the port goes to sleep, to some milliseconds; a port that never does tells
 *	it with every 64th message.
 */
struct sluice_registry_counters {
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

_Static_assert(sizeof(struct sluice_registry_type) == 152, "no holes");
_Static_assert(sizeof(struct sluice_registry_settings) == 56, "no holes");
_Static_assert(sizeof(struct sluice_registry_message) == 2 * 152, "no holes");
_Static_assert(sizeof(struct sluice_registry_contract) ==
	       16 + 256 + 8 + SLUICE_REGISTRY_MESSAGES * 304 + 56 + 48, "no holes");
_Static_assert(sizeof(struct sluice_registry_attribute) == 64 + 256, "no holes");
_Static_assert(sizeof(struct sluice_registry_node) == 48 + 128, "no holes");
_Static_assert(sizeof(struct sluice_registry_port) == 56 + 64, "no holes");
_Static_assert(sizeof(struct sluice_registry_counters) == 18 * 8, "no holes");

#endif /* SLUICE_UAPI_REGISTRY_H */
