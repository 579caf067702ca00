// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options, and what stands around a node: structs of older and of newer
 * programs, values out of range, names that are too long, domains, and a root
 * directory that must not be trusted.  A refusal leaves everything usable.
 */
#include "steps.h"

ENDS_FIXTURE(options);

/* A struct of a later version. */
#define LATER(name)							\
	struct later_##name {						\
		struct sluice_##name##_opts known;			\
		uint64_t later[2];					\
	}

LATER(node);
LATER(service);
LATER(client);
LATER(server);

/*
 * CHECK_SIZES() - shorter structs are those of an older program, longer ones of a
 * newer, which is refused only if it says something that is not understood.
 */
#define CHECK_SIZES(name, oldest, create, destroy)			\
	do {								\
		struct later_##name opts_ = { .known.size = 0 };	\
		struct sluice_##name *made_;				\
		size_t size_;						\
									\
		for (size_ = oldest; size_ <= sizeof(opts_);		\
		     size_ += sizeof(uint64_t)) {			\
			opts_.known.size = size_;			\
			made_ = create;					\
			EXPECT_NE(NULL, made_)				\
				TH_LOG("%zu: %s", size_,		\
				       sluice_strerror());		\
			destroy(made_);					\
		}							\
		opts_.later[1] = 1;					\
		EXPECT_FAILS(E2BIG, create);				\
		opts_.known.size = sizeof(opts_) - sizeof(uint64_t);	\
		made_ = create;						\
		EXPECT_NE(NULL, made_);					\
		destroy(made_);						\
		opts_.later[0] = UINT64_C(1) << 63;			\
		EXPECT_FAILS(E2BIG, create);				\
		opts_.known.size = 0;					\
		EXPECT_FAILS(EINVAL, create);				\
		opts_.known.size = SIZE_MAX;				\
		EXPECT_FAILS(EINVAL, create);				\
	} while (0)

TEST_F(options, sizes)
{
	struct side *side = &self->side;

	CHECK_SIZES(node, sizeof(size_t), sluice_node_create("x", &opts_.known),
		    sluice_node_destroy);
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	CHECK_SIZES(service, sizeof(size_t),
		    sluice_service_open(side->node, &calls, &opts_.known),
		    sluice_service_close);
	CHECK_SIZES(client, sizeof(size_t),
		    sluice_client_create(side->service, &opts_.known),
		    sluice_client_destroy);
	CHECK_SIZES(server, sizeof(size_t),
		    sluice_server_create(side->service, &opts_.known),
		    sluice_server_destroy);
}

/* The library leaves the memory behind the struct of an older program alone. */
TEST_F(options, memory_sizes)
{
	struct {
		struct sluice_memory known;
		uint64_t later;
	} memory;
	struct side *side = &self->side;
	size_t size;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_server(side, 0, 0));
	for (size = sizeof(size_t); size <= sizeof(memory.known);
	     size += sizeof(uint64_t)) {
		memset(&memory, 0xaa, sizeof(memory));
		memory.known.size = size;
		EXPECT_EQ(0, sluice_client_memory(side->client, &memory.known));
		EXPECT_EQ(size, memory.known.size);
		EXPECT_EQ(0xaa, ((unsigned char *)&memory)[size]);
		memset(&memory, 0xaa, sizeof(memory));
		memory.known.size = size;
		EXPECT_EQ(0, sluice_server_memory(side->server, &memory.known));
		EXPECT_EQ(size, memory.known.size);
		EXPECT_EQ(0xaa, ((unsigned char *)&memory)[size]);
	}
	memory.known.size = sizeof(memory);
	EXPECT_EQ(0, sluice_client_memory(side->client, &memory.known));
	EXPECT_LE(1u, memory.known.segments);
	EXPECT_LE(1u, memory.known.bytes);
	EXPECT_LE(memory.known.bytes, memory.known.largest_segment);
	memory.known.size = 0;
	EXPECT_FAILS_INT(EINVAL, sluice_client_memory(side->client,
						      &memory.known));
	EXPECT_FAILS_INT(EINVAL, sluice_server_memory(side->server,
						      &memory.known));
	EXPECT_FAILS_INT(EINVAL, sluice_client_memory(side->client, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_server_memory(side->server, NULL));
}

