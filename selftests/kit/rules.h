/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rules of the contract, one test each.  The rule_*_test.c are to be read as a list:
 * the name of a test is the rule, and the test shows the rule in a few lines.  Other tests
 * examine a subject in all states; these show what always holds.
 *
 * Fixtures are called rule_SUBJECT: run-check counts the tests by that.
 */
#ifndef SELFTESTS_RULES_H
#define SELFTESTS_RULES_H

#include "loans.h"

/* The settings of a service whose creator asks for none. */
#define ACTIVE		16	/* max_active_requests_per_client */
#define LOANS		8	/* max_loaned_requests, and ..._replies_per_request */
#define BUFFER		8	/* max_response_buffer_size */
#define BORROWED	8	/* max_borrowed_responses_per_pending_response */

/* Settings that no service may have, and what the sentence names. */
static const struct {
	struct sluice_service_opts opts;
	const char *name, *value;
} too_large[] __attribute__((__unused__)) = {
	{ SLUICE_SERVICE_OPTS(.max_clients = 4097), "max_clients", "4097" },
	{ SLUICE_SERVICE_OPTS(.max_clients = UINT32_MAX), "max_clients", "4294967295" },
	{ SLUICE_SERVICE_OPTS(.max_servers = 1025), "max_servers", "1025" },
	{ SLUICE_SERVICE_OPTS(.max_nodes = 8193), "max_nodes", "8193" },
	{ SLUICE_SERVICE_OPTS(.max_active_requests_per_client = 1025),
	  "max_active_requests_per_client", "1025" },
	{ SLUICE_SERVICE_OPTS(.max_loaned_requests = 1025), "max_loaned_requests", "1025" },
	{ SLUICE_SERVICE_OPTS(.max_loaned_replies_per_request = 1025),
	  "max_loaned_replies_per_request", "1025" },
	{ SLUICE_SERVICE_OPTS(.max_response_buffer_size = 1025),
	  "max_response_buffer_size", "1025" },
	{ SLUICE_SERVICE_OPTS(.max_borrowed_responses_per_pending_response = 1025),
	  "max_borrowed_responses_per_pending_response", "1025" },
};

/* The call is told that its peer has left or died. */
#define EXPECT_GONE(call)						\
	do {								\
		long gone_ = (call);					\
									\
		EXPECT_TRUE(gone_ == -EPIPE || gone_ == -ECONNRESET)	\
			TH_LOG("instead: %ld", gone_);			\
	} while (0)

/* Seat and server still understand each other. */
#define EXPECT_EXCHANGE(side, server)					\
	do {								\
		begin(server, serve, 1, 0);				\
		EXPECT_EQ(1, ask(side, SLOTS - 1, 5))			\
			TH_LOG("%s", sluice_strerror());		\
		EXPECT_EQ(6, hear(side, SLOTS - 1, LONG))		\
			TH_LOG("%s", sluice_strerror());		\
		EXPECT_EQ(-EPIPE, hear(side, SLOTS - 1, LONG));		\
		EXPECT_EQ(0, cancel(side, SLOTS - 1, 0));		\
		EXPECT_EQ(1, finish(server));				\
	} while (0)

#endif /* SELFTESTS_RULES_H */
