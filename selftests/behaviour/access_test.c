// SPDX-License-Identifier: GPL-2.0-only
/*
 * Services of several users: who may open, serve and call what, by the mode and the group
 * of a service and the root directory that the users share; what they can do to each
 * other's entries, which is nothing; and what is left of them in the end.
 */
#include "steps.h"
#include "users.h"

#include <sluice/registry.h>

PROCESSES_FIXTURE(access);

static const struct sluice_service_opts any_user = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER);
static const struct sluice_service_opts must_exist = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER | SLUICE_SERVICE_MUST_EXIST);
static const struct sluice_service_opts of_group = SLUICE_SERVICE_OPTS(
	.mode = 0660, .group = GROUP);
static const struct sluice_service_opts of_group_trusting = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_ANY_USER, .mode = 0660, .group = GROUP);
static const struct sluice_service_opts of_all = SLUICE_SERVICE_OPTS(.mode = 0666);
static const struct sluice_service_opts of_some_group = SLUICE_SERVICE_OPTS(.mode = 0660);

/* ---- Meeting ------------------------------------------------------------------- */

static void serve_as(struct __test_metadata *_metadata, struct end *end, long user,
		     const struct sluice_service_opts *opts)
{
	start_user(_metadata, end, user);
	ASSERT_EQ(0, at(end, open_service, PTR(&calls), PTR(opts)))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(0, at(end, open_server, 0, 0)) TH_LOG("%s", end->result.sentence);
}

static void call_as(struct __test_metadata *_metadata, struct end *end, long user,
		    const struct sluice_service_opts *opts)
{
	start_user(_metadata, end, user);
	ASSERT_EQ(0, at(end, open_service, PTR(&calls), PTR(opts)))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(0, at(end, open_client, 0, 0)) TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(1, at(end, wait_servers, 1, LONG)) TH_LOG("%s", end->result.sentence);
}

static void exchange(struct __test_metadata *_metadata, struct end *client,
		     struct end *server, long value)
{
	ASSERT_EQ(1, at(client, ask, 0, value));
	ASSERT_EQ(value, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, value + 1));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(value + 1, at(client, hear, 0, LONG)) TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(-EPIPE, at(client, hear, 0, LONG));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
}

static void cannot_open(struct __test_metadata *_metadata, struct end *end, long user,
			const struct sluice_service_opts *opts, int error)
{
	start_user(_metadata, end, user);
	EXPECT_EQ(-error, at(end, open_service, PTR(&calls), PTR(opts)));
	EXPECT_NE(0, end->result.sentence[0]);
	end_stop(end);
}

TEST_F(access, of_a_group)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	exchange(_metadata, client, server, 1);

	cannot_open(_metadata, &self->end[2], BOB, NULL, EACCES);
	cannot_open(_metadata, &self->end[2], EVE, &any_user, EACCES);
	exchange(_metadata, client, server, 2);
	end_stop(client);
}

/* Who comes first is a client, and the service is his. */
TEST_F(access, of_the_client)
{
	struct end *client = &self->end[0], *server = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	start_user(_metadata, client, ANN);
	ASSERT_EQ(0, at(client, open_service, PTR(&calls), PTR(&of_group_trusting)));
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	serve_as(_metadata, server, BOB, &any_user);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange(_metadata, client, server, 1);
	end_stop(server);
}

/* The server of somebody who may serve, for one who trusts nobody: he is not reached. */
TEST_F(access, of_the_client_who_does_not_trust)
{
	struct end *client = &self->end[0], *server = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	start_user(_metadata, client, ANN);
	ASSERT_EQ(0, at(client, open_service, PTR(&calls), PTR(&of_group)));
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	serve_as(_metadata, server, BOB, &any_user);
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, at(client, wait_servers, 1, SLUICE_NOWAIT));
	end_stop(server);
}

TEST_F(access, of_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 01777);
	serve_as(_metadata, server, ANN, &of_all);
	call_as(_metadata, client, EVE, &any_user);
	exchange(_metadata, client, server, 1);
	cannot_open(_metadata, &self->end[2], EVE, NULL, EACCES);
	end_stop(client);
}