TEST_F(options, out_of_range)
{
	static const struct sluice_client_opts bad_client[] = {
		SLUICE_CLIENT_OPTS(.port = { .strategy = 3 }),
		SLUICE_CLIENT_OPTS(.port = { .strategy = UINT32_MAX }),
		SLUICE_CLIENT_OPTS(.port = { .flags = 8 }),
		SLUICE_CLIENT_OPTS(.port = { .flags = UINT32_MAX }),
	};
	static const struct sluice_server_opts bad_server[] = {
		SLUICE_SERVER_OPTS(.port = { .strategy = 3 }),
		SLUICE_SERVER_OPTS(.port = { .strategy = UINT32_MAX }),
		SLUICE_SERVER_OPTS(.port = { .flags = 8 }),
		SLUICE_SERVER_OPTS(.port = { .flags = UINT32_MAX }),
	};
	static const struct sluice_client_opts large_client = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = 1 << 20, .memory_limit = 1 << 19 });
	static const struct sluice_server_opts large_server = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = 1 << 20, .memory_limit = 1 << 19 });
	static const struct sluice_client_opts huge_client = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = UINT64_MAX });
	static const struct sluice_server_opts huge_server = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = UINT64_MAX });
	static const struct sluice_node_opts bad_wait = SLUICE_NODE_OPTS(.wait = 7);
	struct side *side = &self->side;
	size_t i;

	EXPECT_FAILS(EINVAL, sluice_node_create("x", &bad_wait));
	ASSERT_EQ(0, open_service(side, PTR(&blobs), 0));
	for (i = 0; i < ARRAY_SIZE(bad_client); i++) {
		EXPECT_FAILS(EINVAL, sluice_client_create(side->service,
							  &bad_client[i]));
		EXPECT_SAYS(bad_client[i].port.flags ? "flags" : "strategy");
		EXPECT_FAILS(EINVAL, sluice_server_create(side->service,
							  &bad_server[i]));
		EXPECT_SAYS(bad_server[i].port.flags ? "flags" : "strategy");
	}
	EXPECT_FAILS(EMSGSIZE, sluice_client_create(side->service, &large_client));
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(side->service, &large_server));
	EXPECT_FAILS(EMSGSIZE, sluice_client_create(side->service, &huge_client));
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(side->service, &huge_server));
	ASSERT_EQ(0, open_server(side, 0, 0));
	ASSERT_EQ(0, open_client(side, 0, 0));
	EXPECT_EQ(1, wait_servers(side, 1, LONG));
}

/* Fields that mean nothing yet must be 0. */
TEST_F(options, reserved)
{
	static const struct sluice_node_opts node = SLUICE_NODE_OPTS(
		.reserved = 1);
	static const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.reserved = 1);
	static const struct sluice_client_opts client = SLUICE_CLIENT_OPTS(
		.reserved = 1);
	static const struct sluice_client_opts later_client = SLUICE_CLIENT_OPTS(
		.port = { .spare = { 1 } });
	static const struct sluice_server_opts later_server = SLUICE_SERVER_OPTS(
		.port = { .spare = { 0, 0, 0, 1 } });
	struct side *side = &self->side;

	EXPECT_FAILS(EINVAL, sluice_node_create("x", &node));
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_FAILS(EINVAL, sluice_service_open(side->node, &calls, &service));
	EXPECT_FAILS(EINVAL, sluice_client_create(side->service, &client));
	EXPECT_FAILS(E2BIG, sluice_client_create(side->service, &later_client));
	EXPECT_SAYS("spare[0]");
	EXPECT_FAILS(E2BIG, sluice_server_create(side->service, &later_server));
	EXPECT_SAYS("spare[3]");
}

TEST_F(options, node_names)
{
	struct sluice_node *node;
	char name[200];

	memset(name, 'n', sizeof(name));
	name[128] = '\0';
	EXPECT_FAILS(EINVAL, sluice_node_create(name, NULL));
	EXPECT_SAYS("127");
	EXPECT_SAYS("128");
	name[127] = '\0';
	node = sluice_node_create(name, NULL);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	sluice_node_destroy(node);
	node = sluice_node_create(NULL, NULL);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	sluice_node_destroy(node);
	node = sluice_node_create("", NULL);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	sluice_node_destroy(node);
}

/* ---- How a node waits ---------------------------------------------------- */

/* Asked for by option, it works or says that it cannot; sockets always work. */
TEST_F(options, wait_modes)
{
	/*
	 * Sockets first: taking an io_uring down, the kernel interrupts the thread
	 * that used it, and epoll_wait(2) then ends with EINTR.
	 */
	static const struct sluice_node_opts modes[] = {
		SLUICE_NODE_OPTS(.wait = SLUICE_WAIT_SOCKET),
		SLUICE_NODE_OPTS(.wait = SLUICE_WAIT_AUTO),
		SLUICE_NODE_OPTS(.wait = SLUICE_WAIT_URING),
	};
	struct end *server = &self->end[0];
	size_t i;

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		self->side.node = sluice_node_create("mode", &modes[i]);
		if (!self->side.node && modes[i].wait == SLUICE_WAIT_URING) {
			EXPECT_EQ(ENOSYS, errno);
			continue;
		}
		ASSERT_NE(NULL, self->side.node) TH_LOG("%s", sluice_strerror());
		open_client_side(_metadata, &self->side, &calls, NULL, 1);
		begin(server, take, 0, SLUICE_FOREVER);
		until_asleep(server);
		ASSERT_EQ(1, ask(&self->side, 0, 5));
		ASSERT_EQ(5, finish(server));
		EXPECT_EQ(-ETIMEDOUT, hear(&self->side, 0, MILLISECOND));
		ASSERT_EQ(0, at(server, answer_and_done, 0, 6));
		EXPECT_EQ(6, hear(&self->side, 0, LONG));
		EXPECT_EQ(-EPIPE, hear(&self->side, 0, LONG));
		leave(&self->side, 0, 0);
	}
}

