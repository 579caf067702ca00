// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration: every key, from wherever it can be set, and who wins; files that are
 * wrong, by line, or not to be trusted; ceilings that options must not exceed; and a
 * program with more privileges than its user, which listens to /etc alone.
 *
 * /etc belongs to the machine: tests of it have one of their own, in a mount namespace,
 * and need root.
 */
#include "common.h"

#include <grp.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <sluice_config.h>

#define ARRAY_SIZE_(a)	(sizeof(a) / sizeof((a)[0]))
#define NOBODY		65534
#define SOMEBODY	65533

/* What the program returns when it is run as another one; see run_probe(). */
#define PROBE		"SLUICE_CONFIG_PROBE"
#define NOT_SECURE	77

FIXTURE(config)
{
	struct root root;
	char file[128];
	struct sluice_node *node;
	struct sluice_service *service;
};

FIXTURE_SETUP(config)
{
	root_make(_metadata, &self->root);
	snprintf(self->file, sizeof(self->file), "%s/test.conf", self->root.path);
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", self->file, 1));
	self->node = NULL;
	self->service = NULL;
	umask(022);
}

FIXTURE_TEARDOWN(config)
{
	sluice_service_close(self->service);
	sluice_node_destroy(self->node);
	unlink(self->file);
	TEARDOWN_CHECKS(&self->root);
}

static const struct sluice_contract slices = {
	.name = "test/config",
	.request = SLUICE_SLICE(uint64_t),
	.response = SLUICE_SLICE(uint64_t),
};

static const struct sluice_contract fixed = {
	.name = "test/fixed",
	.request = SLUICE_TYPE(uint64_t),
	.response = SLUICE_TYPE(uint64_t),
};

#define WRITE_BYTES(path, bytes, size)					\
	do {								\
		FILE *file_ = fopen(path, "w");				\
									\
		ASSERT_NE(NULL, file_) TH_LOG("%s", strerror(errno));	\
		ASSERT_EQ(size, fwrite(bytes, 1, size, file_));		\
		ASSERT_EQ(0, fclose(file_));				\
	} while (0)

#define WRITE(path, text)	WRITE_BYTES(path, text, strlen(text))

#define OPEN_NODE()							\
	do {								\
		self->node = sluice_node_create("x", NULL);		\
		ASSERT_NE(NULL, self->node)				\
			TH_LOG("%s", sluice_strerror());		\
	} while (0)

#define OPEN_SERVICE(contract, opts)					\
	do {								\
		self->service = sluice_service_open(self->node, contract, opts); \
		ASSERT_NE(NULL, self->service)				\
			TH_LOG("%s", sluice_strerror());		\
	} while (0)

/* The number of a key; -1: there is none. */
helper int look_up(struct sluice_config *config, const char *name, struct sluice_config_key *key)
{
	int i;

	for (i = 0; sluice_config_get(config, (unsigned int)i, key) > 0; i++)
		if (!strcmp(key->name, name))
			return i;
	return -1;
}

/* EXPECT_KEY() - what a key is, and where that was said, the end of it at least. */
#define EXPECT_KEY(path, key_name, wanted, from)			\
	do {								\
		struct sluice_config *read_ = sluice_config_read(path);	\
		struct sluice_config_key key_ = SLUICE_CONFIG_KEY();	\
									\
		ASSERT_NE(NULL, read_) TH_LOG("%s", sluice_strerror());	\
		ASSERT_LE(0, look_up(read_, key_name, &key_));		\
		EXPECT_STREQ(wanted, key_.value);			\
		EXPECT_TRUE(ends_in(key_.source, from))			\
			TH_LOG("%s, not %s", key_.source, from);	\
		sluice_config_free(read_);				\
	} while (0)

helper bool ends_in(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && !strcmp(text + strlen(text) - strlen(end), end);
}

/* ---- Every key ------------------------------------------------------------ */

struct setting {
	const char *section, *key, *text, *value;
};

