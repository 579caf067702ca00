// SPDX-License-Identifier: MIT
/*
 * Waiting for anything that is made from a node, in a sleep of the library or in a foreign
 * event loop, and asking what has ended the wait.
 *
 * The node asks its ports.  Servers look at the channels that are polled, and clients look at
 * the pending responses that are held.  So the cost depends on the traffic and on what the
 * program holds, and not on the number of idle peers.
 *
 * sluice_node_prepare() does everything that precedes a sleep of the library
 * (api/blocking.c), without the sleep: it makes the descriptor unreadable, arms doorbells,
 * gives their waits to the kernel, and then looks at everything once more.  From then on,
 * anything that comes makes the descriptor readable.
 */
#include <errno.h>
#include <string.h>

#include "api/blocking.h"
#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

static bool any_ready(const struct sluice_node *node)
{
	const struct port *port;

	for (port = node->ports; port; port = port->next)
		if (port_has_changed(port) || port->ops->ready(port))
			return true;
	return false;
}

static void tend_all(struct sluice_node *node)
{
	struct port *port;

	node_glance(node);
	for (port = node->ports; port; port = port->next)
		port->ops->tend(port);
}

static int arm_all(struct sluice_node *node)
{
	struct port *port;
	int r = 0;

	for (port = node->ports; port && !r; port = port->next)
		r = port->ops->arm(port);
	return r;
}

static int64_t first_alarm(const struct sluice_node *node)
{
	int64_t first = node_alarm(node);
	const struct port *port;

	for (port = node->ports; port; port = port->next)
		first = min_i64(first, port->ops->alarm(port));
	return first;
}

/* From here on sluice_node_next() returns what was found. */
static void rewind_all(struct sluice_node *node)
{
	struct port *port;

	for (port = node->ports; port; port = port->next)
		port_rewind(port);
	node->cursor = node->ports;
}

static int enter(struct sluice_node *node)
{
	if (!node)
		return fail_parent("node");
	return node_enter(node);
}

static int attempt(struct blocking *blocking)
{
	tend_all(blocking->node);
	return any_ready(blocking->node);
}

static int arm(struct blocking *blocking)
{
	int r = arm_all(blocking->node);

	blocking->alarm = first_alarm(blocking->node);
	return r < 0 ? r : any_ready(blocking->node);
}

int sluice_node_wait(struct sluice_node *node, int64_t timeout)
{
	struct blocking blocking = { .node = node, .attempt = attempt, .arm = arm };
	int r;

	r = enter(node);
	if (r < 0)
		return r;
	r = block(&blocking, timeout, attempt(&blocking));
	rewind_all(node);
	if (r == -EAGAIN)
		return fail_quietly(EAGAIN, "nothing is ready");
	return r < 0 ? r : 0;
}

int sluice_node_next(struct sluice_node *node, struct sluice_event *event)
{
	struct sluice_event known = { .size = sizeof(known) };
	int r;

	r = enter(node);
	if (r < 0)
		return r;
	if (!event || event->size < sizeof(event->size))
		return fail(EINVAL, "event is NULL, or event.size not set");
	while (node->cursor && !port_next(node->cursor, &known))
		node->cursor = node->cursor->next;
	if (!node->cursor)
		return 0;
	known.size = event->size;
	memcpy(event, &known, min_u64(event->size, sizeof(known)));
	return 1;
}

int sluice_node_fd(struct sluice_node *node)
{
	int r = enter(node);

	return r < 0 ? r : wait_descriptor(&node->wait);
}

/*
 * 1, 0 or -errno.  Giving waits to the kernel may show that some have ended, rung or not, and
 * then those channels are armed again.  If a peer rings faster than this arms, the foreign
 * loop gets a turn first.
 */
static int look_and_arm(struct sluice_node *node)
{
	unsigned int round;
	int r;

	for (round = 0; round < PREPARE_ROUNDS; round++) {
		tend_all(node);
		r = arm_all(node);
		if (r < 0)
			return r;
		if (any_ready(node))
			return 1;
		if (!wait_is_busy(&node->wait))
			return 0;
	}
	r = node_check_interruption(node);
	return r < 0 ? r : 1;
}

int sluice_node_prepare(struct sluice_node *node)
{
	int r = enter(node);

	if (!r)
		r = wait_descriptor(&node->wait);
	if (r < 0)
		return r;
	wait_quieten(&node->wait);
	if (unlikely(node->registration.look_at != CLOCK_NEVER))
		node_registration_tend(node);
	r = look_and_arm(node);
	rewind_all(node);
	if (!r)
		wait_set_alarm(&node->wait, first_alarm(node));
	if (!r)
		r = node_check_interruption(node);
	if (r == -EINTR)
		node_end_interruption(node);
	return r;
}