/* ---- Domains ------------------------------------------------------------- */

/* Whether the service &calls exists in the domain of a node with these options. */
static void expect_calls(struct __test_metadata *_metadata, const struct sluice_node_opts *opts,
			 bool exists)
{
	struct sluice_node *node = sluice_node_create("x", opts);
	struct sluice_service *service;

	ASSERT_NE(NULL, node);
	if (exists) {
		service = sluice_service_open(node, &calls, &must_exist);
		EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
		sluice_service_close(service);
	} else {
		EXPECT_FAILS(ENOENT, sluice_service_open(node, &calls, &must_exist));
	}
	sluice_node_destroy(node);
}

TEST_F(options, domains)
{
	static const struct sluice_node_opts other = SLUICE_NODE_OPTS(
		.domain = "other");
	static const struct sluice_node_opts standard = SLUICE_NODE_OPTS(
		.domain = "default");

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	expect_calls(_metadata, &other, false);
	expect_calls(_metadata, &standard, true);

	/* By the environment, unless an option says otherwise. */
	ASSERT_EQ(0, setenv("SLUICE_DOMAIN", "third", 1));
	expect_calls(_metadata, NULL, false);
	expect_calls(_metadata, &standard, true);
}

TEST_F(options, bad_domains)
{
	static const char *const names[] = {
		".", "..", "a/b", "/", "../x",
	};
	struct sluice_node_opts opts = SLUICE_NODE_OPTS(.domain = NULL);
	char name[5000];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		opts.domain = names[i];
		EXPECT_FAILS(EINVAL, sluice_node_create("x", &opts));
	}
	memset(name, 'd', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	opts.domain = name;
	EXPECT_FAILS(EINVAL, sluice_node_create("x", &opts));
	name[256] = '\0';
	EXPECT_FAILS(EINVAL, sluice_node_create("x", &opts));
}

/* ---- The root directory -------------------------------------------------- */

#define EXPECT_NOT_TRUSTED()						\
	do {								\
		errno = 0;						\
		EXPECT_EQ(NULL, (void *)sluice_node_create("x", NULL));	\
		EXPECT_TRUE(errno == EACCES || errno == EPERM)		\
			TH_LOG("%s", strerror(errno));			\
		EXPECT_SAYS(getenv("SLUICE_ROOT"));			\
	} while (0)

TEST_F(options, roots)
{
	char path[128];
	struct sluice_node *node;

	ASSERT_EQ(0, chmod(self->root.path, 0777));
	EXPECT_NOT_TRUSTED();
	ASSERT_EQ(0, chmod(self->root.path, 0720));
	EXPECT_NOT_TRUSTED();
	ASSERT_EQ(0, chmod(self->root.path, 0700));

	snprintf(path, sizeof(path), "%s/link", self->root.path);
	ASSERT_EQ(0, symlink(self->root.path, path));
	ASSERT_EQ(0, setenv("SLUICE_ROOT", path, 1));
	EXPECT_NOT_TRUSTED();
	ASSERT_EQ(0, unlink(path));
	if (geteuid() == 0) {
		ASSERT_EQ(0, setenv("SLUICE_ROOT", self->root.path, 1));
		ASSERT_EQ(0, chown(self->root.path, 65534, 65534));
		EXPECT_NOT_TRUSTED();
		ASSERT_EQ(0, chown(self->root.path, 0, 0));
	}
	ASSERT_EQ(0, setenv("SLUICE_ROOT", self->root.path, 1));
	node = sluice_node_create("x", NULL);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	sluice_node_destroy(node);
}

/* Two programs in two directories would not meet, and a node could not find back. */
TEST_F(options, relative_roots)
{
	static const char *const relative[] = { "run", "./run", "../run", ".", "auto" };
	size_t i;

	for (i = 0; i < sizeof(relative) / sizeof(relative[0]); i++) {
		ASSERT_EQ(0, setenv("SLUICE_ROOT", relative[i], 1));
		EXPECT_FAILS(EINVAL, sluice_node_create("x", NULL));
		EXPECT_SAYS("SLUICE_ROOT");
		EXPECT_SAYS("absolute");
		EXPECT_EQ(-1, rmdir(relative[i]));
	}
	ASSERT_EQ(0, setenv("SLUICE_ROOT", self->root.path, 1));
}

/* Everything below the root is for its owner only, whatever the umask. */
TEST_F(options, permissions)
{
	umask(0);
	ASSERT_EQ(0, join_server(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	EXPECT_LT(3, tree_walk(self->root.path, false).entries);
	EXPECT_EQ(0, tree_walk(self->root.path, false).unsafe);
}

TEST_F(options, version)
{
	char version[32];

	snprintf(version, sizeof(version), "%d.%d.", SLUICE_VERSION_MAJOR,
		 SLUICE_VERSION_MINOR);
	EXPECT_EQ(0, strncmp(sluice_version(), version, strlen(version)));
	EXPECT_NE(NULL, sluice_strerror());
}

TEST_HARNESS_MAIN
