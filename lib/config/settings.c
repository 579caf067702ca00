// SPDX-License-Identifier: MIT
/*
 * The keys of the configuration.
 *
 * A key is named as the field of the options struct that it is the default of, and its
 * section is that struct's.  The table says all there is to know of it: what it is if
 * nobody says anything, what it can be, what it means, and whether the section NAME.limits
 * may have a ceiling for it, which needs an order: more must be worse than less.
 *
 * Constant data.  Defaults and ranges are those of base/limits.h, which the checks of the
 * options use too; config_test holds the table against what the options do.
 */
#include "config/settings.h"

#include <sluice/wire.h>

#include "base/limits.h"

const char *const config_sections[] = {
	[CONFIG_NODE] = "node",
	[CONFIG_SERVICE] = "service",
	[CONFIG_CLIENT] = "client",
	[CONFIG_SERVER] = "server",
};

/* ---- Words ---- */

static const struct config_word root_words[] = { { "auto", 0 }, { 0 } };
static const struct config_word wait_words[] = {
	{ "auto", SLUICE_WAIT_AUTO }, { "uring", SLUICE_WAIT_URING },
	{ "socket", SLUICE_WAIT_SOCKET }, { 0 },
};
static const struct config_word spin_words[] = {
	{ "auto", 0 }, { "none", UINT64_MAX }, { 0 },
};
static const struct config_word none_words[] = { { "none", 0 }, { 0 } };
static const struct config_word auto_words[] = { { "auto", 0 }, { 0 } };
static const struct config_word all_words[] = { { "all", 0 }, { 0 } };
static const struct config_word group_words[] = { { "root-directory", 0 }, { 0 } };
static const struct config_word mode_words[] = {
	{ "0600", 0600 }, { "0660", 0660 }, { "0666", 0666 }, { 0 },
};
static const struct config_word service_flags[] = {
	{ "none", 0 },
	{ "no_request_overflow", SLUICE_SERVICE_NO_REQUEST_OVERFLOW },
	{ "no_response_overflow", SLUICE_SERVICE_NO_RESPONSE_OVERFLOW },
	{ "no_fire_and_forget", SLUICE_SERVICE_NO_FIRE_AND_FORGET },
	{ "any_user", SLUICE_SERVICE_ANY_USER },
	{ 0 },
};
static const struct config_word port_flags[] = {
	{ "none", 0 },
	{ "prefault", SLUICE_PORT_PREFAULT },
	{ "lock", SLUICE_PORT_LOCK },
	{ "huge_pages", SLUICE_PORT_HUGE_PAGES },
	{ 0 },
};
static const struct config_word strategies[] = {
	{ "power_of_two", SLUICE_POWER_OF_TWO }, { "best_fit", SLUICE_BEST_FIT },
	{ "static", SLUICE_STATIC }, { 0 },
};
static const struct config_word when_full[] = {
	{ "block", SLUICE_FULL_BLOCK }, { "discard", SLUICE_FULL_DISCARD }, { 0 },
};

/* ---- The table ---- */

#define FIELD(section_, opts_, field_, kind_)				\
	.name = #field_,						\
	.section = (section_),						\
	.kind = (kind_),						\
	.offset = offsetof(struct opts_, field_),			\
	.width = sizeof(((struct opts_ *)0)->field_)

#define NODE(field_, kind_) \
	FIELD(CONFIG_NODE, sluice_node_opts, field_, kind_)
#define SERVICE(field_, kind_) \
	FIELD(CONFIG_SERVICE, sluice_service_opts, field_, kind_)
#define CLIENT(field_, kind_) \
	FIELD(CONFIG_CLIENT, sluice_client_opts, field_, kind_)
#define SERVER(field_, kind_) \
	FIELD(CONFIG_SERVER, sluice_server_opts, field_, kind_)

#define RANGE(preset_, least_, most_) \
	.preset = (preset_), .least = (least_), .most = (most_)
#define COUNT(preset_, most_)	RANGE(preset_, 1, most_), .fenced = true

