// SPDX-License-Identifier: GPL-2.0-only
/*
 * The places that a key of the configuration can come from, and which of them wins.  A program
 * with more privileges than its user reads /etc alone.
 *
 * /etc belongs to the machine.  Tests of it have one of their own, in a mount namespace, and
 * need root.
 */
#include "config.h"

#include <grp.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/wait.h>

#define SOMEBODY	65533

/* The exit status of the program when run_probe() runs it. */
#define PROBE		"SLUICE_CONFIG_PROBE"
#define NOT_SECURE	77

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
