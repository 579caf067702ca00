// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of attributes: the creator of a service gives them, and others may demand keys, with
 * values or without.
 */
#include "steps.h"
#include "opening.h"

ENDS_FIXTURE(rule_attributes);

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

TEST_F(rule_attributes, attributes_are_told_as_they_were_given)
{
	struct sluice_attribute found;
	unsigned int i;

	start_service(_metadata, &self->end[0], variant->place, &calls, &described);
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(1, sluice_service_attribute(self->side.service, i, &found));
		EXPECT_STREQ(said_of_it[i].key, found.key);
		EXPECT_STREQ(said_of_it[i].value, found.value);
	}
	EXPECT_EQ(0, sluice_service_attribute(self->side.service, 4, &found));
}

TEST_F(rule_attributes, a_key_can_be_demanded_with_any_value)
{
	EXPECT_OPENS(0, &calls, &described, &any_camera);
	EXPECT_OPENS(0, &calls, &described, &any_raw);
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &any_lens);
	EXPECT_SAYS("lens");
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &part_of_key);
}

TEST_F(rule_attributes, a_key_can_be_demanded_with_its_value)
{
	EXPECT_OPENS(0, &calls, &described, &front_camera);
	EXPECT_OPENS(0, &calls, &described, &wide_camera);
	EXPECT_OPENS(EPROTOTYPE, &calls, &described, &rear_camera);
	EXPECT_SAYS("rear");
}

TEST_F(rule_attributes, all_attributes_that_are_demanded_must_be_there)
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

TEST_F(rule_attributes, attributes_need_not_be_demanded)
{
	EXPECT_OPENS(0, &calls, &described, NULL);
}

TEST_F(rule_attributes, a_key_without_a_value_creates_no_service)
{
	static const struct sluice_attribute key = { "camera", NULL };
	static const struct sluice_service_opts either = SLUICE_SERVICE_OPTS(
		.attributes = &key, .attribute_count = 1);

	EXPECT_EQ(-EINVAL, open_service(&self->side, PTR(&calls), PTR(&either)));
	EXPECT_EQ(-ENOENT, open_service(&self->side, PTR(&calls), PTR(&any_camera)));
}

TEST_HARNESS_MAIN
