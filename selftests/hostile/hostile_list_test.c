// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_list.h on a registry in which somebody has put files that the library never
 * writes.  Each is counted as unreadable or left out, what is beside it is listed all the
 * same, and the reader waits for nobody.
 */
#include "steps.h"

#include <glob.h>
#include <sys/stat.h>

#include <sluice/registry.h>
#include <sluice_list.h>

PROCESSES_FIXTURE(hostile_list);

#define HASH	"00000000000000aa"	/* of a service that the test makes by hand */

/* How many nodes, services and ports a list has. */
struct content {
	int nodes, services, ports;
	uint64_t unreadable, other_versions;
};

static struct content look(struct __test_metadata *_metadata)
{
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_place place = SLUICE_LIST_PLACE();
	struct sluice_list_node node = SLUICE_LIST_NODE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct sluice_list *list = sluice_list_open(NULL);
	struct content content = { 0 };

	ASSERT_NE(NULL, list) TH_LOG("%s", sluice_strerror());
	while (sluice_list_next_node(list, &node) > 0)
		content.nodes++;
	while (sluice_list_next_service(list, &service) > 0) {
		content.services++;
		while (sluice_list_next_port(list, &port) > 0)
			content.ports++;
	}
	EXPECT_EQ(0, sluice_list_where(list, &place));
	content.unreadable = place.unreadable;
	content.other_versions = place.other_versions;
	sluice_list_close(list);
	return content;
}

/* One node with one service and one client is there, and so many others are not read. */
static void expect_beside(struct __test_metadata *_metadata, const char *what,
			  uint64_t unreadable, uint64_t other_versions)
{
	struct content content = look(_metadata);

	EXPECT_EQ(1, content.nodes) TH_LOG("%s", what);
	EXPECT_EQ(1, content.services) TH_LOG("%s", what);
	EXPECT_EQ(1, content.ports) TH_LOG("%s", what);
	EXPECT_EQ(unreadable, content.unreadable) TH_LOG("%s", what);
	EXPECT_EQ(other_versions, content.other_versions) TH_LOG("%s", what);
}

/* The only path below the domain that is like this. */
static void find(struct __test_metadata *_metadata, const struct root *root, const char *pattern,
		 char ret_path[PATH_MAX])
{
	char full[PATH_MAX];
	glob_t found;

	snprintf(full, sizeof(full), "%s/default/%s", root->path, pattern);
	ASSERT_EQ(0, glob(full, 0, NULL, &found)) TH_LOG("%s", pattern);
	ASSERT_EQ(1, found.gl_pathc);
	snprintf(ret_path, PATH_MAX, "%s", found.gl_pathv[0]);
	globfree(&found);
}

/* All of the only file that is like this, in a buffer that is not given back. */
struct copied {
	unsigned char bytes[8192];
	size_t size;
};

static struct copied copy(struct __test_metadata *_metadata, const struct root *root,
			  const char *pattern)
{
	struct copied copied;
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	find(_metadata, root, pattern, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	n = read(fd, copied.bytes, sizeof(copied.bytes));
	ASSERT_LT(0, n);
	copied.size = (size_t)n;
	close(fd);
	return copied;
}

static void put(struct __test_metadata *_metadata, const char *path, const void *bytes,
		size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ASSERT_LE(0, fd) TH_LOG("%s", path);
	ASSERT_EQ((ssize_t)size, write(fd, bytes, size));
	close(fd);
}

static void set_up(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(side, 0, 0));
	expect_beside(_metadata, "nothing", 0, 0);
}

/* A FIFO instead of a record or a directory.  It is removed. */
static void expect_fifo(struct __test_metadata *_metadata, const char *path)
{
	ASSERT_EQ(0, mkfifo(path, 0600));
	expect_beside(_metadata, "a FIFO", 1, 0);
	ASSERT_EQ(0, unlink(path));
}

/* Puts things that are no records, one after another, where a record might be. */
static void expect_no_record(struct __test_metadata *_metadata, const char *path)
{
	put(_metadata, path, "", 0);
	expect_beside(_metadata, "an empty file", 1, 0);
	put(_metadata, path, "node", 4);
	expect_beside(_metadata, "four bytes", 1, 0);
	put(_metadata, path, "all in all no record of anything", 32);
	expect_beside(_metadata, "a text", 1, 0);
	ASSERT_EQ(0, chmod(path, 0));
	expect_beside(_metadata, "a closed file", 1, 0);
	ASSERT_EQ(0, unlink(path));
	expect_fifo(_metadata, path);
	ASSERT_EQ(0, symlink("/dev/zero", path));
	expect_beside(_metadata, "a link to a device", 1, 0);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, symlink(path, path));
	expect_beside(_metadata, "a link to itself", 1, 0);
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, mkdir(path, 0700));
	expect_beside(_metadata, "a directory", 1, 0);
	ASSERT_EQ(0, rmdir(path));
}

