// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration: every key can be set and is read as it was written; nodes, services and
 * ports are made as it says; and options must not exceed its ceilings.
 * config_file_test has files that are wrong, and config_order_test the places that a key
 * can come from.
 */
#include "config.h"

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
	for (i = 0; i < ARRAY_SIZE(all); i++)
		fprintf(file, "[%s]\n%s = %s\n", all[i].section, all[i].key, all[i].text);
	ASSERT_EQ(0, fclose(file));

	config = sluice_config_read(self->file);
	ASSERT_NE(NULL, config) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < ARRAY_SIZE(all); i++) {
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

/* A configured flag does not apply to a service whose creator refuses it. */
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

/* A service that exists need not be as large as a new one would be. */
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

/* A setting for all ports is left out for a port that it does not fit. */
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

/* A limit that a server derives from the machine is below the ceiling, too. */
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

TEST_HARNESS_MAIN