static const struct setting all[] = {
	{ "node", "root", "/tmp/elsewhere", "/tmp/elsewhere" },
	{ "node", "domain", "robot", "robot" },
	{ "node", "wait", "socket", "socket" },
	{ "node", "spin", "3 us", "3us" },
	{ "service", "flags", "any_user no_request_overflow", "no_request_overflow any_user" },
	{ "service", "max_clients", "7", "7" },
	{ "service", "max_servers", "1", "1" },
	{ "service", "max_nodes", "8192", "8192" },
	{ "service", "max_active_requests_per_client", "3", "3" },
	{ "service", "max_loaned_requests", "4", "4" },
	{ "service", "max_loaned_replies_per_request", "5", "5" },
	{ "service", "max_response_buffer_size", "6", "6" },
	{ "service", "max_borrowed_responses_per_pending_response", "9", "9" },
	{ "service", "max_fds_per_message", "16", "16" },
	{ "service", "request_alignment", "64", "64" },
	{ "service", "response_alignment", "4096", "4096" },
	{ "service", "mode", "0660", "0660" },
	{ "service", "group", "100", "100" },
	{ "client", "initial_max_slice_len", "2", "2" },
	{ "client", "memory_limit", "3M", "3M" },
	{ "client", "strategy", "best_fit", "best_fit" },
	{ "client", "flags", "prefault,lock", "prefault lock" },
	{ "client", "preallocate", "2", "2" },
	{ "client", "max_active_requests", "2", "2" },
	{ "client", "when_full", "discard", "discard" },
	{ "server", "initial_max_slice_len", "3", "3" },
	{ "server", "memory_limit", "5000", "5000" },
	{ "server", "strategy", "static", "static" },
	{ "server", "flags", "huge_pages", "huge_pages" },
	{ "server", "preallocate", "3", "3" },
	{ "server", "when_full", "discard", "discard" },
	{ "server", "port_memory_limit", "6G", "6G" },
	{ "server", "peer_memory_limit", "7M", "7M" },
	{ "service.limits", "max_clients", "4000", "4000" },
	{ "service.limits", "max_servers", "1000", "1000" },
	{ "service.limits", "max_nodes", "8192", "8192" },
	{ "service.limits", "max_active_requests_per_client", "1000", "1000" },
	{ "service.limits", "max_loaned_requests", "1001", "1001" },
	{ "service.limits", "max_loaned_replies_per_request", "1002", "1002" },
	{ "service.limits", "max_response_buffer_size", "1003", "1003" },
	{ "service.limits", "max_borrowed_responses_per_pending_response", "1004", "1004" },
	{ "service.limits", "max_fds_per_message", "16", "16" },
	{ "service.limits", "request_alignment", "2048", "2048" },
	{ "service.limits", "response_alignment", "4096", "4096" },
	{ "service.limits", "mode", "0660", "0660" },
	{ "client.limits", "initial_max_slice_len", "1000", "1000" },
	{ "client.limits", "memory_limit", "2 G", "2G" },
	{ "client.limits", "preallocate", "20", "20" },
	{ "client.limits", "max_active_requests", "20", "20" },
	{ "server.limits", "initial_max_slice_len", "1000", "1000" },
	{ "server.limits", "memory_limit", "2049K", "2049K" },
	{ "server.limits", "preallocate", "20", "20" },
	{ "server.limits", "port_memory_limit", "8G", "8G" },
	{ "server.limits", "peer_memory_limit", "9G", "9G" },
};

TEST_F(config, every_key)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	struct sluice_config *config;
	char name[128], from[64];
	FILE *file = fopen(self->file, "w");
	size_t i;

	ASSERT_NE(NULL, file);
	for (i = 0; i < ARRAY_SIZE_(all); i++)
		fprintf(file, "[%s]\n%s = %s\n", all[i].section, all[i].key, all[i].text);
	ASSERT_EQ(0, fclose(file));

	config = sluice_config_read(self->file);
	ASSERT_NE(NULL, config) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < ARRAY_SIZE_(all); i++) {
		ASSERT_EQ(1, sluice_config_get(config, (unsigned int)i, &key));
		snprintf(name, sizeof(name), "%s.%s", all[i].section, all[i].key);
		snprintf(from, sizeof(from), "test.conf:%zu", 2 * i + 2);
		EXPECT_STREQ(name, key.name);
		EXPECT_STREQ(all[i].value, key.value) TH_LOG("%s", name);
		EXPECT_TRUE(ends_in(key.source, from)) TH_LOG("%s: %s", name, key.source);
		EXPECT_NE(0, key.preset[0]);
		EXPECT_NE(0, key.range[0]);
		EXPECT_NE(0, key.meaning[0]);
	}
	EXPECT_EQ(0, sluice_config_get(config, (unsigned int)i, &key));
	EXPECT_EQ(0, sluice_config_get(config, UINT32_MAX, &key));
	EXPECT_FAILS_INT(EINVAL, sluice_config_get(config, 0, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_config_get(NULL, 0, &key));
	key.size = 0;
	EXPECT_FAILS_INT(EINVAL, sluice_config_get(config, 0, &key));
	sluice_config_free(config);
	sluice_config_free(NULL);
}

