/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Set-ups that many tests share: a server or a client that is ready, and both of them
 * connected.  steps.h includes this file.
 */
#ifndef SELFTESTS_SET_UP_H
#define SELFTESTS_SET_UP_H

/* An end that has the service open, and no port. */
helper void start_service(struct __test_metadata *_metadata, struct end *end,
			  enum place place, const struct sluice_contract *contract,
			  const struct sluice_service_opts *service)
{
	end_start(_metadata, end, place);
	ASSERT_EQ(0, at(end, open_service, PTR(contract), PTR(service)))
		TH_LOG("%s", end->result.sentence);
}

/* An end that has the service open and a server in it. */
helper void start_server(struct __test_metadata *_metadata, struct end *end,
			 enum place place, const struct sluice_contract *contract,
			 const struct sluice_service_opts *service,
			 const struct sluice_server_opts *server)
{
	start_service(_metadata, end, place, contract, service);
	ASSERT_EQ(0, at(end, open_server, PTR(server), 0))
		TH_LOG("%s", end->result.sentence);
}

/* So many servers of the side's service; 0 or -errno. */
helper long create_servers(struct side *side, struct sluice_server **servers, long count)
{
	long i;

	for (i = 0; i < count; i++) {
		servers[i] = sluice_server_create(side->service, NULL);
		if (!servers[i])
			return -errno;
	}
	return 0;
}

/* A side, the test's own, with a client that so many servers are connected to. */
helper void open_client_side(struct __test_metadata *_metadata, struct side *side,
			     const struct sluice_contract *contract,
			     const struct sluice_client_opts *client, long servers)
{
	ASSERT_EQ(0, open_service(side, PTR(contract), 0));
	ASSERT_EQ(0, open_client(side, PTR(client), 0));
	ASSERT_EQ(servers, wait_servers(side, servers, LONG))
		TH_LOG("%s", sluice_strerror());
}

/* An end that has a client, to which so many servers are connected. */
helper void start_client(struct __test_metadata *_metadata, struct end *end,
			 enum place place, const struct sluice_contract *contract,
			 long servers)
{
	start_service(_metadata, end, place, contract, NULL);
	ASSERT_EQ(0, at(end, open_client, 0, 0))
		TH_LOG("%s", end->result.sentence);
	ASSERT_EQ(servers, at(end, wait_servers, servers, LONG))
		TH_LOG("%s", end->result.sentence);
}

/* A server in an end, and in the side a client that is connected to it. */
helper void start_pair(struct __test_metadata *_metadata, struct end *server, enum place place,
		       struct side *side, const struct sluice_contract *contract)
{
	start_server(_metadata, server, place, contract, NULL, NULL);
	open_client_side(_metadata, side, contract, NULL, 1);
}

/*
 * A port in the side, of a service with these options, and in an end the same service without
 * a port: the first server or client comes when the test opens it.
 */
helper void start_without_peers(struct __test_metadata *_metadata, struct side *side,
				step *open_port, struct end *end, enum place place,
				const struct sluice_contract *contract,
				const struct sluice_service_opts *service)
{
	ASSERT_EQ(0, open_service(side, PTR(contract), PTR(service)));
	ASSERT_EQ(0, open_port(side, 0, 0));
	start_service(_metadata, end, place, contract, NULL);
}

/* A client in an end, and in the side a server that the client is connected to. */
helper void start_reversed(struct __test_metadata *_metadata, struct end *client,
			   enum place place, struct side *side,
			   const struct sluice_contract *contract)
{
	ASSERT_EQ(0, join_server(side, PTR(contract), 0));
	start_client(_metadata, client, place, contract, 1);
}

/* Servers in two ends, and in the side a client that is connected to both of them. */
helper void start_two_servers(struct __test_metadata *_metadata, struct end *first,
			      struct end *second, enum place place, struct side *side,
			      const struct sluice_contract *contract,
			      const struct sluice_service_opts *service)
{
	start_server(_metadata, first, place, contract, service, NULL);
	start_server(_metadata, second, place, contract, service, NULL);
	open_client_side(_metadata, side, contract, NULL, 2);
}

