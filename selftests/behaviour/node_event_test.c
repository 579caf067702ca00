// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_node_next() fills as many bytes of an event as its caller has room for, and refuses what
 * makes no sense.
 */
#include "events.h"

ENDS_FIXTURE(node_event);

union event_bytes {
	struct sluice_event event;
	unsigned char bytes[sizeof(struct sluice_event) + 16];
};

static int ask_sized(struct side *side, union event_bytes *filled, size_t size)
{
	memset(filled, 0xee, sizeof(*filled));
	filled->event.size = size;
	if (sluice_node_wait(side->node, LONG) < 0)
		return -errno;
	return sluice_node_next(side->node, &filled->event);
}

TEST_F(node_event, sizes)
{
	union event_bytes filled, whole;
	struct side *side = &self->side;
	size_t size, i;

	open_server_side(_metadata, side, NULL, &self->end[0], variant->place);
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 1));
	ASSERT_EQ(1, ask_sized(side, &whole, sizeof(whole)));
	EXPECT_EQ(SLUICE_EVENT_REQUEST, whole.event.kind);
	EXPECT_EQ(side->server, whole.event.server);
	for (size = sizeof(size_t); size <= sizeof(whole); size++) {
		ASSERT_EQ(1, ask_sized(side, &filled, size));
		EXPECT_EQ(size, filled.event.size);
		whole.event.size = size;
		EXPECT_EQ(0, memcmp(&filled, &whole, size));
		for (i = size; i < sizeof(filled); i++) {
			ASSERT_EQ(0xee, filled.bytes[i]);
		}
	}
	for (i = sizeof(struct sluice_event); i < sizeof(whole); i++) {
		ASSERT_EQ(0xee, whole.bytes[i]);
	}
}

TEST_F(node_event, misuse)
{
	static const struct sluice_node_opts bad_domain = SLUICE_NODE_OPTS(
		.domain = "/");
	struct sluice_event event = SLUICE_EVENT();
	struct sluice_node *node;

	/* Nothing has failed before that a NULL could be the consequence of. */
	EXPECT_FAILS_INT(EINVAL, sluice_node_wait(NULL, SLUICE_FOREVER));
	EXPECT_FAILS_INT(EINVAL, sluice_node_next(NULL, &event));
	node = sluice_node_create("misused", NULL);
	ASSERT_NE(NULL, node);
	EXPECT_EQ(0, sluice_node_next(node, &event));
	EXPECT_FAILS_INT(EINVAL, sluice_node_next(node, NULL));
	event.size = 0;
	EXPECT_FAILS_INT(EINVAL, sluice_node_next(node, &event));
	EXPECT_SAYS("size");
	event.size = sizeof(size_t) - 1;
	EXPECT_FAILS_INT(EINVAL, sluice_node_next(node, &event));
	EXPECT_FAILS_INT(EAGAIN, sluice_node_wait(node, SLUICE_NOWAIT));
	EXPECT_FAILS_INT(ETIMEDOUT, sluice_node_wait(node, MILLISECOND));
	sluice_node_destroy(node);

	/* A wait passes on why there is no node. */
	node = sluice_node_create("none", &bad_domain);
	EXPECT_FAILS_INT(EINVAL, sluice_node_wait(node, SLUICE_FOREVER));
	EXPECT_SAYS("domain");
}

TEST_HARNESS_MAIN
