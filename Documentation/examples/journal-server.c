/* SPDX-License-Identifier: MIT */
/*
 * journal-server.c - the adder, whose library writes its remarks to the journal
 *
 * Shows a function for remarks (sluice_remarks.h).  It sends each remark to the journal of
 * systemd, as one datagram of lines KEY=VALUE:
 *
 *	journalctl SLUICE_REMARK=1			all deaths of peers
 *	journalctl SLUICE_SERVICE=example/adder -p warning
 *
 * A program that is linked with libsystemd would call sd_journal_sendv(3) instead.  The function
 * does not wait: if the journal is full or is not there, the remark is lost.
 */
#include <err.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <sluice_remarks.h>

#include "adder.h"
#include "usage.h"

struct journal {
	int fd;
	struct sockaddr_un address;
};

/* A datagram that is being written; what does not fit is left out. */
struct entry {
	char bytes[2048];
	size_t used;
};

__attribute__((__format__(__printf__, 2, 3)))
static void add(struct entry *entry, const char *format, ...)
{
	size_t room = sizeof(entry->bytes) - entry->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(entry->bytes + entry->used, room, format, arguments);
	va_end(arguments);
	if (length > 0 && (size_t)length < room)
		entry->used += (size_t)length;
}

/* Keys of the journal are in capitals.  A value with a line feed would begin another field. */
static void add_field(struct entry *entry, const struct sluice_remark_field *field)
{
	char key[32] = "";

	for (size_t i = 0; field->key[i] && i + 1 < sizeof(key); i++)
		key[i] = (char)(field->key[i] - 'a' + 'A');
	if (!strchr(field->value, '\n'))
		add(entry, "SLUICE_%s=%s\n", key, field->value);
}

static void note(const struct sluice_remark *remark, void *context)
{
	const struct journal *journal = context;
	struct entry entry = { .used = 0 };

	add(&entry, "MESSAGE=%s\nPRIORITY=%u\nSYSLOG_IDENTIFIER=%s\nSLUICE_REMARK=%u\n",
	    remark->text, remark->level, program_invocation_short_name, remark->number);
	if (remark->left_out)
		add(&entry, "SLUICE_LEFT_OUT=%llu\n", (unsigned long long)remark->left_out);
	for (size_t i = 0; i < remark->field_count; i++)
		add_field(&entry, &remark->fields[i]);
	(void)sendto(journal->fd, entry.bytes, entry.used, MSG_DONTWAIT | MSG_NOSIGNAL,
		     (const struct sockaddr *)&journal->address, sizeof(journal->address));
}

int main(int argc, char **argv)
{
	struct journal journal = { .address.sun_family = AF_UNIX };
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.remark = note, .remark_context = &journal);
	struct sluice_active_request *request;

	usage(argc, argv, "[SOCKET]");
	snprintf(journal.address.sun_path, sizeof(journal.address.sun_path), "%s",
		 argc > 1 ? argv[1] : "/run/systemd/journal/socket");
	journal.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal.fd < 0)
		err(1, "socket");
	sluice_auto(sluice_node) node = sluice_node_create("journal-server", &opts);
	sluice_auto(sluice_service) service = sluice_service_open(node, &adder, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);

	while ((request = sluice_server_receive(server, SLUICE_FOREVER))) {
		struct sluice_reply *reply = sluice_active_request_loan(request, 1);
		const struct add_request *question = request->data;

		if (reply) {
			struct add_response *answer = reply->data;

			answer->sum = question->a + question->b;
		}
		if (!reply || sluice_reply_send(reply) < 0)
			warnx("%s", sluice_strerror());
		sluice_active_request_release(request);
	}
	errx(1, "%s", sluice_strerror());
}