/* Servers in so many ends, and in the side a client that is connected to all of them. */
helper void start_servers(struct __test_metadata *_metadata, struct end *ends, long count,
			  enum place place, struct side *side,
			  const struct sluice_contract *contract)
{
	long i;

	for (i = 0; i < count; i++)
		start_server(_metadata, &ends[i], place, contract, NULL, NULL);
	open_client_side(_metadata, side, contract, NULL, count);
}

/* A server in an end, and in another end a client that is connected to it. */
helper void start_two(struct __test_metadata *_metadata, struct end *server, struct end *client,
		      enum place place, const struct sluice_contract *contract)
{
	start_server(_metadata, server, place, contract, NULL, NULL);
	start_client(_metadata, client, place, contract, 1);
}

/* A server in the first end, and a client in the test's side, with these options. */
#define SET_UP_PORTS(contract, service, client, server)			\
	do {								\
		start_server(_metadata, &self->end[0], variant->place,	\
			     contract, service, server);		\
		open_client_side(_metadata, &self->side, contract,	\
				 client, 1);				\
	} while (0)

/* The same with &calls, a service with these options, and ports without. */
#define SET_UP_PAIR(service)	SET_UP_PORTS(&calls, service, NULL, NULL)

/* The sentence of a step of the side, or of an end, is printed if this is not its result. */
#define ASSERT_STEP_(expected, result)	ASSERT_EQ(expected, result) TH_LOG("%s", sluice_strerror())
#define ASSERT_AT_(expected, end, ...)					\
	ASSERT_EQ(expected, at(end, __VA_ARGS__)) TH_LOG("%s", (end)->result.sentence)

/* The side sends a number in this slot, and the server's end takes it into its slot. */
#define ASK_AND_TAKE(side, server, slot, number)			\
	do {								\
		ASSERT_STEP_(1, ask(side, slot, number));		\
		ASSERT_AT_(number, server, take, slot, LONG);		\
	} while (0)

/* So many numbers, from first on, in the slots from 0 on. */
#define ASK_AND_TAKE_MANY(side, server, count, first)			\
	do {								\
		ASSERT_STEP_(count, ask_many(side, count, first));	\
		ASSERT_AT_(count, server, take_many, count, first);	\
	} while (0)

/* ASK_AND_TAKE() with a client that is an end, too. */
#define ASK_FROM_AND_TAKE(client, server, slot, number)			\
	do {								\
		ASSERT_AT_(1, client, ask, slot, number);		\
		ASSERT_AT_(number, server, take, slot, LONG);		\
	} while (0)

/*
 * A client whose six requests of 4000 bytes have been sent.  The side's server holds the first
 * four, and has answered them with as many bytes.
 */
helper void start_busy_client(struct __test_metadata *_metadata, struct end *client,
			      enum place place, struct side *side)
{
	long i;

	start_client(_metadata, client, place, &blobs, 1);
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(1, at(client, ask_blob, i, 4000));
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(4000, take_blob(side, i, LONG));
		ASSERT_EQ(0, answer_blob(side, i, 4000)) TH_LOG("%s", sluice_strerror());
	}
}

/* The side's client is destroyed while the server holds its request; the exchange goes on. */
helper void close_client_amid_exchange(struct __test_metadata *_metadata, struct side *side,
				       struct end *server)
{
	ASSERT_EQ(1, ask(side, 0, 8));
	close_client(side, 0, 0);
	ASSERT_EQ(8, at(server, take, 0, LONG));
	EXPECT_EQ(1, at(server, is_connected, 0, 0));
	EXPECT_EQ(0, at(server, answer, 0, 9));
	EXPECT_EQ(9, hear(side, 0, LONG));
}

/*
 * A client has asked for 1 and for 2, and has left.  The side's server holds the first request,
 * and a reply to it that is loaned.
 */
helper void start_and_lose_client(struct __test_metadata *_metadata, struct side *side,
				  struct end *client, enum place place)
{
	start_reversed(_metadata, client, place, side, &calls);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, at(client, ask, 1, 2));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, loan_answer(side, 0, 7));
	end_stop(client);
	EXPECT_TRUE(EVENTUALLY(is_connected(side, 0, 0) == 0));
}

#endif /* SELFTESTS_SET_UP_H */