const struct config_key config_keys[CONFIG_KEYS] = {
	[CONFIG_ROOT] =
	{ .name = "root", .section = CONFIG_NODE, .kind = CONFIG_PATH, .words = root_words,
	  .meaning = "the directory below which processes find each other" },
	[CONFIG_DOMAIN] =
	{ .name = "domain", .section = CONFIG_NODE, .kind = CONFIG_NAME,
	  .meaning = "the world that nodes live in; those of different domains never meet" },
	[CONFIG_WAIT] =
	{ NODE(wait, CONFIG_WORD), .words = wait_words,
	  .meaning = "how nodes sleep; auto: through io_uring where the kernel can, else sockets" },
	[CONFIG_SPIN] =
	{ NODE(spin, CONFIG_TIME), .words = spin_words, RANGE(0, 1, SPIN_LIMIT_NS),
	  .meaning = "how long a wait polls, at most, before it sleeps; auto: 50us, or none on one CPU" },

	{ SERVICE(flags, CONFIG_WORDS), .words = service_flags,
	  .meaning = "what holds in addition to what programs ask for" },
	{ SERVICE(max_clients, CONFIG_NUMBER), COUNT(MAX_CLIENTS_DEFAULT, MAX_CLIENTS_LIMIT),
	  .meaning = "clients of the service" },
	{ SERVICE(max_servers, CONFIG_NUMBER), COUNT(MAX_SERVERS_DEFAULT, MAX_SERVERS_LIMIT),
	  .meaning = "servers of the service" },
	{ SERVICE(max_nodes, CONFIG_NUMBER), COUNT(MAX_NODES_DEFAULT, MAX_NODES_LIMIT),
	  .meaning = "nodes that have the service open" },
	{ SERVICE(max_active_requests_per_client, CONFIG_NUMBER),
	  COUNT(MAX_ACTIVE_REQUESTS_DEFAULT, PER_PORT_LIMIT),
	  .meaning = "pending responses that a client may hold" },
	{ SERVICE(max_loaned_requests, CONFIG_NUMBER),
	  COUNT(MAX_LOANED_REQUESTS_DEFAULT, PER_PORT_LIMIT),
	  .meaning = "requests that a client may have loaned and not yet sent" },
	{ SERVICE(max_loaned_replies_per_request, CONFIG_NUMBER),
	  COUNT(MAX_LOANED_REPLIES_DEFAULT, PER_PORT_LIMIT),
	  .meaning = "replies that a server may have loaned and not yet sent, for each active request" },
	{ SERVICE(max_response_buffer_size, CONFIG_NUMBER),
	  COUNT(RESPONSE_BUFFER_DEFAULT, PER_PORT_LIMIT),
	  .meaning = "responses that may queue up unread, for each request and server" },
	{ SERVICE(max_borrowed_responses_per_pending_response, CONFIG_NUMBER),
	  COUNT(MAX_BORROWED_DEFAULT, PER_PORT_LIMIT),
	  .meaning = "responses that a client may hold, for each pending response" },
	{ SERVICE(max_fds_per_message, CONFIG_NUMBER), .words = none_words,
	  COUNT(0, SLUICE_WIRE_FDS_MAX),
	  .meaning = "descriptors that a request or a reply may carry" },
	{ SERVICE(request_alignment, CONFIG_POWER), COUNT(1, ALIGNMENT_LIMIT),
	  .meaning = "bytes that the elements of requests begin on a multiple of, at least" },
	{ SERVICE(response_alignment, CONFIG_POWER), COUNT(1, ALIGNMENT_LIMIT),
	  .meaning = "bytes that the elements of responses begin on a multiple of, at least" },
	{ SERVICE(mode, CONFIG_WORD), .words = mode_words, .preset = SERVICE_MODE_DEFAULT,
	  .most = 0666, .fenced = true,
	  .meaning = "who may use the service: its user, its group too, or everybody" },
	{ SERVICE(group, CONFIG_NUMBER), .words = group_words, RANGE(0, 1, UINT32_MAX - 1),
	  .meaning = "id of the group of services whose mode is 0660 or 0666" },

	{ CLIENT(initial_max_slice_len, CONFIG_NUMBER), COUNT(1, MEMORY_LIMIT_MAX),
	  .meaning = "elements of a request that there is room for from the start, if it is a slice" },
	{ CLIENT(memory_limit, CONFIG_BYTES), COUNT(MEMORY_LIMIT_DEFAULT, MEMORY_LIMIT_MAX),
	  .meaning = "what the segments of a client's requests may have together" },
	{ CLIENT(strategy, CONFIG_WORD), .words = strategies,
	  .meaning = "how memory follows the slices that are loaned" },
	{ CLIENT(flags, CONFIG_WORDS), .words = port_flags,
	  .meaning = "what holds in addition to what programs ask for" },
	{ CLIENT(preallocate, CONFIG_NUMBER), .words = auto_words, COUNT(0, UINT32_MAX),
	  .meaning = "slices for which memory is allocated from the start; auto: as many as may be loaned, up to 1 MiB" },
	[CONFIG_REQUESTS] =
	{ CLIENT(max_active_requests, CONFIG_NUMBER), .words = all_words, COUNT(0, PER_PORT_LIMIT),
	  .meaning = "pending responses that a client may hold; all: those that its service allows, which are the most" },
	{ CLIENT(when_full, CONFIG_WORD), .words = when_full,
	  .meaning = "what becomes of a request for which a server has no room" },

	{ SERVER(initial_max_slice_len, CONFIG_NUMBER), COUNT(1, MEMORY_LIMIT_MAX),
	  .meaning = "elements of a reply that there is room for from the first on, if it is a slice" },
	{ SERVER(memory_limit, CONFIG_BYTES), COUNT(MEMORY_LIMIT_DEFAULT, MEMORY_LIMIT_MAX),
	  .meaning = "what the segments of a server's replies to one client may have together" },
	{ SERVER(strategy, CONFIG_WORD), .words = strategies,
	  .meaning = "how memory follows the slices that are loaned" },
	{ SERVER(flags, CONFIG_WORDS), .words = port_flags,
	  .meaning = "what holds in addition to what programs ask for" },
	{ SERVER(preallocate, CONFIG_NUMBER), .words = auto_words, COUNT(0, UINT32_MAX),
	  .meaning = "slices for each client for which memory is allocated from the start; auto: as many as may be loaned, up to 1 MiB" },
	{ SERVER(when_full, CONFIG_WORD), .words = when_full,
	  .meaning = "what becomes of a reply for which a client has no room" },
	[CONFIG_PORT_MEMORY] =
	{ SERVER(port_memory_limit, CONFIG_BYTES), .words = auto_words, COUNT(0, MEMORY_LIMIT_MAX),
	  .meaning = "what the segments of all replies of a server may have together; auto: half of what the machine has available" },
	[CONFIG_PEER_MEMORY] =
	{ SERVER(peer_memory_limit, CONFIG_BYTES), .words = auto_words, COUNT(0, MEMORY_LIMIT_MAX),
	  .meaning = "the same for the clients of one process; auto: a quarter of port_memory_limit" },
};
