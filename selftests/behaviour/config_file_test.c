// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration files that are wrong, line by line; that are unusual and right; and that are
 * not to be trusted, because others could have written them.
 */
#include "config.h"

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

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
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

	for (i = 0; i < ARRAY_SIZE(right); i++) {
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

	/* A home that may not be read may have a file or not. */
	snprintf(folder, sizeof(folder), "%s/home", self->root.path);
	ASSERT_EQ(0, mkdir(folder, 0));
	ASSERT_EQ(0, unsetenv("SLUICE_CONFIG"));
	ASSERT_EQ(0, setenv("XDG_CONFIG_HOME", folder, 1));
	ASSERT_EQ(0, seteuid(geteuid() ? geteuid() : NOBODY));
	EXPECT_KEY(NULL, "service.max_nodes", "512", "built in");
	ASSERT_EQ(0, seteuid(getuid()));
	ASSERT_EQ(0, rmdir(folder));
}

TEST_HARNESS_MAIN
