// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract, and who may join: each field of it that differs between the two
 * sides is refused with a sentence that names the field, what was wanted and what
 * was found.  Likewise the settings that one side demands, the two flags, and
 * contracts that make no sense at all.  Nobody who was refused leaves a trace.
 */
#include "steps.h"

ENDS_FIXTURE(contract);

#define TYPE(name, size, alignment, kind)	{ name, size, alignment, kind, 0x17 }

static const struct sluice_contract agreed = {
	.name = "test/agreed",
	.request = TYPE("question", 48, 16, SLUICE_KIND_FIXED),
	.response = TYPE("answer", 80, 8, SLUICE_KIND_SLICE),
	.request_header = TYPE("stamp", 24, 8, SLUICE_KIND_FIXED),
	.response_header = TYPE("seal", 12, 4, SLUICE_KIND_FIXED),
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#endif
/* One field each that is not as agreed, and the words of the complaint. */
static const struct {
	struct sluice_contract contract;
	const char *words[4];
} wrong[] = {
#define WRONG(field, ...)						\
	.contract = {							\
		.name = "test/agreed",					\
		.request = TYPE("question", 48, 16, SLUICE_KIND_FIXED),	\
		.response = TYPE("answer", 80, 8, SLUICE_KIND_SLICE),	\
		.request_header = TYPE("stamp", 24, 8, SLUICE_KIND_FIXED), \
		.response_header = TYPE("seal", 12, 4, SLUICE_KIND_FIXED), \
		.field = __VA_ARGS__,					\
	}
	{ WRONG(request.name, "query"),
	  { "request", "name", "query", "question" } },
	{ WRONG(request.size, 64), { "request", "size", "64", "48" } },
	{ WRONG(request.alignment, 8), { "request", "alignment", "8", "16" } },
	{ WRONG(request.kind, SLUICE_KIND_SLICE), { "request", "kind" } },
	{ WRONG(request.fingerprint, 0x18),
	  { "request.fingerprint", "0x0000000000000018", "0x0000000000000017", "question" } },
	{ WRONG(response_header.fingerprint, 0x1700000000000000),
	  { "response_header.fingerprint", "0x1700000000000000", "seal" } },
	{ WRONG(response.name, "answers"),
	  { "response", "name", "answers", "answer" } },
	{ WRONG(response.size, 88), { "response", "size", "88", "80" } },
	{ WRONG(response.alignment, 16), { "response", "alignment", "16", "8" } },
	{ WRONG(response.kind, SLUICE_KIND_FIXED), { "response", "kind" } },
	{ WRONG(request_header.name, "stump"),
	  { "request", "header", "stump", "stamp" } },
	{ WRONG(request_header.size, 32), { "header", "size", "32", "24" } },
	{ WRONG(request_header.alignment, 4), { "header", "alignment", "4", "8" } },
	{ WRONG(request_header, { NULL, 0, 0, 0, 0 }), { "request", "header" } },
	{ WRONG(response_header.name, "sea"),
	  { "response", "header", "sea", "seal" } },
	{ WRONG(response_header.size, 16), { "header", "size", "16", "12" } },
	{ WRONG(response_header.alignment, 2),
	  { "header", "alignment", "2", "4" } },
	{ WRONG(response_header, { NULL, 0, 0, 0, 0 }), { "response", "header" } },
};
#pragma GCC diagnostic pop

/* Asks and is answered: the service works. */
static void expect_traffic(struct __test_metadata *_metadata, struct side *side,
			   struct end *server)
{
	begin(server, serve, 1, 0);
	ASSERT_EQ(1, ask(side, 0, 5));
	ASSERT_EQ(6, hear(side, 0, LONG));
	ASSERT_EQ(1, finish(server));
	ASSERT_EQ(0, hear_end(side, 0, LONG));
}

TEST_F(contract, differs)
{
	struct end *other = &self->end[0];
	size_t i, k;

	start_service(_metadata, other, variant->place, &agreed, NULL);
	self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->side.node);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_FAILS(EPROTOTYPE,
			     sluice_service_open(self->side.node,
						 &wrong[i].contract, NULL));
		for (k = 0; k < 4 && wrong[i].words[k]; k++) {
			EXPECT_SAYS(wrong[i].words[k]);
		}
	}

	/* The other way round, with what was found and wanted exchanged. */
	end_stop(other);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		end_start(_metadata, other, variant->place);
		ASSERT_EQ(0, at(other, open_service, PTR(&wrong[i].contract), 0))
			TH_LOG("%zu: %s", i, other->result.sentence);
		EXPECT_FAILS(EPROTOTYPE, sluice_service_open(self->side.node,
							     &agreed, NULL));
		for (k = 0; k < 4 && wrong[i].words[k]; k++) {
			EXPECT_SAYS(wrong[i].words[k]);
		}
		end_stop(other);
	}
	ASSERT_EQ(0, open_service(&self->side, PTR(&agreed), 0));
}

