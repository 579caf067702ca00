// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers in the slices of a request and its reply, where they lie; also with lengths that
 * nobody honest would write.
 */
#include "common.h"

#include "every_container.h"
#include "told_pair.h"

FIXTURE(sent)
{
	struct root root;
	struct pair pair;
};

static const struct sluice_contract contract = {
	.name     = "containers",
	.request  = SLUICE_SLICE(struct every),
	.response = SLUICE_SLICE(struct every),
};

FIXTURE_SETUP(sent)
{
	root_make(_metadata, &self->root);
	self->pair = pair_make("containers", &contract, NULL);
}

FIXTURE_TEARDOWN(sent)
{
	pair_drop(&self->pair);
	TEARDOWN_CHECKS(&self->root);
}

static void fill(struct every *every, uint32_t number)
{
	struct item *item;

	sluice_string_set(&every->text, "text");
	for (uint32_t i = 0; i < number; i++) {
		item = sluice_vector_push(&every->items);
		sluice_string_set(&item->name, "name");
		item->number = number + i;
	}
	if (number % 2)
		*sluice_optional_set(&every->value) = number;
}

static bool filled(const struct every *every, uint32_t number)
{
	const uint64_t *value = sluice_optional_get(&every->value);
	const struct item *item;
	uint32_t i = 0;

	sluice_vector_for_each(item, &every->items)
		if (item->number != number + i++ || !sluice_string_equal(&item->name, "name"))
			return false;
	return i == number && errno == ERANGE && sluice_string_equal(&every->text, "text") &&
	       (number % 2 ? value && *value == number : !value);
}

/* Each element back as it came: bytes, for nothing in them is an address. */
static bool answer(struct sluice_server *server)
{
	struct sluice_active_request *active = must(sluice_server_receive(server, LONG));
	struct sluice_reply *reply = must(sluice_active_request_loan(active, active->count));
	const struct every *every = active->data;
	bool good = true;

	for (uint32_t i = 0; i < active->count; i++)
		good = good && filled(&every[i], i);
	memcpy(reply->data, active->data, active->size);
	good = sluice_reply_send(reply) == 0 && good;
	return sluice_active_request_release(active) == 0 && good;
}

TEST_F(sent, there_and_back)
{
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_response) response = NULL;
	struct sluice_request *request;
	const struct every *back;

	request = must(sluice_client_loan_zeroed(self->pair.client, 4));
	for (uint32_t i = 0; i < 4; i++)
		fill((struct every *)request->data + i, i);
	pending = must(sluice_request_send(request));
	EXPECT_TRUE(answer(self->pair.server));
	response = must(sluice_pending_response_receive(pending, LONG));
	ASSERT_EQ(4u, response->count);
	back = response->data;
	for (uint32_t i = 0; i < 4; i++) {
		EXPECT_TRUE(filled(&back[i], i));
	}
}

TEST_F(sent, wild_lengths)
{
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_active_request) active = NULL;
	struct sluice_request *request;
	const struct every *every;
	size_t length;

	request = must(sluice_client_loan(self->pair.client, 1));
	memset(request->data, 0xff, request->size);
	pending = must(sluice_request_send(request));
	active = must(sluice_server_receive(self->pair.server, LONG));
	every = active->data;
	EXPECT_NONE(EPROTO, sluice_string_get(&every->text, &length));
	EXPECT_ERRNO(EPROTO, sluice_vector_length(&every->items));
	EXPECT_NONE(EPROTO, sluice_vector_at(&every->items, 0));
	EXPECT_NONE(EPROTO, sluice_string_get(sluice_optional_get(&every->word), &length));
}

TEST_HARNESS_MAIN
