/* SPDX-License-Identifier: MIT */
/*
 * sd-event-server.c - answers adder-client from the event loop of libsystemd
 *
 * Three sources belong to the node.  Its descriptor wakes the loop.  The prepare callback of that
 * source is called each time before the loop sleeps, and asks sluice_node_prepare().  If there is
 * something to do, it turns on a deferred source, which answers; the loop does not sleep then.
 * A timer and a signal stand for the rest of the program.
 *
 * A program that already has such a loop takes attach() and what it calls.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "answer.h"
#include "usage.h"

struct loop {
	struct sluice_node *node;
	sd_event_source *work;
	unsigned int answers;
};

static int on_work(sd_event_source *source, void *context)
{
	struct loop *loop = context;

	(void)source;
	loop->answers += answer_all(loop->node);
	return 0;
}

/* The descriptor is readable until the next sluice_node_prepare(), which comes before a sleep. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *context)
{
	(void)source, (void)fd, (void)events, (void)context;
	return 0;
}

static int before_sleep(sd_event_source *source, void *context)
{
	struct loop *loop = context;
	int ready = sluice_node_prepare(loop->node);

	if (ready < 0) {
		warnx("%s", sluice_strerror());
		return sd_event_exit(sd_event_source_get_event(source), 1);
	}
	return ready ? sd_event_source_set_enabled(loop->work, SD_EVENT_ONESHOT) : 0;
}

static int attach(sd_event *event, struct loop *loop)
{
	sd_event_source *wakes;
	int fd = sluice_node_fd(loop->node), r;

	if (fd < 0)
		return fd;
	r = sd_event_add_defer(event, &loop->work, on_work, loop);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &wakes, fd, EPOLLIN, on_readable, loop);
	if (r < 0)
		return r;
	/* The loop keeps it from here on. */
	sd_event_source_set_floating(wakes, 1);
	sd_event_source_unref(wakes);
	return sd_event_source_set_prepare(wakes, before_sleep);
}

static int on_timer(sd_event_source *source, uint64_t now, void *context)
{
	const struct loop *loop = context;

	printf("%u answers\n", loop->answers);
	fflush(stdout);
	sd_event_source_set_time(source, now + 1000000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int main(int argc, char **argv)
{
	struct loop loop = { 0 };
	sd_event *event;
	sigset_t end;
	int r;

	usage(argc, argv, "");
	loop.node = sluice_node_create("sd-event-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(loop.node, &adder, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 1000000, 0, on_timer,
					       &loop);
	if (r >= 0)
		r = attach(event, &loop);
	if (r >= 0)
		r = sd_event_loop(event);
	if (r < 0)
		errx(1, "the event loop: %s", strerror(-r));

	sd_event_source_unref(loop.work);
	sd_event_unref(event);
	printf("%u answers in all\n", loop.answers);
	sluice_node_destroy(loop.node);
	return r;
}
