// SPDX-License-Identifier: GPL-2.0-only
/*
 * A request and its pending response have one handle.  So the table of a client has two kinds of
 * live handles, and each kind may be released in any order.  Whatever that order is: messages
 * that are held stay what they are, and a stale handle is EINVAL for as long as sluice.h
 * promises.  stale_test has each kind by itself.
 */
#include "steps.h"
#include "room.h"

ENDS_FIXTURE(one_handle);

/* Others of the kind until a stale handle may be used again; see sluice.h. */
#define PROMISED	8

/* ---- What is remembered ---------------------------------------------------------- */

#define KINDS		2
#define REQUESTS	0	/* that were loaned: sent or released */
#define PENDINGS	1

struct stale {
	void *handle;
	int kind;		/* of its calls */
	int counts;		/* the kind whose deaths count */
	long since;
};

/* What a program may have in its hands. */
struct hands {
	struct side *side;
	struct sluice_request *sent[SLOTS];	/* the request of each pending response */
	long deaths[KINDS];
	struct stale stale[64];
	unsigned int next;
};

static void remember(struct hands *hands, void *handle, int kind, int counts)
{
	hands->stale[hands->next++ % ARRAY_SIZE(hands->stale)] = (struct stale){
		handle, kind, counts, hands->deaths[counts],
	};
}

static int release_as(int kind, void *handle)
{
	return kind == REQUESTS ? sluice_request_release(handle) :
				  sluice_pending_response_release(handle);
}

/* All that is promised to be stale is, and all that is held has its number: that of its slot. */
static void check(struct __test_metadata *_metadata, struct hands *hands)
{
	struct side *side = hands->side;
	long i;

	for (i = 0; i < (long)ARRAY_SIZE(hands->stale); i++) {
		const struct stale *stale = &hands->stale[i];

		if (stale->handle && hands->deaths[stale->counts] - stale->since < PROMISED)
			ASSERT_EQ(-EINVAL, release_as(stale->kind, stale->handle));
	}
	for (i = 0; i < SLOTS; i++) {
		if (side->request[i])
			ASSERT_EQ(i, (long)((struct question *)side->request[i]->data)->value);
		if (!side->pending[i])
			continue;
		ASSERT_EQ(i, (long)((const struct question *)side->pending[i]->data)->value);
		ASSERT_EQ(-EINVAL, sluice_request_release(hands->sent[i]));
		ASSERT_EQ(NULL, (void *)sluice_request_send(hands->sent[i]));
		ASSERT_EQ(EINVAL, errno);
	}
}

/* ---- What is done ---------------------------------------------------------------- */

/* A loan; or, of one that is loaned, a send; or a release, if it is not to be sent. */
static void act(struct __test_metadata *_metadata, struct hands *hands, long slot, bool sends)
{
	struct side *side = hands->side;
	struct sluice_request *request = side->request[slot];
	struct sluice_pending_response *pending = side->pending[slot];
	long result;

	if (pending) {
		ASSERT_EQ(0, cancel(side, slot, 0));
		hands->deaths[PENDINGS]++;
		remember(hands, pending, PENDINGS, PENDINGS);
		remember(hands, hands->sent[slot], REQUESTS, PENDINGS);
	} else if (!request) {
		result = loan_question(side, slot, slot);
		if (result != -ENOBUFS)
			ASSERT_EQ(0, result) TH_LOG("%s", sluice_strerror());
	} else if (sends) {
		result = send_question(side, slot, 0);
		if (result == -EBUSY || result == -ENOBUFS)
			return;
		ASSERT_LE(0, result) TH_LOG("%s", sluice_strerror());
		hands->sent[slot] = request;
		hands->deaths[REQUESTS]++;
	} else {
		ASSERT_EQ(0, drop_question(side, slot, 0));
		hands->deaths[REQUESTS]++;
		remember(hands, request, REQUESTS, REQUESTS);
	}
}

#define STEPS	4000

/* The walk is the same in each run. */
static void walk(struct __test_metadata *_metadata, struct side *side, uint32_t seed)
{
	struct hands hands = { .side = side };
	long i;

	for (i = 0; i < STEPS && _metadata->exit_code == KSFT_PASS; i++) {
		seed = seed * 1664525 + 1013904223;
		/* Few slots are used at first, and all of them later. */
		act(_metadata, &hands, (seed >> 8) % (4 + (uint32_t)i * 12 / STEPS), seed >> 31);
		check(_metadata, &hands);
	}
	EXPECT_LT(STEPS / 20, hands.deaths[REQUESTS]);
	EXPECT_LT(STEPS / 20, hands.deaths[PENDINGS]);
}

TEST_F_TIMEOUT(one_handle, in_any_order, 120)
{
	SET_UP_PAIR(NULL);
	walk(_metadata, &self->side, 1);
	leave(&self->side, 0, 0);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	walk(_metadata, &self->side, 77);
}

