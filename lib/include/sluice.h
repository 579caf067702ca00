/* SPDX-License-Identifier: MIT */
/*
 * sluice.h - zero-copy request-response between the processes of one host
 *
 * This header is the manual of the library and can be read from top to bottom.  It begins
 * with all that a first program needs.  Options come next, then further calls for messages and
 * ports.  The last part is for the few programs that need it.
 *
 * The objects, in the order in which a program meets them:
 *
 *	node		one thread in a domain; all other objects are made from it
 *	service		a named meeting point; both sides open it with the same contract
 *	client		a port that sends requests
 *	server		a port that answers requests
 *
 * The messages, each between two objects of these:
 *
 *	request			the client loans it, writes it and sends it
 *	pending_response	a request that the client has sent
 *	active_request		a request that the server has received
 *	reply			the server loans it, writes it and sends it
 *	response		a reply that the client has received
 *
 * A program loans memory for a message, sends the message, receives it at the other end and
 * releases it.  A send that succeeds consumes the message.  A send that fails consumes nothing:
 * the message is still loaned, and can be sent again or released.  A program can release each
 * object and message that it still has.  Releasing or destroying NULL does nothing and keeps
 * errno.
 *
 * Errors.  A function that returns int returns 0 or more, or -errno, and also sets errno.
 * A function that returns a pointer returns NULL after a failure and sets errno.
 * sluice_strerror() returns a sentence that explains this thread's last failure.
 *
 * A constructor can be given the NULL that another constructor has returned.  It then fails
 * too, with the errno and the sentence of the last constructor that failed in this thread.
 * Loans, waits and receives of ports and nodes do the same.  So a program that makes several
 * objects needs to check only the last.
 *
 * Every call.  A node, and everything made from it, belongs to one thread: the first that
 * sends, receives or waits with it.  Unless its Context says otherwise, a function that is
 * given an object or a message can be called by this thread only.  Such a function can fail
 * with these errors, which are not repeated below:
 *
 *	EINVAL	an argument is NULL that must not be, or the message was sent or released
 *		before (see "Stale handles")
 *	EBUSY	the node belongs to another thread (see sluice_node_adopt())
 *	ECHILD	the process is a forked child that has inherited the node
 *
 * A call that fails with one of them changes nothing.  Different nodes are independent of
 * each other.  After fork() the child cannot use the nodes of its parent; destroying and
 * closing do nothing there.  A function that has a timeout sleeps, unless the timeout is
 * SLUICE_NOWAIT.  No other function sleeps, unless its Context says so.
 *
 * Time.  Timeouts are in nanoseconds.  Deadlines are in nanoseconds of CLOCK_MONOTONIC, so
 * both ends of a service must be in one time namespace.  The clock goes on while a process is
 * stopped (SIGSTOP).  Such a process loses no message, and its peers do not take it for dead.
 *
 * Kernels.  The library works from Linux 5.1 on.  A function that needs a later kernel, or
 * does better on one, says so.
 *
 * The library never prints, never ends the process, installs no signal handler and starts no
 * thread.
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

/** SLUICE_MUST_CHECK - the result of a call is a failure or a resource */
#define SLUICE_MUST_CHECK	__attribute__((__warn_unused_result__))

/** SLUICE_NOWAIT - timeout of a call that returns at once */
#define SLUICE_NOWAIT		((int64_t)0)
/** SLUICE_FOREVER - timeout of a call that waits until something happens */
#define SLUICE_FOREVER		((int64_t)-1)

struct sluice_node;
struct sluice_service;
struct sluice_client;
struct sluice_server;
struct sluice_watch;

struct sluice_node_opts;
struct sluice_service_opts;
struct sluice_client_opts;
struct sluice_server_opts;

/* ---- Errors and version ------------------------------------------------- */

/**
 * sluice_strerror() - explain this thread's last failure
 *
 * Description: The sentence names the field or setting concerned, the value wanted and the
 * value found.  It is one line: control characters of names are replaced by question marks.
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

/* ---- The contract ------------------------------------------------------- */

/**
 * enum sluice_kind - how many elements of a type one message carries
 * @SLUICE_KIND_FIXED: exactly one.
 * @SLUICE_KIND_SLICE: any number, which the sender chooses with each loan.
 */
enum sluice_kind {
	SLUICE_KIND_FIXED = 0,
	SLUICE_KIND_SLICE = 1,
};

/**
 * struct sluice_type - one payload type of a contract
 * @name: the type's name, at most 127 bytes.  The two sides compare it without a leading
 *	"struct", "union" or "enum".
 * @size: bytes of one element, at least 1.
 * @alignment: alignment of an element; a power of two, at most 4096.
 * @kind: an &enum sluice_kind.
 * @fingerprint: fingerprint of its members, as ``sluice types`` prints it; 0 if it is not
 *	known.  Two sides that know different fingerprints do not meet.
 *
 * A program writes it with SLUICE_TYPE() or SLUICE_SLICE().  Another process reads the
 * payload, and another compiler may have built that process.  So a payload must hold no
 * pointers, no references and no types whose layout depends on the compiler.
 * sluice_containers.h has text, lists and optional values without them.
 *
 * ``sluice types PROGRAM`` reads a program's debug information, finds every &struct
 * sluice_contract that is constant data, and refuses types that must not be shared.  A build
 * can run it as its last step.  It finds a type by its name, so SLUICE_TYPE_NAMED() must be
 * given the name of a type.
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

/* The cast makes gcc keep the type in the debug information. */
#define SLUICE_TYPE_INITIALIZER_(name, type, kind, fingerprint)		\
	{ (name), sizeof(*(__typeof__(type) *)0),			\
	  (uint32_t)SLUICE_ALIGNOF_(type), (kind), (fingerprint) }

/**
 * SLUICE_TYPE() - type of a message that carries exactly one element
 * @type: the C or C++ type.
 */
#define SLUICE_TYPE(type)	SLUICE_TYPE_NAMED(#type, type, SLUICE_KIND_FIXED)

/**
 * SLUICE_SLICE() - type of a message that carries a slice of any number of elements
 * @type: the C or C++ type of one element.
 */
#define SLUICE_SLICE(type)	SLUICE_TYPE_NAMED(#type, type, SLUICE_KIND_SLICE)

/**
 * SLUICE_TYPE_NAMED() - payload type under a name that the program chooses
 * @name: string, the name that the two sides compare.
 * @type: the C or C++ type.
 * @kind: an &enum sluice_kind.
 */
#define SLUICE_TYPE_NAMED(name, type, kind)				\
	SLUICE_TYPE_INITIALIZER_(name, type, kind, 0)

/**
 * SLUICE_TYPE_FINGERPRINTED() - exactly one element, with a fingerprint of its members
 * @type: the C or C++ type.
 * @fingerprint: SLUICE_FINGERPRINT_*, from the output of ``sluice types --header``.
 */
