/* SPDX-License-Identifier: MIT */
/*
 * sluice.h - zero-copy request-response between the processes of one host
 *
 * This header is the whole public API and can be read top to bottom as the
 * manual.  The nouns, in the order a program meets them:
 *
 *	node		one thread in a domain: everything below is made from it
 *	service		a named meeting point; both sides bring the same contract
 *	client		sends requests		server	  answers them
 *	request		loaned by a client	reply	  loaned by a server
 *	pending_response  what a sent request becomes at the client
 *	active_request	  what it is at the server that received it
 *	response	a reply, as the client receives it
 *
 * and the four verbs of every message: *loan* memory, *send* it, *receive* it
 * at the other end, *release* it.  A send consumes what it sends.  A release is
 * always legal on what one still holds, and on NULL.
 *
 * Stale handles.  A message must not be used any more once it was sent or released.
 * A call that does so all the same fails with EINVAL and changes nothing, as long as fewer
 * than 8 other messages of the same kind were sent or released after it.  Requests,
 * pending responses and responses count if they are of the same client; active requests
 * and replies count if they are of the same server, and of the same client there.  Calls
 * that fail and receives that find nothing do not count, however many there are.  After
 * the eighth message the handle may be that of a new message, and the call acts on that
 * one.  The memory of a handle goes when the client or server was destroyed and all of
 * its messages were released; at a server also when the client has left or died.  From
 * then on a call with the handle is undefined.
 *
 * Errors.  A function that returns int returns 0 or more, or -errno, and sets
 * errno too.  A function that returns a pointer returns NULL and sets errno.
 * sluice_strerror() gives the sentence behind this thread's last failure.
 *
 * A constructor that is handed a NULL parent passes the failure of that parent
 * on: it returns NULL, with the errno and the sentence of the last constructor that has
 * failed in this thread, whatever else has failed since.  So do a loan,
 * a wait and a receive.  A set-up of several objects therefore needs one check, of
 * the last.  Releasing NULL does nothing and keeps errno.
 *
 * Threads.  A node, and everything made from it, belongs to one thread: the
 * first that sends, receives or waits with it.  Another thread's call fails
 * with EBUSY, until sluice_node_adopt() moves the node.  Different nodes are
 * independent of each other.  After fork() the child's calls on an inherited node
 * fail with ECHILD and harm nothing.
 *
 * Signals.  A wait ends with EINTR when a signal handler has run in its thread while
 * it slept, or when the process was stopped and continued.  One signal ends one wait.
 * A signal that comes before the call has fallen asleep does not end it: not while the
 * program does something else, not while the call polls (the node option spin).  A
 * program that must not miss a signal has the handler call sluice_node_interrupt(),
 * which ends the next wait too; or it blocks the signal and reads it from a
 * signalfd(2), in an event loop that also polls sluice_node_fd().
 *
 * A call that sleeps blocks signals while it is awake, so that one that comes then ends
 * its next sleep, and restores the mask before it returns.  Signals of a fault (SIGSEGV,
 * SIGBUS and the like) are never blocked.  If the node's last wait was shorter than 1 ms,
 * the call begins with that only after two sleeps; then a signal may be overlooked that
 * comes at the very moment at which something else ends one of these.  A wait through
 * sockets may end with EINTR once more after a node that waited through io_uring was
 * destroyed in the same thread.
 *
 * Time.  Timeouts are nanoseconds, deadlines nanoseconds of CLOCK_MONOTONIC; both
 * ends of a service must live in one time namespace.  While a process is stopped
 * (SIGSTOP) its timeouts and deadlines go on; nothing is lost, and its peers do not
 * take it for dead.
 *
 * Kernels.  Everything works from Linux 5.1 on; a function that needs a later one,
 * or does better on it, says so.
 *
 * The library never prints, never ends the process, installs no signal handler
 * and starts no thread.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** SLUICE_VERSION_MAJOR - first part of the version of this header */
#define SLUICE_VERSION_MAJOR	0
/** SLUICE_VERSION_MINOR - second part of the version of this header */
#define SLUICE_VERSION_MINOR	1

/** SLUICE_MUST_CHECK - the result of a call carries a failure or a resource */
#define SLUICE_MUST_CHECK	__attribute__((__warn_unused_result__))

/*
 * In C++ the fields of options have default values: the size is right in every object,
 * and no compiler asks for the fields that an initialiser leaves out.  C++17 has no
 * designated initialisers; there one writes
 *
 *	sluice_client_opts opts = SLUICE_CLIENT_OPTS();
 *	opts.strategy = SLUICE_BEST_FIT;
 */
#ifdef __cplusplus
#define SLUICE_SIZE_(type)		= sizeof(type)
#define SLUICE_ZERO_			= {}
#define SLUICE_OPTS_(type, ...)		{ __VA_ARGS__ }
#else
#define SLUICE_SIZE_(type)
#define SLUICE_ZERO_
#define SLUICE_OPTS_(type, ...)		{ .size = sizeof(type), __VA_ARGS__ }
#endif

/** SLUICE_NOWAIT - timeout of a call that returns at once */
#define SLUICE_NOWAIT		((int64_t)0)
/** SLUICE_FOREVER - timeout of a call that waits until something happens */
#define SLUICE_FOREVER		((int64_t)-1)

struct sluice_node;
struct sluice_service;
struct sluice_client;
struct sluice_server;
struct sluice_pending_response;

/* ---- The contract ------------------------------------------------------- */

/**
 * enum sluice_kind - how many elements of a type one message carries
 * @SLUICE_KIND_FIXED: exactly one.
 * @SLUICE_KIND_SLICE: any number, chosen by the sender with each loan.
 */
enum sluice_kind {
	SLUICE_KIND_FIXED = 0,
	SLUICE_KIND_SLICE = 1,
};

/**
 * struct sluice_type - one payload type of a contract
 * @name: the type's name; compared between the two sides without a leading
 *	"struct", "union" or "enum".  At most 127 bytes.
 * @size: bytes of one element, at least 1.
 * @alignment: what an element's address is a multiple of; a power of two of at
 *	most 4096.
 * @kind: an &enum sluice_kind.
 * @fingerprint: of its members, as ``sluice types`` tells it; 0: not known.
 *	Two sides that both know one, and not the same, do not meet.
 *
 * Written with SLUICE_TYPE() or SLUICE_SLICE().  A payload is read by another
 * process, which may be built by another compiler: it must hold no pointers, no
 * references and no types whose layout depends on the compiler.  sluice_containers.h has
 * text, lists and optional values without them.
 *
 * ``sluice types PROGRAM`` finds every &struct sluice_contract that is constant data
 * of a program, by its debug information, and refuses types that must not be
 * shared; so a build can end there.  It looks for a type by its name, which must
 * therefore be that of a type, also where SLUICE_TYPE_NAMED() gives it.
 */
struct sluice_type {
	const char *name;
	uint64_t size;
	uint32_t alignment;
	uint32_t kind;
	uint64_t fingerprint;
};

#ifdef __cplusplus
#define SLUICE_ALIGNOF_(type)	alignof(type)
#else
#define SLUICE_ALIGNOF_(type)	_Alignof(type)
#endif

/**
 * SLUICE_TYPE_NAMED() - a payload type under a name given by hand
 * @name: string, the name that the two sides compare.
 * @type: the C or C++ type.
 * @kind: an &enum sluice_kind.
 */
#define SLUICE_TYPE_NAMED(name, type, kind)				\
	SLUICE_TYPE_INITIALIZER_(name, type, kind, 0)

/* The cast makes gcc keep the type in the debug information. */
#define SLUICE_TYPE_INITIALIZER_(name, type, kind, fingerprint)		\
	{ (name), sizeof(*(__typeof__(type) *)0),			\
	  (uint32_t)SLUICE_ALIGNOF_(type), (kind), (fingerprint) }

/**
 * SLUICE_TYPE() - a message that carries exactly one element
 * @type: the C or C++ type.
 */
#define SLUICE_TYPE(type)	SLUICE_TYPE_NAMED(#type, type, SLUICE_KIND_FIXED)

/**
 * SLUICE_SLICE() - a message that carries a slice of any number of elements
 * @type: the C or C++ type of one element.
 */
#define SLUICE_SLICE(type)	SLUICE_TYPE_NAMED(#type, type, SLUICE_KIND_SLICE)

/**
 * SLUICE_TYPE_FINGERPRINTED() - exactly one element, of known members
 * @type: the C or C++ type.
 * @fingerprint: SLUICE_FINGERPRINT_*, from what ``sluice types --header`` writes.
 */
