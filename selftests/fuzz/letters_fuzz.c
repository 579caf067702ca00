// SPDX-License-Identifier: GPL-2.0-only
/*
 * Letters in the mailbox of a node: datagrams of any bytes, with any number of descriptors
 * (registry/node_entry.c, os/fdpass.c).  Every user who may enter the root directory can send
 * them.
 *
 * The input is a number of letters.  Each begins with its length and a byte that says how many
 * descriptors come with it, up to 24: more than the library takes.  A bit of that byte has the
 * header of a LOOK written, in the version of the protocol.
 *
 * Promises: each letter is taken once, and none of its descriptors is left open.  A letter is
 * in order only if it is a LOOK of the right length, and it is of the user who has sent it.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sluice/wire.h>

#include "registry/node_entry.h"

#define LETTERS_MAX	8
#define FDS_MAX		24
#define HEAD		128

struct letter {
	uint8_t bytes[255];
	size_t size;
	unsigned int fds;
};

static struct node_entry node;
static int sender = -1;
static struct sockaddr_storage mailbox;
static socklen_t mailbox_size = sizeof(mailbox);

static void begin_node(void)
{
	if (sender >= 0)
		return;
	PROMISE(node_entry_create(&node, fuzz_root(), "fuzz", "fuzz", 0) == 0);
	PROMISE(getsockname(node.mailbox_fd, (struct sockaddr *)&mailbox, &mailbox_size) == 0);
	sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	PROMISE(sender >= 0);
}

static bool send_letter(const struct letter *letter)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)letter->bytes, letter->size };
	struct msghdr msg = {
		.msg_name = &mailbox, .msg_namelen = mailbox_size,
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	struct cmsghdr *head;
	int fds[FDS_MAX];
	unsigned int i;

	if (letter->fds) {
		for (i = 0; i < letter->fds; i++)
			fds[i] = sender;
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(letter->fds * sizeof(int));
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(letter->fds * sizeof(int));
		memcpy(CMSG_DATA(head), fds, letter->fds * sizeof(int));
	}
	return sendmsg(sender, &msg, MSG_DONTWAIT) >= 0;
}

static bool is_look(const struct letter *letter)
{
	struct sluice_wire_look look;

	memcpy(&look, letter->bytes, sizeof(look));
	return letter->size == sizeof(look) && look.header.magic == SLUICE_WIRE_MAGIC &&
	       look.header.type == SLUICE_WIRE_LOOK && letter->fds <= SLUICE_WIRE_FDS_MAX;
}

static void read_letter(struct letter *letter, struct input *input)
{
	const struct sluice_wire_header head = {
		.magic = SLUICE_WIRE_MAGIC,
		.version = SLUICE_PROTOCOL_VERSION,
		.type = SLUICE_WIRE_LOOK,
	};
	uint8_t choice;

	letter->size = input_byte(input);
	choice = input_byte(input);
	letter->fds = (choice & ~HEAD) % (FDS_MAX + 1);
	input_copy(input, letter->bytes, letter->size);
	if (choice & HEAD)
		memcpy(letter->bytes, &head, sizeof(head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct letter letters[LETTERS_MAX] = { 0 };
	struct input input = { .at = data, .left = size };
	unsigned int sent = 0, read = 0;
	struct node_letter seen;

	fuzz_begin();
	begin_node();
	fuzz_begin();
	while (input.left && sent < LETTERS_MAX) {
		read_letter(&letters[sent], &input);
		if (!send_letter(&letters[sent]))
			break;
		sent++;
	}
	while (node_entry_next_letter(&node, &seen) > 0) {
		PROMISE(read < sent);
		PROMISE(seen.in_order == is_look(&letters[read]));
		PROMISE(!seen.in_order || seen.user == geteuid());
		read++;
	}
	PROMISE(read == sent);
	fuzz_end();
	return 0;
}