/* ---- What becomes of options ---------------------------------------------- */

TEST_F(config, service_is_made_as_configured)
{
	static const struct sluice_service_opts asked = SLUICE_SERVICE_OPTS(
		.max_servers = 9, .mode = 0600);
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS();

	WRITE(self->file, "[service]\nmax_clients = 7\nmax_servers = 3\nmax_nodes = 5\n"
			  "max_active_requests_per_client = 3\nmax_fds_per_message = 2\n"
			  "request_alignment = 64\nflags = no_fire_and_forget\n"
			  "mode = 0660\ngroup = 0x\n");
	EXPECT_FAILS(EINVAL, sluice_node_create("x", NULL));
	EXPECT_SAYS("test.conf:10");
	WRITE(self->file, "[service]\nmax_clients = 7\nmax_servers = 3\nmax_nodes = 5\n"
			  "max_active_requests_per_client = 3\nmax_fds_per_message = 2\n"
			  "request_alignment = 64\nflags = no_fire_and_forget\n"
			  "mode = 0660\ngroup = 12345\n");
	OPEN_NODE();
	OPEN_SERVICE(&slices, &asked);
	ASSERT_EQ(0, sluice_service_settings(self->service, &has));
	EXPECT_EQ(7, has.max_clients);
	EXPECT_EQ(9, has.max_servers);
	EXPECT_EQ(5, has.max_nodes);
	EXPECT_EQ(3, has.max_active_requests_per_client);
	EXPECT_EQ(2, has.max_fds_per_message);
	EXPECT_EQ(64, has.request_alignment);
	EXPECT_EQ(1, has.response_alignment);
	EXPECT_EQ(SLUICE_SERVICE_NO_FIRE_AND_FORGET, has.flags);
	EXPECT_EQ(0600, has.mode);
	EXPECT_EQ(0, has.group);
}

/* What is configured for all services is not for one whose maker refuses it. */
TEST_F(config, a_program_may_refuse_flags_that_are_configured)
{
	static const struct sluice_service_opts refusing = SLUICE_SERVICE_OPTS(
		.refused_flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW);
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS();

	WRITE(self->file, "[service]\nflags = no_request_overflow no_fire_and_forget\n");
	OPEN_NODE();
	OPEN_SERVICE(&slices, &refusing);
	ASSERT_EQ(0, sluice_service_settings(self->service, &has));
	EXPECT_EQ(SLUICE_SERVICE_NO_FIRE_AND_FORGET, has.flags);
}

/* One that is there need not be as large as those that would be made. */
TEST_F(config, defaults_are_no_demands)
{
	static const struct sluice_service_opts small = SLUICE_SERVICE_OPTS(.max_clients = 2);
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS();
	struct sluice_service *again;
	struct sluice_node *node;

	WRITE(self->file, "[service]\nmax_clients = 77\nflags = no_request_overflow\nmode = 0666\n");
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", "/dev/null", 1));
	OPEN_NODE();
	OPEN_SERVICE(&slices, &small);
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", self->file, 1));
	node = sluice_node_create("y", NULL);
	again = sluice_service_open(node, &slices, NULL);
	ASSERT_NE(NULL, again) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, sluice_service_settings(again, &has));
	EXPECT_EQ(2, has.max_clients);
	EXPECT_EQ(0, has.flags);
	sluice_service_close(again);
	sluice_node_destroy(node);
}

/* A static port with room for so many elements, and for no more. */
TEST_F(config, ports_are_made_as_configured)
{
	static const struct sluice_client_opts other = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = 10 });
	struct sluice_request *request;
	struct sluice_client *client;

	WRITE(self->file, "[client]\nstrategy = static\ninitial_max_slice_len = 5\n");
	OPEN_NODE();
	OPEN_SERVICE(&slices, NULL);
	client = sluice_client_create(self->service, NULL);
	ASSERT_NE(NULL, client) TH_LOG("%s", sluice_strerror());
	request = sluice_client_loan(client, 5);
	EXPECT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, sluice_request_release(request));
	EXPECT_FAILS(EMSGSIZE, sluice_client_loan(client, 6));
	sluice_client_destroy(client);
	client = sluice_client_create(self->service, &other);
	request = sluice_client_loan(client, 10);
	EXPECT_NE(NULL, request) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, sluice_request_release(request));
	EXPECT_FAILS(EMSGSIZE, sluice_client_loan(client, 11));
	sluice_client_destroy(client);
}

