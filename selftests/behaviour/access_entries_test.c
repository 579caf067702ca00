// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of several users in one root directory: their modes and groups, whatever the
 * umask, and what a user can do to entries of another, which is nothing.
 */
#include "access.h"

#include <sluice/registry.h>

/* ---- Modes --------------------------------------------------------------------- */

/* The type and mode that an entry must have, by the last parts of its path. */
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

	SHARE_ROOT(03770);
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

	SHARE_ROOT(01770);
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
static long harm(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	harmed = 0;
	nftw(getenv("SLUICE_ROOT"), visit_harm, 16, FTW_PHYS | FTW_DEPTH);
	return harmed;
}

TEST_F(access, to_the_entries_of_others)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	SHARE_ROOT(03770);
	serve_ann_call_bob(_metadata, server, client);
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
static long forge(struct side *side, long a, long b)
{
	struct sluice_registry_port record;
	char path[PATH_MAX], name[PATH_MAX + 32];
	int fd, result;

	(void)side, (void)a, (void)b;
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
static long forged(struct side *side, long a, long b)
{
	char path[PATH_MAX], name[PATH_MAX + 32];

	(void)side, (void)a, (void)b;
	if (find_service(path, sizeof(path)) != 1)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s/ports/server.9", path);
	return !access(name, F_OK);
}

/* A sweep removes the entry, and not the file that it names. */
TEST_F(access, by_the_hands_of_others)
{
	struct end *server = &self->end[0], *client = &self->end[1], *dead = &self->end[2];
	static const long sweepers[] = { ANN, 0 };
	size_t i;

	SHARE_ROOT(03770);
	serve_ann_call_bob(_metadata, server, client);
	for (i = 0; i < ARRAY_SIZE(sweepers); i++) {
		ASSERT_EQ(0, at(client, forge, 0, 0));
		call_as(_metadata, dead, ANN, NULL);
		end_kill_and_reap(dead);
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

TEST_HARNESS_MAIN
