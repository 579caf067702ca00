// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer can do with memory that it shares with its victim: return nothing,
 * punch holes into the channel, and write words that a count depends on.
 */
#include <linux/falloc.h>

#include "files.h"
#include "scene.h"

SCENE_FIXTURE(shared);

/* ---- What is never returned ------------------------------------------------------------ */

#define LARGE		(1 << 20)
#define CHANNELS	2

/* Memory that a server may hold for one process, and a little for all else, in KiB. */
#define PEER_LIMIT	"64M"
#define HELD_MOST	(64 * 1024 + SHARED_MARGIN)

/* Asks for answers of 1 MiB, takes them and returns none; a server returns no request. */
static void hoard(struct raw_end *end, uint32_t segment)
{
	struct sluice_ring_slot message;
	uint32_t d;

	if (end->is_server) {
		/* Finished, and never returned. */
		raw_pop(&end->requests, &message);
		return;
	}
	for (d = 0; d < end->service->layout.deliveries; d++)
		while (raw_pop(&end->responses[d], &message) >= 0)
			;
	raw_say(end, raw_message(segment, LARGE), NULL);
	raw_bell(end);
}

static long return_nothing(struct scene *scene, const struct raw_service *service)
{
	struct raw_end ends[CHANNELS];
	int segments[CHANNELS], i;
	long deeds = 0;

	for (i = 0; i < CHANNELS; i++) {
		ends[i] = (struct raw_end){ .fd = -1 };
		segments[i] = 0;
	}
	while (attack_goes_on(scene)) {
		for (i = 0; i < CHANNELS; i++) {
			if (!ends[i].memory || raw_hung_up(&ends[i]))
				segments[i] = 0;
			if (!have_end(scene, service, &ends[i]))
				continue;
			if (!segments[i])
				segments[i] = raw_new_segment(&ends[i], LARGE);
			raw_drain(&ends[i]);
			hoard(&ends[i], (uint32_t)segments[i]);
			deeds++;
		}
		raw_pause(MILLISECOND);
	}
	for (i = 0; i < CHANNELS; i++)
		raw_leave(&ends[i]);
	return deeds;
}

TEST_F_TIMEOUT(shared, nothing_is_returned, 120)
{
	char path[128];
	FILE *config;

	snprintf(path, sizeof(path), "%s/sluice.conf", self->scene.root.path);
	config = fopen(path, "we");
	ASSERT_NE(NULL, config);
	fprintf(config, "[server]\npeer_memory_limit = %s\n", PEER_LIMIT);
	ASSERT_EQ(0, fclose(config));
	ASSERT_EQ(0, setenv("SLUICE_CONFIG", path, 1));
	self->scene.attack_time = 4 * SECOND;
	self->scene.more_mappings = 8;
	if (variant->as_server)
		self->scene.size = 1 << 16;
	scene_play(_metadata, &self->scene, return_nothing);
	EXPECT_GT(HELD_MOST, self->scene.most.shared);
	unlink(path);
}

/* ---- Holes ------------------------------------------------------------------------------- */

/*
 * Punches the whole channel away while messages are in it, and the server's page.  The note
 * is how often the first worked, which the seals of a channel prevent.
 */
static long punch_holes(struct scene *scene, const struct raw_service *service)
{
	struct raw_end end = { .fd = -1 };
	long deeds = 0;
	int segment = 0;

	while (attack_goes_on(scene)) {
		if (!end.memory || raw_hung_up(&end))
			segment = 0;
		if (!have_end(scene, service, &end))
			continue;
		if (!segment)
			segment = raw_new_segment(&end, 4096);
		raw_say(&end, raw_message((uint32_t)segment, 64), NULL);
		raw_bell(&end);
		scene->stage->note += !fallocate(end.memory_fd, FALLOC_FL_PUNCH_HOLE |
						 FALLOC_FL_KEEP_SIZE, 0,
						 (off_t)service->layout.size);
		if (end.load_fd >= 0)
			(void)!fallocate(end.load_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
					 SLUICE_LOAD_SIZE);
		deeds++;
		raw_pause(100 * 1000);
	}
	raw_leave(&end);
	return deeds;
}

TEST_F_TIMEOUT(shared, holes_are_punched, 120)
{
	scene_play(_metadata, &self->scene, punch_holes);
	EXPECT_EQ(0, self->scene.stage->note);
}

/* ---- Words of the load page and returns that never were ----------------------------------- */

static long write_words(struct scene *scene, const struct raw_service *service)
{
	static const uint64_t words[] = {
		0, 1, 1 << 24, UINT64_C(1) << 32, INT64_MAX, UINT64_MAX - 1, UINT64_MAX,
	};
	struct raw_end end = { .fd = -1 };
	struct sluice_load *load = MAP_FAILED;
	long deeds = 0;

	while (attack_goes_on(scene)) {
		if ((!end.memory || raw_hung_up(&end)) && load != MAP_FAILED) {
			munmap(load, SLUICE_LOAD_SIZE);
			load = MAP_FAILED;
		}
		if (!have_end(scene, service, &end))
			continue;
		if (load == MAP_FAILED)
			load = mmap(NULL, SLUICE_LOAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
				    end.load_fd, 0);
		if (load == MAP_FAILED)
			return -errno;
		load->counted = load->uncounted = load->service = words[deeds % 7];
		if (deeds % 16 == 15)
			raw_return(end.is_server ? &end.request_returns : &end.response_returns,
				   (uint32_t)deeds);
		raw_bell(&end);
		deeds++;
		raw_pause(100 * 1000);
	}
	if (load != MAP_FAILED)
		munmap(load, SLUICE_LOAD_SIZE);
	raw_leave(&end);
	return deeds;
}

TEST_F_TIMEOUT(shared, counts_are_overwritten, 120)
{
	scene_play(_metadata, &self->scene, write_words);
}

TEST_HARNESS_MAIN
