# SPDX-License-Identifier: MIT
"""Builds sluice._sluice, the C functions as Python sees them, with cffi in API mode.

``make python`` runs it: cffi_build.py DIRECTORY INCLUDE LIBRARY.  The compiler compares what is
declared here with sluice.h, and fills in sizes and offsets.
"""
import os
import sys

import cffi

MESSAGE = """
struct sluice_{noun} {{
    {access} void *data;
    {access} void *header;
    size_t count;
    size_t size;{more}
    ...;
}};
"""

DECLARATIONS = """
struct sluice_node;
struct sluice_service;
struct sluice_client;
struct sluice_server;

struct sluice_type {
    const char *name; uint64_t size; uint32_t alignment; uint32_t kind; uint64_t fingerprint;
};
struct sluice_contract {
    const char *name;
    struct sluice_type request, response, request_header, response_header;
};

struct sluice_node_opts {
    size_t size; const char *domain; uint32_t wait; int64_t spin; ...;
};
struct sluice_attribute { const char *key; const char *value; };
struct sluice_service_opts {
    size_t size; uint64_t flags;
    uint32_t max_clients, max_servers, max_nodes, max_active_requests_per_client;
    uint32_t max_loaned_requests, max_loaned_replies_per_request, max_response_buffer_size;
    uint32_t max_borrowed_responses_per_pending_response, max_fds_per_message;
    uint32_t request_alignment, response_alignment, mode, group;
    const struct sluice_attribute *attributes; size_t attribute_count; uint64_t refused_flags;
    ...;
};
struct sluice_port_opts {
    const char *name; uint64_t initial_max_slice_len, memory_limit;
    uint32_t strategy, flags, preallocate, when_full; ...;
};
struct sluice_client_opts {
    size_t size; struct sluice_port_opts port; uint32_t max_active_requests; ...;
};
struct sluice_server_opts {
    size_t size; struct sluice_port_opts port; uint64_t port_memory_limit, peer_memory_limit;
    int32_t listen_fd; ...;
};

struct sluice_event {
    size_t size; uint32_t kind; int32_t reason; uint64_t peers;
    struct sluice_server *server; struct sluice_client *client;
    struct sluice_pending_response *pending; ...;
};
struct sluice_status {
    size_t size; uint64_t server; int32_t code; char text[...]; ...;
};
struct sluice_request_info {
    size_t size; uint64_t client, node, request, count; int64_t deadline;
};
struct sluice_response_info {
    size_t size; uint64_t server, node, request, position, count; uint32_t last; ...;
};
struct sluice_peer {
    size_t size; uint64_t port, node; int32_t pid; uint32_t uid, gid; ...;
};
struct sluice_memory {
    size_t size; uint64_t growths, segments, bytes, largest_segment, retired;
};

const char *sluice_strerror(void);
const char *sluice_version(void);
int64_t sluice_deadline(int64_t timeout);

struct sluice_node *sluice_node_create(const char *, const struct sluice_node_opts *);
void sluice_node_destroy(struct sluice_node *);
int sluice_node_wait(struct sluice_node *, int64_t);
int sluice_node_next(struct sluice_node *, struct sluice_event *);
int sluice_node_fd(struct sluice_node *);
int sluice_node_prepare(struct sluice_node *);
int sluice_node_interrupt(struct sluice_node *);
int sluice_node_adopt(struct sluice_node *);
uint64_t sluice_node_id(const struct sluice_node *);

struct sluice_service *sluice_service_open(struct sluice_node *, const struct sluice_contract *,
    const struct sluice_service_opts *);
void sluice_service_close(struct sluice_service *);
int sluice_service_settings(struct sluice_service *, struct sluice_service_opts *);
int sluice_service_attribute(struct sluice_service *, unsigned int, struct sluice_attribute *);

struct sluice_client *sluice_client_create(struct sluice_service *,
    const struct sluice_client_opts *);
void sluice_client_destroy(struct sluice_client *);
int sluice_client_wait_servers(struct sluice_client *, unsigned int, int64_t);
struct sluice_request *sluice_client_loan(struct sluice_client *, size_t);
struct sluice_request *sluice_client_loan_zeroed(struct sluice_client *, size_t);
uint64_t sluice_client_id(const struct sluice_client *);
int sluice_client_memory(struct sluice_client *, struct sluice_memory *);

struct sluice_pending_response *sluice_request_send(struct sluice_request *);
struct sluice_response *sluice_request_call(struct sluice_request *,
    struct sluice_pending_response **, int64_t);
int sluice_request_release(struct sluice_request *);
int sluice_request_shorten(struct sluice_request *, size_t);
int sluice_request_set_deadline(struct sluice_request *, int64_t);
int sluice_request_set_route(struct sluice_request *, int);
int sluice_request_attach_fd(struct sluice_request *, int);

struct sluice_response *sluice_pending_response_receive(struct sluice_pending_response *, int64_t);
int sluice_pending_response_release(struct sluice_pending_response *);
int sluice_pending_response_servers(struct sluice_pending_response *);
int sluice_pending_response_is_connected(struct sluice_pending_response *);
int sluice_pending_response_has_response(struct sluice_pending_response *);
int sluice_pending_response_set_stop_hint(struct sluice_pending_response *);
int sluice_pending_response_status(struct sluice_pending_response *, struct sluice_status *);
int sluice_pending_response_info(struct sluice_pending_response *, struct sluice_request_info *);

int sluice_response_release(struct sluice_response *);
int sluice_response_info(struct sluice_response *, struct sluice_response_info *);
int sluice_response_peer(struct sluice_response *, struct sluice_peer *);
int sluice_response_take_fd(struct sluice_response *);

struct sluice_server *sluice_server_create(struct sluice_service *,
    const struct sluice_server_opts *);
void sluice_server_destroy(struct sluice_server *);
struct sluice_active_request *sluice_server_receive(struct sluice_server *, int64_t);
int sluice_server_has_request(struct sluice_server *);
int64_t sluice_server_expired(struct sluice_server *);
uint64_t sluice_server_id(const struct sluice_server *);
int sluice_server_memory(struct sluice_server *, struct sluice_memory *);

struct sluice_reply *sluice_active_request_loan(struct sluice_active_request *, size_t);
struct sluice_reply *sluice_active_request_loan_zeroed(struct sluice_active_request *, size_t);
int sluice_active_request_release(struct sluice_active_request *);
int sluice_active_request_end(struct sluice_active_request *, int, const char *);
int sluice_active_request_is_connected(struct sluice_active_request *);
int sluice_active_request_has_stop_hint(struct sluice_active_request *);
int sluice_active_request_info(struct sluice_active_request *, struct sluice_request_info *);
int sluice_active_request_peer(struct sluice_active_request *, struct sluice_peer *);
int sluice_active_request_take_fd(struct sluice_active_request *);

int sluice_reply_send(struct sluice_reply *);
struct sluice_active_request *sluice_reply_send_and_receive(struct sluice_reply *, int64_t, int *);
int sluice_reply_release(struct sluice_reply *);
int sluice_reply_shorten(struct sluice_reply *, size_t);
int sluice_reply_set_last(struct sluice_reply *);
int sluice_reply_attach_fd(struct sluice_reply *, int);

#define SLUICE_SERVICE_MUST_EXIST ...
#define SLUICE_SERVICE_MUST_CREATE ...
#define SLUICE_SERVICE_NO_REQUEST_OVERFLOW ...
#define SLUICE_SERVICE_NO_RESPONSE_OVERFLOW ...
#define SLUICE_SERVICE_NO_FIRE_AND_FORGET ...
#define SLUICE_SERVICE_ANY_USER ...
#define SLUICE_PORT_PREFAULT ...
#define SLUICE_PORT_LOCK ...
#define SLUICE_PORT_HUGE_PAGES ...
"""


def declarations() -> str:
    """All that is declared: messages first, since functions name them."""
    text = ""
    for noun, access, more in (
        ("request", "", ""),
        ("reply", "", ""),
        ("pending_response", "const", ""),
        ("response", "const", ""),
        ("active_request", "const", " int64_t deadline;"),
    ):
        text += MESSAGE.format(noun=noun, access=access, more=more)
    return text + DECLARATIONS


def main() -> None:
    directory, include, library = map(os.path.abspath, sys.argv[1:])
    ffi = cffi.FFI()
    ffi.cdef(declarations())
    ffi.set_source(
        "sluice._sluice",
        "#include <sluice.h>",
        include_dirs=[include],
        library_dirs=[library],
        libraries=["sluice"],
        extra_compile_args=["-O2", "-g0"],
    )
    ffi.compile(tmpdir=directory)


if __name__ == "__main__":
    main()
