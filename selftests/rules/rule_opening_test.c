// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of opening: both sides bring the same contract, settings are fixed by the
 * creator and demanded by others, and who is refused is told what differs.
 */
#include "steps.h"
#include "rules.h"

#include <glob.h>

#include <sluice/registry.h>

ENDS_FIXTURE(rule_opening);

/* Somebody has the service with these options; we open it with others. */
#define EXPECT_OPENS(error, contract, created, demanded)		\
	do {								\
		end_start(_metadata, &self->end[0], variant->place);	\
		ASSERT_EQ(0, at(&self->end[0], open_service,		\
				PTR(contract), PTR(created)))		\
			TH_LOG("%s", self->end[0].result.sentence);	\
		EXPECT_EQ(-(error), open_service(&self->seat,		\
				PTR(contract), PTR(demanded)))		\
			TH_LOG("instead: %s", sluice_strerror());	\
		leave(&self->seat, 0, 0);				\
		end_stop(&self->end[0]);				\
	} while (0)

/* ---- The contract -------------------------------------------------------- */

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
	ASSERT_EQ(0, open_service(&self->seat, PTR(&agreed), 0));
	leave(&self->seat, 0, 0);
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
	take_client_seat(_metadata, &self->seat, &cxx, NULL, 1);
	EXPECT_EXCHANGE(&self->seat, &self->end[0]);
	leave(&self->seat, 0, 0);
}

TEST_F(rule_opening, who_is_refused_leaves_nothing)
{
	struct sluice_contract mine = calls;
	long i;

	mine.request.size++;
	SET_UP_PAIR(NULL);
	for (i = 0; i < 100; i++) {
		EXPECT_FAILS(EPROTOTYPE, sluice_service_open(self->seat.node, &mine,
							     NULL));
	}
	EXPECT_EXCHANGE(&self->seat, &self->end[0]);
}

TEST_F(rule_opening, another_name_of_the_service_is_another_service)
{
	struct sluice_contract other = calls;

	other.name = "test/others";
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, join_client(&self->seat, PTR(&other), 0));
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->seat, 1, 10 * MILLISECOND));
	EXPECT_EQ(0, ask(&self->seat, 0, 1));
	leave(&self->seat, 0, 0);
}

TEST_F(rule_opening, another_domain_is_another_world)
{
	static const struct sluice_node_opts elsewhere = SLUICE_NODE_OPTS(
		.domain = "elsewhere");

	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	self->seat.node = sluice_node_create("test", &elsewhere);
	ASSERT_EQ(0, join_client(&self->seat, PTR(&calls), 0));
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->seat, 1, 10 * MILLISECOND));
}

/* ---- Settings ------------------------------------------------------------ */

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

TEST_F(rule_opening, who_opens_may_demand_less_or_as_much)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(demands); i++) {
		EXPECT_OPENS(0, &calls, &demands[i].given, &demands[i].less);
		EXPECT_OPENS(0, &calls, &demands[i].given, &demands[i].given);
		EXPECT_OPENS(0, &calls, &demands[i].given, NULL);
	}
}

TEST_F(rule_opening, who_demands_more_is_refused)
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

TEST_F(rule_opening, a_flag_that_is_demanded_must_be_there)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_OPENS(EPROTOTYPE, &calls, NULL, &flags[i]);
		EXPECT_OPENS(0, &calls, &flags[i], &flags[i]);
	}
}

TEST_F(rule_opening, a_flag_that_is_there_need_not_be_demanded)
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

TEST_F(rule_opening, a_flag_that_is_refused_must_not_be_there)
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

TEST_F(rule_opening, a_flag_that_the_creator_refused_is_not_there)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_OPENS(EPROTOTYPE, &calls, &refusals[i], &flags[i]);
		EXPECT_OPENS(0, &calls, &refusals[i], NULL);
	}
}

TEST_F(rule_opening, a_flag_cannot_be_demanded_and_refused)
{
	struct sluice_service_opts both;
	size_t i;

	self->seat.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->seat.node);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		both = refusals[i];
		both.flags = flags[i].flags;
		EXPECT_FAILS(EINVAL, sluice_service_open(self->seat.node, &calls, &both));
		EXPECT_SAYS("refused_flags");
	}
}

TEST_F(rule_opening, what_is_no_setting_cannot_be_refused)
{
	static const struct sluice_service_opts senseless[] = {
		SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_MUST_EXIST),
		SLUICE_SERVICE_OPTS(.refused_flags = SLUICE_SERVICE_MUST_CREATE),
		SLUICE_SERVICE_OPTS(.refused_flags = UINT64_C(1) << 63),
	};
	size_t i;

	self->seat.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->seat.node);
	for (i = 0; i < ARRAY_SIZE(senseless); i++) {
		EXPECT_FAILS(EINVAL, sluice_service_open(self->seat.node, &calls,
							 &senseless[i]));
		EXPECT_SAYS("refused_flags");
	}
}

TEST_F(rule_opening, settings_that_were_told_demand_the_same_flags)
{
	struct sluice_service_opts told = SLUICE_SERVICE_OPTS(.reserved = 0);
	const uint64_t all = SLUICE_SERVICE_NO_REQUEST_OVERFLOW |
			     SLUICE_SERVICE_NO_RESPONSE_OVERFLOW |
			     SLUICE_SERVICE_NO_FIRE_AND_FORGET;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&flags[i])));
		ASSERT_EQ(0, sluice_service_settings(self->seat.service, &told));
		leave(&self->seat, 0, 0);
		EXPECT_EQ(flags[i].flags, told.flags);
		EXPECT_EQ(all & ~flags[i].flags, told.refused_flags);
		for (j = 0; j < ARRAY_SIZE(flags); j++) {
			EXPECT_OPENS(i == j ? 0 : EPROTOTYPE, &calls, &flags[j], &told);
		}
	}
}