#define SLUICE_TYPE_FINGERPRINTED(type, fingerprint)			\
	SLUICE_TYPE_INITIALIZER_(#type, type, SLUICE_KIND_FIXED, fingerprint)

/**
 * SLUICE_SLICE_FINGERPRINTED() - slice of elements, with a fingerprint of their members
 * @type: the C or C++ type of one element.
 * @fingerprint: as of SLUICE_TYPE_FINGERPRINTED().
 */
#define SLUICE_SLICE_FINGERPRINTED(type, fingerprint)			\
	SLUICE_TYPE_INITIALIZER_(#type, type, SLUICE_KIND_SLICE, fingerprint)

/**
 * struct sluice_contract - what both sides of a service must agree on
 * @name: name of the service, 1 to 255 bytes.
 * @request: type of the requests.
 * @response: type of the responses.
 * @request_header: type of the user header in front of each request, always one element; all
 *	bytes 0 for none.
 * @response_header: type of the user header in front of each response, likewise.
 *
 * A contract is usually constant data, in a header that both sides include.  It must stay
 * valid while a service that was opened with it is open.
 */
struct sluice_contract {
	const char *name;
	struct sluice_type request;
	struct sluice_type response;
	struct sluice_type request_header;
	struct sluice_type response_header;
};

/* ---- Messages -----------------------------------------------------------
 *
 * The library owns the messages and hands out pointers to them.  The members that are
 * shown here are to be read and not to be assigned; the library keeps more behind them.
 */

/* access is const, or nothing in a message whose memory the program may write. */
#define SLUICE_MESSAGE_(access)						\
	access void *data;						\
	access void *header;						\
	size_t count;							\
	size_t size

/**
 * struct sluice_message - the members that every message begins with
 * @data: the elements, aligned as the contract asks; not NULL even if @count is 0.
 * @header: the user header, or NULL if the contract has none.
 * @count: number of elements.
 * @size: number of bytes of the elements.
 *
 * The five kinds of messages have these members as their own, and no common member that
 * holds them.  So a program writes request->data, in C and in C++, and the compiler
 * refuses to mix up two kinds.
 */
struct sluice_message {
	SLUICE_MESSAGE_(const);
};

/**
 * struct sluice_request - a request that a client has loaned and may write
 */
struct sluice_request {
	SLUICE_MESSAGE_();
};

/**
 * struct sluice_pending_response - a request that was sent, and can still be read
 */
struct sluice_pending_response {
	SLUICE_MESSAGE_(const);
};

/**
 * struct sluice_response - a response that a client has received
 *
 * Only the server can write its memory.
 */
struct sluice_response {
	SLUICE_MESSAGE_(const);
};

/**
 * struct sluice_active_request - a request that a server has received
 * @deadline: time until which the client waits, in nanoseconds of CLOCK_MONOTONIC; 0 if
 *	the client has set none.
 *
 * Only the client can write its memory.
 */
struct sluice_active_request {
	SLUICE_MESSAGE_(const);
	int64_t deadline;
};

/**
 * struct sluice_reply - a reply that a server has loaned and may write
 */
struct sluice_reply {
	SLUICE_MESSAGE_();
};

/* ---- Node and service --------------------------------------------------- */

/**
 * sluice_node_create() - enter a domain
 * @name: name shown by tools, at most 127 bytes; NULL for none.
 * @opts: options, or NULL.
 *
 * The node registers itself below the root directory.  That is the first of these: $SLUICE_ROOT;
 * what the configuration says; /run/sluice if it exists; sluice in the user's runtime directory
 * ($XDG_RUNTIME_DIR) if that is private; /dev/shm/sluice-<uid>.  sluice(7) says more.
 *
 * From Linux 6.7 on the node waits through io_uring, unless that is refused.  From Linux 6.5
 * on it notices the death of a peer even if another process still holds the peer's socket.
 *
 * If somebody deletes or moves what the node, its services and its ports have registered, they
 * register again while the node waits or is used.  Until that has worked, making a service or
 * a port fails with the errno of the obstacle, such as ENOENT or EACCES.
 *
 * Context: Any thread.
 * Return: The node, to be given to sluice_node_destroy(); or NULL with errno
 * EINVAL (bad name, domain, option or configuration, or the path of the root directory is not
 * absolute), E2BIG (this library does not know an option), EACCES or EPERM (the root directory
 * or the configuration cannot be used or is not safe), ENOENT ($SLUICE_CONFIG does not exist,
 * or nothing can be made in the root directory, because it was removed or is in a file system
 * such as /proc), ENOSYS (io_uring was asked for and is not available), EFBIG (RLIMIT_FSIZE is
 * less than the node's file needs), ENOMEM, EMFILE, ENFILE, ENOSPC, or another errno of the
 * file system, such as EIO, EROFS or EDQUOT.
 */
struct sluice_node *sluice_node_create(const char *name,
				       const struct sluice_node_opts *opts)
	SLUICE_MUST_CHECK;

/**
 * sluice_node_destroy() - destroy a node
 * @node: the node, or NULL.
 *
 * Objects that were made from the node keep it alive until the last of them is gone.  So a
 * program can destroy them in any order.
 */
void sluice_node_destroy(struct sluice_node *node);

/**
 * sluice_service_open() - open a service, or create it
 * @node: the node.
 * @contract: the contract; must stay valid until the service is closed.
 * @opts: options, or NULL.
 *
 * If the service exists, the library compares its contract with @contract field by field, and
 * its settings with those that @opts sets.  The call also removes what dead processes have
 * left in the domain.
 *
 * Return: The service, to be given to sluice_service_close(); or NULL with errno
 * EINVAL (bad contract or option), E2BIG (this library does not know an option),
 * ENOENT (the service must exist and does not), EEXIST (it must be created and exists),
 * EPROTOTYPE (contract, setting or attribute differs), EPROTONOSUPPORT (an incompatible
 * version has made it), EUSERS (max_nodes reached), EACCES (not allowed, or it belongs to
 * another user and SLUICE_SERVICE_ANY_USER is not set), EPERM (the user is not in @group, or an
 * option is more than a ceiling of the configuration), EFBIG (RLIMIT_FSIZE is less than the
 * contract needs), ENOMEM, EMFILE, ENFILE, ENOSPC, ETIMEDOUT (others remove and create the
 * service again and again), or another errno of the file system, such as EIO, EROFS or EDQUOT.
 */
struct sluice_service *
sluice_service_open(struct sluice_node *node,
		    const struct sluice_contract *contract,
		    const struct sluice_service_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_service_close() - close a service
 * @service: the service, or NULL.
 *
 * The ports of the service keep it open until they are destroyed.  The last process that
 * closes a service removes it.
 */
void sluice_service_close(struct sluice_service *service);

/* ---- Client ------------------------------------------------------------- */

/**
 * sluice_client_create() - make a port that sends requests
 * @service: the service.
 * @opts: options, or NULL.
 *
 * The client connects to every server that exists, and to later ones when they appear.  This
 * happens inside its calls.
 *
 * Return: The client, to be given to sluice_client_destroy(); or NULL with errno EINVAL (bad
 * option), E2BIG (this library does not know an option), EMSGSIZE (initial_max_slice_len,
 * preallocate or what can be out of a static port exceeds memory_limit), EUSERS (max_clients
 * reached), ENOMEM (no memory, or SLUICE_PORT_LOCK exceeds RLIMIT_MEMLOCK), EPERM
 * (SLUICE_PORT_LOCK is not allowed, or an option is more than a ceiling of the configuration),
 * EFBIG (more than RLIMIT_FSIZE), EMFILE, ENFILE, EACCES, ENOSPC, or another errno of the file
 * system.
 */
struct sluice_client *
sluice_client_create(struct sluice_service *service,
		     const struct sluice_client_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_client_destroy() - destroy a client
 * @client: the client, or NULL.
 *
 * The call gives back the client's loaned requests; their handles become invalid.  Pending
 * responses, and responses that were received through them, can be used until they are
 * released.
 */
void sluice_client_destroy(struct sluice_client *client);

/**
 * sluice_client_wait_servers() - wait until servers are connected
 * @client: the client.
 * @servers: number of servers to wait for; 0 returns at once.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * A server counts as soon as a request would reach it, even if it has not yet accepted the
 * client because it is busy or lacks descriptors.  If this process or a server lacks something
 * for a connection, the client tries again within a second.  If the wait fails meanwhile,
 * sluice_strerror() says who lacks what.
 *
 * Return: The number of servers connected, at least @servers; or -ETIMEDOUT,
 * -EAGAIN (fewer, and SLUICE_NOWAIT), -EINTR (a signal, or sluice_node_interrupt()), or
 * -EUSERS (more than the service's max_servers).
 */
int sluice_client_wait_servers(struct sluice_client *client,
			       unsigned int servers, int64_t timeout);

/**
 * sluice_client_loan() - loan memory for a request
 * @client: the client.
 * @count: number of elements, which may be 0; 1 if the contract's request is of fixed size.
 *
 * The memory may hold bytes of an earlier request of this client, and never anything of another
 * process.  Slices do not move when the client's memory grows.  From Linux 5.14 on
 * the kernel populates new memory in bulk; before, it does so page by page on first use.
 *
 * Return: The request, to be given to sluice_request_send() or sluice_request_release(); or
 * NULL with errno EMSGSIZE (longer than the strategy or memory_limit allows, or than a size_t
 * can hold), ENOBUFS (max_loaned_requests are loaned), ENOMEM (memory_limit reached, or no
 * memory), EFBIG (more than RLIMIT_FSIZE), or EINVAL (@count is not 1, and the request is of
 * fixed size).
 */
struct sluice_request *sluice_client_loan(struct sluice_client *client,
					  size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_client_loan_zeroed() - loan zeroed memory for a request
 * @client: the client.
 * @count: number of elements.
 *
 * As sluice_client_loan(), but all bytes of the elements and of the user header are 0.
 *
 * Return: As sluice_client_loan().
 */
struct sluice_request *sluice_client_loan_zeroed(struct sluice_client *client,
						 size_t count)
	SLUICE_MUST_CHECK;

/**
 * sluice_request_send() - send a request to the connected servers
 * @request: the request.  Consumed, except when the call fails.
 *
 * The library does not copy the request; from here on it can only be read.  If a server's queue
 * already holds max_active_requests_per_client requests of this client, the new request takes
 * the place of the oldest.  The call succeeds even if the request reaches no server; see
 * sluice_pending_response_servers().
 *
 * Sending does not wait, except in a service with SLUICE_SERVICE_NO_REQUEST_OVERFLOW.  There it
 * waits for room in each server's queue, until the request's deadline, unless the client's
 * options say otherwise.  If that fails with EINTR, ETIMEDOUT or ENOBUFS, some servers may
 * have the request already.  Sending it again then reaches the others only, and releasing it
 * cancels it.
 *
 * Context: May sleep where requests do not overflow.
 * Return: The pending response, to be given to sluice_pending_response_release(); or NULL with
 * errno EBUSY (max_active_requests_per_client pending responses are held, or the client's own
 * max_active_requests), ETIMEDOUT (the request's deadline has passed), EINTR (a signal, or
 * sluice_node_interrupt()), ENOBUFS (ask_when_full has said so), or ENOMEM.
 * If the request has reached no server, the errno can also be one of these: EPIPE, ECONNRESET
 * or ECONNABORTED (the servers that the call waited for left, died, or lacked something for the
 * client), EUSERS (a server had max_clients clients; the client connects again by itself),
 * EMFILE or ENFILE (this process had no descriptor for a server), EACCES, EPROTOTYPE or
 * EPROTONOSUPPORT (a server refused the client).
 */
struct sluice_pending_response *
sluice_request_send(struct sluice_request *request) SLUICE_MUST_CHECK;

/**
 * sluice_request_release() - give a loaned request back without sending it
 * @request: the request, or NULL.
 *
 * Return: 0.
 */
int sluice_request_release(struct sluice_request *request);

/**
 * sluice_pending_response_receive() - receive the next response
 * @pending: the pending response.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * The responses of one server come in the order in which it sent them.  The call takes
 * responses of several servers in turn.
 *
 * If a response is queued and the program already holds as many as it may, the call fails with
 * ENOBUFS and the response stays queued.  If none is queued, the call waits and reports the end
 * of the stream and the deadline, however many responses the program holds.
 *
 * A request to a server that lacks descriptors for the client waits until the server has some.
 *
 * Return: The response, to be given to sluice_response_release(); or NULL with errno
 * EAGAIN (none yet, and SLUICE_NOWAIT), ETIMEDOUT (@timeout, or the request's deadline, has
 * passed), EINTR (a signal, or sluice_node_interrupt()), ENOBUFS (a response is queued, and as
 * many are held as may be: max_borrowed_responses_per_pending_response of the request, or as
 * many of the client as for all requests that it may have pending), or ENOMEM.
 * These say that no more responses will come: EPIPE (every server has released the request or
 * left), ENOTCONN (the request has reached no server; sluice_strerror() says what was lacking
 * to connect to one), ECONNRESET (a server died before it released the request), EREMOTEIO (a
 * server has ended the request with a status; see sluice_pending_response_status()), ENOBUFS
 * (the request was pushed out of a full queue), EPROTO (a server broke the protocol),
 * EPROTONOSUPPORT, EPROTOTYPE or EACCES (a server refused the client).  After these the client
 * connects again by itself: ECONNABORTED (a server had no descriptor or memory to take the
 * client, or to keep it), EUSERS (a server had max_clients clients), EMFILE or ENFILE (this
 * process had no descriptor for the memory of a response).
 */
struct sluice_response *
sluice_pending_response_receive(struct sluice_pending_response *pending,
				int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_response_release() - give a received response back to its server
 * @response: the response, or NULL.
 *
 * Return: 0.
 */
int sluice_response_release(struct sluice_response *response);

/**
 * sluice_pending_response_release() - end an exchange
 * @pending: the pending response, or NULL.
 *
 * Servers that have not released the request see that it was cancelled.  Responses that were
 * received through @pending stay valid.
 *
 * Return: 0.
 */
int sluice_pending_response_release(struct sluice_pending_response *pending);

/* ---- Server ------------------------------------------------------------- */

/**
 * sluice_server_create() - make a port that answers requests
 * @service: the service.
 * @opts: options, or NULL.
 *
 * Return: The server, to be given to sluice_server_destroy(); or NULL with errno EINVAL (bad
 * option), E2BIG (this library does not know an option), EMSGSIZE (initial_max_slice_len,
 * preallocate or what can be out of a static port exceeds memory_limit, port_memory_limit or
 * peer_memory_limit), EUSERS (max_servers reached), ENOMEM (no memory, or SLUICE_PORT_LOCK
 * exceeds RLIMIT_MEMLOCK), EPERM (SLUICE_PORT_LOCK is not allowed, or an option is more than a
 * ceiling of the configuration), EFBIG (more than RLIMIT_FSIZE), EBADF, ENOTSOCK (listen_fd is
 * no descriptor, or no socket), ENOENT (listen_fd is not bound where clients of this service
 * look), EMFILE, ENFILE, EACCES, ENOSPC, or another errno of the file system.
 */
struct sluice_server *
sluice_server_create(struct sluice_service *service,
		     const struct sluice_server_opts *opts) SLUICE_MUST_CHECK;

/**
 * sluice_server_destroy() - destroy a server
 * @server: the server, or NULL.
 *
 * The call gives back the server's loaned replies; their handles become invalid.  Active
 * requests can be read until they are released, but can no longer be answered: for their
 * clients the streams have ended.
 */
void sluice_server_destroy(struct sluice_server *server);

/**
 * sluice_server_receive() - receive the next request
 * @server: the server.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * The call takes requests of several clients in turn.  It also returns a request that its
 * client has cancelled, unless the service has SLUICE_SERVICE_NO_FIRE_AND_FORGET; see
 * sluice_active_request_is_connected().  It does not return a request whose deadline has
 * passed.  That client's stream from this server ends with ETIMEDOUT, and
 * sluice_server_expired() counts the request.
 *
 * The call passes over a client of which the program holds as many requests as it may.  If no
 * other client has a request queued, the call fails with ENOBUFS and the requests stay queued.
 * While nothing is queued the call waits, however many requests the program holds.
 *
 * Return: The request, to be given to sluice_active_request_release(); or NULL with errno
 * EAGAIN (none, and SLUICE_NOWAIT), ETIMEDOUT, EINTR (a signal, or sluice_node_interrupt()), or
 * ENOBUFS (requests are queued, but max_active_requests_per_client are held of each of their
 * clients).
 */
struct sluice_active_request *
sluice_server_receive(struct sluice_server *server,
		      int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_active_request_loan() - loan memory for a reply
 * @request: the active request that is answered.
 * @count: number of elements, which may be 0; 1 if the contract's response is of fixed size.
 *
 * The memory may hold bytes of an earlier reply to this client, and never anything of another
 * process or for another client.
 *
 * Return: The reply, to be given to sluice_reply_send() or sluice_reply_release(); or NULL with
 * errno EMSGSIZE (longer than the strategy or one of the memory limits allows, or than a size_t
 * can hold), ENOBUFS (max_loaned_replies_per_request are loaned), ENOMEM (memory_limit,
 * peer_memory_limit or port_memory_limit is reached, or there is no memory; sluice_strerror()
 * says which), EFBIG (more than RLIMIT_FSIZE), EMFILE, ENFILE, EPIPE (the server was
 * destroyed), or EINVAL (@count is not 1, and the response is of fixed size; or a reply that was
 * marked as the last was sent).
 */
struct sluice_reply *
sluice_active_request_loan(struct sluice_active_request *request,
			   size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_active_request_loan_zeroed() - loan zeroed memory for a reply
 * @request: the active request that is answered.
 * @count: number of elements.
 *
 * As sluice_active_request_loan(), but all bytes of the elements and of the user header are 0.
 *
 * Return: As sluice_active_request_loan().
 */
struct sluice_reply *
sluice_active_request_loan_zeroed(struct sluice_active_request *request,
				  size_t count) SLUICE_MUST_CHECK;

/**
 * sluice_reply_send() - send a reply
 * @reply: the reply.  Consumed, except when the call fails.
 *
 * If max_response_buffer_size responses to this request are unread, 8 by default, the new one
 * takes the place of the oldest, and the call succeeds all the same.  In a service with
 * SLUICE_SERVICE_NO_RESPONSE_OVERFLOW the call waits for room instead, until the request's
 * deadline, unless the server's options say otherwise.  Releasing the active request also gives
 * back replies that were not sent.
 *
 * Context: May sleep where responses do not overflow.
 *
 * Return: 0; 1 if there was no room and the reply was discarded, as the server's options ask;
 * or -errno.  These say that the other end is gone, and that sending again is of no use: -EPIPE
 * (the client has released its pending response or left, or the server was destroyed),
 * -ECONNRESET (the client died), -EPROTO (the client broke the protocol).  After the others the
 * reply can be sent again: -EAGAIN (the client is too far behind to be told of new memory),
 * -ETIMEDOUT (the request's deadline has passed), -EINTR (a signal, or sluice_node_interrupt()),
 * -ENOBUFS (ask_when_full has said so), -EMFILE, -ENFILE, or -ENOMEM.
 */
int sluice_reply_send(struct sluice_reply *reply) SLUICE_MUST_CHECK;

/**
 * sluice_reply_release() - give a loaned reply back without sending it
 * @reply: the reply, or NULL.
 *
 * Return: 0.
 */
int sluice_reply_release(struct sluice_reply *reply);

/**
 * sluice_active_request_release() - finish a request
 * @request: the active request, or NULL.
 *
 * The client learns that no more responses will come from this server.  The call gives back
 * replies that were loaned for @request and not sent; their handles become invalid.
 *
 * Return: 0.
 */
int sluice_active_request_release(struct sluice_active_request *request);

/* ---- Convenience --------------------------------------------------------- */

/**
 * sluice_call() - ask one question and copy the answer
 * @client: the client, of a service whose request and response are of fixed size.
 * @question: copied into a request; as large as the contract's request.
 * @answer: the first response is copied there; as large as the contract's response.  Left alone
 *	if the call fails.
 * @timeout: nanoseconds for all of it, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * For programs that want an answer and nothing else.  The call waits for a server if none is
 * connected, sends a request with @timeout as its deadline, waits for the first response, and
 * releases everything.  User headers are zeroed and ignored.  A call that fails after it has
 * sent the request cancels it.
 *
 * Context: Sleeps.
 * Return: 0; or -ETIMEDOUT, -EAGAIN (SLUICE_NOWAIT, and no server or no answer was there),
 * -EINTR (a signal, or sluice_node_interrupt()), -EINVAL (a request or response is a slice, or a
 * pointer is NULL), or what sluice_client_loan(), sluice_request_send() or
 * sluice_pending_response_receive() have failed with: -EPIPE says that all servers have
 * finished without an answer.
 */
int sluice_call(struct sluice_client *client, const void *question,
		void *answer, int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_auto() - declare a variable that releases what it points to
 * @noun: the noun with its prefix, for example sluice_node.
 *
 * sluice_auto(sluice_node) node = sluice_node_create("n", NULL); destroys the node when the
 * variable goes out of scope.  It works in GNU C and C++.
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

/**
 * sluice_for_each_response() - receive and release responses until none is left
 * @response: variable of type struct sluice_response pointer.
 * @pending: the pending response.
 * @timeout: as of sluice_pending_response_receive(), for each response.
 *
 * After the loop errno says why it ended: EPIPE if all is well.  A program that leaves the
 * loop with break must release the response, or keep it on purpose.
 */
#define sluice_for_each_response(response, pending, timeout)		     \
	for ((response) = sluice_pending_response_receive(pending, timeout); \
	     (response);						     \
	     (void)sluice_response_release(response),			     \
	     (response) = sluice_pending_response_receive(pending, timeout))

/* ---- Options ------------------------------------------------------------
 *
 * An options struct begins with its own size, so a program writes it with its macro, such as
 *
 *	const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
 *		.port = { .strategy = SLUICE_BEST_FIT });
 *
 * NULL means all defaults, and a field that is 0 means the default of that field, which its
 * description gives after a semicolon.  A program may be built against a newer header than the
 * library it runs with.  Its options are refused with E2BIG only if it has set a field that the
 * library does not know.
 *
 * In C++ the fields have default values.  So the size is right in every object, and compilers do
 * not ask for the fields that an initialiser leaves out.  C++17 has no designated
 * initialisers; there a program writes
 *
 *	sluice_client_opts opts = SLUICE_CLIENT_OPTS();
 *	opts.port.strategy = SLUICE_BEST_FIT;
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

/**
 * enum sluice_wait - how a node sleeps
 * @SLUICE_WAIT_AUTO: through io_uring if the kernel offers futex waits through it (Linux 6.7)
 *	and does not refuse it, else through sockets.  The environment variable SLUICE_WAIT
 *	(``uring`` or ``socket``) decides if it is set.
 * @SLUICE_WAIT_URING: through io_uring; if that is not possible, the node is not made.
 * @SLUICE_WAIT_SOCKET: through sockets and epoll, which works on every kernel.  A call that
 *	finds nothing with SLUICE_NOWAIT makes a system call, to know that this is still so.
 */
enum sluice_wait {
	SLUICE_WAIT_AUTO = 0,
	SLUICE_WAIT_URING = 1,
	SLUICE_WAIT_SOCKET = 2,
};

struct sluice_remark;

/**
 * typedef sluice_remark_fn - tells the program of something that the library has dealt with
 * @remark: what has happened; valid during the call.  sluice_remarks.h describes it.
 * @context: as given with the function.
 *
 * Context: The library calls it within a call, in the thread of that call.  It must return, and
 * must not make nodes.  Meanwhile calls with nodes, and with what is made from them, fail with
 * EBUSY.
 */
typedef void (*sluice_remark_fn)(const struct sluice_remark *remark, void *context);

/**
 * struct sluice_node_opts - options of sluice_node_create()
 * @size: sizeof(struct sluice_node_opts).
 * @domain: name of the domain; nodes of different domains never meet.  NULL: $SLUICE_DOMAIN,
 *	else as configured, else "default".
 * @wait: an &enum sluice_wait.
 * @reserved: 0.
 * @spin: nanoseconds that a wait polls, at most, before it sleeps; never more than a second.
 *	Negative: none.  0: 50,000, or none if the thread that takes the node may run on one CPU
 *	only.
 * @remark: function that is told what the library has dealt with, or NULL for none; see
 *	sluice_remarks.h.
 * @remark_context: argument of @remark.
 *
 * Polling adapts itself.  A node begins to poll when waits turn out to be shorter than @spin,
 * and stops when they turn out to be longer.
 */
struct sluice_node_opts {
	size_t size SLUICE_SIZE_(struct sluice_node_opts);
	const char *domain SLUICE_ZERO_;
	uint32_t wait SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
	int64_t spin SLUICE_ZERO_;
	sluice_remark_fn remark SLUICE_ZERO_;
	void *remark_context SLUICE_ZERO_;
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
 * A client that sends to a server whose queue is full waits for room instead, or does what its
 * &struct sluice_client_opts says.
 */
#define SLUICE_SERVICE_NO_REQUEST_OVERFLOW	UINT64_C(4)
/**
 * SLUICE_SERVICE_NO_RESPONSE_OVERFLOW - no response is pushed out of a full queue
 *
 * A server that answers a client which has max_response_buffer_size responses unread waits for
 * room instead, or does what its &struct sluice_server_opts says.
 */
#define SLUICE_SERVICE_NO_RESPONSE_OVERFLOW	UINT64_C(8)
/**
 * SLUICE_SERVICE_NO_FIRE_AND_FORGET - requests whose answer is not awaited are dropped
 *
 * A request that no server has received yet is withdrawn when its pending response is released,
 * and when its client has left or died.  Without this flag servers receive it all the same.
 */
#define SLUICE_SERVICE_NO_FIRE_AND_FORGET	UINT64_C(16)
/**
 * SLUICE_SERVICE_ANY_USER - trust servers of other users
 *
 * This flag is no setting of the service and concerns the calling process alone.  With it the
 * service may be one that another user has created, and clients send their requests to servers
 * of any user.  Without it the service must belong to this user or to root, and clients send
 * requests to servers of these users only.
 */
#define SLUICE_SERVICE_ANY_USER			UINT64_C(32)

/**
 * struct sluice_attribute - a key and a value that describe a service
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
 * @flags: SLUICE_SERVICE_MUST_EXIST, SLUICE_SERVICE_MUST_CREATE, or neither to open the service
 *	and create it if it does not exist; and other SLUICE_SERVICE_*.
 * @max_clients: number of clients of the service, and of clients connected to one server; 256,
 *	at most 4096.
 * @max_servers: number of servers of the service, and of servers that one client is connected
 *	to; 32, at most 1024.
 * @max_nodes: number of nodes that have the service open; 512, at most 8192.
 * @max_active_requests_per_client: number of pending responses that a client may hold; 16, at
 *	most 1024.
 * @max_loaned_requests: number of requests that a client may have loaned and not yet sent; 8,
 *	at most 1024.
 * @max_loaned_replies_per_request: number of replies that a server may have loaned and not yet
 *	sent, for each active request; 8, at most 1024.
 * @max_response_buffer_size: number of responses that may be queued unread, for each request
 *	and server; 8, at most 1024.  A further response takes the place of the oldest: a
 *	client that is slower than its server loses responses, and no call fails.  Where each
 *	response counts, set SLUICE_SERVICE_NO_RESPONSE_OVERFLOW.
 * @max_borrowed_responses_per_pending_response: number of responses that a client may hold, for
 *	each pending response; 8, at most 1024.
 * @max_fds_per_message: number of descriptors that a request or a reply may carry; 0, at most
 *	16.
 * @request_alignment: alignment of the elements of requests, if their type asks for less; a
 *	power of two, at most 4096.
 * @response_alignment: the same for responses.
 * @mode: who may use the service, as the mode of a file; 0600.  0600: the user who creates it,
 *	0660: its @group too, 0666: every user whom the root directory lets in.
 * @group: id of a group of this user; 0: the group of the root directory.
 * @reserved: 0.
 * @attributes: keys and values that describe the service; NULL for none.
 * @attribute_count: number of @attributes, at most 16.
 * @refused_flags: those flags of SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
 *	SLUICE_SERVICE_NO_RESPONSE_OVERFLOW, SLUICE_SERVICE_NO_FIRE_AND_FORGET and
 *	SLUICE_SERVICE_ANY_USER that must not hold, whatever the configuration says.  A flag must
 *	not be in both @flags and @refused_flags.
 *
 * The process that creates the service fixes its settings.  If the service exists, a field
 * that is not 0 is a demand.  The service must offer at least the numbers and alignments, must
 * have the attributes (it may have more), and must be at least as open as @mode and @group say.
 * An attribute without a value needs SLUICE_SERVICE_MUST_EXIST.
 *
 * A program can demand a flag of the service (@flags), refuse it (@refused_flags), or leave it
 * open (neither).  If it leaves a flag open, it takes the service as it is, and
 * sluice_service_settings() tells how that is.  So a program that sets nothing may open a
 * service whose sends wait for room.  A program that must never wait for room refuses
 * SLUICE_SERVICE_NO_REQUEST_OVERFLOW.
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
 * enum sluice_strategy - how a port's memory grows with the slices that are loaned
 * @SLUICE_POWER_OF_TWO: a slice takes the next power of two of the bytes of its elements and
 *	its user header; or as many multiples of 4 KiB as it needs, if that is less.  A segment
 *	that grows gets twice its size, at most 1 MiB more than before, or what the slice needs.
 *	Growths are few, and some memory is unused.
 * @SLUICE_BEST_FIT: a slice takes what it needs, and a segment grows by what is needed.
 * @SLUICE_STATIC: the port sets room aside once, for as many slices of initial_max_slice_len
 *	elements as can ever be out, and the kernel seals it against growth.  The kernel allocates
 *	memory when the room is first used.  A longer loan fails with EMSGSIZE.
 *
 * A loan within the limits of a SLUICE_STATIC port never fails for lack of slices, whatever its
 * peers hold.  For that, a client connects to at most max_servers servers that exist or still
 * hold its requests.  A server that was destroyed while it had active requests counts until the
 * last of them is released; the client then connects to a server that has come in its place.
 * With the other strategies memory grows instead, up to memory_limit.
 */
enum sluice_strategy {
	SLUICE_POWER_OF_TWO = 0,
	SLUICE_BEST_FIT = 1,
	SLUICE_STATIC = 2,
};

/**
 * enum sluice_when_full - what happens to a message for which a peer has no room
 * @SLUICE_FULL_BLOCK: sending waits for room.
 * @SLUICE_FULL_DISCARD: this peer does not get the message.
 *
 * It matters only in services where requests, or responses, do not overflow.
 */
enum sluice_when_full {
	SLUICE_FULL_BLOCK = 0,
	SLUICE_FULL_DISCARD = 1,
};

struct sluice_full;

/**
 * typedef sluice_full_fn - asks the program what to do when a peer has no room
 * @full: the peer and the message; valid during the call.
 * @context: as given with the function.
 *
 * Context: The library calls it within a call that sends, in the thread of that call.  It must
 * not use the node.
 * Return: an &enum sluice_full_answer; anything else is SLUICE_ANSWER_FAIL.
 */
typedef int (*sluice_full_fn)(const struct sluice_full *full, void *context);

/**
 * struct sluice_port_opts - options that clients and servers share
 * @name: name shown by tools, at most 63 bytes; NULL for none.
 * @initial_max_slice_len: number of elements of a message for which there is room from
 *	the start; 1.
 * @memory_limit: bytes that the segments of the port's messages may have together; 4 GiB.
 *	The limit of a server holds for each client.  If a loan would exceed the limit, the
 *	library first takes back the segments of which no slice is out.
 * @strategy: an &enum sluice_strategy.
 * @flags: SLUICE_PORT_PREFAULT, SLUICE_PORT_LOCK, SLUICE_PORT_HUGE_PAGES.
 * @preallocate: number of slices of @initial_max_slice_len elements for which memory is
 *	allocated from the start, and kept as long as no loan would fail for it.  At most as
 *	many are allocated as can ever be out.  0: as many as may be loaned, up to 1 MiB or
 *	@memory_limit.
 * @when_full: an &enum sluice_when_full, for peers that have no room.
 * @ask_when_full: function that the library asks instead, if not NULL.
 * @context: argument of @ask_when_full.
 * @spare: 0; kept for later options.
 *
 * A client has memory for its requests from its creation on.  A server has memory for the
 * replies to a client from the first reply to this client on.
 */
struct sluice_port_opts {
	const char *name SLUICE_ZERO_;
	uint64_t initial_max_slice_len SLUICE_ZERO_;
	uint64_t memory_limit SLUICE_ZERO_;
	uint32_t strategy SLUICE_ZERO_;
	uint32_t flags SLUICE_ZERO_;
	uint32_t preallocate SLUICE_ZERO_;
	uint32_t when_full SLUICE_ZERO_;
	sluice_full_fn ask_when_full SLUICE_ZERO_;
	void *context SLUICE_ZERO_;
	uint64_t spare[4] SLUICE_ZERO_;
};

/**
 * struct sluice_client_opts - options of sluice_client_create()
 * @size: sizeof(struct sluice_client_opts).
 * @port: the options that clients and servers share.
 * @max_active_requests: number of pending responses that this client may hold; the
 *	service's max_active_requests_per_client, and at most that.
 * @reserved: 0.
 */
struct sluice_client_opts {
	size_t size SLUICE_SIZE_(struct sluice_client_opts);
	struct sluice_port_opts port SLUICE_ZERO_;
	uint32_t max_active_requests SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
};

/** SLUICE_CLIENT_OPTS() - client options, fields named as in an initialiser */
#define SLUICE_CLIENT_OPTS(...)	SLUICE_OPTS_(struct sluice_client_opts, __VA_ARGS__)

/**
 * struct sluice_server_opts - options of sluice_server_create()
 * @size: sizeof(struct sluice_server_opts).
 * @port: the options that clients and servers share.
 * @port_memory_limit: bytes that the segments of all replies may have together; half of
 *	the memory that the machine has available when the server is made, at least 256 MiB.
 *	If a loan would exceed the limit, the library first takes back segments of which no
 *	slice is out, from all clients.
 * @peer_memory_limit: the same limit for all clients of one process; a quarter of
 *	@port_memory_limit.
 * @listen_fd: a listening socket that the program was handed over for this service, as systemd
 *	does with a unit of type socket; see sluice_service_activation_path().  The server takes a
 *	duplicate, makes the socket non-blocking, and makes no socket of its own.  Clients that
 *	wait there when the server is destroyed stay, for the next server.  0: there is none.
 * @reserved: 0.
 *
 * If a program sets memory_limit alone, neither default is less than that.  A static port
 * needs room in both limits for all replies that max_clients clients can be sent.  If a
 * program sets neither limit, a static port gets this room.
 */
struct sluice_server_opts {
	size_t size SLUICE_SIZE_(struct sluice_server_opts);
	struct sluice_port_opts port SLUICE_ZERO_;
	uint64_t port_memory_limit SLUICE_ZERO_;
	uint64_t peer_memory_limit SLUICE_ZERO_;
	int32_t listen_fd SLUICE_ZERO_;
	uint32_t reserved SLUICE_ZERO_;
};

/** SLUICE_SERVER_OPTS() - server options, fields named as in an initialiser */
#define SLUICE_SERVER_OPTS(...)	SLUICE_OPTS_(struct sluice_server_opts, __VA_ARGS__)

/**
 * sluice_service_settings() - ask for the settings of a service
 * @service: the service.
 * @settings: filled in with the settings that the service was created with.  Its size says how
 *	much of it the caller knows.
 *
 * A flag of the service is in flags if the service has it, and in refused_flags if not.  The
 * attributes are not filled in.  A service that is opened with these options must have just
 * these flags, and offer at least as much.
 *
 * Return: 0.
 */
int sluice_service_settings(struct sluice_service *service,
			    struct sluice_service_opts *settings);

/**
 * sluice_service_attribute() - ask for an attribute of a service
 * @service: the service.
 * @index: number of the attribute, from 0.
 * @attribute: filled in; valid until the service is closed.
 *
 * Return: 1; or 0 if the service has fewer attributes.
 */
int sluice_service_attribute(struct sluice_service *service, unsigned int index,
			     struct sluice_attribute *attribute);

/**
 * sluice_service_activation_path() - where to bind a socket for servers that are not started yet
 * @service: the service.
 * @path: filled in with the path, which depends on the root directory, the domain and the name
 *	of the service, and on nothing else.
 * @size: of @path, in bytes.
 *
 * If a client has no server when it sends a request or waits for servers, it connects to this
 * socket, of type SOCK_SEQPACKET.  Whoever listens there starts a server and hands the socket
 * over to it; see listen_fd in &struct sluice_server_opts.  The requests wait meanwhile.  The
 * socket belongs to root or to the user of the client, as does its directory.
 *
 * Return: 0; or -ENAMETOOLONG (@size is too small).
 */
int sluice_service_activation_path(struct sluice_service *service, char *path, size_t size);

/* ---- More about requests ------------------------------------------------ */

/**
 * sluice_request_call() - send a request and receive the first response
 * @request: the request.  Consumed, except when *@pending is NULL afterwards.
 * @pending: set to the pending response, to be given to sluice_pending_response_release()
 *	whether a response was received or not; NULL if the request was not sent.
 * @timeout: nanoseconds from the sending on, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * As sluice_request_send() and sluice_pending_response_receive().  But if the client has to
 * sleep, one system call wakes servers and begins the sleep (through io_uring, Linux 6.7).
 *
 * Return: The response, to be given to sluice_response_release(); or NULL with the errno of the
 * function that failed.
 */
struct sluice_response *
sluice_request_call(struct sluice_request *request,
		    struct sluice_pending_response **pending,
		    int64_t timeout) SLUICE_MUST_CHECK;

/**
 * sluice_request_shorten() - give up the end of a loaned request
 * @request: the request.
 * @count: number of elements to keep, at most as many as it has.
 *
 * Return: 0; or -EINVAL (longer than it is, or of fixed size).
 */
int sluice_request_shorten(struct sluice_request *request, size_t count);

/**
 * sluice_deadline() - the time at which a timeout that begins now will end
 * @timeout: nanoseconds; negative for never.
 *
 * Context: Any thread, and signal handlers.
 * Return: Nanoseconds of CLOCK_MONOTONIC; INT64_MAX for never.
 */
int64_t sluice_deadline(int64_t timeout);

/**
 * sluice_request_set_deadline() - set the time after which an answer is of no use
 * @request: the request.
 * @deadline: nanoseconds of CLOCK_MONOTONIC, see sluice_deadline(); 0 for none.
 *
 * A server does not receive a request whose deadline has passed.  A server that has received it
 * before sees the deadline.  At the client, receiving fails with ETIMEDOUT after the deadline
 * if no response is queued.
 *
 * Return: 0; or -EINVAL (a negative deadline).
 */
int sluice_request_set_deadline(struct sluice_request *request, int64_t deadline);

/**
 * enum sluice_route - which servers a request goes to
 * @SLUICE_ROUTE_ALL: all that are connected.
 * @SLUICE_ROUTE_ONE: the server that will probably begin with the request first.  The client
 *	compares how many requests of all clients each server holds and has queued, and how
 *	long it takes for one on average.  Idle servers take turns.
 */
enum sluice_route {
	SLUICE_ROUTE_ALL = 0,
	SLUICE_ROUTE_ONE = 1,
};

/**
 * sluice_request_set_route() - choose which servers a request goes to
 * @request: the request.
 * @route: an &enum sluice_route; a request without a route has SLUICE_ROUTE_ALL.
 *
 * Requests of other clients count too: from the moment they are sent if they go to one server,
 * and as soon as the server has received them if they go to all.  The client knows the speed of
 * a server after some requests, if one takes more than 250 us.  Until a server of another user,
 * or in another pid namespace, has accepted the connection, the client counts only what it has
 * sent to it.
 *
 * If requests do not overflow, the request goes to a server that has room, as soon as there is
 * one.  All servers of the service can read the memory of this client's requests, also of those
 * that go to one server.
 *
 * Return: 0; or -EINVAL (no such route).
 */
int sluice_request_set_route(struct sluice_request *request, enum sluice_route route);

/**
 * sluice_pending_response_servers() - number of servers that a request has reached
 * @pending: the pending response.
 *
 * Return: The number of servers to which the request was sent, including those that have left
 * since.
 */
int sluice_pending_response_servers(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_is_connected() - ask whether more responses may come
 * @pending: the pending response.
 *
 * Return: 1; or 0 if every server has ended its stream, left or died.  Responses may still be
 * unread then.
 */
int sluice_pending_response_is_connected(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_has_response() - ask whether a response is queued
 * @pending: the pending response.
 *
 * If a response is queued, sluice_pending_response_receive() does not wait.  It returns the
 * response, or fails with ENOBUFS if as many responses are held as may be.  The end of a stream
 * is no response; see sluice_pending_response_is_connected().
 *
 * Return: 1 or 0.
 */
int sluice_pending_response_has_response(struct sluice_pending_response *pending);

/**
 * sluice_pending_response_set_stop_hint() - tell servers that no more responses are needed
 * @pending: the pending response.
 *
 * The streams stay open, and the client receives what servers still send.  See
 * sluice_active_request_has_stop_hint().
 *
 * Return: 0.
 */
int sluice_pending_response_set_stop_hint(struct sluice_pending_response *pending);

/** SLUICE_STATUS_MAX - the largest code with which a request may be ended */
#define SLUICE_STATUS_MAX	4095
/** SLUICE_STATUS_TEXT_MAX - number of bytes of the text that may go with it */
#define SLUICE_STATUS_TEXT_MAX	127

/**
 * struct sluice_status - why a server has ended a request
 * @size: sizeof(struct sluice_status), set by the caller.
 * @server: id of the server port.
 * @code: code that the server has given, for example an errno; 1 to SLUICE_STATUS_MAX.
 * @reserved: 0.
 * @text: text that the server has given, with a 0 at its end; may be empty.
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

/**
 * sluice_pending_response_status() - ask for the status with which a server ended a request
 * @pending: the pending response.
 * @status: filled in; its size says how much the caller knows.
 *
 * There is a status when receiving has failed with EREMOTEIO.  If several servers have ended
 * the request with a status, it is the first of these.
 *
 * Return: 1; or 0 if no server has ended the request with a status yet.
 */
int sluice_pending_response_status(struct sluice_pending_response *pending,
				   struct sluice_status *status);

/**
 * enum sluice_outcome - how a stream of responses has ended
 * @SLUICE_OUTCOME_OPEN: it has not ended, or sluice_pending_response_receive() has not told yet
 *	that it has.
 * @SLUICE_OUTCOME_COMPLETE: well: every server has finished with the request, or has destroyed
 *	its port in good order, and no response is missing.
 * @SLUICE_OUTCOME_INCOMPLETE: in the same way, but responses are missing, which were pushed out
 *	of a full queue.
 * @SLUICE_OUTCOME_STATUS: a server has ended the request with a status, see
 *	sluice_pending_response_status().
 * @SLUICE_OUTCOME_FAILED: it has broken: a server died, broke the protocol or refused the
 *	client, the request reached no server, was pushed out of a full queue, or came too late.
 */
enum sluice_outcome {
	SLUICE_OUTCOME_OPEN = 0,
	SLUICE_OUTCOME_COMPLETE = 1,
	SLUICE_OUTCOME_INCOMPLETE = 2,
	SLUICE_OUTCOME_STATUS = 3,
	SLUICE_OUTCOME_FAILED = 4,
};

/**
 * sluice_pending_response_outcome() - tell a stream that ended well from one that broke
 * @pending: the pending response.
 *
 * To be asked when sluice_pending_response_receive() has failed, instead of comparing errno: it
 * also knows of responses that are missing.  After a timeout the outcome is
 * SLUICE_OUTCOME_OPEN.  A reply that the server has discarded for lack of room, with none after
 * it, is not noticed.
 *
 * Return: An &enum sluice_outcome.
 */
int sluice_pending_response_outcome(struct sluice_pending_response *pending);

/* ---- More about replies ------------------------------------------------- */

/**
 * sluice_reply_send_and_receive() - answer a request and receive the next one
 * @reply: the reply.  Consumed, except when nothing was received because sending failed.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 * @sent: set to what sluice_reply_send() would have returned; or NULL.
 *
 * The call sends the reply as the last, releases its active request, and receives the server's
 * next request.  If the server has to sleep, one system call wakes the client and begins the
 * sleep (through io_uring, Linux 6.7).  If the client is gone (*@sent is -EPIPE, -ECONNRESET or
 * -EPROTO), the call releases the active request, which gives the reply back, and receives the
 * next request all the same.  If sending fails otherwise, the
 * reply is still loaned, the active request is still held, and nothing is received.
 *
 * Return: The next request, to be given to sluice_active_request_release(); or NULL with the
 * errno of sluice_reply_send() or sluice_server_receive().
 */
struct sluice_active_request *
sluice_reply_send_and_receive(struct sluice_reply *reply, int64_t timeout,
			      int *sent) SLUICE_MUST_CHECK;

/**
 * sluice_reply_shorten() - give up the end of a loaned reply
 * @reply: the reply.
 * @count: number of elements to keep, at most as many as it has.
 *
 * Return: 0; or -EINVAL (longer than it is, or of fixed size).
 */
int sluice_reply_shorten(struct sluice_reply *reply, size_t count);

/**
 * sluice_reply_set_last() - mark a reply as the last
 * @reply: the reply.
 *
 * When the client has received it, its stream from this server ends, although the server may
 * keep the active request.  After it no further reply can be loaned or sent.
 *
 * Return: 0.
 */
int sluice_reply_set_last(struct sluice_reply *reply);

/**
 * sluice_server_has_request() - ask whether a request is queued
 * @server: the server.
 *
 * If a request is queued, sluice_server_receive() does not wait.  It returns a request, or fails
 * with ENOBUFS if max_active_requests_per_client are held of each client that has one queued.
 * Requests whose deadline has passed do not count, nor do cancelled requests in a service with
 * SLUICE_SERVICE_NO_FIRE_AND_FORGET.  Between the two calls a deadline may pass, and a client may
 * cancel a request.
 *
 * Return: 1 or 0.
 */
int sluice_server_has_request(struct sluice_server *server);

/**
 * sluice_server_expired() - number of requests that came too late
 * @server: the server.
 *
 * Return: The number of requests that the server has not received because their deadline had
 * passed.
 */
int64_t sluice_server_expired(struct sluice_server *server);

/**
 * sluice_active_request_is_connected() - ask whether the client still wants an answer
 * @request: the active request.
 *
 * Return: 1; or 0 if the client has released its pending response, left or died.
 */
int sluice_active_request_is_connected(struct sluice_active_request *request);

/**
 * sluice_active_request_has_stop_hint() - ask whether the client needs no more responses
 * @request: the active request.
 *
 * Return: 1 if the client has said so and still reads what is sent; else 0.
 */
int sluice_active_request_has_stop_hint(struct sluice_active_request *request);

/**
 * sluice_active_request_end() - finish a request with a status
 * @request: the active request.
 * @code: 1 to SLUICE_STATUS_MAX, for example an errno.
 * @text: at most SLUICE_STATUS_TEXT_MAX bytes, or NULL.
 *
 * As sluice_active_request_release().  But after the client has received all responses, its
 * stream ends with EREMOTEIO, and it can ask for @code and @text.  A client that is too far
 * behind may get the code alone.
 *
 * Return: 0; or -EINVAL (a bad code or text, or a reply that was marked as the last was sent).
 */
int sluice_active_request_end(struct sluice_active_request *request, int code,
			      const char *text);

/* ---- Many messages at once ----------------------------------------------
 *
 * One call receives all messages that are there, up to a number.  So what a call costs apart
 * from its messages is paid once for several, and memory of one message is fetched while
 * another is looked at.  The order of the messages, their limits, and what is held are as if
 * they had been received one by one.
 */

/**
 * sluice_server_receive_batch() - receive several requests
 * @server: the server.
 * @requests: array with room for @most pointers.
 * @most: number of requests to receive at most; with 0 the call returns 0 at once.
 * @timeout: nanoseconds to wait for the first request, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * As sluice_server_receive(), as often as there is a request.  The call waits for the first
 * request only.  It takes one request of each client in turn, and goes on with the next call
 * behind the client that it took the last one from.
 *
 * If there is a failure after the first request, the call returns the requests that it has
 * received, and the next call tells of the failure.  Places of @requests that were not needed
 * keep what they have.
 *
 * Return: The number of requests, each to be given to sluice_active_request_release(); or
 * -errno, as sluice_server_receive().
 */
int sluice_server_receive_batch(struct sluice_server *server,
				struct sluice_active_request **requests,
				unsigned int most, int64_t timeout) SLUICE_MUST_CHECK;

/**
 * struct sluice_arrival - a response that has arrived, or the end of a stream
 * @pending: the pending response that it belongs to.
 * @response: the response, to be given to sluice_response_release(); NULL if there is none.
 * @error: 0 if there is a response.  Otherwise it says why there is none: the errno with which
 *	sluice_pending_response_receive() fails now, without waiting.
 * @reserved: 0.
 */
struct sluice_arrival {
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	int32_t error;
	uint32_t reserved;
};

/**
 * sluice_client_receive_batch() - receive several responses, to any requests of a client
 * @client: the client.
 * @arrivals: array with room for @most structs.
 * @most: number of arrivals at most; with 0 the call returns 0 at once.
 * @timeout: nanoseconds to wait for the first arrival, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * The call looks at all pending responses of the client, in turn, and receives what is there,
 * as sluice_pending_response_receive() does.  It begins behind the one that it received from
 * last.  So a request with many responses does not hold up the others.  The responses to one
 * request are next to each other in @arrivals.  When it has something, it looks no further
 * than four pending responses in a row that have nothing.  So it can leave responses for the
 * next call, which begins with them.
 *
 * An arrival without a response tells that no more responses to its request will come, or that
 * the request's deadline has passed.  The call tells each of the two once, and the former not
 * together with a response to the same request.  So a program that expects one response can
 * release the pending response when it has it.  sluice_pending_response_receive() gives the
 * same errno again, and its sentence.
 *
 * The call passes over a pending response of which the program holds as many responses as it
 * may.  If there is nothing else, the call fails with ENOBUFS, and the responses stay queued.
 *
 * If there is a failure after the first arrival, the call returns what has arrived, and the
 * next call tells of the failure.  Places of @arrivals that were not needed keep what they
 * have.
 *
 * Return: The number of arrivals; or -errno: -EAGAIN (none yet, and SLUICE_NOWAIT), -ETIMEDOUT
 * (@timeout has passed), -EINTR (a signal, or sluice_node_interrupt()), -ENOENT (nothing can
 * arrive: no response is pending, or the ends of all were told), -ENOBUFS (responses are
 * queued, and as many are held as may be; see sluice_pending_response_receive()), or -ENOMEM.
 */
int sluice_client_receive_batch(struct sluice_client *client,
				struct sluice_arrival *arrivals,
				unsigned int most, int64_t timeout) SLUICE_MUST_CHECK;

/* ---- Waiting for several things ----------------------------------------- */

/**
 * enum sluice_event_kind - what has happened
 * @SLUICE_EVENT_REQUEST: sluice_server_receive() of @server has a request to return, unless its
 *	deadline passes meanwhile.
 * @SLUICE_EVENT_RESPONSE: sluice_pending_response_receive() of @pending has a response to
 *	return, or the end of the stream, which it has not returned yet.
 * @SLUICE_EVENT_CONNECTED: peers of @client or @server have come.
 * @SLUICE_EVENT_DISCONNECTED: peers of @client or @server have left or died.
 * @SLUICE_EVENT_REGISTRY: sluice_watch_next() of @watch has something to tell (sluice_watch.h).
 */
enum sluice_event_kind {
	SLUICE_EVENT_REQUEST = 1,
	SLUICE_EVENT_RESPONSE = 2,
	SLUICE_EVENT_CONNECTED = 3,
	SLUICE_EVENT_DISCONNECTED = 4,
	SLUICE_EVENT_REGISTRY = 5,
};

/**
 * struct sluice_event - something that has ended sluice_node_wait()
 * @size: sizeof(struct sluice_event), set by the caller.
 * @kind: an &enum sluice_event_kind.
 * @reason: errno of the last peer that disconnected: EPIPE (it left), ECONNRESET (it died),
 *	EPROTO (it broke the protocol), ECONNABORTED (a server lacked descriptors or memory for
 *	the client), EUSERS (a server had max_clients clients), or another errno that says why it
 *	refused the client, or what was lacking here to go on with it.
 * @peers: number of peers that have come or gone.
 * @server: the server concerned, or NULL.
 * @client: the client concerned, or NULL.
 * @pending: the pending response concerned, or NULL.
 * @watch: the watch concerned, or NULL.
 */
struct sluice_event {
	size_t size;
	uint32_t kind;
	int32_t reason;
	uint64_t peers;
	struct sluice_server *server;
	struct sluice_client *client;
	struct sluice_pending_response *pending;
	struct sluice_watch *watch;
};

/** SLUICE_EVENT() - an event to be filled in by sluice_node_next() */
#define SLUICE_EVENT()	{ .size = sizeof(struct sluice_event) }

/**
 * sluice_node_wait() - wait until anything made from the node is ready
 * @node: the node.
 * @timeout: nanoseconds, SLUICE_NOWAIT or SLUICE_FOREVER.
 *
 * The call returns when a request or a response can be received, when a peer has come, when a
 * peer has gone, and when a watch has something to tell.  sluice_node_next() tells which.  Each
 * call reports what can be received until it was received.  It reports once that a peer has come
 * or gone.  If as many messages are held as may be, so that receiving would fail with ENOBUFS,
 * the call reports queued messages only when there is room for them.
 *
 * Return: 0; or -EAGAIN (nothing, and SLUICE_NOWAIT), -ETIMEDOUT, -EINTR (a signal, or
 * sluice_node_interrupt()), or -ENOMEM.
 */
int sluice_node_wait(struct sluice_node *node, int64_t timeout);

/**
 * sluice_node_next() - ask what sluice_node_wait() or sluice_node_prepare() has found
 * @node: the node.
 * @event: filled in; its size says how much the caller knows.
 *
 * After each wait the call reports each thing once.  Between two calls a program may receive
 * from objects, release them and destroy them.
 *
 * Return: 1; or 0 if there is nothing more.
 */
int sluice_node_next(struct sluice_node *node, struct sluice_event *event);

/*
 * Signals.
 *
 * A wait fails with EINTR if a signal handler has run in its thread while it slept,
 * or if the process was stopped and continued meanwhile.  One signal ends one wait.  SIGCHLD,
 * SIGURG and SIGWINCH do not end a wait if they have no handler.  Another signal that the
 * program ignores (SIG_IGN) can end one if it comes while the call is awake.  A signal
 * does not end a wait if it comes before the call has fallen asleep: while the program does
 * something else, or while the call polls (the node option spin).  A program that must not
 * miss a signal has two ways.  Its handler can call sluice_node_interrupt(), which also ends
 * the next wait.  Or the program blocks the signal, reads it from a signalfd(2), and polls
 * that together with sluice_node_fd().
 *
 * A call that sleeps blocks signals while it is awake, and restores the mask before it
 * returns.  So a signal that comes while it is awake ends its next sleep.  Signals of a fault
 * (SIGSEGV, SIGBUS and the like) are never blocked.  There are two exceptions.  If the node's
 * last wait was shorter than 1 ms, the call blocks signals only after two sleeps.  Then it may
 * overlook a signal that comes at the moment at which something else ends one of these sleeps.
 * And a wait through sockets may fail with EINTR once more, after a node that waited through
 * io_uring was destroyed in the same thread.
 */

/**
 * sluice_node_interrupt() - end a wait of the node's thread
 * @node: the node, which must not be destroyed meanwhile.
 *
 * If a call is waiting, it fails with EINTR; otherwise the next call that would sleep does.
 * Several interruptions before that count as one.
 *
 * Context: Any thread, and signal handlers; keeps errno.
 * Return: 0; or -EINVAL or -ECHILD.
 */
int sluice_node_interrupt(struct sluice_node *node);

/* ---- Who has sent a message ---------------------------------------------- */

/**
 * sluice_node_id() - the number by which others know a node
 * @node: the node, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_node_id(const struct sluice_node *node);

/**
 * sluice_client_id() - the number by which others know a client
 * @client: the client, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_client_id(const struct sluice_client *client);

/**
 * sluice_server_id() - the number by which others know a server
 * @server: the server, or NULL.
 *
 * Context: Any thread.
 * Return: The id; 0 for NULL.
 */
uint64_t sluice_server_id(const struct sluice_server *server);

/**
 * struct sluice_request_info - origin and number of a request
 * @size: sizeof(struct sluice_request_info), set by the caller.
 * @client: id of the client port that sent it.
 * @node: id of that client's node.
 * @request: its number, which no other pending request of this client has.
 * @count: number of elements.
 * @deadline: time until which the client waits, in nanoseconds of CLOCK_MONOTONIC; 0 for none.
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
 * struct sluice_response_info - origin and number of a response
 * @size: sizeof(struct sluice_response_info), set by the caller.
 * @server: id of the server port that sent it.
 * @node: id of that server's node.
 * @request: number of the request that it answers.
 * @position: number in the stream of responses of this server, from 0.  A number is missing if
 *	its response was pushed out of a full queue.
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
 * The kernel vouches for the process, user and group.  They are those of a client when it
 * connected, and of a server when it accepted the connection.
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

/**
 * sluice_pending_response_info() - ask for the number of a sent request
 * @pending: the pending response.
 * @info: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_pending_response_info(struct sluice_pending_response *pending,
				 struct sluice_request_info *info);

/**
 * sluice_active_request_info() - ask for origin and number of a received request
 * @request: the active request.
 * @info: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_active_request_info(struct sluice_active_request *request,
			       struct sluice_request_info *info);

/**
 * sluice_response_info() - ask for origin and number of a response
 * @response: the response.
 * @info: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_response_info(struct sluice_response *response, struct sluice_response_info *info);

/**
 * sluice_active_request_peer() - ask who has sent a request
 * @request: the active request.
 * @peer: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_active_request_peer(struct sluice_active_request *request,
			       struct sluice_peer *peer);

/**
 * sluice_response_peer() - ask who has sent a response
 * @response: the response.
 * @peer: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_response_peer(struct sluice_response *response, struct sluice_peer *peer);

/**
 * sluice_active_request_pidfd() - get a pidfd of the process that has sent a request
 * @request: the active request.
 *
 * The pidfd refers to this process, even if it has died since.  It needs Linux 6.5.
 *
 * Return: A descriptor, which the caller closes; or -ENOSYS, -ESRCH (the process had died when
 * the library asked for the pidfd), or -EMFILE.
 */
int sluice_active_request_pidfd(struct sluice_active_request *request);

/**
 * sluice_response_pidfd() - get a pidfd of the process that has sent a response
 * @response: the response.
 *
 * As sluice_active_request_pidfd().
 *
 * Return: As sluice_active_request_pidfd().
 */
int sluice_response_pidfd(struct sluice_response *response);

/* ---- Descriptors that travel with messages ------------------------------- */

/**
 * sluice_request_attach_fd() - send a descriptor with a request
 * @request: the request.
 * @fd: the descriptor.  The caller keeps it; the library sends a duplicate.
 *
 * Each server that the request reaches gets its own descriptor; see
 * sluice_active_request_take_fd().
 *
 * Return: 0; or -ENOBUFS (max_fds_per_message are attached), -EBADF, -EMFILE, or -ENOMEM.
 */
int sluice_request_attach_fd(struct sluice_request *request, int fd);

/**
 * sluice_reply_attach_fd() - send a descriptor with a reply
 * @reply: the reply.
 * @fd: the descriptor.  The caller keeps it; the library sends a duplicate.
 *
 * The client takes it with sluice_response_take_fd().
 *
 * Return: As sluice_request_attach_fd().
 */
int sluice_reply_attach_fd(struct sluice_reply *reply, int fd);

/**
 * sluice_active_request_take_fd() - take a descriptor that came with a request
 * @request: the active request.
 *
 * The descriptors come in the order in which they were attached.  Those that the program has
 * not taken are closed when the request is released.
 *
 * Return: A descriptor, which the caller closes; or -ENOENT (none is left).
 */
int sluice_active_request_take_fd(struct sluice_active_request *request);

/**
 * sluice_response_take_fd() - take a descriptor that came with a response
 * @response: the response.
 *
 * As sluice_active_request_take_fd().
 *
 * Return: As sluice_active_request_take_fd().
 */
int sluice_response_take_fd(struct sluice_response *response);

/* ---- When a peer has no room --------------------------------------------- */

/**
 * enum sluice_full_answer - the answer of a program about a peer without room
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
 * struct sluice_full - a peer that has no room for a message
 * @size: sizeof(struct sluice_full).
 * @port: id of the port that sends.
 * @peer: id of the port that has no room.
 * @request: number of the request, or of the request that is answered.
 * @retries: how often the program was asked before, about this message and peer.
 * @elapsed: nanoseconds since the program was asked first.
 */
struct sluice_full {
	size_t size;
	uint64_t port;
	uint64_t peer;
	uint64_t request;
	uint64_t retries;
	int64_t elapsed;
};

/* ---- Foreign event loops -------------------------------------------------- */

/**
 * sluice_node_fd() - get a descriptor for a foreign event loop
 * @node: the node.
 *
 * The descriptor becomes readable when something happens after the last sluice_node_prepare().
 * It is for poll(2), epoll(7) or an io_uring of the program.  It belongs to the node; the
 * program must neither read nor close it.  It stays the same after sluice_node_adopt().
 *
 * Return: The descriptor; or -ENOMEM, -EMFILE or -ENFILE.
 */
int sluice_node_fd(struct sluice_node *node);

/**
 * sluice_node_prepare() - get ready to sleep in a foreign event loop
 * @node: the node.
 *
 * From this call on peers make sluice_node_fd() readable.  The call then looks once more for
 * anything to do.  The loop may sleep until sluice_node_fd() is readable only if this call
 * returns 0, and if the program makes no other call with the node in between.  Then nothing is
 * missed.
 *
 * Return: 0: there is nothing to do; 1: there may be something, ask sluice_node_next(); or
 * -EINTR (sluice_node_interrupt()), -ENOMEM, -EMFILE or -ENFILE.
 */
int sluice_node_prepare(struct sluice_node *node);

/* ---- Other threads -------------------------------------------------------
 *
 * Memory of messages is memory: while the thread of the node holds an active request, another
 * thread may read its data and header, and while it has a reply loaned, another thread may write
 * that.  So one thread can receive requests and loan replies, other threads compute, and the
 * first sends.  The same holds for responses and requests of a client.  The threads order this
 * with a lock of their own.  No other thread may call the library with these messages.  When
 * it has finished, it calls sluice_node_interrupt(), which ends the wait of the node's thread.
 * Documentation/examples/thread-pool-server.c does this.
 */

/**
 * sluice_node_adopt() - move a node to the calling thread
 * @node: the node.
 *
 * From here on the node, and everything made from it, belongs to the calling thread.  The thread
 * that had it must have ended, or must not use the node any more.  Calls of both threads at the
 * same time are a race; the library notices only that the other thread is sleeping.
 *
 * Context: Any thread.
 * Return: 0; or -EINVAL, -EBUSY (its thread is waiting with it), -ECHILD, -ENOMEM, -EMFILE or
 * -ENFILE.  After a failure the node stays where it was.
 */
int sluice_node_adopt(struct sluice_node *node);

/* ---- Stale handles --------------------------------------------------------
 *
 * A program must not use a message any more after it has sent or released it.
 * If it does, the call fails with EINVAL and changes nothing, as long as fewer than 8 other
 * messages of the same kind were sent or released since.  Requests, pending responses and
 * responses count if they are of the same client.  Active requests and replies count if they
 * are of the same server, and of the same client there.  Calls that fail, and receives that
 * find nothing, do not count.  A request that was sent has its handle in common with its pending
 * response.  It is stale until that was released, and then as long as that is.
 * After the eighth message the library may use the handle for a new message, and then the call
 * acts on that one.  The memory of a handle is freed when the client or server was destroyed
 * and all of its messages were released; at a server also when the client has left or died.
 * From then on a call with the handle is undefined.
 *
 * Loans that the library has given back are another matter: replies whose request was released or
 * whose server was destroyed, and requests whose client was destroyed.  A program need not
 * release them, and may do so once until its node and everything made from it are gone: the
 * call fails with EINVAL and changes nothing, also if the client has left.  The rule of 8 other
 * messages holds for them, too, and counts messages of all clients or servers of the node.
 */

/* ---- A port's memory ------------------------------------------------------ */

/**
 * SLUICE_PORT_PREFAULT - allocate all memory from the start
 *
 * The kernel allocates all memory that the limits of the port allow, and maps its pages, when the
 * port is made and when a peer connects: tables and queues, and with SLUICE_STATIC the slices.
 * So no later call faults or allocates.  With another strategy it allocates the slices that
 * preallocate asks for, and later memory is populated when it is loaned.
 *
 * The port maps a peer's slices when the peer announces them.  If the peer's port has this flag
 * too, that is when it connects; otherwise it is before a message.
 */
#define SLUICE_PORT_PREFAULT	UINT32_C(1)
/**
 * SLUICE_PORT_LOCK - as SLUICE_PORT_PREFAULT, and keep the memory from being swapped out
 *
 * It needs room in RLIMIT_MEMLOCK, or CAP_IPC_LOCK.  Otherwise the port is not made, a peer is
 * not connected, or a loan that would need more memory fails with ENOMEM.  The port also locks
 * all memory that its peers announce.
 *
 * A program that locks all of its memory with mlockall(2) should do so before it makes ports.
 * Then their memory is locked when it is populated, with this flag or without.  Later, what
 * ports have reserved would count as locked too, and the room of static ports would be
 * allocated.
 */
#define SLUICE_PORT_LOCK	UINT32_C(2)
/**
 * SLUICE_PORT_HUGE_PAGES - use transparent huge pages, if the kernel allows them
 *
 * The kernel allows them with "advise", "within_size" or "always" in shmem_enabled, which its
 * transhuge.rst describes.  It then allocates and counts 2 MiB at a time, whatever memory_limit
 * says; with preallocate it begins with whole huge pages.  Otherwise the flag has no effect.
 */
#define SLUICE_PORT_HUGE_PAGES	UINT32_C(4)

/**
 * struct sluice_memory - the memory of a port's own messages
 * @size: sizeof(struct sluice_memory), set by the caller.
 * @growths: how often a segment was extended, or a further one made, for a loan.
 * @segments: number of segments now.
 * @bytes: bytes of the segments now.
 * @largest_segment: bytes that the largest segment ever had.
 * @retired: number of segments that were taken out of use, because they had become mostly idle,
 *	or were idle when a loan found no room.
 *
 * A client has memory for its requests.  A server has memory for its replies to all clients that
 * are connected now; @growths, @largest_segment and @retired also count earlier clients.
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
 * Return: 0.
 */
int sluice_client_memory(struct sluice_client *client,
			 struct sluice_memory *memory);

/**
 * sluice_server_memory() - ask for the memory of a server's replies
 * @server: the server.
 * @memory: filled in; its size says how much the caller knows.
 *
 * Return: 0.
 */
int sluice_server_memory(struct sluice_server *server,
			 struct sluice_memory *memory);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_H */
