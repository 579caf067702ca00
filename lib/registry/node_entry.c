// SPDX-License-Identifier: MIT
/*
 * A node's entry in its domain, nodes/<id>, and its mailbox, nodes/<id>.sock.
 *
 * The entry shows tools whose node it is and, by its lock, that the process lives.  The
 * mailbox takes datagrams ("letters") that say "look at service X again".  A process that
 * adds a server to X sends them.  A letter is only a hint: a lost one delays a connection
 * until the next one comes, and a forged one makes the node look at a directory.  Every user
 * who may enter the root directory may read the entry and send letters.  The kernel says who
 * has sent a letter, and api/node_letters.c decides how many letters are read.
 *
 * Both names contain a number that no other node has.  If something else stands under such a
 * name, it is removed when the name is written again.  The file and the socket are new ones
 * then, since a file that has lost its name cannot be given one.
 *
 * A node that leaves opens directories and locks files, to remove the names that it has made.
 * If one of these fails for any reason but that the name has gone, the name may stay, and the
 * node's file stays with it (node_entry_leaves()).  The next sweep takes the node for a dead
 * one, and removes all of it.
 */
#include "registry/node_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice/wire.h>

#include "base/error.h"
#include "registry/presence.h"
#include "registry/sweep.h"
#include "registry/record.h"
#include "os/fd.h"
#include "os/fdpass.h"
#include "os/inode_watch.h"
#include "os/random.h"
#include "os/socket.h"

/* So many times the domain's directories may vanish during one attempt. */
#define TRIES	16

void node_entry_name(char name[NODE_ENTRY_NAME_SIZE], uint64_t id, const char *suffix)
{
	snprintf(name, NODE_ENTRY_NAME_SIZE, "%016" PRIx64 "%s", id, suffix);
}

static int mailbox_address(const struct node_entry *node, struct sockaddr_un *address, uint64_t id)
{
	char name[NODE_ENTRY_NAME_SIZE], directory[PATH_MAX + 8];
	bool shared = access_is_shared(&node->root.access);

	node_entry_name(name, id, ".sock");
	snprintf(directory, sizeof(directory), "%s/nodes", node->root.path);
	return socket_address(address, shared ? NULL : directory, node->root.nodes_fd, name);
}

/* 0 or -errno.  After a failure the caller removes the name, if there is one. */
static int bind_mailbox(struct node_entry *node, int fd)
{
	struct sockaddr_un address;
	char name[NODE_ENTRY_NAME_SIZE];
	int r;

	r = mailbox_address(node, &address, node->id);
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail_system("cannot bind a node's mailbox");
	node_entry_name(name, node->id, ".sock");
	if (!identity_named(node->root.nodes_fd, name, &node->mailbox))
		return fail_system("cannot find a node's mailbox");
	return access_is_shared(&node->root.access) ?
	       socket_set_mode(node->root.nodes_fd, name, node->root.access.socket) : 0;
}

static int open_mailbox(struct node_entry *node)
{
	int r, fd = socket_create(SOCK_DGRAM);
	char name[NODE_ENTRY_NAME_SIZE];

	if (fd < 0)
		return fd;
	r = socket_tell_sender(fd, true);
	if (!r)
		r = bind_mailbox(node, fd);
	if (!r) {
		node->mailbox_fd = fd;
		return 0;
	}
	node_entry_name(name, node->id, ".sock");
	node_entry_unlink(node, node->root.nodes_fd, name, 0);
	fd_close(fd);
	return r;
}

static int register_node(struct node_entry *node)
{
	struct sluice_registry_node record = {
		.magic = SLUICE_REGISTRY_MAGIC_NODE,
		.version = SLUICE_PROTOCOL_VERSION,
		.size = sizeof(record),
		.pid = node->owner.pid,
		.id = node->id,
		.pidfd_inode = node->owner.inode,
		.pid_namespace = node->owner.pids,
		.wait = node->wait,
		.rewritten = node->rewritten,
	};
	const struct presence_file file = {
		.whose = "a node",
		.mode = node->root.access.file,
		.record = &record,
		.size = sizeof(record),
	};
	char name[NODE_ENTRY_NAME_SIZE];
	struct presence presence;
	int r;

	memcpy(record.name, node->name, sizeof(record.name));
	node_entry_name(name, node->id, "");
	r = presence_make(&presence, node->root.nodes_fd, &file);
	if (r < 0)
		return r;
	r = presence_try_mapping(&presence, &node->root.keeping);
	if (!r)
		r = presence_name(presence.fd, node->root.nodes_fd, name);
	if (r < 0) {
		presence_let_go(&presence);
		return r;
	}
	presence_settle(&presence, &node->root.keeping);
	presence_let_go(&node->presence);
	node->presence = presence;
	return 0;
}