/* What is meant for all ports is left out where it does not fit. */
TEST_F(config, ports_that_it_does_not_fit)
{
	struct sluice_client *client;
	struct sluice_server *server;

	WRITE(self->file, "[client]\ninitial_max_slice_len = 5\nmax_active_requests = 1000\n"
			  "[server]\ninitial_max_slice_len = 5\n");
	OPEN_NODE();
	OPEN_SERVICE(&fixed, NULL);
	client = sluice_client_create(self->service, NULL);
	EXPECT_NE(NULL, client) TH_LOG("%s", sluice_strerror());
	server = sluice_server_create(self->service, NULL);
	EXPECT_NE(NULL, server) TH_LOG("%s", sluice_strerror());
	sluice_server_destroy(server);
	sluice_client_destroy(client);
}

/* ---- Ceilings --------------------------------------------------------------- */

TEST_F(config, ceilings)
{
	static const struct sluice_service_opts many = SLUICE_SERVICE_OPTS(.max_clients = 101);
	static const struct sluice_service_opts open = SLUICE_SERVICE_OPTS(.mode = 0666);
	static const struct sluice_client_opts large_client = SLUICE_CLIENT_OPTS(
		.port = { .memory_limit = (1 << 20) + 1 });
	static const struct sluice_server_opts large_server = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = 11 });
	static const struct sluice_client_opts busy = SLUICE_CLIENT_OPTS(
		.max_active_requests = 5);
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS(.max_clients = 100);
	struct sluice_client *client;

	WRITE(self->file, "[service.limits]\nmax_clients = 100\nmode = 0600\n"
			  "[client.limits]\nmemory_limit = 1M\nmax_active_requests = 4\n"
			  "[server.limits]\ninitial_max_slice_len = 10\n");
	OPEN_NODE();
	EXPECT_FAILS(EPERM, sluice_service_open(self->node, &slices, &many));
	EXPECT_SAYS("max_clients is 101");
	EXPECT_SAYS("service.limits.max_clients allows at most 100");
	EXPECT_SAYS("test.conf:2");
	EXPECT_FAILS(EPERM, sluice_service_open(self->node, &slices, &open));
	EXPECT_SAYS("mode is 0666");
	OPEN_SERVICE(&slices, &has);
	EXPECT_FAILS(EPERM, sluice_client_create(self->service, &large_client));
	EXPECT_SAYS("client.limits.memory_limit allows at most 1M");
	EXPECT_FAILS(EPERM, sluice_client_create(self->service, &busy));
	EXPECT_SAYS("max_active_requests is 5");
	EXPECT_FAILS(EPERM, sluice_server_create(self->service, &large_server));
	EXPECT_SAYS("test.conf:8");
	client = sluice_client_create(self->service, NULL);
	EXPECT_NE(NULL, client) TH_LOG("%s", sluice_strerror());
	sluice_client_destroy(client);
}

/* What a server derives from the machine is below the ceiling, too. */
TEST_F(config, ceilings_of_what_is_derived)
{
	static const struct sluice_server_opts long_slice = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = 200000 });
	static const struct sluice_server_opts asks = SLUICE_SERVER_OPTS(
		.port_memory_limit = (2 << 20) + 1);
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS();

	WRITE(self->file, "[server.limits]\nport_memory_limit = 2M\npeer_memory_limit = 1M\n");
	OPEN_NODE();
	OPEN_SERVICE(&slices, &has);
	EXPECT_FAILS(EMSGSIZE, sluice_server_create(self->service, &long_slice));
	EXPECT_SAYS("peer_memory_limit is 1048576 bytes");
	EXPECT_FAILS(EPERM, sluice_server_create(self->service, &asks));
	EXPECT_SAYS("server.limits.port_memory_limit allows at most 2M");
}

