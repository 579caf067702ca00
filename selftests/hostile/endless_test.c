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
	scene_play(_metadata, &self->scene, send_large_segments);
}

TEST_F_TIMEOUT(endless, small_segments_without_an_end, 120)
{
	scene_play(_metadata, &self->scene, send_small_segments);
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
	scene_play(_metadata, &self->scene, send_sixteen);
}

/*
 * Channels that a victim makes for one that breaks the protocol on each at once: first after
 * pauses that are doubled, up to one of a second, or of 100 ms for processes that are new.
 * If the machine stops all processes for seconds, pauses begin anew.
 */
static long channels_at_most(int64_t begun)
{
	return 20 * (2 + (long)((raw_now() - begun) / SECOND));
}

static void expect_few_channels(struct __test_metadata *_metadata, const struct scene *scene)
{
	EXPECT_LT(0, scene->stage->note);
	EXPECT_GE(scene->stage->note_limit, scene->stage->note)
		TH_LOG("the victim made %ld channels for those that break each", scene->stage->note);
}

/* A byte nobody asked for is a breach; before a HELLO there is nobody to have asked. */
static long send_bytes(struct scene *scene, const struct raw_service *service)
{
	struct raw_end end = { .fd = -1 };
	int64_t begun = raw_now();
	long deeds = 0;
	bool is_new;

	while (attack_goes_on(scene)) {
		is_new = !end.memory || raw_hung_up(&end);
		if (!have_end(scene, service, &end))
			continue;
		scene->stage->note += is_new;
		deeds += raw_packet(end.fd, "", 1, NULL, 0) >= 0;
		deeds += raw_packet(end.fd, "none of yours", 13, NULL, 0) >= 0;
	}
	scene->stage->note_limit = channels_at_most(begun);
	raw_leave(&end);
	return deeds;
}

TEST_F_TIMEOUT(endless, bytes_without_an_end, 120)
{
	scene_play(_metadata, &self->scene, send_bytes);
	expect_few_channels(_metadata, &self->scene);
}

/* Was it let in?  It ends with a breach, or in good order. */
static bool come_once(struct scene *scene, const struct raw_service *service, bool in_order)
{
	struct raw_end end;
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (raw_meet(&end, service, scene->as_server) < 0)
			_exit(1);
		if (in_order)
			raw_goodbye(&end);
		else
			raw_packet(end.fd, "none of yours", 13, NULL, 0);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* Another process for each.  One of the same user that behaves is let in all the same. */
static long fork_and_send(struct scene *scene, const struct raw_service *service)
{
	int64_t begun = raw_now();

	while (attack_goes_on(scene))
		scene->stage->note += come_once(scene, service, false);
	scene->stage->note_limit = channels_at_most(begun);
	return come_once(scene, service, true) ? scene->stage->note : -EACCES;
}

TEST_F_TIMEOUT(endless, bytes_of_ever_new_processes, 120)
{
	scene_play(_metadata, &self->scene, fork_and_send);
	expect_few_channels(_metadata, &self->scene);
}

/* ---- In good order ----------------------------------------------------------------------- */

/* One comes, and leaves as it should; as often as it is let in, and once on a busy machine. */
static long come_and_go(struct scene *scene, const struct raw_service *service)
{
	struct raw_end end;
	int r;

	do {
		r = raw_meet(&end, service, scene->as_server);
		if (r < 0)
			continue;
		raw_goodbye(&end);
		raw_leave(&end);
		scene->stage->note++;
	} while (attack_goes_on(scene));
	return scene->stage->note ? scene->stage->note : r;
}

TEST_F_TIMEOUT(endless, greetings_in_good_order, 120)
{
	scene_play(_metadata, &self->scene, come_and_go);
}

TEST_HARNESS_MAIN
