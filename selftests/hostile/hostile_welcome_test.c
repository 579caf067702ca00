// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that cannot send WELCOME.  The kernel lets nobody send a descriptor whose user has
 * too many on their way, which any process of that user can bring about.  The client is told
 * that something is lacking, tries again, and is welcomed when the shortage has passed.
 */
#include "hostile.h"
#include "inject.h"

static bool is_welcomed(const struct sluice_client *client)
{
	return client->count == 1 && client->channels[0]->requester.welcome &&
	       !client->channels[0]->requester.channel.gone;
}

TEST_F(hostile, a_welcome_that_cannot_be_sent)
{
	int64_t end = now() + LONG;
	const char *why = inject_install();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	inject_arm_call(SYS_sendmsg, 1, ETOOMANYREFS, INJECT_ONCE);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 10 * MILLISECOND));
	inject_disarm();
	EXPECT_TRUE(inject.hit);
	while (!is_welcomed(self->bad.client) && now() < end) {
		take_blob(&self->server, 2, MILLISECOND);
		wait_servers(&self->bad, 1, MILLISECOND);
	}
	EXPECT_TRUE(is_welcomed(self->bad.client));
	EXPECT_EQ(1, ask_blob(&self->bad, 0, 100)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(100, take_blob(&self->server, 2, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, done(&self->server, 2, 0));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
	close_client(&self->bad, 0, 0);
	serve_good(_metadata, self, 2);
}

TEST_HARNESS_MAIN
