// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes that never sleep: a client and a server, each of which looks for
 * the next message with SLUICE_NOWAIT until it is there.  Run by syscalls_test.sh,
 * which counts what they ask of the kernel; what they ask of malloc, this program
 * counts itself, by standing in front of libc's.
 *
 *	syscalls_test ROUNDS
 *
 * prints one line, "ROUNDS MALLOCS MALLOCS": those of the client, then those of
 * the server, from start to end.  Exit status 4 means that it cannot be measured
 * here, with the reason on stderr.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <sluice.h>

#define SKIP		4

/* Both ends are warm before anything is compared. */
#define WARM_UP		1000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static unsigned long mallocs;

#if defined(__GLIBC__) && !defined(SANITIZED)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	mallocs++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	mallocs++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	mallocs++;
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	mallocs++;
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	mallocs++;
	*ret_memory = __libc_memalign(alignment, size);
	return *ret_memory ? 0 : ENOMEM;
}
#endif

struct number {
	uint64_t value;
};

static const struct sluice_contract spinning = {
	.name = "test/spinning",
	.request = SLUICE_TYPE(struct number),
	.response = SLUICE_TYPE(struct number),
};

static const struct sluice_node_opts uring = SLUICE_NODE_OPTS(
	.wait = SLUICE_WAIT_URING);

static void tell(int fd, unsigned long what)
{
	if (write(fd, &what, sizeof(what)) != (ssize_t)sizeof(what))
		err(1, "pipe");
}

static unsigned long ask(int fd)
{
	unsigned long what;

	if (read(fd, &what, sizeof(what)) != (ssize_t)sizeof(what))
		errx(1, "the other end is gone");
	return what;
}

static void serve(unsigned long rounds, int in, int out)
{
	struct sluice_node *node = sluice_node_create("server", &uring);
	struct sluice_service *service = sluice_service_open(node, &spinning, NULL);
	struct sluice_server *server = sluice_server_create(service, NULL);
	struct sluice_active_request *request;
	const struct number *number;
	struct sluice_reply *reply;

	if (!server)
		errx(1, "%s", sluice_strerror());
	tell(out, 0);
	ask(in);	/* the first request is there before we look */
	while (rounds--) {
		while (!(request = sluice_server_receive(server, SLUICE_NOWAIT)))
			if (errno != EAGAIN)
				errx(1, "%s", sluice_strerror());
		number = request->data;
		reply = sluice_active_request_loan(request, 1);
		if (!reply)
			errx(1, "%s", sluice_strerror());
		((struct number *)reply->data)->value = number->value + 1;
		if (sluice_reply_send(reply) < 0 ||
		    sluice_active_request_release(request) < 0)
			errx(1, "%s", sluice_strerror());
	}
	ask(in);
	sluice_server_destroy(server);
	sluice_service_close(service);
	sluice_node_destroy(node);
	tell(out, mallocs);
}

static struct sluice_pending_response *send(struct sluice_client *client,
					    uint64_t value)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	struct sluice_pending_response *pending;

	if (!request)
		errx(1, "%s", sluice_strerror());
	((struct number *)request->data)->value = value;
	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

static void hear(struct sluice_pending_response *pending, uint64_t value)
{
	struct sluice_response *response;
	const struct number *number;

	while (!(response = sluice_pending_response_receive(pending,
							    SLUICE_NOWAIT)))
		if (errno != EAGAIN)
			errx(1, "%s", sluice_strerror());
	number = response->data;
	if (number->value != value)
		errx(1, "heard %ju and not %ju", (uintmax_t)number->value,
		     (uintmax_t)value);
	sluice_response_release(response);
	while (sluice_pending_response_receive(pending, SLUICE_NOWAIT) ||
	       errno == EAGAIN)
		;
	if (errno != EPIPE)
		errx(1, "%s", sluice_strerror());
	sluice_pending_response_release(pending);
}

static void call(unsigned long rounds, int in, int out)
{
	struct sluice_pending_response *pending;
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_node *node;
	unsigned long i;

	ask(in);
	node = sluice_node_create("client", &uring);
	service = sluice_service_open(node, &spinning, NULL);
	client = sluice_client_create(service, NULL);
	for (i = 0; i < rounds; i++) {
		pending = send(client, i);
		if (sluice_pending_response_servers(pending) != 1)
			errx(1, "the server is not there");
		if (i == 0)
			tell(out, 0);
		hear(pending, i + 1);
	}
	sluice_client_destroy(client);
	sluice_service_close(service);
	sluice_node_destroy(node);
	tell(out, 0);
}

/* Before anything is counted: can a node of the kind be had at all? */
static void check_node(void)
{
	struct sluice_node *node = sluice_node_create("probe", &uring);

	if (!node && errno == ENOSYS) {
		warnx("%s", sluice_strerror());
		exit(SKIP);
	}
	if (!node)
		errx(1, "%s", sluice_strerror());
	sluice_node_destroy(node);
}

int main(int argc, char **argv)
{
	unsigned long rounds, theirs;
	int there[2], back[2], status;
	pid_t pid;

#ifdef SANITIZED
	warnx("a sanitizer makes system calls and allocates by itself");
	return SKIP;
#endif
	if (argc != 2)
		errx(2, "usage: %s ROUNDS", argv[0]);
	rounds = strtoul(argv[1], NULL, 0) + WARM_UP;
	check_node();
	if (pipe(there) || pipe(back))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(there[1]);
		close(back[0]);
		serve(rounds, there[0], back[1]);
		return 0;
	}
	close(there[0]);
	close(back[1]);
	call(rounds, back[0], there[1]);
	theirs = ask(back[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the server failed");
	printf("%s %lu %lu\n", argv[1], mallocs, theirs);
	return 0;
}