static int try_create(struct node_entry *node, const char *root, const char *domain)
{
	int r;

	node->presence = presence_none();
	node->mailbox_fd = -1;
	r = root_open(&node->root, root, domain);
	if (r < 0)
		return r;
	/* The entry comes first: it shows when the owner of the mailbox is dead. */
	r = register_node(node);
	if (!r)
		r = open_mailbox(node);
	if (r < 0)
		node_entry_remove(node);
	return r;
}

int node_entry_create(struct node_entry *node, const char *root, const char *domain,
		      const char *name, uint32_t wait)
{
	int r, tries = 0;

	memset(node->name, 0, sizeof(node->name));
	if (name)
		memcpy(node->name, name, strnlen(name, sizeof(node->name) - 1));
	node->wait = wait;
	node->rewritten = 0;
	node->leaves_names = false;
	node->id = random_id();
	node->owner = process_self();
	do {
		r = try_create(node, root, domain);
	} while (r == -ENOENT && ++tries < TRIES);
	return r < 0 ? fail_again(r) : 0;
}

void node_entry_leaves(struct node_entry *node, int r)
{
	if (r < 0 && r != -ENOENT && r != -EPERM)
		node->leaves_names = true;
}

void node_entry_unlink(struct node_entry *node, int at, const char *name, int flags)
{
	node_entry_leaves(node, unlinkat(at, name, flags) ? -errno : 0);
}

void node_entry_remove(struct node_entry *node)
{
	char name[NODE_ENTRY_NAME_SIZE];

	/* If the directory has gone, the names have gone with it. */
	node_entry_leaves(node, root_hold_nodes(&node->root));
	node_entry_name(name, node->id, ".sock");
	if (node->mailbox_fd >= 0 && node->root.nodes_fd >= 0)
		node_entry_unlink(node, node->root.nodes_fd, name, 0);
	node->mailbox_fd = fd_close(node->mailbox_fd);
	if (presence_is_kept(&node->presence)) {
		node_entry_name(name, node->id, "");
		if (!node->leaves_names)
			unlinkat(node->root.nodes_fd, name, 0);
		presence_let_go(&node->presence);
	}
	/* What was in the way may have gone meanwhile.  If not, the next process does this. */
	if (node->leaves_names && !root_hold_services(&node->root))
		sweep_domain(&node->root);
	root_leave(&node->root);
}

/* ---- Entries that others have removed ---- */

/* Does the name lead to that?  The path is only looked at, and nothing is opened. */
static bool leads_to(const struct node_entry *node, const char *suffix,
		       const struct identity *identity)
{
	char name[NODE_ENTRY_NAME_SIZE], path[sizeof("nodes/") + NODE_ENTRY_NAME_SIZE];

	node_entry_name(name, node->id, suffix);
	snprintf(path, sizeof(path), "nodes/%s", name);
	return identity_is(node->root.domain_fd, path, identity);
}

static bool has_entry(const struct node_entry *node)
{
	return leads_to(node, "", &node->presence.identity);
}

static bool has_mailbox(const struct node_entry *node)
{
	return leads_to(node, ".sock", &node->mailbox);
}

static int reopen_entry(struct node_entry *node)
{
	char name[NODE_ENTRY_NAME_SIZE];
	int r = root_hold_nodes(&node->root);

	node_entry_name(name, node->id, "");
	if (!r)
		r = presence_reopen(&node->presence, node->root.nodes_fd, name, O_WRONLY);
	root_release_nodes(&node->root);
	return r;
}

bool node_entry_is_there(const struct node_entry *node)
{
	return root_is_there(&node->root) && has_entry(node) && has_mailbox(node);
}

static int renew_entry(struct node_entry *node)
{
	char name[NODE_ENTRY_NAME_SIZE];
	int r;

	if (has_entry(node))
		return 0;
	node_entry_name(name, node->id, "");
	r = presence_evict(node->root.nodes_fd, name);
	if (!r)
		r = register_node(node);
	return r < 0 ? r : 1;
}

static int renew_mailbox(struct node_entry *node)
{
	char name[NODE_ENTRY_NAME_SIZE];
	int r;

	if (has_mailbox(node))
		return 0;
	node_entry_name(name, node->id, ".sock");
	r = presence_evict(node->root.nodes_fd, name);
	if (!r)
		r = open_mailbox(node);
	return r < 0 ? r : 1;
}