/* The C and the C++ name of a type are the same type. */
TEST_F(contract, same_name)
{
	static const struct sluice_contract other[] = {
		{ .name = "test/calls",
		  .request = TYPE("question", sizeof(struct question), 8, 0),
		  .response = TYPE("struct answer", sizeof(struct answer), 8, 0) },
		{ .name = "test/calls",
		  .request = TYPE("union question", sizeof(struct question), 8, 0),
		  .response = TYPE("enum answer", sizeof(struct answer), 8, 0) },
	};
	struct sluice_service *service;
	struct end *server = &self->end[0];
	size_t i;

	start_pair(_metadata, server, variant->place, &self->side, &calls);
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		service = sluice_service_open(self->side.node, &other[i], NULL);
		ASSERT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
		sluice_service_close(service);
	}
	leave(&self->side, 0, 0);
	open_client_side(_metadata, &self->side, &other[0], NULL, 1);
	expect_traffic(_metadata, &self->side, server);
}

/* A side without a fingerprint meets a side with one, whichever comes first. */
TEST_F(contract, one_fingerprint)
{
	static const struct sluice_contract known = {
		.name = "test/calls",
		.request = SLUICE_TYPE_FINGERPRINTED(struct question, 0x17),
		.response = SLUICE_TYPE_FINGERPRINTED(struct answer, 0x18),
	};
	struct end *server = &self->end[0];

	start_server(_metadata, server, variant->place, &known, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	expect_traffic(_metadata, &self->side, server);
	leave(&self->side, 0, 0);
	end_stop(server);

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &known, NULL, 1);
	expect_traffic(_metadata, &self->side, server);
}

/* Another name is another service, and nobody meets there. */
TEST_F(contract, another_service)
{
	static const struct sluice_contract other = {
		.name = "test/other",
		.request = SLUICE_TYPE(uint8_t),
		.response = SLUICE_TYPE(uint16_t),
	};
	struct sluice_service *service;

	start_pair(_metadata, &self->end[0], variant->place, &self->side, &calls);
	service = sluice_service_open(self->side.node, &other, NULL);
	ASSERT_NE(NULL, service);
	close_client(&self->side, 0, 0);
	self->side.client = sluice_client_create(service, NULL);
	ASSERT_NE(NULL, self->side.client);
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->side, 1, 20 * MILLISECOND));
	sluice_service_close(service);
}

/* ---- Settings ------------------------------------------------------------ */

static const struct sluice_service_opts given = SLUICE_SERVICE_OPTS(
	.max_clients = 11,
	.max_servers = 12,
	.max_active_requests_per_client = 13,
	.max_loaned_requests = 14,
	.max_loaned_replies_per_request = 15,
	.max_response_buffer_size = 16,
	.max_borrowed_responses_per_pending_response = 17);