/* The root directory lets everybody in, the service does not. */
TEST_F(access, of_a_group_among_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 01777);
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	exchange(_metadata, client, server, 1);
	cannot_open(_metadata, &self->end[2], EVE, &any_user, EACCES);
	end_stop(client);
}

TEST_F(access, of_one_user)
{
	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, &self->end[0], ANN, NULL);
	cannot_open(_metadata, &self->end[2], BOB, &any_user, EACCES);
	cannot_open(_metadata, &self->end[2], BOB, NULL, EACCES);
}

/* Root is trusted by all, and trusts none. */
TEST_F(access, of_root)
{
	struct end *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&of_group)));
	ASSERT_EQ(0, open_server(&self->seat, 0, 0));
	call_as(_metadata, client, BOB, NULL);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(&self->seat, 0, LONG));
	ASSERT_EQ(0, answer(&self->seat, 0, 2));
	ASSERT_EQ(2, at(client, hear, 0, LONG));
	end_stop(client);
	leave(&self->seat, 0, 0);

	serve_as(_metadata, &self->end[0], ANN, &of_group);
	EXPECT_EQ(-EACCES, open_service(&self->seat, PTR(&calls), 0));
	EXPECT_SAYS("SLUICE_SERVICE_ANY_USER");
	EXPECT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&any_user)));
	leave(&self->seat, 0, 0);
}

TEST_F(access, that_is_demanded)
{
	struct sluice_service_opts found = SLUICE_SERVICE_OPTS(0);
	struct end *end = &self->end[2];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, &self->end[0], ANN, NULL);
	cannot_open(_metadata, end, ANN, &of_some_group, EPROTOTYPE);
	cannot_open(_metadata, end, ANN, &of_all, EPROTOTYPE);
	end_stop(&self->end[0]);

	/* The group that the root directory gives is known. */
	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&of_some_group)));
	ASSERT_EQ(0, sluice_service_settings(self->seat.service, &found));
	EXPECT_EQ(0660, found.mode);
	EXPECT_EQ(GROUP, found.group);
	cannot_open(_metadata, end, ANN, &of_all, EPROTOTYPE);
	start_user(_metadata, end, ANN);
	EXPECT_EQ(0, at(end, open_service, PTR(&calls), PTR(&of_group)));
	end_stop(end);
}

TEST_F(access, of_a_group_that_is_not_ours)
{
	static const struct sluice_service_opts foreign = SLUICE_SERVICE_OPTS(
		.mode = 0660, .group = EVE);
	struct end *end = &self->end[0];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	start_user(_metadata, end, ANN);
	EXPECT_EQ(-EPERM, at(end, open_service, PTR(&calls), PTR(&foreign)));
	EXPECT_NE(NULL, strstr(end->result.sentence, "group 65529"))
		TH_LOG("%s", end->result.sentence);
	EXPECT_EQ(0, at(end, open_service, PTR(&calls), PTR(&of_group)));
}

/* In a root of one user a service may say what it likes; nobody else gets there. */
TEST_F(access, below_a_private_root)
{
	struct end *end = &self->end[0];

	ASSERT_EQ(0, open_service(&self->seat, PTR(&calls), PTR(&of_some_group)));
	ASSERT_EQ(0, open_server(&self->seat, 0, 0));
	start_client(_metadata, end, IN_PROCESS, &calls, 1);
	end_stop(end);
	if (!geteuid())
		cannot_open(_metadata, end, BOB, &any_user, EACCES);
}

/* A root that its own user has opened to others is his; they do not trust it. */
TEST_F(access, below_a_root_of_a_user)
{
	NEEDS_ROOT();
	ASSERT_EQ(0, chown(self->root.path, ANN, GROUP));
	ASSERT_EQ(0, chmod(self->root.path, 03770));
	serve_as(_metadata, &self->end[0], ANN, &of_group);
	cannot_open(_metadata, &self->end[2], BOB, &any_user, EACCES);
	EXPECT_EQ(-EACCES, open_service(&self->seat, PTR(&calls), PTR(&any_user)));
}

