// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packets of the handshake, of any bytes and with any descriptor: HELLO as a server reads
 * it, WELCOME and REJECT as a client does (channel/handshake.c), and the page that comes with
 * WELCOME (exchange/load_page.c).
 *
 * The functions are called without a socket's way in between, so that a run makes millions of
 * inputs; server_fuzz.c and client_fuzz.c send packets through a socket.  The first byte
 * chooses the end, the second the kind of descriptor.
 *
 * A HELLO has a contract of 1,584 bytes that must be the server's own, byte by byte.  Changes of
 * such an input that leave it as it is are rare.  So a bit of the first byte has the contract
 * put in its place, and another one magic and version.
 *
 * Promises: a packet is taken or refused with EPROTO, EPROTOTYPE, EPROTONOSUPPORT or EACCES and
 * a sentence.  A server maps memory only if it has its size and cannot shrink, and has no holes.
 * A client takes the page of a WELCOME on the same conditions.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <sluice/channel.h>
#include <sluice/segment.h>

#include "api/contract.h"
#include "base/error.h"
#include "channel/handshake.h"
#include "exchange/load_page.h"
#include "../kit/descriptors.h"

enum { CLIENT = 1, CONTRACT = 2, ANY_USER = 4, SAME_USER = 8, HEAD = 16 };

#define CHANNEL_SIZE	8192u

static struct sluice_registry_contract contract;
static int ends[2] = { -1, -1 };

static void begin_process(void)
{
	const struct sluice_contract record = {
		.name = "fuzz/service",
		.request = SLUICE_TYPE(uint64_t),
		.response = SLUICE_TYPE(uint64_t),
	};
	const struct sluice_service_opts opts = { .size = sizeof(opts) };

	if (ends[0] >= 0)
		return;
	PROMISE(contract_record(&contract, &record, &opts) == 0);
	PROMISE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
}

static bool is_refusal(int r)
{
	return (r == -EPROTO || r == -EPROTOTYPE || r == -EPROTONOSUPPORT || r == -EACCES) &&
	       fuzz_is_sentence(error_sentence());
}

/* What was mapped has its size, is all there, and stays. */
static void check_memory(const struct channel *channel, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat status;

	PROMISE(fstat(fd, &status) == 0 && status.st_size == CHANNEL_SIZE);
	PROMISE(seals & F_SEAL_SHRINK && seals & F_SEAL_GROW);
	PROMISE(status.st_blocks * 512 >= SLUICE_CHANNEL_PAGE);
	fuzz_read_all(channel->memory.base, channel->memory.length);
	memset(channel->memory.base, 1, channel->memory.length);
}

static void greet_server(struct channel *channel, const struct handshake *self,
			 const void *packet, size_t size, int fd)
{
	int r = handshake_check(channel, self, packet, size, fd);

	if (!r)
		r = handshake_accept(channel, packet, fd);
	PROMISE(!r || is_refusal(r));
	if (!r)
		check_memory(channel, fd);
	mapping_unmap(&channel->memory);
}

static void answer_client(struct channel *channel, const struct handshake *self,
			  const void *packet, size_t size, int fd)
{
	struct handshake_refusal refusal;
	struct load_page page = { .inode = 0 };
	int r = handshake_answer(channel, self, packet, size, &refusal);

	PROMISE(!r || is_refusal(r));
	if (r || refusal.reason || fd < 0)
		return;
	r = load_page_take(&page, fd, false);
	PROMISE(!r || r == -EPROTO);
	if (!r)
		fuzz_read_all(page.mapping.base, page.mapping.length);
	load_page_drop(&page);
}

union packet {
	struct sluice_wire_hello hello;
	struct sluice_wire_welcome welcome;
	struct sluice_wire_reject reject;
	uint8_t bytes[sizeof(struct sluice_wire_hello)];
};

static size_t read_packet(union packet *packet, struct input *input, uint8_t choice)
{
	size_t size = input->left < sizeof(*packet) ? input->left : sizeof(*packet);

	input_copy(input, packet, sizeof(*packet));
	if (choice & HEAD) {
		packet->hello.header.magic = SLUICE_WIRE_MAGIC;
		packet->hello.header.version = SLUICE_PROTOCOL_VERSION;
	}
	if (choice & CONTRACT) {
		packet->hello.contract = contract;
		size = sizeof(packet->hello);
	}
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };
	uint8_t choice = input_byte(&input), kind = input_byte(&input);
	struct handshake self = { .contract = &contract, .any_user = choice & ANY_USER };
	static struct wait wait;
	struct channel channel = {
		.plan = { .size = CHANNEL_SIZE, .head = SLUICE_CHANNEL_PAGE }, .wait = &wait,
	};
	union packet packet;
	int fd;

	fuzz_begin();
	begin_process();
	fuzz_begin();
	channel.source.fd = ends[0];
	channel.user.uid = choice & SAME_USER ? geteuid() : geteuid() + 1;
	size = read_packet(&packet, &input, choice);
	fd = choice & CLIENT ?
	     fd_of_kind((enum descriptor)(kind % FD_KINDS), SLUICE_LOAD_SIZE, SLUICE_LOAD_SEALS) :
	     fd_of_kind((enum descriptor)(kind % FD_KINDS), CHANNEL_SIZE, SLUICE_CHANNEL_SEALS);
	/* Anything shorter than a header is none of ours to channel_receive.c. */
	if (size < sizeof(packet.hello.header))
		;
	else if (choice & CLIENT)
		answer_client(&channel, &self, &packet, size, fd);
	else
		greet_server(&channel, &self, &packet, size, fd);
	if (fd >= 0)
		close(fd);
	fuzz_end();
	return 0;
}
