/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a watch has told, checked as it is told: nothing comes twice or goes twice, a service
 * comes before its ports and goes after them.
 */
#ifndef SELFTESTS_WATCHED_H
#define SELFTESTS_WATCHED_H

#include "common.h"

#include <poll.h>
#include <sluice_watch.h>

#define WATCHED_MOST	64

/* Ways in which a program waits for a watch. */
enum watched_way { BY_NEXT, BY_NODE, BY_POLL, WATCHED_WAYS };

struct watched {
	struct sluice_node *node;
	struct sluice_watch *watch;
	enum watched_way way;
	bool all_told;
	int told;			/* events */
	int is_there, came, went, died;	/* of ports */
	uint32_t left_out;
	int ports;
	uint64_t port[WATCHED_MOST];
	char of[WATCHED_MOST][64];	/* service of each */
	int services;
	char service[WATCHED_MOST][64];
};

helper int watched_port(const struct watched *known, uint64_t id)
{
	for (int i = 0; i < known->ports; i++)
		if (known->port[i] == id)
			return i;
	return -1;
}

helper int watched_service(const struct watched *known, const char *name)
{
	for (int i = 0; i < known->services; i++)
		if (!strcmp(known->service[i], name))
			return i;
	return -1;
}

helper int watched_ports_of(const struct watched *known, const char *name)
{
	int count = 0;

	for (int i = 0; i < known->ports; i++)
		count += !strcmp(known->of[i], name);
	return count;
}

helper void watched_note_service(struct __test_metadata *_metadata, struct watched *known,
				 const struct sluice_watch_event *event)
{
	int at = watched_service(known, event->service);
	bool comes = event->change == SLUICE_WATCH_IS_THERE || event->change == SLUICE_WATCH_CAME;

	EXPECT_EQ(comes, at < 0) TH_LOG("service %s", event->service);
	EXPECT_EQ(0, event->id);
	EXPECT_EQ(0, event->pid);
	EXPECT_STREQ("", event->entry);
	if (at < 0) {
		ASSERT_GT(WATCHED_MOST, known->services);
		strcpy(known->service[known->services++], event->service);
		return;
	}
	EXPECT_EQ(0, watched_ports_of(known, event->service));
	memmove(known->service[at], known->service[--known->services], sizeof(known->service[0]));
}

helper void watched_note_port(struct __test_metadata *_metadata, struct watched *known,
			      const struct sluice_watch_event *event)
{
	int at = watched_port(known, event->id);
	bool comes = event->change == SLUICE_WATCH_IS_THERE || event->change == SLUICE_WATCH_CAME;

	EXPECT_LE(0, watched_service(known, event->service));
	EXPECT_EQ(comes, at < 0) TH_LOG("port %s of %s", event->entry, event->service);
	known->is_there += event->change == SLUICE_WATCH_IS_THERE;
	known->came += event->change == SLUICE_WATCH_CAME;
	known->went += event->change == SLUICE_WATCH_WENT;
	known->died += event->change == SLUICE_WATCH_DIED;
	if (at < 0) {
		ASSERT_GT(WATCHED_MOST, known->ports);
		known->port[known->ports] = event->id;
		strcpy(known->of[known->ports++], event->service);
		return;
	}
	known->port[at] = known->port[--known->ports];
	memmove(known->of[at], known->of[known->ports], sizeof(known->of[0]));
}

/* Waits in the way of the test, until the watch may have something.  0 or -errno. */
helper int watched_wait(struct watched *known, int64_t timeout)
{
	struct sluice_event event = SLUICE_EVENT();
	struct pollfd poll_fd = { .fd = sluice_node_fd(known->node), .events = POLLIN };
	int64_t end = now() + timeout;
	int r;

	if (known->way == BY_NODE) {
		r = sluice_node_wait(known->node, timeout);
		if (r < 0)
			return r;
		while (sluice_node_next(known->node, &event) > 0)
			if (event.kind == SLUICE_EVENT_REGISTRY && event.watch == known->watch)
				return 0;
		return 0;
	}
	while ((r = sluice_node_prepare(known->node)) == 0 && now() < end)
		(void)!poll(&poll_fd, 1, (int)((end - now()) / MILLISECOND) + 1);
	return r < 0 ? r : r ? 0 : -ETIMEDOUT;
}

/* The next event.  1 or -errno. */
helper int watched_next(struct __test_metadata *_metadata, struct watched *known,
			struct sluice_watch_event *event, int64_t timeout)
{
	int64_t end = now() + timeout;
	int r;

	*event = (struct sluice_watch_event)SLUICE_WATCH_EVENT();
	do {
		r = sluice_watch_next(known->watch, event,
				      known->way == BY_NEXT ? timeout : SLUICE_NOWAIT);
		if (r == -EAGAIN && known->way != BY_NEXT)
			(void)!watched_wait(known, end - now());
	} while (r == -EAGAIN && now() < end);
	if (r < 0)
		return r;
	known->told++;
	known->left_out = event->left_out;
	if (event->kind == SLUICE_WATCH_ALL_TOLD) {
		EXPECT_FALSE(known->all_told);
		known->all_told = true;
	} else if (event->kind == SLUICE_WATCH_SERVICE) {
		watched_note_service(_metadata, known, event);
	} else {
		watched_note_port(_metadata, known, event);
	}
	return 1;
}

/* Takes events until this holds, LONG at most.  Does it? */
#define WATCHED_UNTIL(known, condition)						\
	__extension__({								\
		struct sluice_watch_event event_;				\
		int64_t end_ = now() + LONG;					\
										\
		while (!(condition) && now() < end_)				\
			(void)!watched_next(_metadata, known, &event_, SECOND);	\
		(condition);							\
	})

/* Takes events for so long, and counts them. */
helper int watched_for(struct __test_metadata *_metadata, struct watched *known, int64_t time)
{
	struct sluice_watch_event event;
	int64_t end = now() + time;
	int before = known->told;

	while (now() < end)
		(void)!watched_next(_metadata, known, &event, end - now());
	return known->told - before;
}

helper void watched_open(struct __test_metadata *_metadata, struct watched *known,
			 enum watched_way way, const char *service)
{
	const struct sluice_watch_opts opts = SLUICE_WATCH_OPTS(.service = service);

	*known = (struct watched){ .way = way };
	known->node = sluice_node_create("watcher", NULL);
	known->watch = sluice_watch_open(known->node, &opts);
	ASSERT_NE(NULL, known->watch) TH_LOG("%s", sluice_strerror());
}

helper void watched_close(struct watched *known)
{
	sluice_watch_close(known->watch);
	sluice_node_destroy(known->node);
}

#endif /* SELFTESTS_WATCHED_H */
