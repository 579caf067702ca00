// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of a service's life: who may create it, that it lives while anybody has it, and
 * that whoever comes while others create and remove it is let in all the same.
 */
#include "steps.h"
#include "rules.h"

ENDS_FIXTURE(rule_service);
PROCESSES_FIXTURE(rule_service_death);

/* ---- Who creates it ------------------------------------------------------ */

TEST_F(rule_service, must_exist_creates_none)
{
	EXPECT_EQ(-ENOENT, open_service(&self->side, PTR(&calls), PTR(&must_exist)));
	EXPECT_EQ(-ENOENT, open_service(&self->side, PTR(&calls), PTR(&must_exist)));
	start_service(_metadata, &self->end[0], variant->place, &calls, NULL);
	EXPECT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&must_exist)));
}

TEST_F(rule_service, must_create_opens_none)
{
	start_service(_metadata, &self->end[0], variant->place, &calls, &must_create);
	EXPECT_EQ(-EEXIST, open_service(&self->side, PTR(&calls), PTR(&must_create)));
	ASSERT_EQ(0, at(&self->end[0], leave, 0, 0));
	EXPECT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&must_create)));
}

TEST_F(rule_service, nobody_can_want_both)
{
	static const struct sluice_service_opts both = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_MUST_CREATE);

	EXPECT_EQ(-EINVAL, open_service(&self->side, PTR(&calls), PTR(&both)));
}

TEST_F(rule_service, otherwise_it_is_opened_or_created)
{
	EXPECT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	end_start(_metadata, &self->end[0], variant->place);
	EXPECT_EQ(0, at(&self->end[0], open_service, PTR(&calls), 0));
}

/* open_must_create(): once; 1 if it is this end's, 0 if another one was first. */
static long open_must_create(struct side *side, long a, long b)
{
	long result = open_service(side, PTR(&calls), PTR(&must_create));

	(void)a, (void)b;
	return result == -EEXIST ? 0 : result ? result : 1;
}

TEST_F(rule_service, of_several_creators_one_is_first)
{
	long i, round, result, created;

	for (i = 0; i < 4; i++)
		end_start(_metadata, &self->end[i], variant->place);
	for (round = 0; round < 50; round++) {
		created = 0;
		for (i = 0; i < 4; i++)
			begin(&self->end[i], open_must_create, 0, 0);
		for (i = 0; i < 4; i++) {
			result = finish(&self->end[i]);
			ASSERT_LE(0, result) TH_LOG("%s",
						    self->end[i].result.sentence);
			created += result;
		}
		EXPECT_EQ(1, created);
		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, at(&self->end[i], leave, 0, 0));
		}
	}
}

/* ---- How long it lives --------------------------------------------------- */

TEST_F(rule_service, it_outlives_its_creator)
{
	static const struct sluice_service_opts two = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = 2);
	struct end *creator = &self->end[0], *server = &self->end[1];

	start_service(_metadata, creator, variant->place, &calls, &two);
	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	end_stop(creator);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	EXPECT_EXCHANGE(&self->side, server);

	/* With the settings that the creator gave it. */
	EXPECT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_EQ(0, loan_question(&self->side, 1, 1));
	EXPECT_EQ(-ENOBUFS, loan_question(&self->side, 2, 1));
}

TEST_F(rule_service_death, it_outlives_a_creator_that_dies)
{
	struct end *creator = &self->end[0], *server = &self->end[1];

	start_service(_metadata, creator, IN_PROCESS, &calls, NULL);
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	end_kill_and_reap(creator);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	EXPECT_EXCHANGE(&self->side, server);
	sweep(_metadata);
}

TEST_F(rule_service, the_last_one_removes_it)
{
	struct end *other = &self->end[0];

	end_start(_metadata, other, variant->place);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, at(other, open_service, PTR(&calls), 0));
	leave(&self->side, 0, 0);
	EXPECT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&must_exist)));
	leave(&self->side, 0, 0);
	ASSERT_EQ(0, at(other, leave, 0, 0));
	EXPECT_EQ(-ENOENT, open_service(&self->side, PTR(&calls), PTR(&must_exist)));
	leave(&self->side, 0, 0);
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);
}

TEST_F(rule_service, a_port_keeps_it)
{
	end_start(_metadata, &self->end[0], variant->place);
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	sluice_service_close(self->side.service);
	self->side.service = NULL;
	EXPECT_EQ(0, at(&self->end[0], open_service, PTR(&calls), PTR(&must_exist)));
}

TEST_F(rule_service, once_removed_it_may_be_another_one)
{
	static const struct sluice_contract other = {
		.name = "test/calls",
		.request = SLUICE_TYPE(uint8_t),
		.response = SLUICE_TYPE(uint16_t),
	};

	start_service(_metadata, &self->end[0], variant->place, &calls, NULL);
	EXPECT_EQ(-EPROTOTYPE, open_service(&self->side, PTR(&other), 0));
	ASSERT_EQ(0, at(&self->end[0], leave, 0, 0));
	EXPECT_EQ(0, open_service(&self->side, PTR(&other), 0));
}

/* ---- While others come and go -------------------------------------------- */

/* come_and_go(times): opens the service and leaves it, each time from a new node. */
static long come_and_go(struct side *side, long times, long unused)
{
	long i, result;

	(void)unused;
	for (i = 0; i < times; i++) {
		result = open_service(side, PTR(&calls), 0);
		if (result < 0)
			return result;
		result = open_client(side, 0, 0);
		if (result < 0)
			return result;
		leave(side, 0, 0);
	}
	return times;
}

TEST_F_TIMEOUT(rule_service, opening_never_fails_for_others_that_come_and_go, 120)
{
	long i, times = in_full() ? 300 : 100;

	for (i = 0; i < 4; i++) {
		end_start(_metadata, &self->end[i], variant->place);
		begin(&self->end[i], come_and_go, times, 0);
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(times, finish(&self->end[i]))
			TH_LOG("%s", self->end[i].result.sentence);
	}
}

/* It is opened in all states that somebody can leave it in who dies. */
TEST_F_TIMEOUT(rule_service_death, opening_never_fails_for_others_that_die, 120)
{
	struct end *dying = &self->end[0];
	unsigned int random = 1;
	long i;

	for (i = 0; i < (in_full() ? 100 : 30); i++) {
		end_start(_metadata, dying, IN_PROCESS);
		begin(dying, come_and_go, 1000000, 0);
		nanosleep(&(struct timespec){ .tv_nsec = rand_r(&random) % 3000000 },
			  NULL);
		end_kill(dying);
		EXPECT_EQ(3, come_and_go(&self->side, 3, 0))
			TH_LOG("%s", sluice_strerror());
		end_reap(dying);
	}
	sweep(_metadata);
}

TEST_HARNESS_MAIN
