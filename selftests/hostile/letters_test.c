// SPDX-License-Identifier: GPL-2.0-only
/*
 * Letters without an end into the mailboxes of all nodes: hints to look at a service, and
 * garbage, from two senders at a time.  Whether the peer is a client or a server otherwise
 * makes no difference, but which of the honest ones is looked at does.
 */
#include <sys/socket.h>

#include "scene.h"

SCENE_FIXTURE(letters);

#define NODES	4

static long flood(struct scene *scene, const struct raw_service *service, bool garbage)
{
	static const char junk[] = "none of yours";
	struct sluice_wire_look look = {
		.header = { SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, SLUICE_WIRE_LOOK },
		.service = service->hash,
	};
	int sockets[NODES], i, count = raw_mailboxes(service, sockets, NODES);
	long sent = 0;

	while (attack_goes_on(scene))
		for (i = 0; i < count; i++)
			sent += garbage ? send(sockets[i], junk, 1, MSG_NOSIGNAL) > 0 :
					  send(sockets[i], &look, sizeof(look), MSG_NOSIGNAL) > 0;
	return sent;
}

/* Two of them: what one is skipped for, the other one sends meanwhile. */
static long flood_twice(struct scene *scene, const struct raw_service *service, bool garbage)
{
	pid_t second = fork();
	long sent;

	if (!second) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		flood(scene, service, true);
		_exit(0);
	}
	sent = flood(scene, service, garbage);
	waitpid(second, NULL, 0);
	return sent;
}

static long letters_and_garbage(struct scene *scene, const struct raw_service *service)
{
	return flood_twice(scene, service, false);
}

TEST_F_TIMEOUT(letters, without_an_end, 120)
{
	scene_play(_metadata, &self->scene, letters_and_garbage);
}

static long only_garbage(struct scene *scene, const struct raw_service *service)
{
	return flood_twice(scene, service, true);
}

TEST_F_TIMEOUT(letters, of_garbage_only, 120)
{
	scene_play(_metadata, &self->scene, only_garbage);
}

TEST_HARNESS_MAIN
