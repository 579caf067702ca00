/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several clients, the sides of the test, of several servers, its ends: what a server can do with
 * requests, and how long it takes.
 */
#ifndef SELFTESTS_LOAD_H
#define SELFTESTS_LOAD_H

#include "rules.h"

#define SERVERS	3
#define CLIENTS	6

FIXTURE(rule_load)
{
	struct root root;
	struct side client[CLIENTS];
	struct end end[SERVERS];
};

FIXTURE_VARIANT(rule_load)
{
	enum place place;
};

FIXTURE_VARIANT_ADD(rule_load, processes) { .place = IN_PROCESS };
FIXTURE_VARIANT_ADD(rule_load, threads) { .place = IN_THREAD };

FIXTURE_SETUP(rule_load)
{
	root_make(_metadata, &self->root);
	ends_mix(self->end, ARRAY_SIZE(self->end));
}

FIXTURE_TEARDOWN(rule_load)
{
	size_t i;

	for (i = 0; i < CLIENTS && _metadata->exit_code == KSFT_PASS; i++)
		leave(&self->client[i], 0, 0);
	ends_stop(_metadata, self->end, ARRAY_SIZE(self->end));
	TEARDOWN_CHECKS(&self->root);
}

/* ---- Steps ---------------------------------------------------------------- */

/* take_all(first): receives what there is into slots from first on; how many that were. */
helper long take_all(struct side *side, long first, long unused)
{
	long count = 0, value;

	(void)unused;
	while ((value = take(side, first + count, count ? SLUICE_NOWAIT : 50 * MILLISECOND)) >= 0)
		count++;
	return value == -EAGAIN || value == -ETIMEDOUT ? count : value;
}

/* finish_all(first, count): with what take_all() has received. */
helper long finish_all(struct side *side, long first, long count)
{
	long i, result = 0;

	for (i = first; i < first + count && !result; i++)
		result = done(side, i, 0);
	return result;
}

/* look(looks): has a server look for requests, of which there are none, so often. */
helper long look(struct side *side, long looks, long unused)
{
	long result = -EAGAIN;

	(void)unused;
	while (looks-- && result == -EAGAIN)
		result = take(side, SLOTS - 1, SLUICE_NOWAIT);
	return result;
}

/* rest(time): the same, asleep. */
helper long rest(struct side *side, long time, long unused)
{
	(void)unused;
	return take(side, SLOTS - 1, time);
}

helper long sleep_for(struct side *side, long time, long unused)
{
	(void)side, (void)unused;
	return nanosleep(&(struct timespec){ .tv_sec = time / SECOND,
					     .tv_nsec = time % SECOND }, NULL);
}

/* serve_slowly(requests, time): each takes so long; how many were served. */
helper long serve_slowly(struct side *side, long requests, long time)
{
	long value, served = 0;

	while (served < requests && (value = take(side, 0, SLUICE_FOREVER)) >= 0) {
		sleep_for(side, time, 0);
		if (answer(side, 0, value + 1) < 0 || done(side, 0, 0) < 0)
			return -errno;
		served++;
	}
	return served;
}

helper void make_servers(struct __test_metadata *_metadata, FIXTURE_DATA(rule_load) *self,
			  enum place place, size_t servers,
			  const struct sluice_service_opts *opts)
{
	size_t i;

	for (i = 0; i < servers; i++)
		start_server(_metadata, &self->end[i], place, &calls, opts, NULL);
}

helper void open_sides(struct __test_metadata *_metadata, FIXTURE_DATA(rule_load) *self,
		       size_t clients, long servers)
{
	size_t i;

	for (i = 0; i < clients; i++)
		open_client_side(_metadata, &self->client[i], &calls, NULL, servers);
}

/* Each server takes the connections that there are. */
#define SERVERS_LOOK(self)						\
	do {								\
		for (size_t i_ = 0; i_ < SERVERS; i_++) {		\
			EXPECT_EQ(-EAGAIN, at(&(self)->end[i_], look, 3, 0)); \
		}							\
	} while (0)

#endif /* SELFTESTS_LOAD_H */
