/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps that receive several messages with one call.  To be included after steps.h. */
#ifndef SELFTESTS_BATCHES_H
#define SELFTESTS_BATCHES_H

/* What the last arrive() of this thread has received. */
static __thread struct sluice_arrival arrived[SLOTS];

/* take_batch(most, timeout): receives requests into the first slots that are free; how many. */
helper long take_batch(struct side *side, long most, long timeout)
{
	struct sluice_active_request *requests[SLOTS], *nothing = (void *)side;
	long i, slot = 0, count;

	for (i = 0; i < SLOTS; i++)
		requests[i] = nothing;
	count = sluice_server_receive_batch(side->server, requests, (unsigned int)most, timeout);
	for (i = 0; i < count; i++) {
		while (side->active[slot])
			slot++;
		side->active[slot] = requests[i];
	}
	/* Places that were not needed keep what they have. */
	for (i = count < 0 ? 0 : count; i < SLOTS; i++)
		if (requests[i] != nothing)
			return -EBADMSG;
	return count;
}

/* The number that the request in a slot carries. */
helper long taken(struct side *side, long slot, long unused)
{
	const struct question *question = side->active[slot]->data;

	(void)unused;
	return question->complement == ~question->value ? (long)question->value : -EBADMSG;
}

/* serve_batches(requests, most): answers so many with their number plus 1, most at a time. */
helper long serve_batches(struct side *side, long requests, long most)
{
	long served = 0, count, i, r;

	while (served < requests) {
		count = take_batch(side, most, LONG);
		for (i = 0; i < count; i++) {
			r = answer_and_done(side, i, taken(side, i, 0) + 1);
			if (r < 0)
				return r;
		}
		if (count <= 0)
			return count ? count : -EBADMSG;
		served += count;
	}
	return served;
}

/* arrive(most, timeout): receives what is there for the client; how much. */
helper long arrive(struct side *side, long most, long timeout)
{
	return sluice_client_receive_batch(side->client, arrived, (unsigned int)most, timeout);
}

/* The number that an arrival carries, whose response is released; or the -errno of an end. */
helper long arrival_says(long index)
{
	const struct sluice_arrival *arrival = &arrived[index];

	if (!arrival->pending || arrival->reserved || !arrival->response == !arrival->error)
		return -EBADMSG;
	return arrival->response ? said(arrival->response) : -arrival->error;
}

/* arrive_one(timeout): one arrival; what it says, or why there was none. */
helper long arrive_one(struct side *side, long timeout, long unused)
{
	long count = arrive(side, 1, timeout);

	(void)unused;
	if (count != 1)
		return count < 0 ? count : -EBADMSG;
	return arrival_says(0);
}

/* This arrival is for the pending response in a slot, and says this. */
#define EXPECT_ARRIVAL(index, slot, says)					\
	do {									\
		EXPECT_EQ(self->side.pending[slot], arrived[index].pending);	\
		EXPECT_EQ(says, arrival_says(index));				\
	} while (0)

#endif /* SELFTESTS_BATCHES_H */