/* A default that nobody chose goes down to the ceiling; one that was chosen is wrong. */
TEST_F(config, ceilings_of_defaults)
{
	struct sluice_service_opts has = SLUICE_SERVICE_OPTS();

	WRITE(self->file, "[service.limits]\nmax_clients = 100\n");
	EXPECT_KEY(self->file, "service.max_clients", "100", "test.conf:2");
	OPEN_NODE();
	OPEN_SERVICE(&slices, NULL);
	ASSERT_EQ(0, sluice_service_settings(self->service, &has));
	EXPECT_EQ(100, has.max_clients);
	WRITE(self->file, "[service.limits]\nmax_clients = 100\n[service]\nmax_clients = 101\n");
	EXPECT_FAILS(EINVAL, sluice_node_create("y", NULL));
	EXPECT_SAYS("test.conf:4: max_clients is 101");
	EXPECT_SAYS("test.conf:2");
}

/* ---- What is wrong ------------------------------------------------------------ */

#define SPACES	"                                        "

static const struct {
	const char *text, *says;
} wrong[] = {
	{ "[service]\nmax_clients = 0\n", ":2: max_clients is 0, which" },
	{ "[service]\nmax_clients = 4097\n", ":2: max_clients is \"4097\", and can be 1 to 4096" },
	{ "[service]\nmax_clients = -1\n", ":2: max_clients" },
	{ "[service]\nmax_clients = 1x\n", ":2: max_clients" },
	{ "[service]\nmax_clients = 0x10\n", ":2: max_clients" },
	{ "[service]\nmax_clients =\n", ":2: max_clients" },
	{ "[service]\nmax_clients = 18446744073709551617\n", ":2: max_clients" },
	{ "[service]\nrequest_alignment = 48\n", ":2: request_alignment" },
	{ "[service]\nmode = 600\n", ":2: mode" },
	{ "[service]\nflags = must_exist\n", ":2: flags" },
	{ "[service]\nmax_clients = 5 6\n", ":2: max_clients" },
	{ "[client]\nmemory_limit = 16777217T\n", ":2: memory_limit" },
	{ "[client]\nmemory_limit = 2T\n", ":2: memory_limit" },
	{ "[client]\nmemory_limit = 5m\n", ":2: memory_limit" },
	{ "[client]\nstrategy = 1\n", ":2: strategy" },
	{ "[node]\nspin = 0\n", ":2: spin is 0, which" },
	{ "[node]\nspin = 2s\n", ":2: spin" },
	{ "[node]\nroot = here\n", ":2: root" },
	{ "[node]\ndomain = a/b\n", ":2: domain" },
	{ "[node]\ndomain = .a\n", ":2: domain" },
	{ "[node]\nwait = never\n", ":2: wait" },
	{ "[node]\n\n# more\nmax_clents = 1\n", ":4: there is no key max_clents" },
	{ "[node]\nmax_clients = 1\n", ":2: there is no max_clients in [node], but in [service]" },
	{ "[server]\nmax_active_requests = 1\n", ":2: there is no max_active_requests in [server]" },
	{ "[service.limits]\ngroup = 1\n", ":2: there is no group in [service.limits]" },
	{ "[node.limits]\nspin = 1\n", ":2: there is no section [node.limits]" },
	{ "[services]\nmax_clients = 1\n", ":2: there is no section [services]" },
	{ "[service.limit]\nmax_clients = 1\n", ":2: there is no section" },
	{ "max_clients = 1\n", ":1: max_clients stands before any [section]" },
	{ "[service]\nmax_clients = 1\nmax_clients = 1\n",
	  ":3: max_clients is set a second time; it was in line 2" },
	{ "[service]\nmax_clients = 1\n[client]\n[service]\nmax_clients = 1\n", ":5: max_clients is" },
	{ "[service]\nmax_clients = 1\n  2\n", ":3: this is neither" },
	{ "[service]\nmax_clients\n", ":2: this is neither" },
	{ "[service\nmax_clients = 1\n", ":1: the [ has no ]" },
	{ "[service] max_clients = 1\n", ":1: there is something behind" },
	{ "[service]\n = 1\n", ":2: there is no key" },
	{ "[service]\nmax_clients = 1\001\n", ":2: byte 0x01" },
	{ "\177ELF\002\n", ":1: byte 0x7f" },
	{ "[service]\n# " SPACES SPACES SPACES SPACES SPACES "\n", ":2: the line has 202 bytes" },
	{ "[service]\nmax_clients = 1" SPACES SPACES SPACES SPACES SPACES "0\n",
	  ":2: the line has" },
};

