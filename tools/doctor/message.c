// SPDX-License-Identifier: MIT
/*
 * The doctor's proof: a server in a process of its own, a client here, and one message
 * from one to the other and back, in a private root directory.
 *
 * The nodes are made as programs make them, so they wait in the same way.  The server's
 * process reports through a pipe that it is ready, by an empty word, or the reason why not,
 * by a sentence.  No wait is longer than PATIENCE, and signals that would end the run are
 * held back until the directory is gone.
 *
 * The server leaves when it has answered; what it has sent before is still received.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#include "tools/private_root.h"
#include "tools/text/text.h"

#define PATIENCE	(5 * SECOND_NS)

struct question { uint64_t number; };
struct answer { uint64_t number; };

static const struct sluice_contract contract = {
	.name = "doctor",
	.request = SLUICE_TYPE(struct question),
	.response = SLUICE_TYPE(struct answer),
};

static const struct sluice_node_opts own_domain = SLUICE_NODE_OPTS(.domain = "doctor");

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

/* ---- The server ------------------------------------------------------------------ */

static void serve(int tell)
{
	sluice_auto(sluice_node) node = sluice_node_create("doctor-server", &own_domain);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	const char *why = server ? "" : sluice_strerror();
	struct sluice_active_request *request;
	struct sluice_reply *reply;

	if (write(tell, why, strlen(why) + 1) < 0 || !server)
		return;
	request = sluice_server_receive(server, PATIENCE);
	if (!request)
		return;
	reply = sluice_active_request_loan(request, 1);
	if (reply) {
		((struct answer *)reply->data)->number =
			((const struct question *)request->data)->number + 1;
		(void)!sluice_reply_send(reply);
	}
	sluice_active_request_release(request);
}

/* Starts it, and waits until it is ready.  Its process; 0 and why it is not. */
static pid_t start_server(char *why, size_t size)
{
	ssize_t got;
	int tell[2];
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC) < 0) {
		snprintf(why, size, "cannot make a pipe: %s", strerror(errno));
		return 0;
	}
	pid = fork();
	if (pid == 0) {
		serve(tell[1]);
		_exit(0);
	}
	close(tell[1]);
	got = pid < 0 ? -1 : read(tell[0], why, size - 1);
	why[got > 0 ? got : 0] = '\0';
	close(tell[0]);
	if (got > 0 && !why[0])
		return pid;
	if (pid < 0)
		snprintf(why, size, "cannot make a process: %s", strerror(errno));
	else
		waitpid(pid, NULL, 0);
	if (!why[0])
		snprintf(why, size, "the server's process ended");
	return 0;
}

/* ---- The client ------------------------------------------------------------------ */

/* Nanoseconds there and back, or -1 and the library's sentence. */
static int64_t send_one(struct sluice_client *client)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_response) response = NULL;
	int64_t begin = now();

	if (!request)
		return -1;
	((struct question *)request->data)->number = 41;
	response = sluice_request_call(request, &pending, PATIENCE);
	if (!response)
		return -1;
	return ((const struct answer *)response->data)->number == 42 ? now() - begin : -1;
}

static int64_t ask(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("doctor-client", &own_domain);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);

	if (sluice_client_wait_servers(client, 1, PATIENCE) < 0)
		return -1;
	return send_one(client);
}

/* ---- Both ------------------------------------------------------------------------ */

/* The same; -1 and why it has failed. */
static int64_t exchange(char *why, size_t size)
{
	pid_t server = start_server(why, size);
	int64_t trip;

	if (!server)
		return -1;
	trip = ask();
	if (trip < 0) {
		snprintf(why, size, "%s", sluice_strerror());
		kill(server, SIGKILL);
	}
	waitpid(server, NULL, 0);
	return trip;
}

static void tell(struct doctor_finding *finding, int64_t trip, int64_t all, const char *why)
{
	char trip_text[TEXT_NUMBER], all_text[TEXT_NUMBER];

	if (trip < 0) {
		doctor_found(finding, DOCTOR_PROBLEM, "no message gets from one process to another: %s",
			     why);
		doctor_mend(finding, "what mends the problems above; if there are none, this is a bug of Sluice");
		return;
	}
	doctor_found(finding, DOCTOR_OK, "a first message went to another process and back in %s; with making and ending all it needed, %s",
		     text_ns(trip_text, (uint64_t)trip), text_ns(all_text, (uint64_t)all));
}

void doctor_message(struct doctor *doctor, struct doctor_finding *finding)
{
	sigset_t ending, before;
	char root[PRIVATE_ROOT], why[256];
	int64_t begin = now(), trip = -1;
	int r;

	(void)doctor;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &before);
	r = private_root_make(root, "doctor");
	if (r < 0)
		snprintf(why, sizeof(why), "no directory can be made in /dev/shm or /tmp (%s)",
			 strerror(-r));
	else
		trip = exchange(why, sizeof(why));
	private_root_remove(root);
	sigprocmask(SIG_SETMASK, &before, NULL);
	tell(finding, trip, now() - begin, why);
}