/* ---- Modes --------------------------------------------------------------------- */

/* What an entry must look like, by the last parts of its path. */
static const struct {
	const char *path;		/* for fnmatch() */
	mode_t mode;
} expected_modes[] = {
	{ "default", S_IFDIR | 03770 },
	{ "default/nodes", S_IFDIR | 03770 },
	{ "default/nodes/????????????????", S_IFREG | 0640 },
	{ "default/nodes/*.sock", S_IFSOCK | 0660 },
	{ "default/services", S_IFDIR | 03770 },
	{ "default/services/????????????????", S_IFDIR | 02750 },
	{ "default/services/*/contract", S_IFREG | 0640 },
	{ "default/services/*/ports", S_IFDIR | 03770 },
	{ "default/services/*/ports/*", S_IFREG | 0640 },
	{ "default/services/*/servers", S_IFDIR | 03770 },
	{ "default/services/*/servers/*.sock", S_IFSOCK | 0660 },
};

static const char *walked;		/* the root directory */
static int walked_entries, walked_wrong;

static int visit_mode(const char *path, const struct stat *status, int type,
		      struct FTW *where)
{
	size_t i;

	(void)type;
	if (!where->level)
		return 0;
	walked_entries++;
	for (i = 0; i < ARRAY_SIZE(expected_modes); i++)
		if (!fnmatch(expected_modes[i].path, path + strlen(walked) + 1, FNM_PATHNAME) &&
		    expected_modes[i].mode == status->st_mode && status->st_gid == GROUP)
			return 0;
	fprintf(TH_LOG_STREAM, "# %s has mode %o and group %u\n", path, status->st_mode,
		status->st_gid);
	walked_wrong++;
	return 0;
}

static void expect_modes(struct __test_metadata *_metadata, struct root *root)
{
	walked = root->path;
	walked_entries = walked_wrong = 0;
	nftw(root->path, visit_mode, 16, FTW_PHYS);
	EXPECT_EQ(0, walked_wrong);
	/* Those above, a client and the two names of the node in ports/ included. */
	EXPECT_EQ((int)ARRAY_SIZE(expected_modes) + 2, walked_entries);
}

TEST_F(access, whatever_the_umask)
{
	static const long masks[] = { 0, 022, 077 };
	struct end *end = &self->end[0];
	size_t i;

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		start_user(_metadata, end, ANN);
		ASSERT_LE(0, at(end, set_umask, masks[i], 0));
		ASSERT_EQ(0, at(end, open_service, PTR(&calls), PTR(&of_group)))
			TH_LOG("%lo: %s", masks[i], end->result.sentence);
		ASSERT_EQ(0, at(end, open_server, 0, 0));
		ASSERT_EQ(0, at(end, open_client, 0, 0));
		expect_modes(_metadata, &self->root);
		EXPECT_EQ(masks[i], at(end, set_umask, 022, 0));
		end_stop(end);
	}
}

/* Without the bit that hands a group on, it is the one of the root all the same. */
TEST_F(access, whatever_the_group_of_a_user)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 01770);
	serve_as(_metadata, server, ANN, &of_some_group);
	ASSERT_EQ(0, at(server, open_client, 0, 0));
	expect_modes(_metadata, &self->root);
	call_as(_metadata, client, BOB, &any_user);
	end_stop(client);
}

/* ---- What users can do to each other --------------------------------------------- */

static long harmed;

/* Tries to write, rename and remove what is another's. */
static int visit_harm(const char *path, const struct stat *status, int type,
		      struct FTW *where)
{
	char moved[PATH_MAX];
	int fd;

	(void)type;
	if (!where->level || status->st_uid == geteuid())
		return 0;
	fd = S_ISREG(status->st_mode) ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	if (fd >= 0)
		close(fd);
	snprintf(moved, sizeof(moved), "%s.moved", path);
	if (fd >= 0 || !chmod(path, 0777) || !rename(path, moved) || !remove(path)) {
		fprintf(TH_LOG_STREAM, "# %s was harmed\n", path);
		harmed++;
	}
	return 0;
}