TEST_F(config, wrong_lines)
{
	struct sluice_config *config;
	size_t i;

	for (i = 0; i < ARRAY_SIZE_(wrong); i++) {
		WRITE(self->file, wrong[i].text);
		errno = 0;
		EXPECT_EQ(NULL, (void *)sluice_node_create("x", NULL));
		EXPECT_EQ(EINVAL, errno) TH_LOG("%s", wrong[i].text);
		EXPECT_SAYS(self->file);
		EXPECT_SAYS(wrong[i].says);
		config = sluice_config_read(self->file);
		EXPECT_EQ(NULL, (void *)config);
		EXPECT_SAYS(wrong[i].says);
		sluice_config_free(config);
	}
}

TEST_F(config, a_binary_file)
{
	static char bytes[70000];

	WRITE_BYTES(self->file, "[service]\nmax\0_clients = 1\n", 26);
	EXPECT_FAILS(EINVAL, sluice_node_create("x", NULL));
	EXPECT_SAYS(":2: byte 0x00");
	memset(bytes, '\n', sizeof(bytes));
	WRITE_BYTES(self->file, bytes, sizeof(bytes));
	EXPECT_FAILS(EINVAL, sluice_node_create("x", NULL));
	EXPECT_SAYS("has 70000 bytes");
	WRITE_BYTES(self->file, bytes, 65536);
	EXPECT_KEY(self->file, "service.max_clients", "256", "built in");
}

/* Odd, and right all the same. */
TEST_F(config, right_lines)
{
	static const char *const right[] = {
		"[service]\nmax_clients = 7",
		"\n\n  [service]\n\tmax_clients=7\n",
		"[service] ; these\n; and\n# so\nmax_clients = 7 ; on\n",
		"[service]\r\nmax_clients: 7\r\n",
		"\xef\xbb\xbf[service]\nmax_clients = 7\n",
		"[client]\n[service]\nmax_servers = 1\n   max_clients = 7\n[node]\n",
		"# gr\xc3\xbc\xc3\x9f\n[service]\nmax_clients = 007\n",
	};
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	struct sluice_config *config;
	size_t i;

	for (i = 0; i < ARRAY_SIZE_(right); i++) {
		WRITE(self->file, right[i]);
		config = sluice_config_read(self->file);
		EXPECT_NE(NULL, config) TH_LOG("%s", sluice_strerror());
		EXPECT_LE(0, look_up(config, "service.max_clients", &key));
		EXPECT_STREQ("7", key.value) TH_LOG("%s", right[i]);
		sluice_config_free(config);
	}
	WRITE(self->file, "");
	EXPECT_KEY(self->file, "service.max_clients", "256", "built in");
}

/* ---- Files that are not to be trusted -------------------------------------------- */

#define EXPECT_REFUSED(error, word)					\
	do {								\
		EXPECT_FAILS(error, sluice_node_create("x", NULL));	\
		EXPECT_SAYS(word);					\
	} while (0)

TEST_F(config, not_trusted)
{
	char link[256];

	WRITE(self->file, "[service]\nmax_clients = 7\n");
	ASSERT_EQ(0, chmod(self->file, 0646));
	EXPECT_REFUSED(EACCES, "mode 0646");
	ASSERT_EQ(0, chmod(self->file, 0664));
	EXPECT_REFUSED(EACCES, "mode 0664");
	ASSERT_EQ(0, chmod(self->file, 0644));
	EXPECT_KEY(NULL, "service.max_clients", "7", "test.conf:2");
	if (geteuid() == 0) {
		ASSERT_EQ(0, chown(self->file, NOBODY, 0));
		EXPECT_REFUSED(EACCES, "belongs to user 65534");
		ASSERT_EQ(0, chown(self->file, 0, 0));
	}
	snprintf(link, sizeof(link), "%s/link", self->root.path);
	ASSERT_EQ(0, symlink(self->file, link));
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", link, 1));
	EXPECT_KEY(NULL, "service.max_clients", "7", "link:2");
	ASSERT_EQ(0, chmod(self->file, 0646));
	EXPECT_REFUSED(EACCES, "mode 0646");
	ASSERT_EQ(0, unlink(link));
	ASSERT_EQ(0, mkfifo(link, 0600));
	EXPECT_REFUSED(EACCES, "is no file");
	ASSERT_EQ(0, unlink(link));
	EXPECT_REFUSED(ENOENT, link);
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", self->root.path, 1));
	EXPECT_REFUSED(EACCES, "is no file");
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", "/dev/zero", 1));
	EXPECT_REFUSED(EACCES, "is no file");
}

