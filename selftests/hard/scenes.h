/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a victim does in its life, in each scene.  It makes a node, opens the service, makes
 * its port, exchanges messages that grow, and gives everything back.  Every byte that it
 * receives is checked.
 */
#ifndef SELFTESTS_HARD_SCENES_H
#define SELFTESTS_HARD_SCENES_H

#include "crash_points.h"
#include "steps.h"

#define ACTIVE		4	/* requests of a client: so many fill its ring */
#define RESPONSES	3	/* in the ring of a response */

/* When the other end reads. */
enum reads {
	READS_AT_ONCE,
	HOLDS,			/* at once, and answers when the victim has sent all or has gone */
	READS_LATE,		/* when the victim has sent all or has gone */
};

struct scene {
	const char *name;
	uint64_t flags;		/* of the service */
	long ports;		/* of the survivor that the victim is connected to */
	long requests;		/* that a client has under way */
	long withdrawn;		/* that it has sent and given up before */
	long responses;		/* to each */
	bool waits;		/* for each response before the next request */
	enum reads reads;
	bool stops;		/* and goes on, instead of dying */
};

/* Bytes of the i-th message from a client.  Those of two clients differ. */
helper long size_of(long i, long client)
{
	static const long sizes[] = { 16, 4000, 70000, 300000, 24, 9000, 40, 150000 };

	return sizes[i % 8] + 8 * (i / 8) + 2 * client;
}

/* Its number: for client 0 from 0 on, for client 1 from ACTIVE on. */
helper long number_of(long size)
{
	long i;

	for (i = 0; i < 2 * ACTIVE; i++)
		if (size == size_of(i % ACTIVE, i / ACTIVE))
			return i;
	return -EBADMSG;
}

/* The smallest size; the bystander asks with it. */
#define ASIDE	3

static const struct sluice_client_opts four_active = SLUICE_CLIENT_OPTS(
	.max_active_requests = ACTIVE);

static const struct sluice_contract crash_contract = BLOBS("hard/crash");

helper struct sluice_service_opts service_of(const struct scene *scene)
{
	return (struct sluice_service_opts)SLUICE_SERVICE_OPTS(
		.flags = scene->flags,
		.max_active_requests_per_client = ACTIVE,
		.max_response_buffer_size = RESPONSES,
		.max_borrowed_responses_per_pending_response = 2);
}

/* Ends the victim: something is not as it must be.  Its line is the exit status. */
#define VICTIM_NEEDS(holds)						\
	do {								\
		if (!(holds)) {						\
			fprintf(stderr, "# the victim, line %d: %s\n", __LINE__, sluice_strerror()); \
			_exit(1);					\
		}							\
	} while (0)

/* ---- A client -------------------------------------------------------------------------- */

/* A process that was stopped and goes on is interrupted. */
#define UNINTERRUPTED(call)						\
	__extension__({							\
		long result_;						\
									\
		do							\
			result_ = (call);				\
		while (result_ == -EINTR);				\
		result_;						\
	})

/* All responses of all servers, and the end. */
helper void hear_out(struct side *side, const struct scene *scene, long slot)
{
	long heard, size = size_of(slot, 0);
	int count = 0;

	while ((heard = UNINTERRUPTED(hear_blob(side, slot, LONG))) >= 0) {
		VICTIM_NEEDS(heard == size);
		count++;
	}
	/* Of responses that nobody has read the oldest are lost. */
	VICTIM_NEEDS(heard == -EPIPE && count <= scene->ports * scene->responses);
	VICTIM_NEEDS(count >= scene->ports);
	VICTIM_NEEDS(cancel(side, slot, 0) == 0);
}

helper void live_as_client(struct side *side, const struct scene *scene)
{
	long i;

	VICTIM_NEEDS(open_client(side, PTR(&four_active), 0) == 0);
	VICTIM_NEEDS(UNINTERRUPTED(wait_servers(side, scene->ports, LONG)) == scene->ports);
	for (i = 0; i < scene->withdrawn; i++) {
		VICTIM_NEEDS(ask_blob(side, 0, size_of(i, 0)) >= 0);
		VICTIM_NEEDS(cancel(side, 0, 0) == 0);
	}
	for (i = 0; i < scene->requests; i++) {
		VICTIM_NEEDS(ask_blob(side, i, size_of(i, 0)) >= 0);
		if (scene->waits)
			hear_out(side, scene, i);
	}
	victim->sent = true;
	for (i = 0; !scene->waits && i < scene->requests; i++)
		hear_out(side, scene, i);
}

/* ---- A server -------------------------------------------------------------------------- */

/* Takes all requests of all clients, two at a time where there are two. */
helper void live_as_server(struct side *side, const struct scene *scene)
{
	long i, j, size, number, all = scene->ports * scene->requests;

	VICTIM_NEEDS(open_server(side, 0, 0) == 0);
	for (i = 0; i < all; i++) {
		do {
			size = UNINTERRUPTED(take_blob(side, 0, LONG));
			VICTIM_NEEDS(size > 0);
			number = number_of(size);
			/* One that was withdrawn, and is there all the same. */
			if (number < 0)
				VICTIM_NEEDS(done(side, 0, 0) == 0);
		} while (number < 0);
		for (j = 0; j < scene->responses; j++)
			VICTIM_NEEDS(answer_blob(side, 0, size) == 0);
		victim->releases[number] = true;
		VICTIM_NEEDS(done(side, 0, 0) == 0);
		victim->released[number] = true;
	}
	victim->sent = true;
}

/* ---- Its life -------------------------------------------------------------------------- */

typedef void life(struct side *side, const struct scene *scene);

helper void live(life *what, const struct scene *scene)
{
	const struct sluice_service_opts opts = service_of(scene);
	static struct side side;

	VICTIM_NEEDS(open_service(&side, PTR(&crash_contract), PTR(&opts)) == 0);
	what(&side, scene);
	victim->is_leaving = true;
	leave(&side, 0, 0);
	counts_points = false;
}

#endif /* SELFTESTS_HARD_SCENES_H */
