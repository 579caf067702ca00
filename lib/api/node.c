// SPDX-License-Identifier: MIT
/*
 * A node: one thread in a domain.  It owns the io_uring, or the epoll instance, through which
 * everything made from it waits; its entry in the registry; and its mailbox, in which new
 * servers announce themselves (api/node_letters.c).
 *
 * A node belongs to the process that made it.  It belongs to the first thread that sends,
 * receives or waits with it, until another thread adopts it.  Every public function begins
 * with node_check() or node_enter(), which is a comparison.  So nothing below needs a lock,
 * and a forked child cannot disturb its parent's peers.  The exception is an interruption,
 * which any thread may make: it sets a flag, which a polling thread sees, and writes to an
 * eventfd, which ends a sleep.
 *
 * Services made from a node refer to it, ports refer to their service, and messages to their
 * port.  The node goes when the last of them has gone.
 */
#include "api/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "os/cpus.h"
#include "os/eventfd.h"
#include "os/fd.h"
#include "trace/probes.h"

/* The flag says whether the interruption was meant for the wait that it has ended. */
static void read_interruption(struct wait_source *source)
{
	eventfd_drain(source->fd);
}

/* An enum sluice_wait: the program's, or the one of the configuration. */
static int chosen_wait(const struct config *config, uint32_t wanted)
{
	if (wanted > SLUICE_WAIT_SOCKET)
		return fail(EINVAL, "wait is %u, which is no enum sluice_wait", wanted);
	return wanted == SLUICE_WAIT_AUTO ? config_wait(config) : (int)wanted;
}

static int init_wait(struct wait *wait, int chosen)
{
	int r;

	if (chosen < 0)
		return chosen;
	if (chosen == SLUICE_WAIT_SOCKET)
		return wait_init(wait, WAIT_SOCKET);
	r = wait_init(wait, WAIT_URING);
	if (r < 0 && chosen == SLUICE_WAIT_AUTO)
		return wait_init(wait, WAIT_SOCKET);
	return r == -EPERM ? fail(ENOSYS, "the system does not allow io_uring: %s",
				  strerror(EPERM)) : r;
}

/* The number that the node's entry shows: an enum sluice_wait. */
static uint32_t wait_number(const struct wait *wait)
{
	return wait_by_futex(wait) ? SLUICE_WAIT_URING : SLUICE_WAIT_SOCKET;
}

static void deinit_node(struct sluice_node *node)
{
	node_registration_deinit(node);
	wait_forget(&node->wait, &node->interruption);
	fd_close(node->interruption.fd);
	wait_forget(&node->wait, &node->letters.mailbox);
	node_entry_remove(&node->entry);
	wait_deinit(&node->wait);
}

static int watch(struct sluice_node *node)
{
	int r;

	node->interruption.ready = read_interruption;
	node->interruption.fd = eventfd_make();
	if (node->interruption.fd < 0)
		return node->interruption.fd;
	r = node_letters_watch(node);
	return r < 0 ? r : wait_watch(&node->wait, &node->interruption);
}

static int init_node(struct sluice_node *node, const char *name,
		     const struct sluice_node_opts *opts)
{
	const struct config *config = &node->config;
	const char *domain = opts->domain ? opts->domain : config->text[SETTING_node_domain];
	int r;

	node->spin_wanted = opts->spin;
	if (!opts->spin)
		node->spin_wanted = (int64_t)config_effective(config, SETTING_node_spin).number;
	r = init_wait(&node->wait, chosen_wait(config, opts->wait));
	if (r < 0)
		return r;
	if (opts->remark)
		node->wait.turns.held_back = remark_held_back;
	/* Before directories are opened for a while, so that it gets a low number. */
	node_registration_init(node);
	r = node_entry_create(&node->entry, config->text[SETTING_node_root], domain, name,
			      wait_number(&node->wait));
	if (r < 0) {
		node_registration_deinit(node);
		wait_deinit(&node->wait);
		return r;
	}
	node_registration_begin(node);
	root_release(&node->entry.root);
	r = watch(node);
	if (r < 0)
		deinit_node(node);
	return r;
}

static struct sluice_node *create_node(const char *name, const struct sluice_node_opts *opts)
{
	struct sluice_node_opts known;
	struct sluice_node *node;
	int r;

	if (opts_read(&known, sizeof(known), opts, "node_opts") < 0 ||
	    opts_check_reserved(known.reserved, "node_opts") < 0)
		return NULL;
	if (name && strlen(name) >= SLUICE_NODE_NAME_SIZE)
		return fail_null(EINVAL, "the node's name has %zu bytes, and can have %u",
				 strlen(name), SLUICE_NODE_NAME_SIZE - 1);
	node = calloc(1, sizeof(*node));
	if (!node)
		return fail_null(ENOMEM, "no memory for a node");
	node->references = 1;
	node->owner = NODE_NOBODY;
	node->remarks.tell = known.remark;
	node->remarks.context = known.remark_context;
	r = config_load(&node->config, NULL);
	if (r < 0) {
		free(node);
		return fail_again_null(r);
	}
	r = init_node(node, name, &known);
	if (r < 0) {
		config_free(&node->config);
		free(node);
		return fail_again_null(r);
	}
	/* It is read after the first descriptor was noted, which begins the count. */
	node->generation = fd_fork_generation();
	probe(node_create, node->entry.id, probe_address(name ? name : ""),
	      wait_number(&node->wait));
	return node;
}