TEST_F(config, unreadable)
{
	char folder[128];

	WRITE(self->file, "[service]\nmax_clients = 7\n");
	ASSERT_EQ(0, chmod(self->file, 0));
	if (geteuid() == 0) {
		ASSERT_EQ(0, chmod(self->root.path, 0711));
		ASSERT_EQ(0, seteuid(NOBODY));
	}
	EXPECT_REFUSED(EACCES, "cannot read");
	ASSERT_EQ(0, seteuid(getuid()));
	ASSERT_EQ(0, chmod(self->root.path, 0700));

	/* Of a home that is closed it cannot be known. */
	snprintf(folder, sizeof(folder), "%s/home", self->root.path);
	ASSERT_EQ(0, mkdir(folder, 0));
	ASSERT_EQ(0, unsetenv("SLUICE_CONFIG"));
	ASSERT_EQ(0, setenv("XDG_CONFIG_HOME", folder, 1));
	ASSERT_EQ(0, seteuid(geteuid() ? geteuid() : NOBODY));
	EXPECT_KEY(NULL, "service.max_nodes", "512", "built in");
	ASSERT_EQ(0, seteuid(getuid()));
	ASSERT_EQ(0, rmdir(folder));
}

/* ---- Who wins --------------------------------------------------------------------- */

/* An /etc of our own.  False: that cannot be had. */
helper bool have_etc(void)
{
	return geteuid() == 0 && !unshare(CLONE_NEWNS) &&
	       !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/etc", "tmpfs", 0, NULL) && !mkdir("/etc/sluice", 0755);
}

TEST_F(config, order)
{
	struct sluice_node_opts opts = SLUICE_NODE_OPTS(.domain = "option");
	char home[128], folder[192], user[256], path[256];
	struct sluice_node *node;

	if (!have_etc())
		SKIP(return, "needs root, and mount namespaces");
	ASSERT_EQ(0, unsetenv("SLUICE_CONFIG"));
	ASSERT_EQ(0, unsetenv("XDG_CONFIG_HOME"));
	snprintf(home, sizeof(home), "%s/home", self->root.path);
	snprintf(folder, sizeof(folder), "%s/.config", home);
	ASSERT_EQ(0, mkdir(home, 0700));
	ASSERT_EQ(0, mkdir(folder, 0700));
	strcat(folder, "/sluice");
	ASSERT_EQ(0, mkdir(folder, 0700));
	snprintf(user, sizeof(user), "%s/sluice.conf", folder);
	ASSERT_EQ(0, setenv("HOME", home, 1));

	EXPECT_KEY(NULL, "node.domain", "default", "built in");
	WRITE("/etc/sluice/sluice.conf", "[node]\ndomain = system\n[service]\nmax_nodes = 5\n"
					 "[client]\nflags = lock\n");
	EXPECT_KEY(NULL, "node.domain", "system", "/etc/sluice/sluice.conf:2");
	WRITE(user, "\n[node]\ndomain = user\n[client]\nflags = none\n");
	EXPECT_KEY(NULL, "node.domain", "user", "/home/.config/sluice/sluice.conf:3");
	EXPECT_KEY(NULL, "service.max_nodes", "5", "/etc/sluice/sluice.conf:4");
	EXPECT_KEY(NULL, "client.flags", "none", "sluice.conf:5");
	ASSERT_EQ(0, setenv("XDG_CONFIG_HOME", "relative", 1));
	EXPECT_KEY(NULL, "node.domain", "user", "/home/.config/sluice/sluice.conf:3");
	ASSERT_EQ(0, setenv("XDG_CONFIG_HOME", home, 1));
	EXPECT_KEY(NULL, "node.domain", "system", "/etc/sluice/sluice.conf:2");
	ASSERT_EQ(0, unsetenv("XDG_CONFIG_HOME"));
	ASSERT_EQ(0, setenv("SLUICE_DOMAIN", "variable", 1));
	EXPECT_KEY(NULL, "node.domain", "variable", "$SLUICE_DOMAIN");
	WRITE(self->file, "[service]\nmax_clients = 7\n");
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", self->file, 1));
	EXPECT_KEY(NULL, "service.max_nodes", "512", "built in");
	EXPECT_KEY(NULL, "node.domain", "variable", "$SLUICE_DOMAIN");
	EXPECT_KEY(self->file, "node.domain", "default", "built in");

	node = sluice_node_create("x", &opts);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	snprintf(path, sizeof(path), "%s/option/nodes", self->root.path);
	EXPECT_EQ(0, access(path, F_OK));
	sluice_node_destroy(node);
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", "", 1));
	node = sluice_node_create("x", NULL);
	snprintf(path, sizeof(path), "%s/variable/nodes", self->root.path);
	EXPECT_EQ(0, access(path, F_OK));
	sluice_node_destroy(node);
	ASSERT_EQ(0, unlink(user));
}