static const struct {
	const char *setting;
	struct sluice_service_opts opts[3];	/* less, as much, more */
	const char *more, *found;
} demands[] = {
#define DEMAND(setting, less, given, over)				\
	{ #setting,							\
	  { SLUICE_SERVICE_OPTS(.setting = less),			\
	    SLUICE_SERVICE_OPTS(.setting = given),			\
	    SLUICE_SERVICE_OPTS(.setting = over) }, #over, #given }
	DEMAND(max_clients, 10, 11, 42),
	DEMAND(max_servers, 11, 12, 42),
	DEMAND(max_active_requests_per_client, 12, 13, 42),
	DEMAND(max_loaned_requests, 13, 14, 42),
	DEMAND(max_loaned_replies_per_request, 14, 15, 42),
	DEMAND(max_response_buffer_size, 15, 16, 42),
	DEMAND(max_borrowed_responses_per_pending_response, 16, 17, 42),
};

TEST_F(contract, demands)
{
	struct end *server = &self->end[0];
	struct sluice_service *service;
	size_t i, k;

	SET_UP_PAIR(&given);
	for (i = 0; i < ARRAY_SIZE(demands); i++) {
		for (k = 0; k < 2; k++) {
			service = sluice_service_open(self->side.node, &calls,
						      &demands[i].opts[k]);
			EXPECT_NE(NULL, service)
				TH_LOG("%s", sluice_strerror());
			sluice_service_close(service);
		}
		EXPECT_FAILS(EPROTOTYPE,
			     sluice_service_open(self->side.node, &calls,
						 &demands[i].opts[2]));
		EXPECT_SAYS(demands[i].setting);
		EXPECT_SAYS(demands[i].more);
		EXPECT_SAYS(demands[i].found);
	}
	expect_traffic(_metadata, &self->side, server);
}

/* A process that opens the service gets the creator's numbers, not the defaults. */
TEST_F(contract, settings_of_the_creator)
{
	static const struct sluice_service_opts one = SLUICE_SERVICE_OPTS(
		.max_loaned_requests = 1);
	struct sluice_request *request;

	start_service(_metadata, &self->end[0], variant->place, &calls, &one);
	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	request = sluice_client_loan(self->side.client, 1);
	ASSERT_NE(NULL, request);
	EXPECT_FAILS(ENOBUFS, sluice_client_loan(self->side.client, 1));
	EXPECT_EQ(0, sluice_request_release(request));
}

/* ---- Flags --------------------------------------------------------------- */

TEST_F(contract, must_exist_must_create)
{
	static const struct sluice_service_opts both = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_MUST_CREATE);
	static const struct sluice_service_opts unknown = SLUICE_SERVICE_OPTS(
		.flags = UINT64_C(1) << 40);
	struct sluice_service *service;
	struct sluice_node *node;
	int i;

	node = self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, node);
	end_start(_metadata, &self->end[0], variant->place);
	for (i = 0; i < 10; i++) {
		EXPECT_FAILS(ENOENT, sluice_service_open(node, &calls, &must_exist));
		EXPECT_SAYS("test/calls");
		service = sluice_service_open(node, &calls, &must_create);
		ASSERT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
		EXPECT_FAILS(EEXIST, sluice_service_open(node, &calls, &must_create));
		EXPECT_SAYS("test/calls");
		EXPECT_EQ(-EEXIST, at(&self->end[0], open_service, PTR(&calls),
				      PTR(&must_create)));
		EXPECT_EQ(0, at(&self->end[0], open_service, PTR(&calls),
				PTR(&must_exist)));
		sluice_service_close(service);
		EXPECT_FAILS(EEXIST, sluice_service_open(node, &calls, &must_create));
		EXPECT_EQ(0, at(&self->end[0], leave, 0, 0));
	}
	EXPECT_FAILS(EINVAL, sluice_service_open(node, &calls, &both));
	EXPECT_FAILS(EINVAL, sluice_service_open(node, &calls, &unknown));
}

/* ---- Contracts that make no sense ---------------------------------------- */

#define GOOD	TYPE("x", 4, 4, 0)
#define BAD(type) { .name = "bad", .request = type, .response = GOOD }

TEST_F(contract, nonsense)
{
	static char long_name[300], long_type[200];
	struct sluice_contract bad[] = {
		{ .name = NULL, .request = GOOD, .response = GOOD },
		{ .name = "", .request = GOOD, .response = GOOD },
		{ .name = long_name, .request = GOOD, .response = GOOD },
		BAD(TYPE(NULL, 4, 4, 0)),
		BAD(TYPE(long_type, 4, 4, 0)),
		BAD(TYPE("x", 0, 4, 0)),
		BAD(TYPE("x", 4, 0, 0)),
		BAD(TYPE("x", 6, 3, 0)),
		BAD(TYPE("x", 8192, 8192, 0)),
		BAD(TYPE("x", 4, 4, 2)),
		{ .name = "bad", .request = GOOD, .response = TYPE("x", 0, 0, 0) },
		{ .name = "bad", .request = GOOD, .response = GOOD,
		  .request_header = TYPE("x", 4, 3, 0) },
		{ .name = "bad", .request = GOOD, .response = GOOD,
		  .response_header = TYPE(long_type, 4, 4, 0) },
	};
	struct sluice_contract longest = {
		.name = long_name, .request = GOOD, .response = GOOD,
	};
	struct sluice_service *service;
	size_t i;

	memset(long_name, 'n', 256);
	memset(long_type, 't', 128);
	self->side.node = sluice_node_create("test", NULL);
	ASSERT_NE(NULL, self->side.node);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, &bad[i],
							 NULL));
	}
	EXPECT_FAILS(EINVAL, sluice_service_open(self->side.node, NULL, NULL));

	/* One byte less will do. */
	long_name[255] = '\0';
	long_type[127] = '\0';
	longest.request.name = long_type;
	service = sluice_service_open(self->side.node, &longest, NULL);
	EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
	sluice_service_close(service);

	/* A name is any string: it needs not look like a file's. */
	longest.name = "../../../etc/ \xff\n%s";
	service = sluice_service_open(self->side.node, &longest, NULL);
	EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
	sluice_service_close(service);
}

TEST_HARNESS_MAIN