/* Sent first and released last, while so many others come and go. */
TEST_F(one_handle, the_first_is_released_last)
{
	struct side *side = &self->side;
	struct hands hands = { .side = side };
	long i, round;

	SET_UP_PAIR(NULL);
	for (round = 0; round < 4; round++) {
		act(_metadata, &hands, 0, true);
		act(_metadata, &hands, 0, true);
		for (i = 0; i < 3 * PROMISED; i++) {
			act(_metadata, &hands, 1, true);
			act(_metadata, &hands, 1, i % 2);
			act(_metadata, &hands, 1, true);
			check(_metadata, &hands);
		}
		act(_metadata, &hands, 0, true);
		for (i = 0; i < PROMISED - 1; i++) {
			check(_metadata, &hands);
			act(_metadata, &hands, 2, true);
			act(_metadata, &hands, 2, true);
			act(_metadata, &hands, 2, true);
		}
		check(_metadata, &hands);
	}
}

/* The send fails after one of two servers has it; then it is released. */
TEST_F(one_handle, released_when_one_server_has_it)
{
	struct end *slow = &self->end[0], *fast = &self->end[1];
	struct side *side = &self->side;
	struct hands hands = { .side = side };
	struct sluice_request *half;
	long round;

	set_up_two(_metadata, side, slow, fast, variant->place);
	for (round = 0; round < 2 * PROMISED; round++) {
		ASSERT_EQ(0, loan_question(side, 20, 20));
		half = side->request[20];
		ASSERT_EQ(-EINTR, interrupted(side, 20, 0));
		ASSERT_EQ(20, at(fast, take, 0, LONG));
		EXPECT_EQ(1, at(fast, is_connected, 0, 0));
		ASSERT_EQ(0, drop_question(side, 20, 0));
		hands.deaths[REQUESTS]++;
		remember(&hands, half, REQUESTS, REQUESTS);
		check(_metadata, &hands);
		EXPECT_TRUE(EVENTUALLY(at(fast, is_connected, 0, 0) == 0));
		EXPECT_EQ(-EPIPE, at(fast, answer, 0, 1));
		ASSERT_EQ(0, at(fast, done, 0, 0));
		/* Others are loaned and released meanwhile. */
		act(_metadata, &hands, 1, true);
		act(_metadata, &hands, 1, false);
		check(_metadata, &hands);
	}
	/* Only what was sent to both is there, and the next one is answered by both. */
	ASSERT_EQ(ROOM, at(slow, take_only, 0, ROOM));
	ASSERT_EQ(2, ask(side, 3, 3));
	EXPECT_EQ(-EINVAL, sluice_request_release(half));
	ASSERT_EQ(3, at(slow, take, 0, LONG));
	ASSERT_EQ(3, at(fast, take, 0, LONG));
	ASSERT_EQ(0, at(slow, answer_and_done, 0, 4));
	ASSERT_EQ(0, at(fast, answer_and_done, 0, 5));
	EXPECT_EQ(4 + 5, hear(side, 3, LONG) + hear(side, 3, LONG));
	EXPECT_EQ(-EPIPE, hear(side, 3, LONG));
}

/* ---- Another thread --------------------------------------------------------------- */

struct mover {
	struct hands *hands;
	int refused, adopted, wrong;
};

/* The other thread releases what the first one has loaned and sent, and nothing twice. */
static void *move(void *argument)
{
	struct mover *mover = argument;
	struct side *side = mover->hands->side;
	long i;

	mover->refused = sluice_request_release(side->request[0]);
	mover->adopted = sluice_node_adopt(side->node);
	for (i = 0; i < 8; i++) {
		struct sluice_request *request = side->request[i];
		struct sluice_pending_response *pending = side->pending[i];

		mover->wrong += request && drop_question(side, i, 0) != 0;
		mover->wrong += request && sluice_request_release(request) != -EINVAL;
		if (!pending)
			continue;
		mover->wrong += sluice_request_release(mover->hands->sent[i]) != -EINVAL;
		mover->wrong += sluice_pending_response_servers(pending) != 1;
		mover->wrong += cancel(side, i, 0) != 0;
		mover->wrong += sluice_pending_response_release(pending) != -EINVAL;
	}
	/* And leaves both kinds for the first one. */
	mover->wrong += loan_question(side, 0, 0) != 0;
	mover->wrong += ask(side, 1, 1) != 1;
	return NULL;
}

TEST_F(one_handle, moves_to_another_thread)
{
	struct side *side = &self->side;
	struct hands hands = { .side = side };
	struct mover mover = { .hands = &hands };
	pthread_t thread;
	long i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < 8; i++) {
		act(_metadata, &hands, i, true);
		if (i % 2)
			act(_metadata, &hands, i, true);
	}
	check(_metadata, &hands);
	ASSERT_EQ(0, pthread_create(&thread, NULL, move, &mover));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-EBUSY, mover.refused);
	EXPECT_EQ(0, mover.adopted);
	EXPECT_EQ(0, mover.wrong);
	EXPECT_EQ(-EBUSY, drop_question(&(struct side){ .request = { side->request[0] } }, 0, 0));
	ASSERT_EQ(0, sluice_node_adopt(side->node));
	EXPECT_EQ(0, drop_question(side, 0, 0));
	EXPECT_EQ(0, cancel(side, 1, 0));
}

TEST_HARNESS_MAIN
