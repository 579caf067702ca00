// SPDX-License-Identifier: MIT
/*
 * Metrics over HTTP, by libmicrohttpd.
 *
 * Its thread answers one request after the other.  The main thread sleeps until a signal
 * ends the command; the signals are blocked before the thread is made, so it never gets
 * one.  The registry is read for each request, so an answer is never older than the
 * question, and between two requests nothing runs.
 *
 * Anybody who reaches the address may ask.  There is no password: what is told is what each
 * user of this host with access to the registry can read.  The address is a loopback one if
 * none is given.  Connections are few, and one that is silent is closed after a time, so a
 * client costs at most a descriptor and a buffer.
 */
#include "metrics.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>

#include "tools/text/printable.h"

#define CONNECTIONS	32
#define SILENT_MOST	10u		/* seconds */
#define BUFFER		(16 * 1024)	/* bytes for the head of a request */
#define HOST_SIZE	64
#define LOOPBACK	"127.0.0.1"

/* ---- The address ---- */

struct address {
	char host[HOST_SIZE];
	char shown[HOST_SIZE + 2];	/* as part of a URL */
	const char *port;
};

/* "PORT", "HOST:PORT" or "[HOST]:PORT". */
static bool split_address(const char *text, struct address *ret)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';

	ret->port = colon ? colon + 1 : text;
	if (!length) {
		strcpy(ret->host, LOOPBACK);
	} else {
		text += brackets;
		length -= brackets ? 2 : 0;
		if (length >= sizeof(ret->host))
			return false;
		memcpy(ret->host, text, length);
		ret->host[length] = '\0';
	}
	snprintf(ret->shown, sizeof(ret->shown), brackets ? "[%s]" : "%s", ret->host);
	return brackets || !strchr(ret->host, ':');
}

/* To be freed with freeaddrinfo(); or NULL, and a sentence was printed. */
static struct addrinfo *resolve(const struct look *look, const char *text, struct address *address)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char clean[TEXT_CLEAN(2 * HOST_SIZE)];

	if (split_address(text, address) && *address->port &&
	    !getaddrinfo(address->host, address->port, &hints, &found))
		return found;
	look_wrong(look, "\"%s\" is no address to listen at: PORT, ADDRESS:PORT or [ADDRESS]:PORT, in digits",
		   text_clean(clean, sizeof(clean), text));
	return NULL;
}

/* ---- Answers ---- */

/* The text of all metrics, to be freed; NULL: there is none, or no memory. */
static char *make_text(const struct look *look, enum metrics_format format, size_t *ret_size)
{
	struct snapshot snapshot;
	char *text = NULL;
	FILE *to;

	if (look_at(look, &snapshot))
		return NULL;
	to = open_memstream(&text, ret_size);
	if (to) {
		metrics_write(to, look, &snapshot, format);
		if (fclose(to)) {
			free(text);
			text = NULL;
		}
	}
	snapshot_free(&snapshot);
	return text;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, struct MHD_Response *response)
{
	enum MHD_Result r;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result answer_sentence(struct MHD_Connection *connection, unsigned int status,
				       const char *sentence)
{
	return answer(connection, status, "text/plain; charset=utf-8",
		      MHD_create_response_from_buffer(strlen(sentence), (void *)sentence,
						      MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection, const struct look *look)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_ACCEPT);
	enum metrics_format format = accept && strstr(accept, "application/openmetrics-text") ?
				     METRICS_OPENMETRICS : METRICS_PROMETHEUS;
	size_t size;
	char *text = make_text(look, format, &size);

	if (!text)
		return answer_sentence(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				       "The registry could not be read.\n");
	return answer(connection, MHD_HTTP_OK, metrics_type(format),
		      MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result take_request(void *context, struct MHD_Connection *connection,
				    const char *path, const char *method, const char *version,
				    const char *upload, size_t *upload_size, void **state)
{
	(void)version;
	(void)upload;
	/* The first call comes before the body of the request, which nobody wants. */
	if (!*state) {
		*state = connection;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_sentence(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				       "Only GET and HEAD are answered.\n");
	if (strcmp(path, "/metrics"))
		return answer_sentence(connection, MHD_HTTP_NOT_FOUND,
				       "The metrics are at /metrics.\n");
	return answer_metrics(connection, context);
}

/* ---- The daemon ---- */

static void tell_address(const struct look *look, struct MHD_Daemon *daemon,
			 const struct address *address)
{
	const union MHD_DaemonInfo *bound =
		MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

	fprintf(stderr, "sluice %s: serving http://%s:%u/metrics\n", look->verb, address->shown,
		bound ? bound->port : 0u);
}

/* Signals that end the command.  SIGHUP stays ignored if it was, as nohup wants it. */
static void block_signals(sigset_t *ret_signals)
{
	struct sigaction hangup;

	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGTERM);
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaddset(ret_signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

int metrics_listen(const struct look *look, const char *text)
{
	struct MHD_Daemon *daemon;
	struct address address;
	struct addrinfo *found = resolve(look, text, &address);
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC;
	sigset_t signals;
	int number;

	if (!found)
		return LOOK_WRONG;
	if (found->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	block_signals(&signals);
	errno = 0;
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, take_request, (void *)look,
				  MHD_OPTION_SOCK_ADDR, found->ai_addr,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BUFFER,
				  MHD_OPTION_CONNECTION_TIMEOUT, SILENT_MOST,
				  MHD_OPTION_END);
	freeaddrinfo(found);
	if (!daemon)
		return look_failed(look, "cannot listen at %s port %s: %s", address.shown,
				   address.port, errno ? strerror(errno) : "no resources");
	tell_address(look, daemon, &address);
	while (sigwait(&signals, &number))
		;
	MHD_stop_daemon(daemon);
	return 0;
}