TEST_F(hostile_list, what_is_no_record)
{
	char path[PATH_MAX], found[PATH_MAX];

	set_up(_metadata, &self->side);
	snprintf(path, sizeof(path), "%s/default/nodes/%s", self->root.path, HASH);
	expect_no_record(_metadata, path);
	find(_metadata, &self->root, "services/*/ports", found);
	snprintf(path, sizeof(path), "%.4000s/client.7", found);
	expect_no_record(_metadata, path);
	leave(&self->side, 0, 0);
}

/* Words of a node's or port's record that make it none, and whether by its version. */
struct change {
	size_t offset;
	uint32_t word;
	bool version;
};

static void expect_changed(struct __test_metadata *_metadata, const char *path,
			   const struct copied *record, const struct change *changes, size_t count)
{
	struct copied changed;
	char what[64];
	size_t i;

	for (i = 0; i < count; i++) {
		changed = *record;
		memcpy(changed.bytes + changes[i].offset, &changes[i].word, sizeof(uint32_t));
		put(_metadata, path, changed.bytes, changed.size);
		snprintf(what, sizeof(what), "%x at %zu", changes[i].word, changes[i].offset);
		expect_beside(_metadata, what, 1, changes[i].version);
	}
}

/* The record's name has no end.  The file is removed. */
static void expect_endless_name(struct __test_metadata *_metadata, const char *path,
				struct copied *record, size_t offset, size_t size)
{
	memset(record->bytes + offset, 'k', size);
	put(_metadata, path, record->bytes, record->size);
	expect_beside(_metadata, "a name without an end", 1, 0);
	unlink(path);
}

#define AT(type, member)	offsetof(struct sluice_registry_##type, member)

TEST_F(hostile_list, nodes_that_are_wrong)
{
	static const struct change changes[] = {
		{ AT(node, magic), SLUICE_REGISTRY_MAGIC_PORT, false },
		{ AT(node, version), SLUICE_PROTOCOL_VERSION + 1, true },
		{ AT(node, version), 0, true },
		{ AT(node, size), sizeof(struct sluice_registry_node) + 1, false },
	};
	struct copied record;
	char path[PATH_MAX];

	set_up(_metadata, &self->side);
	record = copy(_metadata, &self->root, "nodes/????????????????");
	snprintf(path, sizeof(path), "%s/default/nodes/%s", self->root.path, HASH);
	expect_changed(_metadata, path, &record, changes, ARRAY_SIZE(changes));
	expect_endless_name(_metadata, path, &record, AT(node, name), SLUICE_NODE_NAME_SIZE);
	leave(&self->side, 0, 0);
}

TEST_F(hostile_list, ports_that_are_wrong)
{
	static const struct change changes[] = {
		{ AT(port, magic), SLUICE_REGISTRY_MAGIC_NODE, false },
		{ AT(port, version), SLUICE_PROTOCOL_VERSION - 1, true },
		{ AT(port, size), 0, false },
		{ AT(port, kind), 0, false },
		{ AT(port, kind), 3, false },
		{ AT(port, role), SLUICE_REGISTRY_LISTENS, false },
	};
	char path[PATH_MAX], found[PATH_MAX];
	struct copied record;

	set_up(_metadata, &self->side);
	record = copy(_metadata, &self->root, "services/*/ports/client.0");
	find(_metadata, &self->root, "services/*/ports", found);
	snprintf(path, sizeof(path), "%.4000s/client.7", found);
	expect_changed(_metadata, path, &record, changes, ARRAY_SIZE(changes));
	put(_metadata, path, record.bytes, SLUICE_REGISTRY_COUNTERS + 8);
	expect_beside(_metadata, "one with half of the counters", 1, 0);
	expect_endless_name(_metadata, path, &record, AT(port, name), SLUICE_PORT_NAME_SIZE);
	leave(&self->side, 0, 0);
}

