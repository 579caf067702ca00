// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer can do with packets: retire what it has just named, attach descriptors
 * to packets that are none, and break the protocol in the middle of a call.
 */
#include "files.h"
#include "scene.h"

SCENE_FIXTURE(packets);

/* ---- Retired while it is received ----------------------------------------------- */

/* The flag makes the victim read its socket, in which the retirement of the segment waits. */
static long retire_what_is_named(struct scene *scene, const struct raw_service *service)
{
	struct sluice_ring_slot message;
	struct raw_end end = { .fd = -1 };
	long deeds = 0;
	int segment;

	while (attack_goes_on(scene)) {
		if (!have_end(scene, service, &end))
			continue;
		segment = raw_new_segment(&end, 4096);
		if (segment < 0) {
			raw_leave(&end);
			continue;
		}
		message = raw_message((uint32_t)segment, 64);
		raw_say(&end, message, NULL);
		message.flags = SLUICE_RING_FDS;
		if (deeds & 1)
			raw_say(&end, message, NULL);
		raw_retire(&end, (uint32_t)segment);
		if (!(deeds++ & 1))
			raw_say(&end, message, NULL);
		raw_bell(&end);
		raw_pause(MILLISECOND);
	}
	raw_leave(&end);
	return deeds;
}

TEST_F_TIMEOUT(packets, segment_is_retired_while_it_is_received, 120)
{
	scene_play(_metadata, &self->scene, retire_what_is_named);
}

/* ---- Empty packets with descriptors ---------------------------------------------- */

static long send_empty_packets(struct scene *scene, const struct raw_service *service)
{
	int fds[RAW_FDS_MAX], i, fd = raw_file(RAW_NULL, 0, NULL);
	struct raw_end end = { .fd = -1 };
	long deeds = 0;

	for (i = 0; i < RAW_FDS_MAX; i++)
		fds[i] = fd;
	while (attack_goes_on(scene)) {
		if (!have_end(scene, service, &end))
			continue;
		for (i = 1; i < 4; i++)
			deeds += raw_packet(end.fd, "", 0, fds, deeds & 1 ? 16 : 253) >= 0;
		raw_pause(5 * MILLISECOND);
		raw_leave(&end);
	}
	return deeds;
}

TEST_F_TIMEOUT(packets, empty_ones_bring_descriptors, 120)
{
	scene_play(_metadata, &self->scene, send_empty_packets);
}

/* Before a HELLO, or instead of a WELCOME. */
static long send_empty_first(struct scene *scene, const struct raw_service *service)
{
	int fds[16], i, fd = raw_file(RAW_NULL, 0, NULL);
	struct raw_listener listener;
	struct raw_end end;
	long deeds = 0;
	int socket;

	for (i = 0; i < 16; i++)
		fds[i] = fd;
	while (attack_goes_on(scene)) {
		if (scene->as_server) {
			if (raw_listen(&listener, service) < 0)
				continue;
			if (raw_accept(&end, &listener, 1000) >= 0) {
				deeds += raw_packet(end.fd, "", 0, fds, 16) >= 0;
				raw_pause(5 * MILLISECOND);
				raw_leave(&end);
			}
			raw_unlisten(&listener);
		} else if ((socket = raw_connect(service, 0)) >= 0) {
			deeds += raw_packet(socket, "", 0, fds, 16) >= 0;
			raw_pause(MILLISECOND);
			close(socket);
		}
	}
	return deeds;
}

TEST_F_TIMEOUT(packets, empty_ones_come_first, 120)
{
	scene_play(_metadata, &self->scene, send_empty_first);
}

/* ---- A breach while a message is taken -------------------------------------------- */

/* So many at a time that a victim does not poll all of them (lib/base/limits.h). */
#define CROWD	24

static struct sluice_ring_slot bad_message(uint32_t segment, int kind)
{
	struct sluice_ring_slot bad = raw_message(segment, 64);

	switch (kind % 4) {
	case 0: bad.offset = UINT64_MAX - 63; break;
	case 1: bad.segment = 99; break;
	case 2: bad.count = UINT64_C(1) << 63; break;
	case 3: bad.offset = 1; break;
	}
	/* The victim looks at late requests in other places than at others. */
	bad.deadline = kind & 4 ? 1 : 0;
	return bad;
}

/* Good messages, and then one that is not, each time in another way. */
static bool break_once(struct raw_end *end, int kind)
{
	int segment = raw_new_segment(end, 1 << 16), i;
	struct sluice_ring_slot good = raw_message(segment < 0 ? 1 : (uint32_t)segment, 64);
	struct sluice_ring_slot bad = bad_message(good.segment, kind);
	bool done;

	for (i = 0; i < kind % 3; i++)
		raw_say(end, good, NULL);
	/* Or what is waiting in the socket is bad, and is read in the middle of it. */
	if (kind % 5 == 4) {
		bad = good;
		bad.flags = SLUICE_RING_FDS;
		raw_packet(end->fd, "none of yours", 13, NULL, 0);
	}
	done = raw_say(end, bad, NULL) >= 0;
	for (i = 0; i < kind % 4 && !end->is_server; i++)
		raw_say(end, good, NULL);
	/* Or the ring is. */
	if (kind % 7 == 6 && !end->is_server)
		end->requests.slots[end->requests.tail % end->requests.size].stamp = UINT64_MAX;
	raw_bell(end);
	return done;
}

/* Late requests, the second of which is bad: the first wakes a server, which then arms. */
static bool break_late(struct raw_end *end, int kind)
{
	int64_t until;
	struct sluice_ring_slot late = raw_message((uint32_t)raw_new_segment(end, 4096), 64);
	bool done;

	late.deadline = 1;
	raw_say(end, late, NULL);
	raw_bell(end);
	for (until = raw_now() + kind % 64 * 500; raw_now() < until;)
		;
	late.segment = 77;
	done = raw_say(end, late, NULL) >= 0;
	raw_pause(100 * 1000);
	return done;
}

static long break_while_taken(struct scene *scene, const struct raw_service *service)
{
	int count, i, size = scene->as_server ? CROWD / 4 : CROWD;
	struct raw_end ends[CROWD];
	long deeds = 0;

	while (attack_goes_on(scene)) {
		for (count = 0; count < size && attack_goes_on(scene); count++)
			if (raw_meet(&ends[count], service, scene->as_server) < 0)
				break;
		raw_pause(20 * MILLISECOND);
		for (i = 0; i < count; i++)
			deeds += i % 2 && !scene->as_server ? break_late(&ends[i], (int)deeds) :
							      break_once(&ends[i], (int)deeds + i);
		raw_pause(deeds % 2 ? 50 * MILLISECOND : 0);
		for (i = 0; i < count; i++)
			raw_leave(&ends[i]);
	}
	return deeds;
}

TEST_F_TIMEOUT(packets, breach_while_a_message_is_taken, 120)
{
	scene_play(_metadata, &self->scene, break_while_taken);
}

TEST_HARNESS_MAIN