static int renew_names(struct node_entry *node)
{
	int entry, mailbox, r = root_hold_nodes(&node->root);

	if (r < 0)
		return r;
	entry = renew_entry(node);
	if (entry < 0)
		return entry;
	mailbox = renew_mailbox(node);
	return mailbox < 0 ? mailbox : entry || mailbox;
}

int node_entry_renew(struct node_entry *node)
{
	int root, names;

	root = root_renew(&node->root);
	if (root < 0)
		return root;
	names = renew_names(node);
	root_release_nodes(&node->root);
	return names < 0 ? names : root || names;
}

void node_entry_count_rewritten(struct node_entry *node)
{
	int fd = reopen_entry(node);

	node->rewritten++;
	/* The only word of the file that changes.  If it cannot be written, tools show less. */
	if (fd >= 0)
		(void)!pwrite(fd, &node->rewritten, sizeof(node->rewritten),
			      offsetof(struct sluice_registry_node, rewritten));
	fd_close(fd);
}

int node_entry_watch(struct node_entry *node, int watch)
{
	char name[NODE_ENTRY_NAME_SIZE];
	int r = root_hold(&node->root);

	if (!r)
		r = root_watch(&node->root, watch);
	node_entry_name(name, node->id, "");
	if (!r)
		r = inode_watch_file(watch, node->root.nodes_fd, name);
	node_entry_name(name, node->id, ".sock");
	if (!r)
		r = inode_watch_file(watch, node->root.nodes_fd, name);
	root_release(&node->root);
	return r;
}

static int send_letter(const struct node_entry *node, uint64_t other, uint64_t service)
{
	struct sluice_wire_look letter = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_LOOK,
		},
		.service = service,
	};
	struct sockaddr_un address;
	int r;

	r = mailbox_address(node, &address, other);
	if (r < 0)
		return r;
	if (sendto(node->mailbox_fd, &letter, sizeof(letter), MSG_DONTWAIT | MSG_NOSIGNAL,
		   (struct sockaddr *)&address, sizeof(address)) >= 0)
		return 0;
	/* The node will read its full mailbox, or look at the service after a pause. */
	return errno == EAGAIN ? 0 : -errno;
}

int node_entry_notify(struct node_entry *node, uint64_t other, uint64_t service)
{
	int r = root_hold_nodes(&node->root);

	if (!r)
		r = send_letter(node, other, service);
	root_release_nodes(&node->root);
	return r;
}

int node_entry_next_letter(const struct node_entry *node, struct node_letter *ret_letter)
{
	struct sluice_wire_look look;
	FDPASS_EXTRAS(extras);
	int n;

	n = fdpass_receive(node->mailbox_fd, &look, sizeof(look), &extras);
	if (n == -EAGAIN)
		return 0;
	/* A packet that is too long, or whose descriptors find no room, counts too. */
	if (n < 0 && n != -EPROTO && n != -EMFILE)
		return n;
	*ret_letter = (struct node_letter){
		.in_order = n == sizeof(look) && look.header.magic == SLUICE_WIRE_MAGIC &&
			    look.header.type == SLUICE_WIRE_LOOK && extras.has_sender,
		.user = extras.sender.uid,
	};
	return 1;
}

/* ---- Entries of dead nodes ---- */

static bool is_known(const void *record)
{
	return record_is_node(record);
}

static bool is_of_the_dead(const void *record)
{
	const struct sluice_registry_node *node = record;
	const struct process owner = RECORD_OWNER(node);

	return process_is_dead(&owner);
}

struct mailbox {
	int at;
	const char *node;		/* the name of the entry; the id in its record is not used */
};

static int bury_mailbox(void *context, const void *record, uid_t user)
{
	const struct mailbox *mailbox = context;
	char name[NODE_ENTRY_NAME_SIZE];

	(void)record;
	(void)user;
	snprintf(name, sizeof(name), "%.16s.sock", mailbox->node);
	return !unlinkat(mailbox->at, name, 0) || errno == ENOENT ? 0 : -errno;
}

int node_entry_bury(int at, const char *name, bool keep, struct sluice_registry_node *ret_record)
{
	struct mailbox mailbox = { .at = at, .node = name };
	const struct presence_burial burial = {
		.record = ret_record,
		.size = sizeof(*ret_record),
		.is_known = is_known,
		.is_dead = is_of_the_dead,
		.clear = bury_mailbox,
		.context = &mailbox,
		.keep = keep,
	};

	return presence_bury(at, name, &burial);
}
