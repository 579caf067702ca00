// SPDX-License-Identifier: MIT
/*
 * Telling a program what the library has to say about its own work (sluice_remarks.h).
 *
 * A remark is told where the thing happens, which is in the middle of a call: a list may be
 * half changed.  So the program's function must not get into the library.  While it runs, its
 * thread counts as another one: its number (os/thread.h) is taken from it, and the marks of
 * messages and the owner of nodes are compared with that number.  Each call fails with EBUSY,
 * and no call has to ask whether a remark is being told.
 *
 * Invariants:
 * (1) errno, and the sentence of the last failure, are the same before and after a remark.
 * (2) At most REMARKS_A_SECOND remarks of one number are told in a second, wherever that second
 *     begins.  The others are counted, and the count is told with the next remark, or when the
 *     node is destroyed.
 * (3) A remark needs no memory but the stack, and no system call but the clock's.
 * (4) No remark is made on the path of a message.
 *
 * A hostile peer decides when remarks are made, and nothing of what is in them but the number
 * of its process, its port's id, and the error that it has caused.
 */
#include "api/remarks.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/node.h"
#include "base/error.h"
#include "base/limits.h"
#include "channel/channel.h"
#include "os/clock.h"
#include "os/thread.h"
#include "wait/payer.h"

static const struct {
	uint32_t level;
	const char *text;
} known[REMARK_NUMBERS] = {
#define REMARK(number, name, level, text)	\
	[SLUICE_REMARK_##name] = { SLUICE_REMARK_##level, text },
#include "api/remarks.def"
#undef REMARK
};

#define REMARK(number, name, level, text)	\
	_Static_assert(SLUICE_REMARK_##name == (number) && (number) < REMARK_NUMBERS, text);
#include "api/remarks.def"
#undef REMARK

/* (2) */
static bool may_tell(struct remarks *remarks, uint32_t number)
{
	struct remarks_last *last = &remarks->last[number];
	int64_t now = clock_now(), *oldest = &last->at[last->oldest];

	if (*oldest && now - *oldest < REMARKS_WINDOW_NS) {
		remarks->left_out++;
		return false;
	}
	*oldest = now;
	last->oldest = (last->oldest + 1) % REMARKS_A_SECOND;
	return true;
}

bool remark_begin(struct remark *remark, struct sluice_node *node,
		  enum sluice_remark_number number)
{
	int error = errno;
	bool wanted = node->remarks.tell && may_tell(&node->remarks, number);

	errno = error;
	remark->node = node;
	remark->number = number;
	remark->fields = 0;
	return wanted;
}

void remark_text(struct remark *remark, const char *key, const char *value)
{
	remark->field[remark->fields++] = (struct sluice_remark_field){ key, value };
}

void remark_id(struct remark *remark, const char *key, uint64_t id)
{
	char *value = remark->value[remark->fields];

	snprintf(value, REMARK_VALUE, "%016" PRIx64, id);
	remark_text(remark, key, value);
}

void remark_number(struct remark *remark, const char *key, int64_t number)
{
	char *value = remark->value[remark->fields];

	snprintf(value, REMARK_VALUE, "%" PRId64, number);
	remark_text(remark, key, value);
}

void remark_tell(struct remark *remark)
{
	struct remarks *remarks = &remark->node->remarks;
	const struct sluice_remark told = {
		.size = sizeof(told),
		.number = remark->number,
		.level = known[remark->number].level,
		.text = known[remark->number].text,
		.fields = remark->field,
		.field_count = remark->fields,
		.left_out = remarks->left_out,
	};
	uint64_t self = thread_number;
	struct error_kept kept;

	error_keep(&kept);
	remarks->left_out = 0;
	remarks->telling = true;
	/* A number that no thread, node or message has. */
	thread_number = 0;
	(void)thread_self();
	remarks->tell(&told, remarks->context);
	thread_number = self;
	remarks->telling = false;
	error_put_back(&kept);
}

void remark(struct sluice_node *node, enum sluice_remark_number number, const char *service,
	    int error)
{
	struct remark remark;

	if (!remark_begin(&remark, node, number))
		return;
	remark_id(&remark, "node", node->entry.id);
	if (service)
		remark_text(&remark, "service", service);
	if (error)
		remark_number(&remark, "error", error);
	remark_tell(&remark);
}

void remark_lost(struct sluice_node *node, const char *service, const struct channel *channel,
		 int reason)
{
	enum sluice_remark_number number = SLUICE_REMARK_PEER_LOST;
	struct remark remark;

	if (reason == EPIPE)
		return;
	if (reason == ECONNRESET)
		number = SLUICE_REMARK_PEER_DIED;
	else if (reason == EPROTO)
		number = SLUICE_REMARK_PEER_BROKE_PROTOCOL;
	if (!remark_begin(&remark, node, number))
		return;
	remark_id(&remark, "node", node->entry.id);
	remark_text(&remark, "service", service);
	remark_id(&remark, "port", channel->port);
	remark_id(&remark, "peer", channel->peer);
	remark_number(&remark, "pid", channel->user.pid);
	remark_number(&remark, "error", reason);
	remark_tell(&remark);
}

void remark_held_back(struct turns *turns, const struct turn *turn)
{
	struct wait *wait = container_of(turns, struct wait, turns);
	struct sluice_node *node = container_of(wait, struct sluice_node, wait);
	struct remark remark;

	if (!turn->payer || !remark_begin(&remark, node, SLUICE_REMARK_PEER_HELD_BACK))
		return;
	remark_id(&remark, "node", node->entry.id);
	remark_number(&remark, "pid", turn->payer->pid);
	remark_tell(&remark);
}

void remarks_end(struct sluice_node *node)
{
	if (node->remarks.left_out)
		remark(node, SLUICE_REMARK_LEFT_OUT, NULL, 0);
}