TEST_F(rule_opening, who_opens_has_the_settings_of_the_creator)
{
	static const struct sluice_service_opts odd = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
		.max_clients = 3, .max_nodes = 5, .max_loaned_requests = 2,
		.request_alignment = 256);
	struct sluice_service_opts found = SLUICE_SERVICE_OPTS(.reserved = 0);

	start_service(_metadata, &self->end[0], variant->place, &calls, &odd);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), 0));
	ASSERT_EQ(0, sluice_service_settings(self->seat.service, &found));
	EXPECT_EQ(3u, found.max_clients);
	EXPECT_EQ(5u, found.max_nodes);
	EXPECT_EQ(2u, found.max_loaned_requests);
	EXPECT_EQ(256u, found.request_alignment);
	EXPECT_EQ((uint32_t)ACTIVE, found.max_active_requests_per_client);
	EXPECT_EQ(SLUICE_SERVICE_NO_REQUEST_OVERFLOW, found.flags);
	ASSERT_EQ(0, open_client(&self->seat, 0, 0));
	EXPECT_EQ(0, loan_question(&self->seat, 0, 1));
	EXPECT_EQ(0, loan_question(&self->seat, 1, 1));
	EXPECT_EQ(-ENOBUFS, loan_question(&self->seat, 2, 1));
}

TEST_F(rule_opening, payloads_are_aligned_as_the_service_says)
{
	static const struct sluice_service_opts aligned = SLUICE_SERVICE_OPTS(
		.request_alignment = 512, .response_alignment = 64);
	long i;

	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&aligned)));
	ASSERT_EQ(0, open_client(&self->seat, 0, 0));
	for (i = 0; i < LOANS; i++) {
		ASSERT_EQ(0, loan_question(&self->seat, i, i));
		EXPECT_EQ(0u, (uintptr_t)self->seat.request[i]->data % 512);
	}
}

/* ---- Attributes ---------------------------------------------------------- */

static const struct sluice_attribute said_of_it[] = {
	{ "camera", "front" }, { "rate", "30" }, { "camera", "wide" }, { "raw", "" },
};
static const struct sluice_service_opts described = SLUICE_SERVICE_OPTS(
	.attributes = said_of_it, .attribute_count = 4);

#define ATTRIBUTE(name, key, value)					\
	static const struct sluice_attribute name##_ = { key, value };	\
	static const struct sluice_service_opts name = SLUICE_SERVICE_OPTS( \
		.flags = SLUICE_SERVICE_MUST_EXIST,			\
		.attributes = &name##_, .attribute_count = 1)

ATTRIBUTE(front_camera, "camera", "front");
ATTRIBUTE(wide_camera, "camera", "wide");
ATTRIBUTE(rear_camera, "camera", "rear");
ATTRIBUTE(any_camera, "camera", NULL);
ATTRIBUTE(any_raw, "raw", NULL);
ATTRIBUTE(any_lens, "lens", NULL);
ATTRIBUTE(part_of_key, "cam", NULL);

TEST_F(rule_opening, attributes_are_told_as_they_were_given)
{
	struct sluice_attribute found;
	unsigned int i;

	start_service(_metadata, &self->end[0], variant->place, &calls, &described);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), 0));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, sluice_service_attribute(self->seat.service, i, &found));
		EXPECT_STREQ(said_of_it[i].key, found.key);
		EXPECT_STREQ(said_of_it[i].value, found.value);
	}
	EXPECT_EQ(0, sluice_service_attribute(self->seat.service, 4, &found));
}

TEST_F(rule_opening, a_key_can_be_demanded_with_any_value)
{
	EXPECT_OPENS(0, &calls, &described, &any_camera);
	EXPECT_OPENS(0, &calls, &described, &any_raw);
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &any_lens);
	EXPECT_SAYS("lens");
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &part_of_key);
}

TEST_F(rule_opening, a_key_can_be_demanded_with_its_value)
{
	EXPECT_OPENS(0, &calls, &described, &front_camera);
	EXPECT_OPENS(0, &calls, &described, &wide_camera);
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &rear_camera);
	EXPECT_SAYS("rear");
}

TEST_F(rule_opening, all_attributes_that_are_demanded_must_be_there)
{
	static const struct sluice_attribute some[] = {
		{ "rate", "30" }, { "camera", "rear" },
	};
	static const struct sluice_service_opts both = SLUICE_SERVICE_OPTS(
		.attributes = some, .attribute_count = 2);
	static const struct sluice_service_opts first = SLUICE_SERVICE_OPTS(
		.attributes = some, .attribute_count = 1);

	EXPECT_OPENS(0, &calls, &described, &first);
	EXPECT_OPENS(0, &calls, &described, &described);
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &both);
	EXPECT_OPENS(EPROTOTYPE, &calls, NULL, &first);
}

TEST_F(rule_opening, attributes_need_not_be_demanded)
{
	EXPECT_OPENS(0, &calls, &described, NULL);
}

TEST_F(rule_opening, a_key_without_a_value_creates_no_service)
{
	static const struct sluice_attribute key = { "camera", NULL };
	static const struct sluice_service_opts either = SLUICE_SERVICE_OPTS(
		.attributes = &key, .attribute_count = 1);

	EXPECT_EQ(-EINVAL, open_service(&self->seat, PTR(&calls), PTR(&either)));
	EXPECT_EQ(-ENOENT, open_service(&self->seat, PTR(&calls), PTR(&any_camera)));
}

TEST_HARNESS_MAIN
