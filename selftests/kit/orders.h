/* SPDX-License-Identifier: GPL-2.0-only */
/* All orders in which a few things can be done; and objects that are destroyed in each. */
#ifndef SELFTESTS_ORDERS_H
#define SELFTESTS_ORDERS_H

#include "steps.h"

helper size_t factorial(size_t n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

/* The index-th of the n! orders of 0 .. n - 1. */
helper void permute(size_t *order, size_t n, size_t index)
{
	size_t left[8], i, pick;

	for (i = 0; i < n; i++)
		left[i] = i;
	for (i = 0; i < n; i++) {
		pick = index / factorial(n - 1 - i);
		index %= factorial(n - 1 - i);
		order[i] = left[pick];
		memmove(&left[pick], &left[pick + 1],
			(n - 1 - i - pick) * sizeof(left[0]));
	}
}

/*
 * A server in the side, with a request that it has answered once, and a second answer that it
 * has loaned.  The client in the end waits for the first.
 */
helper void answer_and_loan(struct __test_metadata *_metadata, struct side *server,
			    struct end *client)
{
	ASSERT_EQ(0, join_server(server, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	ASSERT_EQ(1, at(client, ask, 0, 5));
	ASSERT_EQ(5, take(server, 0, LONG));
	ASSERT_EQ(0, answer(server, 0, 6));
	ASSERT_EQ(0, loan_answer(server, 0, 7));
}

#endif /* SELFTESTS_ORDERS_H */
