// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections of a hostile peer: many that never say HELLO or WELCOME, and more than the
 * service has clients or servers.
 */
#include "files.h"
#include "scene.h"

SCENE_FIXTURE(connections);

#define MANY	150

/* ---- That say nothing -------------------------------------------------------------- */

static int fill_sockets(struct scene *scene, const struct raw_service *service, int *sockets,
			struct raw_listener *listeners)
{
	int i;

	for (i = 0; i < MANY && attack_goes_on(scene); i++) {
		if (scene->as_server) {
			if (raw_listen(&listeners[i], service) < 0)
				break;
		} else {
			sockets[i] = raw_connect(service, 0);
			if (sockets[i] == -EAGAIN)
				raw_pause(MILLISECOND);
		}
	}
	return i;
}

/* They stay until the end of the attack; a victim may hang up, and then they come again. */
static long say_nothing(struct scene *scene, const struct raw_service *service)
{
	struct raw_listener listeners[MANY];
	int sockets[MANY], count, i;
	long deeds = 0;

	while (attack_goes_on(scene)) {
		count = fill_sockets(scene, service, sockets, listeners);
		for (i = 0; i < 200 && attack_goes_on(scene); i++)
			raw_pause(5 * MILLISECOND);
		for (i = 0; i < count; i++) {
			if (scene->as_server)
				raw_unlisten(&listeners[i]);
			else if (sockets[i] >= 0)
				close(sockets[i]);
		}
		deeds += count;
	}
	return deeds;
}

#define MAX_SERVERS	32	/* of the service, by default */
#define RESERVE		8	/* that a victim may hold for what comes next */

/*
 * A server has two for each of those that it keeps; a client has three for each server that it
 * waits for, and waits for max_servers.
 */
static void expect_few_descriptors(struct __test_metadata *_metadata, const struct scene *scene)
{
	int most = scene->as_server ? 3 * MAX_SERVERS : 2 * (STRANGERS_PER_PROCESS + 1);

	EXPECT_GE(scene->before.fds + most + RESERVE, scene->most.fds);
}

/* The honest client grows in each phase: its memory has to be announced by descriptor. */
TEST_F_TIMEOUT(connections, say_nothing_and_the_victim_has_128_descriptors, 120)
{
	self->scene.descriptors = 128;
	self->scene.attack_time = 2 * SECOND;
	self->scene.size = 1 << 20;
	self->scene.more_mappings = 8;
	scene_play(_metadata, &self->scene, say_nothing);
	expect_few_descriptors(_metadata, &self->scene);
}

TEST_F_TIMEOUT(connections, say_nothing, 120)
{
	scene_play(_metadata, &self->scene, say_nothing);
	expect_few_descriptors(_metadata, &self->scene);
}

/* ---- Too many ------------------------------------------------------------------------- */

#define PLACES	6
#define CROWD	40

static const struct sluice_service_opts small = SLUICE_SERVICE_OPTS(
	.max_clients = PLACES, .max_servers = PLACES);

/* Fills the service; the note is how many were welcomed at a time. */
static long crowd(struct scene *scene, const struct raw_service *service)
{
	struct raw_listener listeners[CROWD];
	struct raw_end ends[CROWD];
	int i, welcomed = 0;
	long tried = 0;

	for (i = 0; i < CROWD; i++)
		ends[i] = (struct raw_end){ .fd = -1, .memory_fd = -1, .load_fd = -1 };
	for (i = 0; scene->as_server && i < CROWD; i++)
		if (raw_listen(&listeners[i], service) < 0)
			return -EIO;
	for (i = 0; i < CROWD; i++, tried++) {
		if (scene->as_server)
			welcomed += raw_accept(&ends[i], &listeners[i], 50) >= 0;
		else
			welcomed += raw_join(&ends[i], service) >= 0;
	}
	scene->stage->note = welcomed;
	while (attack_goes_on(scene))
		raw_pause(MILLISECOND);
	for (i = 0; i < CROWD; i++) {
		raw_leave(&ends[i]);
		if (scene->as_server)
			raw_unlisten(&listeners[i]);
	}
	return tried;
}

TEST_F_TIMEOUT(connections, more_than_the_service_has_places, 120)
{
	self->scene.opts = &small;
	self->scene.attack_time = 4 * SECOND;
	scene_play(_metadata, &self->scene, crowd);
	EXPECT_LE(1, self->scene.stage->note);
	EXPECT_GE(PLACES - 1, self->scene.stage->note)
		TH_LOG("beside an honest one, in a service of %d", PLACES);
}

TEST_HARNESS_MAIN
