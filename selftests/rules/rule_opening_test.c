// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of opening: both sides bring the same contract, and who is refused is told what
 * differs.  rule_settings_test and rule_attributes_test have what else is demanded.
 */
#include "steps.h"
#include "opening.h"

#include <glob.h>

#include <sluice/registry.h>

ENDS_FIXTURE(rule_opening);

#define AGREED	"test/agreed", { "question", 48, 16, 0, 0 }, { "answer", 80, 8, 1, 0 }, \
		{ "stamp", 24, 8, 0, 0 }, { "seal", 12, 4, 0, 0 }

static const struct sluice_contract agreed = { AGREED };
static const struct sluice_contract without = {
	"test/agreed", { "question", 48, 16, 0, 0 }, { "answer", 80, 8, 1, 0 },
	{ NULL, 0, 0, 0, 0 }, { NULL, 0, 0, 0, 0 },
};

/* The service is there as agreed; who thinks otherwise is told so, by this word. */
static void expect_differs(struct __test_metadata *_metadata, struct end *other,
			   enum place place, const struct sluice_contract *contract,
			   const char *word)
{
	struct sluice_node *node;

	start_service(_metadata, other, place, &agreed, NULL);
	node = sluice_node_create("test", NULL);
	EXPECT_FAILS(EPROTOTYPE, sluice_service_open(node, contract, NULL));
	EXPECT_SAYS(word);
	sluice_node_destroy(node);
}

TEST_F(rule_opening, another_name_of_a_type_is_refused)
{
	struct sluice_contract mine = agreed;

	mine.response.name = "answers";
	expect_differs(_metadata, &self->end[0], variant->place, &mine, "name");
}

TEST_F(rule_opening, another_size_is_refused)
{
	struct sluice_contract mine = agreed;

	mine.request.size = 64;
	expect_differs(_metadata, &self->end[0], variant->place, &mine, "size");
}

TEST_F(rule_opening, another_kind_is_refused)
{
	struct sluice_contract mine = agreed;

	mine.response.kind = SLUICE_KIND_FIXED;
	expect_differs(_metadata, &self->end[0], variant->place, &mine, "kind");
}

TEST_F(rule_opening, another_alignment_is_refused)
{
	struct sluice_contract mine = agreed;

	mine.request.alignment = 8;
	expect_differs(_metadata, &self->end[0], variant->place, &mine, "alignment");
}

TEST_F(rule_opening, another_header_is_refused)
{
	struct sluice_contract mine = agreed;

	mine.request_header.size = 32;
	expect_differs(_metadata, &self->end[0], variant->place, &mine, "header");
}

TEST_F(rule_opening, a_header_that_is_missing_is_refused)
{
	expect_differs(_metadata, &self->end[0], variant->place, &without, "header");
}

/* A word of the contract of the only service, which the library itself never changes. */
static void change_contract(struct __test_metadata *_metadata, off_t offset, uint32_t word)
{
	char pattern[PATH_MAX];
	glob_t found;
	int fd;

	snprintf(pattern, sizeof(pattern), "%s/default/services/*/contract",
		 getenv("SLUICE_ROOT"));
	ASSERT_EQ(0, glob(pattern, 0, NULL, &found));
	ASSERT_EQ(1, found.gl_pathc);
	fd = open(found.gl_pathv[0], O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(word), pwrite(fd, &word, sizeof(word), offset));
	close(fd);
	globfree(&found);
}

TEST_F(rule_opening, another_pattern_is_refused)
{
	struct end *other = &self->end[0];
	struct sluice_node *node;

	start_service(_metadata, other, variant->place, &agreed, NULL);
	node = sluice_node_create("test", NULL);
	change_contract(_metadata, offsetof(struct sluice_registry_contract, pattern), 2);
	EXPECT_FAILS(EPROTOTYPE, sluice_service_open(node, &agreed, NULL));
	EXPECT_SAYS("messaging pattern 2");
	EXPECT_SAYS("request-response");
	change_contract(_metadata, offsetof(struct sluice_registry_contract, pattern),
			SLUICE_REGISTRY_REQUEST_RESPONSE);
	change_contract(_metadata, offsetof(struct sluice_registry_contract, messages), 3);
	EXPECT_FAILS(EPROTOTYPE, sluice_service_open(node, &agreed, NULL));
	EXPECT_SAYS("3 kinds of message");
	change_contract(_metadata, offsetof(struct sluice_registry_contract, messages),
			SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES);
	ASSERT_EQ(0, open_service(&self->side, PTR(&agreed), 0));
	leave(&self->side, 0, 0);
	sluice_node_destroy(node);
}

TEST_F(rule_opening, the_same_contract_is_let_in)
{
	EXPECT_OPENS(0, &agreed, NULL, NULL);
}

TEST_F(rule_opening, the_c_and_the_cxx_name_of_a_type_are_the_same)
{
	struct sluice_contract cxx = calls;

	cxx.request.name = "question";
	cxx.response.name = "answer";
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &cxx, NULL, 1);
	EXPECT_EXCHANGE(&self->side, &self->end[0]);
	leave(&self->side, 0, 0);
}

TEST_F(rule_opening, who_is_refused_leaves_nothing)
{
	struct sluice_contract mine = calls;
	long i;

	mine.request.size++;
	SET_UP_PAIR(NULL);
	for (i = 0; i < 100; i++) {
		EXPECT_FAILS(EPROTOTYPE, sluice_service_open(self->side.node, &mine,
							     NULL));
	}
	EXPECT_EXCHANGE(&self->side, &self->end[0]);
}

TEST_F(rule_opening, another_name_of_the_service_is_another_service)
{
	struct sluice_contract other = calls;

	other.name = "test/others";
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(&self->side, PTR(&other), 0));
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->side, 1, 10 * MILLISECOND));
	EXPECT_EQ(0, ask(&self->side, 0, 1));
	leave(&self->side, 0, 0);
}

TEST_F(rule_opening, another_domain_is_another_world)
{
	static const struct sluice_node_opts elsewhere = SLUICE_NODE_OPTS(
		.domain = "elsewhere");

	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	self->side.node = sluice_node_create("test", &elsewhere);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->side, 1, 10 * MILLISECOND));
}

TEST_HARNESS_MAIN
