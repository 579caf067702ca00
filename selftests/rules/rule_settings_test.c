// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of settings: the creator of a service fixes them, and others may demand as much or
 * less.
 */
#include "steps.h"
#include "opening.h"

ENDS_FIXTURE(rule_settings);

#define DEMANDS(setting, given)						\
	{ SLUICE_SERVICE_OPTS(.setting = given),			\
	  SLUICE_SERVICE_OPTS(.setting = (given) / 2),			\
	  SLUICE_SERVICE_OPTS(.setting = 2 * (given)), #setting }

static const struct {
	struct sluice_service_opts given, less, more;
	const char *name;
} demands[] = {
	DEMANDS(max_clients, 20),
	DEMANDS(max_servers, 20),
	DEMANDS(max_nodes, 20),
	DEMANDS(max_active_requests_per_client, 20),
	DEMANDS(max_loaned_requests, 20),
	DEMANDS(max_loaned_replies_per_request, 20),
	DEMANDS(max_response_buffer_size, 20),
	DEMANDS(max_borrowed_responses_per_pending_response, 20),
	DEMANDS(max_fds_per_message, 4),
	DEMANDS(request_alignment, 128),
	DEMANDS(response_alignment, 128),
};

TEST_F(rule_settings, who_opens_may_demand_less_or_as_much)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(demands); i++) {
		EXPECT_OPENS(0, &calls, &demands[i].given, &demands[i].less);
		EXPECT_OPENS(0, &calls, &demands[i].given, &demands[i].given);
		EXPECT_OPENS(0, &calls, &demands[i].given, NULL);
	}
}

TEST_F(rule_settings, who_demands_more_is_refused)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(demands); i++) {
		EXPECT_OPENS(EPROTOTYPE, &calls, &demands[i].given, &demands[i].more);
		EXPECT_SAYS(demands[i].name);
	}
}

static const struct sluice_service_opts flags[] = {
	SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW),
	SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW),
	SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET),
};

TEST_F(rule_settings, a_flag_that_is_demanded_must_be_there)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_OPENS(EPROTOTYPE, &calls, NULL, &flags[i]);
		EXPECT_OPENS(0, &calls, &flags[i], &flags[i]);
	}
}

TEST_F(rule_settings, a_flag_that_is_there_need_not_be_demanded)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_OPENS(0, &calls, &flags[i], NULL);
	}
}

/* The same flags, refused. */
static const struct sluice_service_opts refusals[] = {
	SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW),
	SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW),
	SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET),
};

TEST_F(rule_settings, a_flag_that_is_refused_must_not_be_there)
{
	static const char *const names[] = {
		"NO_REQUEST_OVERFLOW", "NO_RESPONSE_OVERFLOW", "NO_FIRE_AND_FORGET",
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			EXPECT_OPENS(i == j ? EPROTOTYPE : 0, &calls, &flags[j], &refusals[i]);
			if (i == j) {
				EXPECT_SAYS(names[i]);
			}
		}
		EXPECT_OPENS(0, &calls, NULL, &refusals[i]);
		EXPECT_OPENS(0, &calls, &refusals[i], &refusals[i]);
	}
}

TEST_F(rule_settings, a_flag_that_the_creator_refused_is_not_there)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_OPENS(EPROTOTYPE, &calls, &refusals[i], &flags[i]);
		EXPECT_OPENS(0, &calls, &refusals[i], NULL);
	}
}

TEST_F(rule_settings, a_flag_cannot_be_demanded_and_refused)
{
	struct sluice_service_opts both;
	size_t i;

	self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->side.node);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		both = refusals[i];
		both.flags = flags[i].flags;
		EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, &calls, &both));
		EXPECT_SAYS("refused_flags");
	}
}

TEST_F(rule_settings, what_is_no_setting_cannot_be_refused)
{
	static const struct sluice_service_opts senseless[] = {
		SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_MUST_EXIST),
		SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_MUST_CREATE),
		SLUICE_SERVICE_OPTS(.refused_flags = UINT64_C(1) << 63),
	};
	size_t i;

	self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->side.node);
	for (i = 0; i < ARRAY_SIZE(senseless); i++) {
		EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, &calls,
							 &senseless[i]));
		EXPECT_SAYS("refused_flags");
	}
}

TEST_F(rule_settings, settings_that_were_told_demand_the_same_flags)
{
	struct sluice_service_opts told = SLUICE_SERVICE_OPTS(.reserved = 0);
	const uint64_t all = SLUICE_SERVICE_NO_REQUEST_OVERFLOW |
			     SLUICE_SERVICE_NO_RESPONSE_OVERFLOW |
			     SLUICE_SERVICE_NO_FIRE_AND_FORGET;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&flags[i])));
		ASSERT_EQ(0, sluice_service_settings(self->side.service, &told));
		leave(&self->side, 0, 0);
		EXPECT_EQ(flags[i].flags, told.flags);
		EXPECT_EQ(all & ~flags[i].flags, told.refused_flags);
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			EXPECT_OPENS(i == j ? 0 : EPROTOTYPE, &calls, &flags[j], &told);
		}
	}
}

TEST_F(rule_settings, who_opens_has_the_settings_of_the_creator)
{
	static const struct sluice_service_opts odd = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
		.max_clients = 3, .max_nodes = 5, .max_loaned_requests = 2,
		.request_alignment = 256);
	struct sluice_service_opts found = SLUICE_SERVICE_OPTS(.reserved = 0);

	start_service(_metadata, &self->end[0], variant->place, &calls, &odd);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, sluice_service_settings(self->side.service, &found));
	EXPECT_EQ(3u, found.max_clients);
	EXPECT_EQ(5u, found.max_nodes);
	EXPECT_EQ(2u, found.max_loaned_requests);
	EXPECT_EQ(256u, found.request_alignment);
	EXPECT_EQ((uint32_t)ACTIVE, found.max_active_requests_per_client);
	EXPECT_EQ(SLUICE_SERVICE_NO_REQUEST_OVERFLOW, found.flags);
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_EQ(0, loan_question(&self->side, 1, 1));
	EXPECT_EQ(-ENOBUFS, loan_question(&self->side, 2, 1));
}

TEST_F(rule_settings, payloads_are_aligned_as_the_service_says)
{
	static const struct sluice_service_opts aligned = SLUICE_SERVICE_OPTS(
		.request_alignment = 512, .response_alignment = 64);
	long i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&aligned)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	for (i = 0; i < LOANS; i++) {
		ASSERT_EQ(0, loan_question(&self->side, i, i));
		EXPECT_EQ(0u, (uintptr_t)self->side.request[i]->data % 512);
	}
}

TEST_HARNESS_MAIN