struct sluice_node *sluice_node_create(const char *name, const struct sluice_node_opts *opts)
{
	return made(create_node(name, opts));
}

uint64_t sluice_node_id(const struct sluice_node *node)
{
	return node ? node->entry.id : 0;
}

void sluice_node_destroy(struct sluice_node *node)
{
	if (node && !node_check(node))
		node_put(node);
}

bool node_is_inherited(const struct sluice_node *node)
{
	return node->generation != fd_fork_generation();
}

int node_check(const struct sluice_node *node)
{
	uint64_t owner;

	if (unlikely(node_is_inherited(node)))
		return fail_quietly(ECHILD, "the node was inherited from a parent process, and a forked child cannot use it");
	owner = load_relaxed(&node->owner);
	if (unlikely(node->remarks.telling))
		return fail_quietly(EBUSY, "the node is telling a remark, and the function that is told must not use it");
	if (unlikely(owner != NODE_NOBODY && owner != thread_self()))
		return fail_quietly(EBUSY, "the node belongs to another thread");
	return 0;
}

/* It depends on the processors of the thread that will do it. */
static void choose_spin(struct sluice_node *node)
{
	int64_t most = node->spin_wanted;

	if (!most)
		most = cpus_only_one() ? 0 : SPIN_DEFAULT_NS;
	if (most < 0)
		most = 0;
	node->spin = (struct spin){ .most = min_i64(most, SPIN_LIMIT_NS) };
}

void node_handle(struct sluice_node *node)
{
	wait_glance(&node->wait);
	if (node->registration.disturbed)
		node_registration_tend(node);
	if (node->letters.rest.wanted)
		node_letters_tend(node);
}

int node_claim(struct sluice_node *node)
{
	int r = node_check(node);

	if (r < 0 || load_relaxed(&node->owner) != NODE_NOBODY)
		return r;
	/* N1: one of those who want it; pairs with N1 and N2. */
	if (!replace_u64(&node->owner, NODE_NOBODY, thread_self()))
		return node_check(node);
	choose_spin(node);
	r = wait_adopt(&node->wait);
	if (r < 0) {
		/* N2: nobody's again, as it was; pairs with N1. */
		exchange_ordered(&node->owner, NODE_NOBODY);
	}
	return r;
}

int sluice_node_adopt(struct sluice_node *node)
{
	struct port *port;
	uint64_t owner;
	int r;

	if (!node)
		return fail(EINVAL, "node is NULL");
	r = node_check(node);
	if (r != -EBUSY)
		return r < 0 ? r : node_enter(node);
	if (load_relaxed(&node->asleep) || node->remarks.telling)
		return r;
	/* N3: whose it was; pairs with N1. */
	owner = load_ordered(&node->owner);
	/* N1: one of those who want it, and no other than that one had it meanwhile. */
	if (!replace_u64(&node->owner, owner, thread_self()))
		return node_check(node);
	r = wait_move(&node->wait);
	if (r < 0) {
		/* N2: the other thread's again; pairs with N1. */
		exchange_ordered(&node->owner, owner);
	} else {
		choose_spin(node);
		for (port = node->ports; port; port = port->next)
			port->ops->adopted(port);
	}
	return r;
}

int sluice_node_interrupt(struct sluice_node *node)
{
	/* No sentence, and no errno: this may be a signal handler. */
	if (!node)
		return -EINVAL;
	if (node_is_inherited(node))
		return -ECHILD;
	store_relaxed(&node->interrupted, 1);
	eventfd_signal(node->interruption.fd);
	wait_tell(&node->wait);
	return 0;
}

int node_check_interruption(const struct sluice_node *node)
{
	if (likely(!load_relaxed(&node->interrupted)))
		return 0;
	return fail_quietly(EINTR, "the wait was interrupted");
}

void node_end_interruption(struct sluice_node *node)
{
	store_relaxed(&node->interrupted, 0);
}

struct sluice_node *node_get(struct sluice_node *node)
{
	node->references++;
	return node;
}

void node_put(struct sluice_node *node)
{
	if (--node->references)
		return;
	remarks_end(node);
	probe(node_destroy, node->entry.id);
	deinit_node(node);
	config_free(&node->config);
	handles_forget(&node->void_requests);
	handles_forget(&node->void_replies);
	free(node);
}

void node_add_port(struct sluice_node *node, struct port *port)
{
	port->next = node->ports;
	node->ports = port;
}

void node_remove_port(struct sluice_node *node, struct port *port)
{
	struct port **link = &node->ports;

	while (*link && *link != port)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = port->next;
	if (node->cursor == port)
		node->cursor = port->next;
}
