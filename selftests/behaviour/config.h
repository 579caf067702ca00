/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the configuration share: a configuration file of their own, which
 * SLUICE_CONFIG names, a node and a service that are made with it, and a look at a key.
 */
#ifndef SELFTESTS_CONFIG_H
#define SELFTESTS_CONFIG_H

#include <sluice_config.h>

#include "common.h"

#define NOBODY		65534

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

#endif /* SELFTESTS_CONFIG_H */