#define SLUICE_TYPE_FINGERPRINTED(type, fingerprint)			\
	SLUICE_TYPE_INITIALIZER_(#type, type, SLUICE_KIND_FIXED, fingerprint)

/**
 * SLUICE_SLICE_FINGERPRINTED() - a slice of any number of elements, of known members
 * @type: the C or C++ type of one element.
 * @fingerprint: likewise.
 */
#define SLUICE_SLICE_FINGERPRINTED(type, fingerprint)			\
	SLUICE_TYPE_INITIALIZER_(#type, type, SLUICE_KIND_SLICE, fingerprint)

/**
 * struct sluice_contract - what both sides of a service compile in
 * @name: name of the service, 1 to 255 bytes.
 * @request: type of the requests.
 * @response: type of the responses.
 * @request_header: user header in front of each request; a zeroed type for
 *	none.  Always one element.
 * @response_header: user header in front of each response, likewise.
 *
 * Constant data: it must stay valid while a service made from it is open.
 */
struct sluice_contract {
	const char *name;
	struct sluice_type request;
	struct sluice_type response;
	struct sluice_type request_header;
	struct sluice_type response_header;
};

/* ---- Options ------------------------------------------------------------
 *
 * Each options struct begins with its own size.  NULL means all defaults; a
 * field that is 0 means that field's default.  A program built against a newer
 * header than the library it runs with is refused with E2BIG only if it set a
 * field that the library does not know.
 */

/**
 * enum sluice_wait - how a node sleeps
 * @SLUICE_WAIT_AUTO: io_uring where the kernel offers futex waits through it
 *	(Linux 6.7) and does not refuse it, else sockets.  The environment
 *	variable SLUICE_WAIT (``uring`` or ``socket``) decides when it is set.
 * @SLUICE_WAIT_URING: io_uring, or fail.
 * @SLUICE_WAIT_SOCKET: sockets and epoll; works on every kernel.  A call that finds
 *	nothing with SLUICE_NOWAIT makes a system call, to know that it is so now.
 */
enum sluice_wait {
	SLUICE_WAIT_AUTO = 0,
	SLUICE_WAIT_URING = 1,
	SLUICE_WAIT_SOCKET = 2,
};

/**
 * struct sluice_node_opts - options of sluice_node_create()
 * @size: sizeof(struct sluice_node_opts).
 * @domain: name of the world the node lives in; nodes of different domains
 *	never meet.  NULL: $SLUICE_DOMAIN, else as configured, else "default".
 * @wait: an &enum sluice_wait.
 * @reserved: 0.
 * @spin: nanoseconds that a wait polls, at most, before it sleeps, cut to a second;
 *	negative: none.  0: 50,000, or none if the thread that takes the node may run on
 *	one CPU only.
 *
 * Polling adapts itself: it begins when waits turn out to be shorter than @spin,
 * and ends when they turn out to be longer.
 */
struct sluice_node_opts {
	size_t size SLUICE_SIZE_(struct sluice_node_opts);
	const char *domain SLUICE_ZERO_;
	uint32_t wait SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
	int64_t spin SLUICE_ZERO_;
};

/** SLUICE_NODE_OPTS() - node options, fields named as in an initialiser */
#define SLUICE_NODE_OPTS(...)	SLUICE_OPTS_(struct sluice_node_opts, __VA_ARGS__)

/** SLUICE_SERVICE_MUST_EXIST - open a service, never create one */
#define SLUICE_SERVICE_MUST_EXIST	UINT64_C(1)
/** SLUICE_SERVICE_MUST_CREATE - create a service, never open one */
#define SLUICE_SERVICE_MUST_CREATE	UINT64_C(2)
/**
 * SLUICE_SERVICE_NO_REQUEST_OVERFLOW - no request is pushed out of a full queue
 *
 * A client that sends to a server whose queue is full waits for room instead, or does
 * what its &struct sluice_client_opts says.  Fixed by whoever creates the service; when
 * an existing one is opened, a demand.  Without a demand a service is opened whether it
 * has this or not; a program that must never wait for room puts it in refused_flags.
 */
#define SLUICE_SERVICE_NO_REQUEST_OVERFLOW	UINT64_C(4)
/**
 * SLUICE_SERVICE_NO_RESPONSE_OVERFLOW - no response is pushed out of a full queue
 *
 * A server that answers a client which has max_response_buffer_size responses unread
 * waits for room instead, or does what its &struct sluice_server_opts says.  Fixed by
 * whoever creates the service; when an existing one is opened, a demand, as
 * SLUICE_SERVICE_NO_REQUEST_OVERFLOW is.
 */
#define SLUICE_SERVICE_NO_RESPONSE_OVERFLOW	UINT64_C(8)
/**
 * SLUICE_SERVICE_NO_FIRE_AND_FORGET - requests of which nobody awaits the answer are dropped
 *
 * A request that was not received yet is withdrawn when its pending response is
 * released, and when its client has left or died.  Otherwise servers receive it all the
 * same.  Fixed by whoever creates the service; when an existing one is opened, a demand.
 */
#define SLUICE_SERVICE_NO_FIRE_AND_FORGET	UINT64_C(16)
/**
 * SLUICE_SERVICE_ANY_USER - trust servers of other users
 *
 * Of the calling process alone, and no setting of the service: it may be one that
 * another user has created, and clients send their requests to servers of any user.
 * Otherwise these belong to this user or to root, or the service is not opened.
 */
#define SLUICE_SERVICE_ANY_USER			UINT64_C(32)

/**
 * struct sluice_attribute - a word about a service, for who looks for one
 * @key: 1 to 63 bytes.
 * @value: at most 255 bytes; or NULL, which demands the key with any value.
 */
struct sluice_attribute {
	const char *key;
	const char *value;
};

/**
 * struct sluice_service_opts - options of sluice_service_open()
 * @size: sizeof(struct sluice_service_opts).
 * @flags: SLUICE_SERVICE_MUST_EXIST, SLUICE_SERVICE_MUST_CREATE, or neither to open
 *	the service and create it if it does not exist; and other SLUICE_SERVICE_*.
 * @max_clients: clients of the service, and clients connected to one server; 256, at most
 *	4096.
 * @max_servers: servers of the service, and servers that one client is connected to; 32, at
 *	most 1024.
 * @max_nodes: nodes that have the service open; 512, at most 8192.
 * @max_active_requests_per_client: pending responses a client may hold; 16, at
 *	most 1024.
 * @max_loaned_requests: requests a client may have loaned and not yet sent; 8,
 *	at most 1024.
 * @max_loaned_replies_per_request: replies a server may have loaned and not yet
 *	sent, for each active request; 8, at most 1024.
 * @max_response_buffer_size: responses that may queue up unread, for each
 *	request and server; a further one takes the place of the oldest.  8, at
 *	most 1024.
 * @max_borrowed_responses_per_pending_response: responses a client may hold, for
 *	each pending response; 8, at most 1024.
 * @max_fds_per_message: descriptors that a request or a reply may carry; 0, at most 16.
 * @request_alignment: bytes that the elements of requests begin on a multiple of, if
 *	their type asks for less; a power of two of at most 4096.
 * @response_alignment: the same for responses.
 * @mode: who may use the service, as of a file: 0600 the user who creates it, 0660 its
 *	@group too, 0666 everybody whom the root directory lets in.  0600.
 * @group: id of a group of this user's; 0: the one that the root directory gives.
 * @reserved: 0.
 * @attributes: what is said of the service; NULL for nothing.
 * @attribute_count: how many of them; at most 16.
 * @refused_flags: of SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
 *	SLUICE_SERVICE_NO_RESPONSE_OVERFLOW, SLUICE_SERVICE_NO_FIRE_AND_FORGET and
 *	SLUICE_SERVICE_ANY_USER those that must not hold, whatever the configuration
 *	says.  None of them may be in @flags too.
 *
 * Whoever creates the service fixes all of that.  When an existing one is opened, what
 * is not 0 is a demand: the service must offer as much, be aligned as much, have the
 * attributes (and may have others), and be as open to others as @mode and @group say.
 * An attribute without a value needs SLUICE_SERVICE_MUST_EXIST.
 *
 * So a flag of the service can be demanded (@flags), refused (@refused_flags), or left
 * open (neither).  Who leaves it open takes the service as it is, and
 * sluice_service_settings() says how that is.  In particular, a program that says nothing
 * may open a service whose sends wait for room.
 */
struct sluice_service_opts {
	size_t size SLUICE_SIZE_(struct sluice_service_opts);
	uint64_t flags SLUICE_ZERO_;
	uint32_t max_clients SLUICE_ZERO_;
	uint32_t max_servers SLUICE_ZERO_;
	uint32_t max_nodes SLUICE_ZERO_;
	uint32_t max_active_requests_per_client SLUICE_ZERO_;
	uint32_t max_loaned_requests SLUICE_ZERO_;
	uint32_t max_loaned_replies_per_request SLUICE_ZERO_;
	uint32_t max_response_buffer_size SLUICE_ZERO_;
	uint32_t max_borrowed_responses_per_pending_response SLUICE_ZERO_;
	uint32_t max_fds_per_message SLUICE_ZERO_;
	uint32_t request_alignment SLUICE_ZERO_;
	uint32_t response_alignment SLUICE_ZERO_;
	uint32_t mode SLUICE_ZERO_;
	uint32_t group SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
	const struct sluice_attribute *attributes SLUICE_ZERO_;
	size_t attribute_count SLUICE_ZERO_;
	uint64_t refused_flags SLUICE_ZERO_;
};

/** SLUICE_SERVICE_OPTS() - service options, named as in an initialiser */
#define SLUICE_SERVICE_OPTS(...)	SLUICE_OPTS_(struct sluice_service_opts, __VA_ARGS__)

/**
 * enum sluice_strategy - how a port's memory follows the slices it loans
 * @SLUICE_POWER_OF_TWO: a slice takes the next power of two of the bytes of its
 *	elements, and its user header; or as many whole pages of 4 KiB as it needs, if
 *	that is less.  A segment that grows gets twice its size, at most 1 MiB more than
 *	before, or what the slice needs: few growths, some memory unused.
 * @SLUICE_BEST_FIT: a slice takes what it needs, and a segment grows by what is
 *	needed.
 * @SLUICE_STATIC: room for as many slices of initial_max_slice_len elements as
 *	can ever be out is set aside once, and the kernel seals it against growth;
 *	memory is allocated as the room is first used.  A longer loan fails with
 *	EMSGSIZE.
 *
 * A loan within the limits of a SLUICE_STATIC port never fails for want of slices,
 * whatever its peers hold.  For that a client connects to no more than max_servers
 * servers that are there or still hold its requests: a server that was destroyed with
 * active requests left counts until the last of them is released, and one that comes in
 * its place is connected to then.  With the other strategies memory grows instead, up to
 * memory_limit.
 */
enum sluice_strategy {
	SLUICE_POWER_OF_TWO = 0,
	SLUICE_BEST_FIT = 1,
	SLUICE_STATIC = 2,
};

/**
 * SLUICE_PORT_PREFAULT - have all memory from the start
 *
 * What the limits of the port can ask for is allocated, and its pages are there, when
 * the port is made and when a peer connects: tables, queues, and with SLUICE_STATIC
 * the slices, so that no later call faults or allocates.  With another strategy there is
 * what preallocate asks for, and what comes later has its pages when it is loaned.
 *
 * A peer's slices are mapped when it tells of them: if its port is such a one too, when
 * it connects, else with a message.
 */
#define SLUICE_PORT_PREFAULT	UINT32_C(1)
/**
 * SLUICE_PORT_LOCK - the same, and keep it from being swapped out
 *
 * Needs room in RLIMIT_MEMLOCK, or CAP_IPC_LOCK; otherwise the port is not made, a
 * peer is not connected, or a loan that would need more memory fails with ENOMEM.  Of
 * what is mapped of the peers all is locked that they have told of.
 *
 * A program that locks all of its memory by mlockall(2) does so before it makes ports:
 * then their memory is locked as it is populated, with this flag or without.  Later,
 * what ports have reserved would count as locked too, and of static ones be allocated.
 */
#define SLUICE_PORT_LOCK	UINT32_C(2)
/**
 * SLUICE_PORT_HUGE_PAGES - transparent huge pages, where the kernel allows them
 *
 * See shmem_enabled in the kernel's transhuge.rst: with "advise", "within_size" or
 * "always".  Without effect where it does not.  The kernel allocates and counts 2 MiB at
 * a time then, whatever memory_limit says; preallocate lets it begin with whole ones.
 */
#define SLUICE_PORT_HUGE_PAGES	UINT32_C(4)

/**
 * enum sluice_when_full - what becomes of a message for which a peer has no room
 * @SLUICE_FULL_BLOCK: sending waits for room.
 * @SLUICE_FULL_DISCARD: this peer does not get the message.
 *
 * Of use in services where requests, or responses, do not overflow.
 */
enum sluice_when_full {
	SLUICE_FULL_BLOCK = 0,
	SLUICE_FULL_DISCARD = 1,
};

/**
 * enum sluice_full_answer - what a program answers that was asked what to do
 * @SLUICE_ANSWER_RETRY: wait until there is room, or for a while, and ask again.
 * @SLUICE_ANSWER_DISCARD: this peer does not get the message.
 * @SLUICE_ANSWER_FAIL: sending fails with ENOBUFS.
 */
enum sluice_full_answer {
	SLUICE_ANSWER_RETRY = 0,
	SLUICE_ANSWER_DISCARD = 1,
	SLUICE_ANSWER_FAIL = 2,
};

/**
 * struct sluice_full - who has no room for a message, and since when
 * @size: sizeof(struct sluice_full).
 * @port: id of the port that sends.
 * @peer: id of the port that has no room.
 * @request: number of the request, or of that which is answered.
 * @retries: how often that was asked before, of this message and peer.
 * @elapsed: nanoseconds since it was asked first.
 */
struct sluice_full {
	size_t size;
	uint64_t port;
	uint64_t peer;
	uint64_t request;
	uint64_t retries;
	int64_t elapsed;
};

/**
 * typedef sluice_full_fn - asks a program what to do when a peer has no room
 * @full: who has none; valid during the call.
 * @context: as given with the function.
 *
 * Context: Within a call that sends, in its thread.  It must not use the node.
 * Return: an &enum sluice_full_answer; anything else is SLUICE_ANSWER_FAIL.
 */
typedef int (*sluice_full_fn)(const struct sluice_full *full, void *context);

/**
 * struct sluice_client_opts - options of sluice_client_create()
 * @size: sizeof(struct sluice_client_opts).
 * @name: shown by tools, at most 63 bytes; NULL for none.
 * @initial_max_slice_len: elements of a request there is room for from the
 *	start; 1.
 * @memory_limit: bytes that the segments of this client's requests may have
 *	together; 4 GiB.  A loan that would exceed it first takes back the segments of
 *	which no slice is out.
 * @strategy: an &enum sluice_strategy.
 * @flags: SLUICE_PORT_PREFAULT, SLUICE_PORT_LOCK, SLUICE_PORT_HUGE_PAGES.
 * @preallocate: slices of @initial_max_slice_len elements for which memory is allocated
 *	from the start, and kept as long as no loan would fail for it; at most as many as
 *	can ever be out; 0: as many as may be loaned, up to 1 MiB or @memory_limit.
 * @max_active_requests: pending responses this client may hold; the service's
 *	max_active_requests_per_client, and at most that.
 * @when_full: an &enum sluice_when_full, for servers that have no room.
 * @reserved: 0.
 * @ask_when_full: is asked instead, if not NULL.
 * @context: for @ask_when_full.
 */
struct sluice_client_opts {
	size_t size SLUICE_SIZE_(struct sluice_client_opts);
	const char *name SLUICE_ZERO_;
	uint64_t initial_max_slice_len SLUICE_ZERO_;
	uint64_t memory_limit SLUICE_ZERO_;
	uint32_t strategy SLUICE_ZERO_;
	uint32_t flags SLUICE_ZERO_;
	uint32_t preallocate SLUICE_ZERO_;
	uint32_t max_active_requests SLUICE_ZERO_;
	uint32_t when_full SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
	sluice_full_fn ask_when_full SLUICE_ZERO_;
	void *context SLUICE_ZERO_;
};

/** SLUICE_CLIENT_OPTS() - client options, fields named as in an initialiser */
#define SLUICE_CLIENT_OPTS(...)	SLUICE_OPTS_(struct sluice_client_opts, __VA_ARGS__)

/**
 * struct sluice_server_opts - options of sluice_server_create()
 * @size: sizeof(struct sluice_server_opts).
 * @name: shown by tools, at most 63 bytes; NULL for none.
 * @initial_max_slice_len: elements of a reply there is room for from the first
 *	reply to a client on; 1.
 * @memory_limit: bytes that the segments of this server's replies to one client
 *	may have together; 4 GiB.  As of a client; @port_memory_limit and
 *	@peer_memory_limit hold besides.
 * @strategy: an &enum sluice_strategy.
 * @flags: SLUICE_PORT_PREFAULT, SLUICE_PORT_LOCK, SLUICE_PORT_HUGE_PAGES.
 * @preallocate: as of a client, for each client, from the first reply to it on.
 * @when_full: an &enum sluice_when_full, for clients that have no room.
 * @ask_when_full: is asked instead, if not NULL.
 * @context: for @ask_when_full.
 * @port_memory_limit: bytes that the segments of all replies may have together; half of
 *	what the machine has available when the server is made, at least 256 MiB.  A loan
 *	that would exceed it first takes back segments of which no slice is out, from all
 *	clients.
 * @peer_memory_limit: the same for all clients of one process; a quarter of
 *	@port_memory_limit.  Neither of the two is less than @memory_limit if only that is
 *	said.  A static port needs room in both for all that max_clients clients can be sent;
 *	it gets that if nothing is said.
 */
struct sluice_server_opts {
	size_t size SLUICE_SIZE_(struct sluice_server_opts);
	const char *name SLUICE_ZERO_;
	uint64_t initial_max_slice_len SLUICE_ZERO_;
	uint64_t memory_limit SLUICE_ZERO_;
	uint32_t strategy SLUICE_ZERO_;
	uint32_t flags SLUICE_ZERO_;
	uint32_t preallocate SLUICE_ZERO_;
	uint32_t when_full SLUICE_ZERO_;
	sluice_full_fn ask_when_full SLUICE_ZERO_;
	void *context SLUICE_ZERO_;
	uint64_t port_memory_limit SLUICE_ZERO_;
	uint64_t peer_memory_limit SLUICE_ZERO_;
};

/** SLUICE_SERVER_OPTS() - server options, fields named as in an initialiser */
#define SLUICE_SERVER_OPTS(...)	SLUICE_OPTS_(struct sluice_server_opts, __VA_ARGS__)

/* ---- Messages -----------------------------------------------------------
 *
 * Messages are owned by the library and handed out by pointer.  What is shown
 * here is their head, to be read and not assigned; a tail is hidden behind it.
 * A handle that was sent or released is used again for a later message, the
 * oldest first, so that a second send or release of it is EINVAL.
 */

/**
 * struct sluice_request - a request that a client loaned and may write
 * @data: the elements, aligned as the contract asks; not NULL even if @count
 *	is 0.
 * @header: the user header, or NULL if the contract has none.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 */
struct sluice_request {
	void *data;
	void *header;
	size_t count;
	size_t size;
};

/**
 * struct sluice_pending_response - a request that was sent
 * @data: the elements of the request, still readable.
 * @header: the user header of the request, or NULL.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 */
struct sluice_pending_response {
	const void *data;
	const void *header;
	size_t count;
	size_t size;
};

/**
 * struct sluice_response - a response that a client received
 * @data: the elements, in memory that only the server can write.
 * @header: the user header, or NULL if the contract has none.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 */
struct sluice_response {
	const void *data;
	const void *header;
	size_t count;
	size_t size;
};

/**
 * struct sluice_active_request - a request that a server received
 * @data: the elements, in memory that only the client can write.
 * @header: the user header, or NULL if the contract has none.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 * @deadline: until when the client waits, in nanoseconds of CLOCK_MONOTONIC; 0 if
 *	it has not said.
 */
struct sluice_active_request {
	const void *data;
	const void *header;
	size_t count;
	size_t size;
	int64_t deadline;
};

/**
 * struct sluice_reply - a reply that a server loaned and may write
 * @data: the elements, aligned as the contract asks; not NULL even if @count
 *	is 0.
 * @header: the user header, or NULL if the contract has none.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 */
struct sluice_reply {
	void *data;
	void *header;
	size_t count;
	size_t size;
};

/**
 * struct sluice_request_info - what a request says of itself
 * @size: sizeof(struct sluice_request_info), set by the caller.
 * @client: id of the client port that sent it.
 * @node: id of that client's node.
 * @request: its number, which no other pending request of this client has.
 * @count: number of elements.
 * @deadline: until when the client waits, in nanoseconds of CLOCK_MONOTONIC; 0 for none.
 */
struct sluice_request_info {
	size_t size;
	uint64_t client;
	uint64_t node;
	uint64_t request;
	uint64_t count;
	int64_t deadline;
};

/** SLUICE_REQUEST_INFO() - an info to be filled in */
#define SLUICE_REQUEST_INFO()	{ .size = sizeof(struct sluice_request_info) }

/**
 * struct sluice_response_info - what a response says of itself
 * @size: sizeof(struct sluice_response_info), set by the caller.
 * @server: id of the server port that sent it.
 * @node: id of that server's node.
 * @request: number of the request that it answers.
 * @position: in the stream of responses of this server, from 0; a number that was left
 *	out is of a response that was lost to a full queue.
 * @count: number of elements.
 * @last: 1 if the server has marked it as its last; else 0.
 * @reserved: 0.
 */
struct sluice_response_info {
	size_t size;
	uint64_t server;
	uint64_t node;
	uint64_t request;
	uint64_t position;
	uint64_t count;
	uint32_t last;
	uint32_t reserved;
};

/** SLUICE_RESPONSE_INFO() - an info to be filled in */
#define SLUICE_RESPONSE_INFO()	{ .size = sizeof(struct sluice_response_info) }

/**
 * struct sluice_peer - who is at the other end
 * @size: sizeof(struct sluice_peer), set by the caller.
 * @port: id of its port.
 * @node: id of its node.
 * @pid: its process, in our pid namespace; 0 if it is not visible there.
 * @uid: its effective user, in our user namespace.
 * @gid: its effective group.
 * @reserved: 0.
 *
 * The kernel's word: of a client as it connected, of a server as it answered that.
 */
struct sluice_peer {
	size_t size;
	uint64_t port;
	uint64_t node;
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
	uint32_t reserved;
};

/** SLUICE_PEER() - a peer to be filled in */
#define SLUICE_PEER()	{ .size = sizeof(struct sluice_peer) }

/** SLUICE_STATUS_MAX - the largest code that a request may be ended with */
#define SLUICE_STATUS_MAX	4095
/** SLUICE_STATUS_TEXT_MAX - bytes of the text that may go with it */
#define SLUICE_STATUS_TEXT_MAX	127

/**
 * struct sluice_status - why a server has ended a request
 * @size: sizeof(struct sluice_status), set by the caller.
 * @server: id of the server port.
 * @code: as the server gave it, an errno for example; 1 to SLUICE_STATUS_MAX.
 * @reserved: 0.
 * @text: as the server gave it, ended by a 0; may be empty.
 */
struct sluice_status {
	size_t size;
	uint64_t server;
	int32_t code;
	uint32_t reserved;
	char text[SLUICE_STATUS_TEXT_MAX + 1];
};

/** SLUICE_STATUS() - a status to be filled in */
#define SLUICE_STATUS()	{ .size = sizeof(struct sluice_status) }

/* ---- Node --------------------------------------------------------------- */

/**
 * sluice_node_create() - enter a domain with a thread
 * @name: name shown by tools, at most 127 bytes; NULL for none.
 * @opts: options, or NULL.
 *
 * The node registers itself under the root directory: $SLUICE_ROOT, else what the
 * configuration says, else /run/sluice where it exists, else sluice in the user's runtime
 * directory ($XDG_RUNTIME_DIR) where that is private, else /dev/shm/sluice-<uid>.
 * sluice(7) says more.  From Linux 6.7 on it waits through io_uring if that is not refused; from Linux 6.5 on it notices the
 * death of a peer even if somebody else still holds the peer's socket.
 *
 * If somebody deletes or moves what the node, its services and ports have registered,
 * they register again while the node waits or is used.  Until that has worked, making a
 * service or a port fails with the errno of what is in the way, such as ENOENT or EACCES.
 *
 * Context: Any thread; the first that sends, receives or waits owns the node.
 * Return: The node, to be given to sluice_node_destroy(); or NULL with errno
 * EINVAL (bad name, domain, option or configuration; a root directory whose path is not
 * absolute), E2BIG (option unknown to this
 * library), EACCES or EPERM (root directory or configuration not usable or not safe),
 * ENOENT ($SLUICE_CONFIG is not there; or nothing can be made in the root directory,
 * because it was removed or is in a file system such as /proc), ENOSYS (io_uring asked for
 * and not available), EFBIG (RLIMIT_FSIZE is less than the node's file needs), ENOMEM,
 * EMFILE, ENFILE, ENOSPC, or another errno of the file system, such as EIO, EROFS or EDQUOT.
 */
struct sluice_node *sluice_node_create(const char *name,
				       const struct sluice_node_opts *opts)
	SLUICE_MUST_CHECK;

/**
 * sluice_node_destroy() - give a node back
 * @node: the node, or NULL.
 *
 * Objects made from the node keep it alive until the last of them is gone, so
 * the order of destruction does not matter.
 *
 * Context: The node's thread.  In a forked child it does nothing.
 */
void sluice_node_destroy(struct sluice_node *node);

/**
 * sluice_node_id() - the number by which others know a node
 * @node: the node, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_node_id(const struct sluice_node *node);

/**
 * sluice_node_adopt() - move a node to the calling thread
 * @node: the node.
 *
 * From here on the node, and everything made from it, belongs to the calling
 * thread.  The thread that had it must have ended, or must know: calls of both at
 * the same time are a race, and only a sleep of the other one is noticed.
 *
 * Context: Any thread.
 * Return: 0; or -EINVAL, -EBUSY (its thread is waiting with it), -ECHILD, -ENOMEM,
 * -EMFILE or -ENFILE, and then the node stays where it was.
 */
int sluice_node_adopt(struct sluice_node *node);

/**
 * enum sluice_event_kind - what has happened
 * @SLUICE_EVENT_REQUEST: sluice_server_receive() of @server has a request to return,
 *	unless its deadline passes meanwhile.
 * @SLUICE_EVENT_RESPONSE: sluice_pending_response_receive() of @pending has a
 *	response to return, or the end of the stream, which it has not returned yet.
 * @SLUICE_EVENT_CONNECTED: peers of @client or @server have come.
 * @SLUICE_EVENT_DISCONNECTED: peers of @client or @server have left or died.
 */
enum sluice_event_kind {
	SLUICE_EVENT_REQUEST = 1,
	SLUICE_EVENT_RESPONSE = 2,
	SLUICE_EVENT_CONNECTED = 3,
	SLUICE_EVENT_DISCONNECTED = 4,
};

/**
 * struct sluice_event - something that sluice_node_wait() has returned for
 * @size: sizeof(struct sluice_event), set by the caller.
 * @kind: an &enum sluice_event_kind.
 * @reason: of the last peer that disconnected, an errno: EPIPE (it left), ECONNRESET
 *	(it died), EPROTO (it broke the protocol), ECONNABORTED (a server lacked descriptors
 *	or memory for the client), EUSERS (a server had max_clients clients), or another: why
 *	it refused the client, or what was lacking here to go on with it.
 * @peers: how many have come or gone.
 * @server: the server concerned, or NULL.
 * @client: the client concerned, or NULL.
 * @pending: the pending response concerned, or NULL.
 */
struct sluice_event {
	size_t size;
	uint32_t kind;
	int32_t reason;
	uint64_t peers;
	struct sluice_server *server;
	struct sluice_client *client;
	struct sluice_pending_response *pending;
};

/** SLUICE_EVENT() - an event to be filled in by sluice_node_next() */
#define SLUICE_EVENT()	{ .size = sizeof(struct sluice_event) }

/**
 * sluice_node_wait() - wait until anything made from the node is ready
 * @node: the node.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * Returns when a request or a response can be received, a peer has come, or a peer
 * has gone; sluice_node_next() says which.  What can be received is told again by
 * each call until it has been received; that somebody came or went is told once.
 * Something that is queued while as much is held as may be, so that a receive would say
 * ENOBUFS, is told when there is room for it.
 *
 * Context: The node's thread.  Sleeps unless SLUICE_NOWAIT.
 * Return: 0; or -EAGAIN (nothing, and SLUICE_NOWAIT), -ETIMEDOUT, -EINTR (a signal,
 * or sluice_node_interrupt()), -EINVAL, -EBUSY (another thread's node), -ENOMEM or
 * -ECHILD.
 */
int sluice_node_wait(struct sluice_node *node, int64_t timeout);

/**
 * sluice_node_next() - ask what sluice_node_wait() or sluice_node_prepare() has found
 * @node: the node.
 * @event: filled in; its size says how much the caller knows.
 *
 * Each thing is told once after each wait.  Objects may be received from, released
 * and destroyed between two calls.
 *
 * Context: The node's thread.
 * Return: 1; 0 if there is nothing more; or -EINVAL, -EBUSY (another thread's node)
 * or -ECHILD.
 */
int sluice_node_next(struct sluice_node *node, struct sluice_event *event);

/**
 * sluice_node_interrupt() - end a wait of the node's thread
 * @node: the node, which must not be destroyed meanwhile.
 *
 * The wait that is under way, in whatever call, or else the next one that would
 * sleep, ends with EINTR.  Several interruptions before that are one.
 *
 * Context: Any thread, and signal handlers; keeps errno.
 * Return: 0; or -EINVAL or -ECHILD.
 */
int sluice_node_interrupt(struct sluice_node *node);

/**
 * sluice_node_fd() - a descriptor for a foreign event loop
 * @node: the node.
 *
 * Readable when the node has something to do that came after the last
 * sluice_node_prepare(): for poll(2), epoll(7) or an io_uring of the program's own.
 * It belongs to the node, and must be neither read nor closed; after
 * sluice_node_adopt() it is the same.
 *
 * Context: The node's thread.
 * Return: The descriptor; or -EINVAL, -ENOMEM, -EMFILE, -ENFILE, -EBUSY (another
 * thread's node) or -ECHILD.
 */
int sluice_node_fd(struct sluice_node *node);

/**
 * sluice_node_prepare() - get ready to sleep in a foreign event loop
 * @node: the node.
 *
 * Has the peers ring from here on, and then looks once more.  Only if this returns 0,
 * and no other call was made with the node since, may the loop sleep until
 * sluice_node_fd() is readable; nothing that comes between the two is missed.
 *
 * Context: The node's thread.
 * Return: 0: there is nothing to do; 1: there may be, ask sluice_node_next(); or
 * -EINTR (sluice_node_interrupt()), -EINVAL, -ENOMEM, -EMFILE, -ENFILE, -EBUSY
 * (another thread's node) or -ECHILD.
 */
int sluice_node_prepare(struct sluice_node *node);

/* ---- Service ------------------------------------------------------------ */

/**
 * sluice_service_open() - open a service, or create it
 * @node: the node.
 * @contract: the contract; must stay valid until the service is closed.
 * @opts: options, or NULL.
 *
 * If the service exists, its contract is compared with @contract field by
 * field, and its settings with those that @opts sets.  What processes that died
 * have left behind in the domain is removed.
 *
 * Context: The node's thread.
 * Return: The service, to be given to sluice_service_close(); or NULL with
 * errno EINVAL (bad contract or option), E2BIG (option unknown to this library),
 * ENOENT (must exist and does not), EEXIST (must be created and exists),
 * EPROTOTYPE (contract, setting or attribute differs), EPROTONOSUPPORT (made by an
 * incompatible version), EUSERS (max_nodes reached), EACCES (not allowed, or another
 * user's and not SLUICE_SERVICE_ANY_USER), EPERM (not in @group, or more than a ceiling of
 * the configuration), EFBIG (RLIMIT_FSIZE is less than the contract needs), ENOMEM, EMFILE,
 * ENFILE, ENOSPC, ETIMEDOUT (the service is being removed and created over and over),
 * EBUSY (another thread's node), ECHILD, or another errno of the file system, such as EIO,
 * EROFS or EDQUOT.
 */
struct sluice_service *
sluice_service_open(struct sluice_node *node,
		    const struct sluice_contract *contract,
		    const struct sluice_service_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_service_close() - close a service
 * @service: the service, or NULL.
 *
 * Its ports keep it open until they are destroyed.  Whoever closes a service
 * last removes it.
 *
 * Context: The node's thread.  In a forked child it does nothing.
 */
void sluice_service_close(struct sluice_service *service);

/**
 * sluice_service_settings() - ask what the settings of a service are
 * @service: the service.
 * @settings: filled in, with the numbers that whoever created the service has fixed;
 *	its size says how much the caller knows.  A flag of the service is in its flags,
 *	or in its refused_flags if the service is without it; no attributes.
 *
 * Opened with these options, a service must have just these flags, and offer as much.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_service_settings(struct sluice_service *service,
			    struct sluice_service_opts *settings);

/**
 * sluice_service_attribute() - ask for an attribute of a service
 * @service: the service.
 * @index: which one, from 0.
 * @attribute: filled in; valid until the service is closed.
 *
 * Context: The node's thread.
 * Return: 1; 0 if there are not as many; or -EINVAL, -EBUSY (another thread's node) or
 * -ECHILD.
 */
int sluice_service_attribute(struct sluice_service *service, unsigned int index,
			     struct sluice_attribute *attribute);

/* ---- Client ------------------------------------------------------------- */

/**
 * sluice_client_create() - make a port that sends requests
 * @service: the service.
 * @opts: options, or NULL.
 *
 * The client connects to every server that is there, and to later ones as they
 * come; this happens inside its calls.
 *
 * Context: The node's thread.
 * Return: The client, to be given to sluice_client_destroy(); or NULL with
 * errno EINVAL, E2BIG (option unknown to this library), EMSGSIZE
 * (initial_max_slice_len, preallocate or what can be out of a static port exceeds
 * memory_limit), EUSERS (max_clients reached),
 * ENOMEM (also: SLUICE_PORT_LOCK exceeds RLIMIT_MEMLOCK), EPERM (likewise, or more than a
 * ceiling of the configuration), EFBIG (more than RLIMIT_FSIZE), EMFILE, ENFILE, EACCES,
 * ENOSPC, EBUSY (another thread's node), ECHILD, or another errno of the file system.
 */
struct sluice_client *
sluice_client_create(struct sluice_service *service,
		     const struct sluice_client_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_client_destroy() - destroy a client
 * @client: the client, or NULL.
 *
 * Its loaned requests are given back; their handles are invalid from here on.
 * Its pending responses and the responses received through them stay usable
 * until they are released.
 *
 * Context: The node's thread.  In a forked child it does nothing.
 */
void sluice_client_destroy(struct sluice_client *client);

/**
 * sluice_client_id() - the number by which others know a client
 * @client: the client, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_client_id(const struct sluice_client *client);

/**
 * sluice_client_wait_servers() - wait until servers are connected
 * @client: the client.
 * @servers: how many servers to wait for; 0 returns at once.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * A server counts from the time a request would reach it, even if it is busy, or lacks
 * descriptors, and has not come round to the client yet.  What this process or a server
 * lacks for a connection is tried again, within a second; if the wait fails meanwhile,
 * sluice_strerror() says who lacks what.
 *
 * Context: The node's thread.
 * Return: The number of servers connected, at least @servers; or -ETIMEDOUT,
 * -EAGAIN (fewer, and SLUICE_NOWAIT), -EINTR (a signal, or sluice_node_interrupt()),
 * -EINVAL, -EUSERS (more than the service's max_servers), -EBUSY (another thread's
 * node) or -ECHILD.
 */
int sluice_client_wait_servers(struct sluice_client *client,
			       unsigned int servers, int64_t timeout);

/**
 * sluice_client_loan() - loan memory for a request
 * @client: the client.
 * @count: number of elements, 0 included; 1 if the contract's request is of
 *	fixed size.
 *
 * The memory holds whatever an earlier request of this client left there, and
 * never anything of another process.  Growing the client's memory moves no
 * slice; new memory is populated in bulk from Linux 5.14 on, and page by page
 * as it is touched before.
 *
 * Context: The node's thread.
 * Return: The request, to be given to sluice_request_send() or
 * sluice_request_release(); or NULL with errno EMSGSIZE (longer than the
 * strategy or the memory limit allows, or than a size_t can say), ENOBUFS
 * (max_loaned_requests are loaned), ENOMEM (memory limit reached, or no memory),
 * EFBIG (more than RLIMIT_FSIZE), EINVAL, EBUSY (another thread's node) or ECHILD.
 */
struct sluice_request *sluice_client_loan(struct sluice_client *client,
					  size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_client_loan_zeroed() - loan zeroed memory for a request
 * @client: the client.
 * @count: number of elements.
 *
 * As sluice_client_loan(), with the elements and the user header set to 0.
 *
 * Context: The node's thread.
 * Return: As sluice_client_loan().
 */
struct sluice_request *sluice_client_loan_zeroed(struct sluice_client *client,
						 size_t count)
	SLUICE_MUST_CHECK;

/**
 * sluice_request_shorten() - give up the end of a loaned request
 * @request: the request.
 * @count: number of elements to keep, at most as many as it has.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (longer than it is, not loaned, or of fixed size),
 * -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_request_shorten(struct sluice_request *request, size_t count);

/**
 * sluice_request_set_deadline() - say until when an answer is of use
 * @request: the request.
 * @deadline: nanoseconds of CLOCK_MONOTONIC, see sluice_deadline(); 0 for none.
 *
 * A server does not receive a request whose deadline has passed; one that has it
 * already sees the deadline.  At the client, receiving responses fails with
 * ETIMEDOUT after the deadline when none is there.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (not loaned: sent or released before, or a negative
 * deadline), -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_request_set_deadline(struct sluice_request *request, int64_t deadline);

/**
 * enum sluice_route - which servers a request goes to
 * @SLUICE_ROUTE_ALL: every one that is connected.
 * @SLUICE_ROUTE_ONE: the least busy one: the one that is expected to begin with the
 *	request first, by how many requests of all clients it has in its hands and in its
 *	queue, and by how long one takes there on average.  Those that are idle take turns.
 */
enum sluice_route {
	SLUICE_ROUTE_ALL = 0,
	SLUICE_ROUTE_ONE = 1,
};

/**
 * sluice_request_set_route() - say which servers a request goes to
 * @request: the request.
 * @route: an &enum sluice_route; SLUICE_ROUTE_ALL if nothing is said.
 *
 * Requests that other clients send to one server are counted too, from the moment they are
 * sent; those that others send to all, as soon as the server has received them.  Servers
 * are told apart by their speed after some requests, and if they need more than 250 us.  A
 * server of another user, or in another pid namespace, is known by what this client has
 * sent it until it has taken the connection.
 *
 * If requests do not overflow, one server means one of those that have room, as soon as
 * there is one.  All servers of the service can read the memory of this client's
 * requests, also those that go to one of them.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (not loaned: sent or released before, or no route), -EBUSY
 * (another thread's node) or -ECHILD.
 */
int sluice_request_set_route(struct sluice_request *request, enum sluice_route route);

/**
 * sluice_request_attach_fd() - send a descriptor with a request
 * @request: the request.
 * @fd: the descriptor.  The caller keeps it; what is sent is a duplicate.
 *
 * Each server that the request reaches has a descriptor of its own, to take or to leave;
 * see sluice_active_request_take_fd().
 *
 * Context: The node's thread.
 * Return: 0; or -ENOBUFS (max_fds_per_message are attached), -EBADF, -EMFILE, -ENOMEM,
 * -EINVAL (not loaned: sent or released before), -EBUSY (another thread's node) or
 * -ECHILD.
 */
int sluice_request_attach_fd(struct sluice_request *request, int fd);

/**
 * sluice_request_send() - send a request to the connected servers
 * @request: the request.  Consumed, except when the call fails.
 *
 * The request is not copied; from here on it can only be read.  When a server's queue
 * holds max_active_requests_per_client requests of this client, the new one takes the
 * place of the oldest.  A request that reaches no server is sent all the same; see
 * sluice_pending_response_servers().
 *
 * Sending does not wait, except in a service with SLUICE_SERVICE_NO_REQUEST_OVERFLOW:
 * there it waits for room in each server's queue, until the request's deadline, unless
 * the client's options say otherwise.  If that fails with EINTR, ETIMEDOUT or ENOBUFS,
 * some servers may have the request already; sending it again reaches the others only,
 * releasing it cancels it.
 *
 * Context: The node's thread.  May sleep where requests do not overflow.
 * Return: The pending response, to be given to
 * sluice_pending_response_release(); or NULL with errno EBUSY
 * (max_active_requests_per_client pending responses are held, or the client's own
 * max_active_requests, or another thread's node), ETIMEDOUT (the request's deadline has
 * passed), EINTR (a signal, or sluice_node_interrupt()), ENOBUFS (ask_when_full has said
 * so), EPIPE, ECONNRESET or ECONNABORTED (the servers that were waited for left, died, or
 * lacked something for the client, and it has reached no other), EUSERS (likewise, and a
 * server had max_clients clients; the client connects again by itself), EMFILE or ENFILE
 * (likewise, and it was this process that had no descriptor for a server), EACCES,
 * EPROTOTYPE or EPROTONOSUPPORT (likewise, and a server refused the client), EINVAL
 * (not loaned: sent or released before), ENOMEM or ECHILD.
 */
struct sluice_pending_response *
sluice_request_send(struct sluice_request *request) SLUICE_MUST_CHECK;

/**
 * sluice_request_call() - send a request and receive the first response
 * @request: the request.  Consumed, except when *@pending is NULL afterwards.
 * @pending: the pending response, to be given to sluice_pending_response_release()
 *	whether a response was received or not; NULL if the request was not sent.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER, from the sending on.
 *
 * As sluice_request_send() and sluice_pending_response_receive(), but if the client
 * has to sleep, servers are woken and the sleep begins in one system call (through
 * io_uring, Linux 6.7).
 *
 * Context: The node's thread.  Sleeps unless SLUICE_NOWAIT.
 * Return: The response, to be given to sluice_response_release(); or NULL with the
 * errno of the one that failed.
 */
struct sluice_response *
sluice_request_call(struct sluice_request *request,
		    struct sluice_pending_response **pending,
		    int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_request_release() - give a loaned request back unsent
 * @request: the request, or NULL.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (not loaned: sent or released before), -EBUSY (another
 * thread's node) or -ECHILD.
 */
int sluice_request_release(struct sluice_request *request);

/**
 * sluice_pending_response_servers() - how many servers a request reached
 * @pending: the pending response.
 *
 * Those that were there when it was sent; that one has left since then is not counted off.
 *
 * Context: The node's thread.
 * Return: The number of servers the request was sent to; or -EINVAL, -EBUSY
 * (another thread's node) or -ECHILD.
 */
int sluice_pending_response_servers(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_is_connected() - may more responses come?
 * @pending: the pending response.
 *
 * Context: The node's thread.
 * Return: 1; 0 if every server has ended its stream, left or died, though responses may
 * still be unread; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_pending_response_is_connected(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_has_response() - is there a response to receive?
 * @pending: the pending response.
 *
 * Takes nothing.  It says 1 exactly if a response is queued: then
 * sluice_pending_response_receive() returns it without waiting, or says ENOBUFS if as
 * many responses are held as may be.  The end of a stream is no response; see
 * sluice_pending_response_is_connected().
 *
 * Context: The node's thread.
 * Return: 1; 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_pending_response_has_response(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_set_stop_hint() - tell servers that it is enough
 * @pending: the pending response.
 *
 * The streams stay open, and what servers still send is received; see
 * sluice_active_request_has_stop_hint().
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_pending_response_set_stop_hint(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_info() - ask what a sent request says of itself
 * @pending: the pending response.
 * @info: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_pending_response_info(struct sluice_pending_response *pending,
				 struct sluice_request_info *info);

/**
 * sluice_pending_response_status() - ask what a server has ended the request with
 * @pending: the pending response.
 * @status: filled in; its size says how much the caller knows.
 *
 * To be asked when receiving has failed with EREMOTEIO.  Of several servers that ended
 * the request with a status, it is that of the first.
 *
 * Context: The node's thread.
 * Return: 1; 0 if no server has ended the request with a status, so far; or -EINVAL,
 * -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_pending_response_status(struct sluice_pending_response *pending,
				   struct sluice_status *status);

/**
 * sluice_pending_response_receive() - receive the next response
 * @pending: the pending response.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * The responses of one server come in the order it sent them; the streams of
 * several servers are served in turn.
 *
 * Who holds as many responses as may be held is told so, with ENOBUFS, when a response
 * is queued; it stays queued.  While none is, the call waits, and tells the end of the
 * stream and the deadline, as if fewer were held.
 *
 * A request to a server that has not taken the client yet, for want of descriptors, waits
 * until it has.
 *
 * Context: The node's thread.  Sleeps unless SLUICE_NOWAIT.
 * Return: The response, to be given to sluice_response_release(); or NULL with
 * errno EAGAIN (none yet, and SLUICE_NOWAIT), ETIMEDOUT (@timeout, or the request's
 * deadline, has passed), EINTR (a signal, or sluice_node_interrupt()), EPIPE
 * (every server has released the request or left: no more will come), ECONNRESET
 * (likewise, and a server died before it had released the request), ENOTCONN (the
 * request reached no server; if something was lacking to connect to one,
 * sluice_strerror() says what), ECONNABORTED (a server had no descriptor or memory to take
 * the client, or to keep it, and no other is left; it has not died, and the client
 * connects again by itself), EUSERS (a server had max_clients clients and no other is left;
 * likewise), EMFILE or ENFILE (this process had no descriptor for the
 * memory of a response, and no other server is left; likewise), ENOBUFS (a response is
 * queued, and as many are held as may be: max_borrowed_responses_per_pending_response of
 * the request, or as many of the client for each request that it may have pending; or the
 * request was pushed out of a full queue and no other server is left), EPROTO (a server
 * broke the protocol and no other is left),
 * EPROTONOSUPPORT, EPROTOTYPE or EACCES (a server refused the client and no other
 * is left), EREMOTEIO (a server has ended the request with a status, and no other is
 * left; see sluice_pending_response_status()), ENOMEM, EINVAL, EBUSY (another thread's node) or ECHILD.
 */
struct sluice_response *
sluice_pending_response_receive(struct sluice_pending_response *pending,
				int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_pending_response_release() - end an exchange
 * @pending: the pending response, or NULL.
 *
 * Servers that have not released the request see that it was cancelled.
 * Responses received through @pending stay valid.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (released before), -EBUSY (another thread's node) or
 * -ECHILD.
 */
int sluice_pending_response_release(struct sluice_pending_response *pending);

/**
 * sluice_response_info() - ask what a response says of itself
 * @response: the response.
 * @info: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_response_info(struct sluice_response *response, struct sluice_response_info *info);

/**
 * sluice_response_peer() - ask who has sent a response
 * @response: the response.
 * @peer: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_response_peer(struct sluice_response *response, struct sluice_peer *peer);

/**
 * sluice_response_pidfd() - a pidfd of the process that has sent a response
 * @response: the response.
 *
 * The process's, though it may have died since.  Since Linux 6.5.
 *
 * Context: The node's thread.
 * Return: A descriptor, which the caller closes; or -ENOSYS, -ESRCH (it had died when it
 * was asked for), -EMFILE, -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_response_pidfd(struct sluice_response *response);

/**
 * sluice_response_take_fd() - take a descriptor that came with a response
 * @response: the response.
 *
 * In the order in which they were attached.  Those that nobody has taken are closed
 * when the response is released.
 *
 * Context: The node's thread.
 * Return: A descriptor, which the caller closes; or -ENOENT (there is none left),
 * -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_response_take_fd(struct sluice_response *response);

/**
 * sluice_response_release() - give a received response back to its server
 * @response: the response, or NULL.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (released before), -EBUSY (another thread's node) or
 * -ECHILD.
 */
int sluice_response_release(struct sluice_response *response);

/* ---- Server ------------------------------------------------------------- */

/**
 * sluice_server_create() - make a port that answers requests
 * @service: the service.
 * @opts: options, or NULL.
 *
 * Context: The node's thread.
 * Return: The server, to be given to sluice_server_destroy(); or NULL with errno
 * EINVAL, E2BIG (option unknown to this library), EMSGSIZE
 * (initial_max_slice_len, preallocate or what can be out of a static port exceeds
 * memory_limit, port_memory_limit or peer_memory_limit), EUSERS (max_servers reached), ENOMEM (also: SLUICE_PORT_LOCK exceeds
 * RLIMIT_MEMLOCK), EPERM (likewise, or more than a ceiling of the configuration), EFBIG (more
 * than RLIMIT_FSIZE), EMFILE, ENFILE, EACCES, ENOSPC, EBUSY (another thread's node), ECHILD,
 * or another errno of the file system.
 */
struct sluice_server *
sluice_server_create(struct sluice_service *service,
		     const struct sluice_server_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_server_destroy() - destroy a server
 * @server: the server, or NULL.
 *
 * Its loaned replies are given back; their handles are invalid from here on.
 * Active requests stay readable until they are released, but can no longer be
 * answered: for their clients the streams have ended.
 *
 * Context: The node's thread.  In a forked child it does nothing.
 */
void sluice_server_destroy(struct sluice_server *server);

/**
 * sluice_server_id() - the number by which others know a server
 * @server: the server, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_server_id(const struct sluice_server *server);

/**
 * sluice_server_has_request() - is there a request to receive?
 * @server: the server.
 *
 * Takes nothing.  It says 1 exactly if a request is queued: then sluice_server_receive()
 * returns one without waiting, or says ENOBUFS if of each client that has one queued
 * max_active_requests_per_client are held.  Not counted are requests whose deadline has
 * passed, and in a service with SLUICE_SERVICE_NO_FIRE_AND_FORGET those that were
 * cancelled.  Between the two calls a deadline may pass, and a request be cancelled.
 *
 * Context: The node's thread.
 * Return: 1; 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_server_has_request(struct sluice_server *server);

/**
 * sluice_server_receive() - receive the next request
 * @server: the server.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * Clients that have requests queued are served in turn.  A request whose client
 * has cancelled it is delivered too, unless the service has
 * SLUICE_SERVICE_NO_FIRE_AND_FORGET; see sluice_active_request_is_connected().  A
 * request whose deadline has passed is not: its client's stream from this server ends
 * with ETIMEDOUT, and sluice_server_expired() counts it.
 *
 * A client of which as many requests are held as may be is passed over.  If no other
 * client has a request queued, the call says ENOBUFS, and the requests stay queued.  While
 * nothing is queued the call waits, however many requests are held.
 *
 * Context: The node's thread.  Sleeps unless SLUICE_NOWAIT.
 * Return: The request, to be given to sluice_active_request_release(); or NULL
 * with errno EAGAIN (none, and SLUICE_NOWAIT), ETIMEDOUT, EINTR (a signal, or
 * sluice_node_interrupt()), ENOBUFS (requests are queued, but only of clients of which
 * max_active_requests_per_client are held), EINVAL, EBUSY (another thread's
 * node) or ECHILD.
 */
struct sluice_active_request *
sluice_server_receive(struct sluice_server *server,
		      int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_server_expired() - how many requests came too late
 * @server: the server.
 *
 * Context: The node's thread.
 * Return: The number of requests that were not received because their deadline had
 * passed; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int64_t sluice_server_expired(struct sluice_server *server);

/**
 * sluice_active_request_is_connected() - does the client still want an answer?
 * @request: the active request.
 *
 * Context: The node's thread.
 * Return: 1; 0 if the client has released its pending response, left or died;
 * or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_active_request_is_connected(struct sluice_active_request *request);

/**
 * sluice_active_request_has_stop_hint() - has the client said that it is enough?
 * @request: the active request.
 *
 * Context: The node's thread.
 * Return: 1 if the client has said so and still reads what is sent; 0; or -EINVAL,
 * -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_active_request_has_stop_hint(struct sluice_active_request *request);

/**
 * sluice_active_request_info() - ask what a request says of itself
 * @request: the active request.
 * @info: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_active_request_info(struct sluice_active_request *request,
			       struct sluice_request_info *info);

/**
 * sluice_active_request_peer() - ask who has sent a request
 * @request: the active request.
 * @peer: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_active_request_peer(struct sluice_active_request *request,
			       struct sluice_peer *peer);

/**
 * sluice_active_request_pidfd() - a pidfd of the process that has sent a request
 * @request: the active request.
 *
 * As sluice_response_pidfd().
 *
 * Context: The node's thread.
 * Return: As sluice_response_pidfd().
 */
int sluice_active_request_pidfd(struct sluice_active_request *request);

/**
 * sluice_active_request_take_fd() - take a descriptor that came with a request
 * @request: the active request.
 *
 * As sluice_response_take_fd().
 *
 * Context: The node's thread.
 * Return: As sluice_response_take_fd().
 */
int sluice_active_request_take_fd(struct sluice_active_request *request);

/**
 * sluice_active_request_loan() - loan memory for a reply
 * @request: the active request that is answered.
 * @count: number of elements, 0 included; 1 if the contract's response is of
 *	fixed size.
 *
 * The memory holds whatever an earlier reply to this client left there, and
 * never anything of another process or meant for another client.
 *
 * Context: The node's thread.
 * Return: The reply, to be given to sluice_reply_send() or
 * sluice_reply_release(); or NULL with errno EMSGSIZE (longer than the strategy
 * or one of the memory limits allows, or than a size_t can say), ENOBUFS
 * (max_loaned_replies_per_request are loaned), ENOMEM (memory_limit, peer_memory_limit
 * or port_memory_limit is reached, or there is no memory; sluice_strerror() says which), EFBIG (more than RLIMIT_FSIZE), EMFILE, ENFILE, EPIPE (the server was
 * destroyed), EINVAL (also: a reply
 * that was marked as the last was sent), EBUSY
 * (another thread's node) or ECHILD.
 */
struct sluice_reply *
sluice_active_request_loan(struct sluice_active_request *request,
			   size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_active_request_loan_zeroed() - loan zeroed memory for a reply
 * @request: the active request that is answered.
 * @count: number of elements.
 *
 * As sluice_active_request_loan(), with the elements and the user header set to
 * 0.
 *
 * Context: The node's thread.
 * Return: As sluice_active_request_loan().
 */
struct sluice_reply *
sluice_active_request_loan_zeroed(struct sluice_active_request *request,
				  size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_active_request_end() - finish with a request, and say why
 * @request: the active request.
 * @code: an errno for example; 1 to SLUICE_STATUS_MAX.
 * @text: at most SLUICE_STATUS_TEXT_MAX bytes, or NULL.
 *
 * As sluice_active_request_release(); but when the client has received all responses,
 * its stream ends with EREMOTEIO, and it is told @code and @text.  A client that is too
 * far behind may get the code alone.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (released before; a code or a text that is none; or a reply that
 * was marked as the last was sent), -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_active_request_end(struct sluice_active_request *request, int code,
			      const char *text);

/**
 * sluice_active_request_release() - finish with a request
 * @request: the active request, or NULL.
 *
 * Tells the client that no more responses will come from this server.  Replies
 * that were loaned for @request and not sent are given back; their handles are
 * invalid from here on.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (released before), -EBUSY (another thread's node) or
 * -ECHILD.
 */
int sluice_active_request_release(struct sluice_active_request *request);

/**
 * sluice_reply_shorten() - give up the end of a loaned reply
 * @reply: the reply.
 * @count: number of elements to keep, at most as many as it has.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (longer than it is, not loaned, or of fixed size),
 * -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_reply_shorten(struct sluice_reply *reply, size_t count);

/**
 * sluice_reply_set_last() - say that no further reply will come
 * @reply: the reply.
 *
 * When it has been received the client's stream from this server ends, although the
 * active request may be kept.  No further reply can be loaned or sent after it.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (not loaned: sent or released before), -EBUSY (another
 * thread's node) or -ECHILD.
 */
int sluice_reply_set_last(struct sluice_reply *reply);

/**
 * sluice_reply_attach_fd() - send a descriptor with a reply
 * @reply: the reply.
 * @fd: the descriptor.  The caller keeps it; what is sent is a duplicate.
 *
 * See sluice_response_take_fd().
 *
 * Context: The node's thread.
 * Return: As sluice_request_attach_fd().
 */
int sluice_reply_attach_fd(struct sluice_reply *reply, int fd);

/**
 * sluice_reply_send() - send a reply
 * @reply: the reply.  Consumed, except when the call fails with another errno
 *	than EPIPE, ECONNRESET or EPROTO.
 *
 * When max_response_buffer_size responses to this request are unread, the new one takes
 * the place of the oldest.  In a service with SLUICE_SERVICE_NO_RESPONSE_OVERFLOW the call
 * waits for room instead, until the request's deadline, unless the server's options say
 * otherwise.
 *
 * Context: The node's thread.  May sleep where responses do not overflow.
 * Return: 0; 1 if there was no room and the reply was discarded, as the server's options
 * say; or, with the reply given back because the other end is gone, -EPIPE
 * (the client has released its pending response or left, or the server was
 * destroyed), -ECONNRESET (the client died), -EPROTO (the client broke the
 * protocol); or, with the reply still loaned, -EAGAIN (the client is too far
 * behind to be told of new memory), -ETIMEDOUT (the request's deadline has passed),
 * -EINTR (a signal, or sluice_node_interrupt()), -ENOBUFS (ask_when_full has said so),
 * -EMFILE, -ENFILE, -ENOMEM, -EINVAL (not
 * loaned: sent or released before), -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_reply_send(struct sluice_reply *reply) SLUICE_MUST_CHECK;

/**
 * sluice_reply_send_and_receive() - answer a request and receive the next one
 * @reply: the reply.  Consumed as by sluice_reply_send().
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 * @sent: what sluice_reply_send() would have returned; or NULL.
 *
 * Sends the reply as the last, releases its active request, and receives the server's next
 * request; if the server has to sleep, the client is woken and the sleep begins in
 * one system call (through io_uring, Linux 6.7).  If the client is gone (*@sent is
 * -EPIPE, -ECONNRESET or -EPROTO) the next request is received all the same.  If
 * sending fails otherwise, the reply is still loaned, the active request still held,
 * and nothing is received.
 *
 * Context: The node's thread.  Sleeps unless SLUICE_NOWAIT.
 * Return: The next request, to be given to sluice_active_request_release(); or NULL
 * with the errno of sluice_reply_send() or sluice_server_receive().
 */
struct sluice_active_request *
sluice_reply_send_and_receive(struct sluice_reply *reply, int64_t timeout,
			      int *sent) SLUICE_MUST_CHECK;

/**
 * sluice_reply_release() - give a loaned reply back unsent
 * @reply: the reply, or NULL.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL (not loaned: sent or released before), -EBUSY (another
 * thread's node) or -ECHILD.
 */
int sluice_reply_release(struct sluice_reply *reply);

/* ---- What a port's memory does ------------------------------------------ */

/**
 * struct sluice_memory - the memory of a port's own messages
 * @size: sizeof(struct sluice_memory), set by the caller.
 * @growths: how often a segment was extended, or a further one made, for a loan.
 * @segments: segments now.
 * @bytes: bytes of the segments now.
 * @largest_segment: bytes that the largest segment ever had.
 * @retired: segments taken out of use, since they had become mostly idle, or idle where a
 *	loan found no room.
 *
 * Of a client, the memory of its requests; of a server, that of its replies to
 * all clients that are connected now, with @growths, @largest_segment and
 * @retired counting those of earlier clients too.
 */
struct sluice_memory {
	size_t size;
	uint64_t growths;
	uint64_t segments;
	uint64_t bytes;
	uint64_t largest_segment;
	uint64_t retired;
};

/**
 * sluice_client_memory() - ask for the memory of a client's requests
 * @client: the client.
 * @memory: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_client_memory(struct sluice_client *client,
			 struct sluice_memory *memory);

/**
 * sluice_server_memory() - ask for the memory of a server's replies
 * @server: the server.
 * @memory: filled in; its size says how much the caller knows.
 *
 * Context: The node's thread.
 * Return: 0; or -EINVAL, -EBUSY (another thread's node) or -ECHILD.
 */
int sluice_server_memory(struct sluice_server *server,
			 struct sluice_memory *memory);

/* ---- Time ---------------------------------------------------------------- */

/**
 * sluice_deadline() - the time at which a timeout that begins now will end
 * @timeout: nanoseconds; negative for never.
 *
 * Context: Any thread, and signal handlers.
 * Return: Nanoseconds of CLOCK_MONOTONIC; INT64_MAX for never.
 */
int64_t sluice_deadline(int64_t timeout);

/* ---- Errors and version ------------------------------------------------- */

/**
 * sluice_strerror() - the sentence behind this thread's last failure
 *
 * Description: Names the field or setting concerned, the value wanted and the value found.
 * It is one line: a control character of a name in it is replaced by a question mark.
 *
 * Context: Any thread.
 * Return: A string, never NULL, valid until this thread's next failure.
 */
const char *sluice_strerror(void);

/**
 * sluice_version() - the version of the library that is running
 *
 * Context: Any thread.
 * Return: A string such as "0.1.0".
 */
const char *sluice_version(void);

/* ---- Convenience --------------------------------------------------------- */

/**
 * sluice_for_each_response() - receive and release responses until none is left
 * @response: variable of type struct sluice_response pointer.
 * @pending: the pending response.
 * @timeout: as in sluice_pending_response_receive(), for each response.
 *
 * Afterwards errno says why it ended: EPIPE if all is well.  Do not leave the
 * loop with break unless the response is released or kept on purpose.
 */
#define sluice_for_each_response(response, pending, timeout)		     \
	for ((response) = sluice_pending_response_receive(pending, timeout); \
	     (response);						     \
	     (void)sluice_response_release(response),			     \
	     (response) = sluice_pending_response_receive(pending, timeout))

/**
 * sluice_auto() - declare a variable that releases what it points to
 * @noun: the noun with its prefix, for example sluice_node.
 *
 * sluice_auto(sluice_node) node = sluice_node_create("n", NULL); destroys the
 * node when the variable goes out of scope.  GNU C and C++.
 */
#define sluice_auto(noun) \
	__attribute__((__cleanup__(noun##_auto_))) struct noun *

#define SLUICE_AUTO_(noun, release)				\
	__attribute__((__unused__))				\
	static inline void noun##_auto_(struct noun **object)	\
	{							\
		(void)release(*object);				\
	}

SLUICE_AUTO_(sluice_node, sluice_node_destroy)
SLUICE_AUTO_(sluice_service, sluice_service_close)
SLUICE_AUTO_(sluice_client, sluice_client_destroy)
SLUICE_AUTO_(sluice_server, sluice_server_destroy)
SLUICE_AUTO_(sluice_request, sluice_request_release)
SLUICE_AUTO_(sluice_pending_response, sluice_pending_response_release)
SLUICE_AUTO_(sluice_response, sluice_response_release)
SLUICE_AUTO_(sluice_active_request, sluice_active_request_release)
SLUICE_AUTO_(sluice_reply, sluice_reply_release)

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_H */