/* harm(): how much of what is others' below the root could be changed. */
static long harm(struct seat *seat, long a, long b)
{
	(void)seat, (void)a, (void)b;
	harmed = 0;
	nftw(getenv("SLUICE_ROOT"), visit_harm, 16, FTW_PHYS | FTW_DEPTH);
	return harmed;
}

TEST_F(access, to_the_entries_of_others)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	EXPECT_EQ(0, at(client, harm, 0, 0));
	exchange(_metadata, client, server, 1);
	call_as(_metadata, &self->end[2], BOB, &any_user);
	end_stop(&self->end[2]);
	end_stop(client);
}

/* The one directory of a service that is there. */
static int find_service(char *path, size_t size)
{
	struct dirent *entry;
	int length, found = 0;
	DIR *services;

	length = snprintf(path, size, "%s/default/services", getenv("SLUICE_ROOT"));
	services = opendir(path);
	while (services && (entry = readdir(services)))
		if (strlen(entry->d_name) == 16) {
			snprintf(path + length, size - (size_t)length, "/%s", entry->d_name);
			found++;
		}
	if (services)
		closedir(services);
	return found;
}

/* forge(): a record that nobody holds, and that speaks of another's server. */
static long forge(struct seat *seat, long a, long b)
{
	struct sluice_registry_port record;
	char path[PATH_MAX], name[PATH_MAX + 32];
	int fd, result;

	(void)seat, (void)a, (void)b;
	if (find_service(path, sizeof(path)) != 1)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s/ports/server.0", path);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &record, sizeof(record)) != sizeof(record))
		return -errno;
	close(fd);
	snprintf(name, sizeof(name), "%s/ports/server.9", path);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	result = write(fd, &record, sizeof(record)) == sizeof(record) ? 0 : -EIO;
	close(fd);
	return result;
}

/* forged(): is that record still there? */
static long forged(struct seat *seat, long a, long b)
{
	char path[PATH_MAX], name[PATH_MAX + 32];

	(void)seat, (void)a, (void)b;
	if (find_service(path, sizeof(path)) != 1)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s/ports/server.9", path);
	return !access(name, F_OK);
}

/* Whoever sweeps it away removes it, and not what it speaks of. */
TEST_F(access, by_the_hands_of_others)
{
	struct end *server = &self->end[0], *client = &self->end[1], *dead = &self->end[2];
	static const long sweepers[] = { ANN, 0 };
	size_t i;

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	for (i = 0; i < ARRAY_SIZE(sweepers); i++) {
		ASSERT_EQ(0, at(client, forge, 0, 0));
		call_as(_metadata, dead, ANN, NULL);
		end_kill(dead);
		end_reap(dead);
		end_start(_metadata, &self->end[3], IN_PROCESS);
		ASSERT_EQ(0, at(&self->end[3], become, sweepers[i], GROUP));
		ASSERT_EQ(0, at(&self->end[3], open_service, PTR(&calls), PTR(&any_user)));
		EXPECT_EQ(0, at(client, forged, 0, 0));
		end_stop(&self->end[3]);
		call_as(_metadata, dead, BOB, &any_user);
		end_stop(dead);
	}
	end_stop(client);
}

/* ---- What is left --------------------------------------------------------------- */

/* Opens something, so that what the dead of the same user have left is swept. */
static void sweep_as(struct __test_metadata *_metadata, struct end *end, long user)
{
	start_user(_metadata, end, user);
	ASSERT_EQ(0, at(end, open_service, PTR(&blobs), 0)) TH_LOG("%s", end->result.sentence);
	end_stop(end);
}

