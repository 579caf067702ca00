// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that want huge pages: their segments begin where these can lie and are advised,
 * and all works as without.  Where the kernel gives huge pages to who asks for them, they
 * have some.
 */
#include <sys/mman.h>

#include "steps.h"

ENDS_FIXTURE(huge_pages);

#define LENGTH	((uint64_t)1 << 20)
#define HUGE	((unsigned long)2 << 20)
#define THP	"/sys/kernel/mm/transparent_hugepage/"

static const struct sluice_service_opts few = SLUICE_SERVICE_OPTS(
	.max_servers = 1, .max_active_requests_per_client = 2, .max_loaned_requests = 4,
	.max_loaned_replies_per_request = 2, .max_response_buffer_size = 2,
	.max_borrowed_responses_per_pending_response = 2);

#define CLIENT(strategy_) SLUICE_CLIENT_OPTS(.port = {			\
	.flags = SLUICE_PORT_HUGE_PAGES, .strategy = strategy_,		\
	.initial_max_slice_len = LENGTH, .preallocate = 8 })
#define SERVER(strategy_) SLUICE_SERVER_OPTS(.port = {			\
	.flags = SLUICE_PORT_HUGE_PAGES, .strategy = strategy_,		\
	.initial_max_slice_len = LENGTH, .preallocate = 8 })

static const struct sluice_client_opts clients[] = {
	CLIENT(SLUICE_POWER_OF_TWO), CLIENT(SLUICE_BEST_FIT), CLIENT(SLUICE_STATIC),
};

static const struct sluice_server_opts servers[] = {
	SERVER(SLUICE_POWER_OF_TWO), SERVER(SLUICE_BEST_FIT), SERVER(SLUICE_STATIC),
};

/* ---- What the kernel says --------------------------------------------------------- */

static bool says(const char *path, const char *word)
{
	char text[128] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return strstr(text, word);
}

/* Since Linux 6.11 each size has a word of its own. */
static bool are_given(void)
{
	static const char *const words[] = { "[always]", "[advise]", "[within_size]", "[force]" };
	const char *all = THP "shmem_enabled", *size = THP "hugepages-2048kB/shmem_enabled";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (says(access(size, R_OK) || says(size, "[inherit]") ? all : size, words[i]))
			return true;
	return false;
}

struct segments {
	int count, aligned, advised;
	long huge;		/* KiB */
};

/* Mappings of segments, of whichever side, that can be written. */
static struct segments look_at_segments(void)
{
	struct segments segments = { 0 };
	unsigned long begin, end;
	FILE *file = fopen("/proc/self/smaps", "re");
	bool wanted = false;
	char line[512], rights[8];
	long kib;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3) {
			wanted = rights[1] == 'w' && (strstr(line, "sluice-requests") ||
						      strstr(line, "sluice-replies"));
			segments.count += wanted;
			segments.aligned += wanted && begin % HUGE == 0;
		}
		if (!wanted)
			continue;
		if (sscanf(line, "ShmemPmdMapped: %ld kB", &kib) == 1 ||
		    sscanf(line, "FilePmdMapped: %ld kB", &kib) == 1)
			segments.huge += kib;
		segments.advised += !strncmp(line, "VmFlags:", 8) && strstr(line, " hg");
	}
	if (file)
		fclose(file);
	return segments;
}

/* all_huge(): how many segments, if all of them are as they should be. */
static long all_huge(struct side *side, long a, long b)
{
	struct segments segments = look_at_segments();

	(void)side, (void)a, (void)b;
	return segments.aligned == segments.count && segments.advised == segments.count ?
	       segments.count : -EBADMSG;
}

/* An emulator says yes even to an advice that there is not. */
static bool advice_is_heeded(void)
{
	return madvise(NULL, 0, -1) != 0;
}

TEST_F(huge_pages, all_works)
{
	struct end *server = &self->end[0];
	long size, strategy;

	for (strategy = 0; strategy <= SLUICE_STATIC; strategy++) {
		start_server(_metadata, server, variant->place, &blobs, &few,
			     &servers[strategy]);
		open_client_side(_metadata, &self->side, &blobs, &clients[strategy], 1);
		for (size = 1; size <= (long)LENGTH; size = size * 5 + 1) {
			begin(server, serve_blobs, 1, 0);
			EXPECT_EQ(0, exchange_blob(&self->side, 0, size))
				TH_LOG("%s", sluice_strerror());
			EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
		}
		if (strategy != SLUICE_STATIC) {
			begin(server, serve_blobs, 1, 0);
			EXPECT_EQ(0, exchange_blob(&self->side, 0, 20 * (long)LENGTH));
			EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
		}
		if (!access(THP "enabled", R_OK) && advice_is_heeded()) {
			EXPECT_LE(1, all_huge(&self->side, 0, 0));
			EXPECT_LE(1, at(server, all_huge, 0, 0));
		}
		leave(&self->side, 0, 0);
		end_stop(server);
	}
}

TEST_F(huge_pages, some_are_given)
{
	int strategy;

	if (!are_given())
		SKIP(return, "shmem_enabled does not allow them");
	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), PTR(&few)));
	for (strategy = 0; strategy <= SLUICE_STATIC; strategy++) {
		ASSERT_EQ(0, open_client(&self->side, PTR(&clients[strategy]), 0));
		EXPECT_LT(0, look_at_segments().huge);
		close_client(&self->side, 0, 0);
	}
}

TEST_HARNESS_MAIN
