// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer can send without an end: segments large and small, and packets of
 * other kinds.  Each is cheap for it; its victim has to map memory, and has others to serve.
 */
#include "files.h"
#include "scene.h"

SCENE_FIXTURE(endless);

/* Good segments, each announced and retired; as many as the socket takes. */
static long segments_of(struct scene *scene, const struct raw_service *service, uint64_t size)
{
	int fd = raw_file(RAW_SEGMENT, size, NULL);
	struct raw_end end = { .fd = -1 };
	uint32_t number = 0;
	long deeds = 0;

	if (fd < 0)
		return fd;
	while (attack_goes_on(scene)) {
		if (!end.memory || raw_hung_up(&end))
			number = 0;
		if (!have_end(scene, service, &end))
			continue;
		if (raw_segment(&end, number + 1, fd, size, size) < 0) {
			raw_pause(100 * 1000);
			continue;
		}
		number++;
		while (attack_goes_on(scene) && raw_retire(&end, number) == -EAGAIN)
			raw_pause(100 * 1000);
		deeds++;
	}
	raw_leave(&end);
	close(fd);
	return deeds;
}

static long send_large_segments(struct scene *scene, const struct raw_service *service)
{
	return segments_of(scene, service, 64 << 20);
}

static long send_small_segments(struct scene *scene, const struct raw_service *service)
{
	return segments_of(scene, service, 4096);
}

TEST_F_TIMEOUT(endless, large_segments_without_an_end, 120)
{
	self->scene.attack = send_large_segments;
	scene_play(_metadata, &self->scene);
}

TEST_F_TIMEOUT(endless, small_segments_without_an_end, 120)
{
	self->scene.attack = send_small_segments;
	scene_play(_metadata, &self->scene);
}

/* The sixteen that may be there at a time, all of them large, and again at a new channel. */
static long send_sixteen(struct scene *scene, const struct raw_service *service)
{
	const uint64_t size = 32 << 20;
	int fd = raw_file(RAW_SEGMENT, size, NULL);
	struct raw_end end = { .fd = -1 };
	uint32_t number;
	long deeds = 0;

	if (fd < 0)
		return fd;
	while (attack_goes_on(scene)) {
		if (!have_end(scene, service, &end))
			continue;
		for (number = 1; number <= SLUICE_SEGMENTS_ALIVE; number++)
			deeds += raw_segment(&end, number, fd, size, size) >= 0;
		raw_pause(20 * MILLISECOND);
		raw_leave(&end);
	}
	close(fd);
	return deeds;
}

TEST_F_TIMEOUT(endless, sixteen_large_segments_and_again, 120)
{
	self->scene.attack = send_sixteen;
	scene_play(_metadata, &self->scene);
}

/* A byte nobody asked for is a breach; before a HELLO there is nobody to have asked. */
static long send_bytes(struct scene *scene, const struct raw_service *service)
{
	struct raw_end end = { .fd = -1 };
	long deeds = 0;

	while (attack_goes_on(scene)) {
		if (!have_end(scene, service, &end))
			continue;
		deeds += raw_packet(end.fd, "", 1, NULL, 0) >= 0;
		deeds += raw_packet(end.fd, "none of yours", 13, NULL, 0) >= 0;
	}
	raw_leave(&end);
	return deeds;
}

TEST_F_TIMEOUT(endless, bytes_without_an_end, 120)
{
	self->scene.attack = send_bytes;
	scene_play(_metadata, &self->scene);
}

TEST_HARNESS_MAIN