TEST_F(access, and_the_death_of_a_client)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	int before, i;

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	/* Root comes first, and the domain is root's. */
	sweep(_metadata);
	serve_as(_metadata, server, ANN, &of_group);
	before = tree_walk(self->root.path, false).files;
	for (i = 0; i < 5; i++) {
		call_as(_metadata, client, BOB, &any_user);
		ASSERT_EQ(1, at(client, ask, 0, 1));
		end_kill(client);
		end_reap(client);
		ASSERT_EQ(1, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, done, 0, 0));
		/* In his service Ann removes what she finds; the rest is Bob's. */
		sweep_as(_metadata, &self->end[2], ANN);
		EXPECT_EQ(before + 2, tree_walk(self->root.path, false).files);
		sweep_as(_metadata, &self->end[2], BOB);
		EXPECT_EQ(before, tree_walk(self->root.path, false).files) {
			tree_walk(self->root.path, true);
		}
	}
}

TEST_F(access, and_the_death_of_all)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	end_kill(server);
	end_kill(client);
	end_reap(server);
	end_reap(client);
	sweep_as(_metadata, client, BOB);
	EXPECT_LT(0, tree_walk(self->root.path, false).files);
	sweep_as(_metadata, server, ANN);
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);

	/* Or root comes, and can remove all of it. */
	serve_as(_metadata, server, ANN, &of_group);
	call_as(_metadata, client, BOB, &any_user);
	end_kill(server);
	end_kill(client);
	end_reap(server);
	end_reap(client);
	sweep(_metadata);
	EXPECT_EQ(0, tree_walk(self->root.path, true).files);
}

/* Who closes last cannot remove it; others use it, until its user makes a new one. */
TEST_F(access, of_a_service_that_another_closes)
{
	static const struct sluice_service_opts fresh = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_CREATE, .mode = 0660, .max_clients = 3);
	static const struct sluice_service_opts demand = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_ANY_USER,
		.max_clients = 4);
	struct end *first = &self->end[0], *second = &self->end[1];

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	serve_as(_metadata, first, ANN, &of_group);
	call_as(_metadata, second, BOB, &any_user);
	end_stop(first);
	end_stop(second);
	EXPECT_EQ(1, tree_walk(self->root.path, false).files);

	start_user(_metadata, second, BOB);
	EXPECT_EQ(0, at(second, open_service, PTR(&calls), PTR(&must_exist)));
	end_stop(second);
	start_user(_metadata, first, ANN);
	EXPECT_EQ(0, at(first, open_service, PTR(&calls), PTR(&fresh)))
		TH_LOG("%s", first->result.sentence);
	start_user(_metadata, second, BOB);
	EXPECT_EQ(-EPROTOTYPE, at(second, open_service, PTR(&calls), PTR(&demand)));
	end_stop(second);
}

/* ---- All at once ------------------------------------------------------------------ */

/* come_and_go(rounds): opens and closes everything; the first failure. */
static long come_and_go(struct seat *seat, long rounds, long unused)
{
	long i, result = 0;

	(void)unused;
	for (i = 0; i < rounds && !result; i++) {
		result = open_service(seat, PTR(&calls), PTR(&of_group_trusting));
		if (!result)
			result = open_server(seat, 0, 0);
		if (!result)
			result = open_client(seat, 0, 0);
		leave(seat, 0, 0);
	}
	return result;
}

/* Nobody meets anything that is half made. */
TEST_F_TIMEOUT(access, of_comers_and_goers, 120)
{
	static const long users[] = { ANN, BOB, ANN, BOB };
	size_t i;

	NEEDS_ROOT();
	root_share(_metadata, &self->root, 03770);
	for (i = 0; i < ARRAY_SIZE(self->end); i++) {
		start_user(_metadata, &self->end[i], users[i]);
		ASSERT_LE(0, at(&self->end[i], set_umask, 077, 0));
	}
	for (i = 0; i < ARRAY_SIZE(self->end); i++)
		begin(&self->end[i], come_and_go, 200, 0);
	for (i = 0; i < ARRAY_SIZE(self->end); i++) {
		EXPECT_EQ(0, finish(&self->end[i])) TH_LOG("%s", self->end[i].result.sentence);
	}
	/* If one of them could not remove the service of the other, he can now. */
	EXPECT_EQ(0, at(&self->end[0], come_and_go, 1, 0));
	EXPECT_EQ(0, at(&self->end[1], come_and_go, 1, 0));
}

TEST_HARNESS_MAIN