TEST_F(hostile_list, contracts_that_are_wrong)
{
	static const struct change changes[] = {
		{ AT(contract, magic), 0, false },
		{ AT(contract, version), SLUICE_PROTOCOL_VERSION + 1, true },
		{ AT(contract, size), 0, false },
		{ AT(contract, attributes), 1, false },
		{ AT(contract, attributes), UINT32_MAX, false },
		{ AT(contract, pattern), 2, true },
		{ AT(contract, messages), 0, false },
		{ AT(contract, messages), UINT32_MAX, false },
		{ AT(contract, message[0].payload.size), 0, false },
		{ AT(contract, message[0].payload.size) + 4, UINT32_MAX, false },
		{ AT(contract, message[1].payload.alignment), 3, false },
		{ AT(contract, message[1].payload.alignment), 1u << 31, false },
		{ AT(contract, message[1].payload.kind), 2, false },
		{ AT(contract, message[0].header.size), 1, false },
		{ AT(contract, settings.max_clients), 0, false },
		{ AT(contract, settings.request_alignment), 0, false },
		{ AT(contract, settings.mode), 0777, false },
	};
	char path[PATH_MAX];
	struct copied record;

	set_up(_metadata, &self->side);
	record = copy(_metadata, &self->root, "services/*/contract");
	snprintf(path, sizeof(path), "%s/default/services/" HASH, self->root.path);
	ASSERT_EQ(0, mkdir(path, 0700));
	expect_beside(_metadata, "a service without a contract", 0, 0);
	strcat(path, "/contract");
	expect_no_record(_metadata, path);
	expect_changed(_metadata, path, &record, changes, ARRAY_SIZE(changes));
	memset(record.bytes + AT(contract, name), 'k', SLUICE_SERVICE_NAME_SIZE);
	put(_metadata, path, record.bytes, record.size);
	expect_beside(_metadata, "a name without an end", 1, 0);
	unlink(path);
	*strrchr(path, '/') = 0;
	rmdir(path);
	leave(&self->side, 0, 0);
}

TEST_F(hostile_list, directories_that_are_not_safe)
{
	char path[PATH_MAX];

	set_up(_metadata, &self->side);
	snprintf(path, sizeof(path), "%s/default/services/" HASH, self->root.path);
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, chmod(path, 0777));
	expect_beside(_metadata, "one that others can write to", 1, 0);
	ASSERT_EQ(0, rmdir(path));
	ASSERT_EQ(0, symlink(".", path));
	expect_beside(_metadata, "a symbolic link", 1, 0);
	ASSERT_EQ(0, unlink(path));
	expect_fifo(_metadata, path);
	leave(&self->side, 0, 0);
}

/* ---- One file, by its descriptor ---- */

static struct sluice_list *open_like(struct __test_metadata *_metadata, const struct root *root,
				     const char *pattern)
{
	struct sluice_list *list;
	char path[PATH_MAX];
	int fd;

	find(_metadata, root, pattern, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	list = sluice_list_open_fd(fd);
	close(fd);
	ASSERT_NE(NULL, list) TH_LOG("%s", sluice_strerror());
	return list;
}

TEST_F(hostile_list, one_file)
{
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_node node = SLUICE_LIST_NODE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct sluice_list *list;
	int ends[2];

	set_up(_metadata, &self->side);
	list = open_like(_metadata, &self->root, "nodes/????????????????");
	EXPECT_EQ(1, sluice_list_next_node(list, &node));
	EXPECT_EQ(sluice_node_id(self->side.node), node.id);
	EXPECT_EQ(0, sluice_list_next_node(list, &node));
	EXPECT_EQ(0, sluice_list_next_service(list, &service));
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	sluice_list_close(list);
	list = open_like(_metadata, &self->root, "services/*/ports/client.0");
	EXPECT_EQ(1, sluice_list_next_port(list, &port));
	EXPECT_EQ(sluice_client_id(self->side.client), port.id);
	EXPECT_EQ(0, port.flags);
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	EXPECT_EQ(0, sluice_list_next_node(list, &node));
	sluice_list_close(list);
	list = open_like(_metadata, &self->root, "services/*/contract");
	EXPECT_EQ(1, sluice_list_next_service(list, &service));
	EXPECT_STREQ("test/calls", service.name);
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	sluice_list_close(list);

	EXPECT_FAILS(EBADF, sluice_list_open_fd(-1));
	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	EXPECT_FAILS(EBADMSG, sluice_list_open_fd(ends[0]));
	close(ends[0]);
	close(ends[1]);
	leave(&self->side, 0, 0);
}

TEST_HARNESS_MAIN
