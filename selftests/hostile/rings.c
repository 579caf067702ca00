// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shared memory of a hostile peer (peer.h): rings, returns and bells, by rules 14 to 28
 * of Documentation/protocol.rst.  What it finds there is not believed either, so that an
 * attack goes on when another of its threads writes the same words.
 */
#include "peer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long a server waits for a request to which it can respond. */
#define REQUEST_WAIT	(INT64_C(200) * 1000 * 1000)

int64_t raw_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void raw_pause(int64_t nanoseconds)
{
	nanosleep(&(struct timespec){ .tv_nsec = nanoseconds }, NULL);
}

int raw_push(struct raw_ring *ring, const struct sluice_ring_slot *message)
{
	struct sluice_ring_slot *slot = &ring->slots[ring->tail & (ring->size - 1)];
	struct sluice_ring_slot *oldest;
	uint64_t position;

	if (ring->tail >= ring->used) {
		position = ring->tail - ring->used;
		oldest = &ring->slots[position & (ring->size - 1)];
		if (__atomic_load_n(&oldest->stamp, __ATOMIC_SEQ_CST) == 2 * position + 1)
			return -EAGAIN;
	}
	slot->request = message->request;
	slot->position = message->position;
	slot->offset = message->offset;
	slot->count = message->count;
	slot->deadline = message->deadline;
	slot->segment = message->segment;
	slot->slice = message->slice;
	slot->flags = message->flags;
	slot->reserved = message->reserved;
	__atomic_store_n(&slot->stamp, 2 * ring->tail++ + 1, __ATOMIC_SEQ_CST);
	return 0;
}

int raw_pop(struct raw_ring *ring, struct sluice_ring_slot *ret_message)
{
	struct sluice_ring_slot *slot = &ring->slots[ring->head & (ring->size - 1)];
	uint64_t stamp = __atomic_load_n(&slot->stamp, __ATOMIC_SEQ_CST);
	uint64_t position = stamp / 2;

	if (stamp == 2 * ring->head)
		return -EAGAIN;
	if (stamp != 2 * ring->head + 1) {
		/* It was taken back, and the producer has gone on. */
		ring->head = stamp & 1 ? position - ring->size + 1 : ring->head + 1;
		return -EAGAIN;
	}
	*ret_message = *slot;
	if (!__atomic_compare_exchange_n(&slot->stamp, &stamp, 2 * (ring->head + ring->size),
					 false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return -EAGAIN;
	ring->head++;
	return 0;
}

void raw_return(struct raw_returns *returns, uint32_t number)
{
	uint64_t position = returns->tail++;

	__atomic_store_n(&returns->words[position & (returns->size - 1)].word,
			 (position + 1) << 32 | number, __ATOMIC_SEQ_CST);
}

int raw_returned(struct raw_returns *returns)
{
	uint64_t position = returns->head;
	uint64_t word = __atomic_load_n(&returns->words[position & (returns->size - 1)].word,
					__ATOMIC_SEQ_CST);

	if (word >> 32 != (uint32_t)(position + 1))
		return -EAGAIN;
	returns->head++;
	return (int)(word & INT_MAX);
}

void raw_bell(struct raw_end *end)
{
	const struct raw_layout *layout = &end->service->layout;
	uint32_t *bell = (uint32_t *)(end->memory + (end->is_server ? layout->client_bell :
								       layout->server_bell));
	uint32_t word = __atomic_load_n(bell, __ATOMIC_SEQ_CST);

	if (!(word & SLUICE_DOORBELL_ARMED))
		return;
	word = __atomic_exchange_n(bell, SLUICE_DOORBELL_RUNG, __ATOMIC_SEQ_CST);
	if (word & SLUICE_DOORBELL_SOCKET)
		send(end->fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (word & SLUICE_DOORBELL_ARMED)
		syscall(SYS_futex, bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

struct sluice_ring_slot raw_message(uint32_t segment, uint64_t count)
{
	return (struct sluice_ring_slot){ .segment = segment, .count = count };
}

static int free_delivery(struct raw_end *end)
{
	uint32_t d, deliveries = end->service->layout.deliveries;
	int returned;

	while ((returned = raw_returned(&end->request_returns)) >= 0)
		if ((uint32_t)returned < deliveries)
			end->out[returned] = false;
	for (d = 0; d < deliveries; d++)
		if (!end->out[d])
			return (int)d;
	return -EAGAIN;
}

static int say_request(struct raw_end *end, struct sluice_ring_slot *message)
{
	int r = free_delivery(end);

	if (r < 0)
		return r;
	message->request = ++end->request;
	message->slice = (uint32_t)r;
	end->out[r] = true;
	return raw_push(&end->requests, message);
}

static int say_response(struct raw_end *end, struct sluice_ring_slot *message,
			uint32_t *ret_delivery)
{
	int64_t until = raw_now() + REQUEST_WAIT;
	struct sluice_ring_slot request;
	int r;

	while (raw_pop(&end->requests, &request) < 0) {
		if (raw_now() > until || raw_hung_up(end))
			return -EAGAIN;
		raw_pause(50 * 1000);
	}
	*ret_delivery = request.slice % end->service->layout.deliveries;
	message->request = request.request;
	r = raw_push(&end->responses[*ret_delivery], message);
	raw_finish(end, request.request, *ret_delivery);
	return r;
}

int raw_say(struct raw_end *end, struct sluice_ring_slot message, uint32_t *ret_delivery)
{
	uint32_t delivery = 0;
	int r;

	r = end->is_server ? say_response(end, &message, &delivery) : say_request(end, &message);
	if (ret_delivery)
		*ret_delivery = end->is_server ? delivery : message.slice;
	return r;
}

void raw_finish(struct raw_end *end, uint64_t request, uint32_t delivery)
{
	uint64_t *closed = (uint64_t *)(end->memory + end->service->layout.closed);

	__atomic_store_n(&closed[delivery], request, __ATOMIC_SEQ_CST);
	raw_return(&end->request_returns, delivery);
}
