/* SPDX-License-Identifier: MIT */
/*
 * libuv-server.c - answers adder-client from an event loop of libuv
 *
 * Three handles belong to the node.  A poll handle has its descriptor wake the loop.  A prepare
 * handle, which is called each time before the loop sleeps, asks sluice_node_prepare().  If there
 * is something to do, it starts an idle handle: then the loop does not sleep, and the idle
 * handle answers.  A timer and a signal stand for the rest of the program.
 *
 * A program that already has such a loop takes attach(), detach() and what they call.
 */
#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "answer.h"
#include "usage.h"

struct loop {
	struct sluice_node *node;
	unsigned int answers;
	uv_poll_t wakes;
	uv_prepare_t before_sleep;
	uv_idle_t work;
};

static void on_work(uv_idle_t *handle)
{
	struct loop *loop = handle->data;

	uv_idle_stop(handle);
	loop->answers += answer_all(loop->node);
}

/* The descriptor is readable until the next sluice_node_prepare(), which comes before a sleep. */
static void on_readable(uv_poll_t *handle, int status, int events)
{
	(void)handle, (void)status, (void)events;
}

static void on_prepare(uv_prepare_t *handle)
{
	struct loop *loop = handle->data;
	int ready = sluice_node_prepare(loop->node);

	if (ready < 0)
		errx(1, "%s", sluice_strerror());
	if (ready)
		uv_idle_start(&loop->work, on_work);
}

static int attach(uv_loop_t *uv, struct loop *loop)
{
	int fd = sluice_node_fd(loop->node), r;

	if (fd < 0)
		return fd;
	r = uv_poll_init(uv, &loop->wakes, fd);
	if (r < 0)
		return r;
	uv_prepare_init(uv, &loop->before_sleep);
	uv_idle_init(uv, &loop->work);
	loop->before_sleep.data = loop;
	loop->work.data = loop;
	uv_prepare_start(&loop->before_sleep, on_prepare);
	return uv_poll_start(&loop->wakes, UV_READABLE, on_readable);
}

static void detach(struct loop *loop)
{
	uv_close((uv_handle_t *)&loop->wakes, NULL);
	uv_close((uv_handle_t *)&loop->before_sleep, NULL);
	uv_close((uv_handle_t *)&loop->work, NULL);
}

static void on_timer(uv_timer_t *timer)
{
	const struct loop *loop = timer->data;

	printf("%u answers\n", loop->answers);
	fflush(stdout);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

int main(int argc, char **argv)
{
	struct loop loop = { 0 };
	uv_loop_t *uv = uv_default_loop();
	uv_signal_t end;
	uv_timer_t timer;
	int r;

	usage(argc, argv, "");
	loop.node = sluice_node_create("libuv-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(loop.node, &adder, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	uv_timer_init(uv, &timer);
	timer.data = &loop;
	uv_timer_start(&timer, on_timer, 1000, 1000);
	uv_signal_init(uv, &end);
	uv_signal_start(&end, on_signal, SIGTERM);
	r = attach(uv, &loop);
	if (r < 0)
		errx(1, "the event loop: %s", uv_strerror(r));
	uv_run(uv, UV_RUN_DEFAULT);

	detach(&loop);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_close((uv_handle_t *)&end, NULL);
	uv_run(uv, UV_RUN_DEFAULT);
	uv_loop_close(uv);
	printf("%u answers in all\n", loop.answers);
	sluice_node_destroy(loop.node);
	return 0;
}
