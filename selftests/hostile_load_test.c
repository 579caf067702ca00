// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can do to the choice of servers: returns of requests
 * that were never received.
 */
#include "hostile.h"

/* ---- Returns ------------------------------------------------------------------ */

/* All requests that are out, whether the server has received them or not. */
static void return_all(FIXTURE_DATA(hostile) *self)
{
	uint32_t i;

	for (i = 0; i < self->requester->fresh; i++)
		if (self->requester->deliveries[i].request && !self->requester->deliveries[i].returned)
			returns_push(&self->responder->returned_requests, i);
}

TEST_F(hostile, what_is_returned_unreceived_is_not_out_twice)
{
	long i, round;

	let_in(_metadata, self);
	for (round = 0; round < 4 && !self->requester->channel.gone; round++) {
		for (i = 0; i < 16; i++) {
			ASSERT_LE(0, ask_blob(&self->bad, 2, 10));
			ASSERT_EQ(0, cancel(&self->bad, 2, 0));
			ASSERT_GE(self->requester->channel.layout->deliveries,
				  self->requester->outstanding);
		}
		return_all(self);
		requester_reap(self->requester);
		EXPECT_GE(self->requester->channel.layout->deliveries,
			  self->requester->outstanding);
	}
	channel_close(&self->responder->channel, EPIPE);
	done(&self->server, 0, 0);
	done(&self->server, 1, 0);
	channel_put(&self->responder->channel);
	cancel(&self->bad, 0, 0);
	cancel(&self->bad, 1, 0);
	close_client(&self->bad, 0, 0);
}

TEST_HARNESS_MAIN