/* Both of the root directory and of how to wait: file, environment, option. */
TEST_F(config, node_keys)
{
	static const struct sluice_node_opts socket = SLUICE_NODE_OPTS(
		.wait = SLUICE_WAIT_SOCKET);
	char text[256], elsewhere[128], path[256];
	struct sluice_node *node;

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", self->root.path);
	snprintf(text, sizeof(text), "[node]\nroot = %s\nwait = socket\nspin = none\n", elsewhere);
	WRITE(self->file, text);
	ASSERT_EQ(0, unsetenv("SLUICE_WAIT"));
	EXPECT_KEY(NULL, "node.root", self->root.path, "$SLUICE_ROOT");
	EXPECT_KEY(NULL, "node.wait", "socket", "test.conf:3");
	EXPECT_KEY(NULL, "node.spin", "none", "test.conf:4");
	ASSERT_EQ(0, setenv("SLUICE_WAIT", "auto", 1));
	EXPECT_KEY(NULL, "node.wait", "auto", "$SLUICE_WAIT");
	ASSERT_EQ(0, setenv("SLUICE_WAIT", "never", 1));
	EXPECT_FAILS(EINVAL, sluice_config_read(NULL));
	EXPECT_FAILS(EINVAL, sluice_node_create("x", NULL));
	EXPECT_SAYS("SLUICE_WAIT");
	node = sluice_node_create("x", &socket);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	sluice_node_destroy(node);
	ASSERT_EQ(0, unsetenv("SLUICE_WAIT"));
	ASSERT_EQ(0, unsetenv("SLUICE_ROOT"));
	EXPECT_KEY(NULL, "node.root", elsewhere, "test.conf:2");
	node = sluice_node_create("x", NULL);
	EXPECT_NE(NULL, node) TH_LOG("%s", sluice_strerror());
	snprintf(path, sizeof(path), "%s/default/nodes", elsewhere);
	EXPECT_EQ(0, access(path, F_OK));
	sluice_node_destroy(node);
}

/* ---- A program with more privileges than its user ----------------------------------- */

/* Runs instead of the tests in a program that was started as PROBE. */
static __attribute__((__constructor__)) void run_probe(void)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	struct sluice_config *config;

	if (!getenv(PROBE))
		return;
	if (!getauxval(AT_SECURE))
		_exit(NOT_SECURE);
	config = sluice_config_read(NULL);
	if (!config)
		_exit(2);
	if (sluice_config_get(config, 1, &key) != 1 || strcmp(key.value, getenv(PROBE)))
		_exit(3);
	_exit(0);
}

/* As another user runs a copy of this program; its exit status. */
helper int probe(const char *program, const char *domain)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		setenv(PROBE, domain, 1);
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(4);
		execl(program, program, (char *)NULL);
		_exit(5);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(config, setuid)
{
	char program[128], command[512];
	int status;

	if (!have_etc())
		SKIP(return, "needs root, and mount namespaces");
	snprintf(program, sizeof(program), "%s/program", self->root.path);
	snprintf(command, sizeof(command),
		 "cp /proc/%d/exe %s && chown %d %s && chmod 4755 %s && chmod 711 %s", getpid(),
		 program, SOMEBODY, program, program, self->root.path);
	ASSERT_EQ(0, system(command));
	WRITE(self->file, "[node]\ndomain = user\n");
	ASSERT_EQ(0, setenv("SLUICE_DOMAIN", "variable", 1));
	status = probe(program, "default");
	if (status == NOT_SECURE)
		SKIP(goto out, "there are no setuid programs in /tmp");
	EXPECT_EQ(0, status);
	WRITE("/etc/sluice/sluice.conf", "[node]\ndomain = system\n");
	EXPECT_EQ(0, probe(program, "system"));
	/* And what would be wrong in the user's file is not even read. */
	WRITE(self->file, "[nonsense\n");
	EXPECT_EQ(0, probe(program, "system"));
out:
	ASSERT_EQ(0, unlink(program));
	ASSERT_EQ(0, chmod(self->root.path, 0700));
}

TEST_HARNESS_MAIN
