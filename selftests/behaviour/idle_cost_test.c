// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a client costs that is connected and does nothing: at most 32 KiB of memory, of both
 * ends together and with their page tables.  Here both ends are in one process, of which
 * /proc tells the sum.
 */
#include "steps.h"

PROCESSES_FIXTURE(idle_cost);

#define CLIENTS		100
#define KIB_EACH	32

/* A field of a file in /proc/self, in KiB; or -1. */
static long kib_of(const char *path, const char *field)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(field);
	char line[256];
	long kib = -1;

	while (file && kib < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, field, length) && line[length] == ':')
			kib = strtol(line + length + 1, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* Memory of this process and its page tables, in KiB; or less than 0. */
static long memory_of_process(void)
{
	long pss = kib_of("/proc/self/smaps_rollup", "Pss");
	long tables = kib_of("/proc/self/status", "VmPTE");

	return pss < 0 || tables < 0 ? -1 : pss + tables;
}

static void ask_once(struct __test_metadata *_metadata, struct side *side)
{
	ASSERT_EQ(1, ask(side, 0, 5)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(5, take(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, answer_and_done(side, 0, 6));
	ASSERT_EQ(6, hear(side, 0, LONG));
	ASSERT_EQ(0, hear_end(side, 0, LONG));
}

TEST_F(idle_cost, is_small)
{
	static const struct sluice_service_opts crowd = SLUICE_SERVICE_OPTS(
		.max_clients = CLIENTS + 1);
	struct sluice_client *client[CLIENTS];
	struct side *side = &self->side;
	long before, each;
	int i;

#if defined(WITH_LEAK_CHECK) || defined(WITH_THREAD_CHECK)
	SKIP(return, "the sanitizer has memory of its own");
#endif
	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(&crowd)));
	ASSERT_EQ(0, open_server(side, 0, 0));
	/* One that makes what is made once. */
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	ask_once(_metadata, side);
	before = memory_of_process();
	if (before < 0)
		SKIP(return, "/proc does not tell what memory a process has");

	for (i = 0; i < CLIENTS; i++) {
		client[i] = sluice_client_create(side->service, NULL);
		ASSERT_NE(NULL, client[i]) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(1, sluice_client_wait_servers(client[i], 1, LONG));
	}
	each = (memory_of_process() - before) / CLIENTS;
	TH_LOG("an idle client costs %ld KiB", each);
	EXPECT_GE(KIB_EACH, each);
	for (i = 0; i < CLIENTS; i++)
		sluice_client_destroy(client[i]);
}

TEST_HARNESS_MAIN
