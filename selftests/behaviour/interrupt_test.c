// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_node_interrupt(): from another thread or from a signal handler, it ends the
 * wait that is under way, whatever the call, or the next one that would sleep; each
 * time one wait, and never at the expense of a message.
 */
#include <sys/time.h>

#include "events.h"

ENDS_FIXTURE(interrupt);

/* ---- Who interrupts -------------------------------------------------------- */

struct interrupter {
	struct sluice_node *node;
	struct end sleeper;		/* this test's own thread, to be looked at */
	pthread_t thread;
	long times;
	int failed;			/* the first result that was not 0 */
};

/* Once, when the test sleeps; as many times as wanted, without looking. */
static void *run_interrupter(void *argument)
{
	struct interrupter *its = argument;
	long i;
	int result;

	if (its->times == 1)
		until_asleep(&its->sleeper);
	for (i = 0; i < its->times; i++) {
		errno = 0;
		result = sluice_node_interrupt(its->node);
		if ((result || errno) && !its->failed)
			its->failed = result ? result : errno;
		if (its->times > 1)
			pause_for(20000);
	}
	return NULL;
}

static void start_interrupting(struct __test_metadata *_metadata,
			       struct interrupter *its, struct sluice_node *node,
			       long times)
{
	memset(its, 0, sizeof(*its));
	its->node = node;
	its->times = times;
	its->sleeper._metadata = _metadata;
	its->sleeper.pid = getpid();
	its->sleeper.tid = (pid_t)syscall(SYS_gettid);
	ASSERT_EQ(0, pthread_create(&its->thread, NULL, run_interrupter, its));
}

static void stop_interrupting(struct __test_metadata *_metadata,
			      struct interrupter *its)
{
	ASSERT_EQ(0, pthread_join(its->thread, NULL));
	EXPECT_EQ(0, its->failed);
}

/* A call that sleeps for ever, and is interrupted. */
#define EXPECT_INTERRUPTED(node, call)					\
	do {								\
		struct interrupter its_;				\
									\
		start_interrupting(_metadata, &its_, node, 1);		\
		EXPECT_EQ(-EINTR, (call))				\
			TH_LOG("instead: %s", sluice_strerror());	\
		stop_interrupting(_metadata, &its_);			\
	} while (0)

/* ---- In every call that sleeps --------------------------------------------- */

static const int64_t waits[] = { SLUICE_FOREVER, 10 * SECOND };

TEST_F(interrupt, for_anything)
{
	struct side *side = &self->side;
	size_t i;

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		EXPECT_INTERRUPTED(side->node, find_out(side, waits[i], 0));
	}
	EXPECT_EQ(0, told(side, 0, 0));
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));
	ASSERT_EQ(0, open_server(side, 0, 0));
	start_client(_metadata, &self->end[0], variant->place, &calls, 1);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		EXPECT_INTERRUPTED(side->node, find_out(side, waits[i], 0));
	}
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 1));
	EXPECT_EQ(REQUEST, find_out(side, LONG, 0));
}

TEST_F(interrupt, for_servers)
{
	struct side *side = &self->side;
	size_t i;

	ASSERT_EQ(0, join_client(side, PTR(&calls), 0));
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		EXPECT_INTERRUPTED(side->node, wait_servers(side, 1, waits[i]));
	}
	EXPECT_TIMES_OUT(MILLISECOND, wait_servers(side, 1, MILLISECOND));
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	EXPECT_EQ(1, wait_servers(side, 1, LONG));
}

TEST_F(interrupt, for_a_request)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		EXPECT_INTERRUPTED(side->node, take(side, 0, waits[i]));
	}
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 0, MILLISECOND));
	ASSERT_EQ(1, at(client, ask, 0, 8));
	EXPECT_EQ(8, take(side, 0, LONG));
}

/* answer_and_take(slot): what a server does that answers and goes to sleep. */
static long answer_and_take(struct side *side, long slot, long timeout)
{
	struct sluice_reply *reply;
	int sent = 1;

	if (loan_answer(side, slot, 9) < 0)
		return -errno;
	reply = side->reply[slot];
	side->reply[slot] = NULL;
	side->active[slot] = sluice_reply_send_and_receive(reply, timeout, &sent);
	if (sent)
		return -EBADMSG;
	return side->active[slot] ? 0 : -errno;
}

TEST_F(interrupt, answering_and_receiving)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(1, at(client, ask, 0, 8));
		EXPECT_EQ(8, take(side, 0, LONG));
		EXPECT_INTERRUPTED(side->node, answer_and_take(side, 0, waits[i]));
		EXPECT_EQ(9, at(client, hear, 0, LONG));
		EXPECT_EQ(0, at(client, hear_end, 0, LONG));
	}
}

/* call(timeout): sluice_request_call(), with the pending response in slot 0. */
static long call(struct side *side, long timeout, long unused)
{
	struct sluice_request *request = sluice_client_loan(side->client, 1);
	struct sluice_response *response;
	struct question *question;

	(void)unused;
	if (!request)
		return -errno;
	question = request->data;
	question->value = 8;
	question->complement = ~question->value;
	response = sluice_request_call(request, &side->pending[0], timeout);
	return response ? sluice_response_release(response) : -errno;
}

TEST_F(interrupt, for_a_response)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	start_pair(_metadata, server, variant->place, side, &calls);
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		/* The request is sent, and can be waited for once more. */
		EXPECT_INTERRUPTED(side->node, call(side, waits[i], 0));
		ASSERT_NE(NULL, side->pending[0]);
		EXPECT_INTERRUPTED(side->node, hear(side, 0, waits[i]));
		ASSERT_EQ(8, at(server, take, 0, LONG));
		EXPECT_INTERRUPTED(side->node, hear(side, 0, waits[i]));
		ASSERT_EQ(0, at(server, answer, 0, 9));
		EXPECT_EQ(9, hear(side, 0, LONG));
		EXPECT_EQ(0, cancel(side, 0, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
	}
}

/* A send may sleep if requests do not overflow. */
TEST_F(interrupt, for_room)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&room_for_one);
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_EQ(0, cancel(side, 0, 0));
	EXPECT_INTERRUPTED(side->node, ask(side, 0, 2));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(1, ask(side, 0, 3));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_EQ(3, at(server, take, 0, LONG));
}

/* While the wait still polls, for far longer than this test takes. */
TEST_F(interrupt, while_it_polls)
{
	static const struct sluice_node_opts patient = SLUICE_NODE_OPTS(
		.spin = 1000 * SECOND);
	struct side *side = &self->side;
	struct interrupter its;
	int i;

	side->node = sluice_node_create("patient", &patient);
	ASSERT_NE(NULL, side->node);
	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	/* Each wait that was short makes it poll for longer. */
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(-ETIMEDOUT, take(side, 0, 1000));
	}
	start_interrupting(_metadata, &its, side->node, 2);
	EXPECT_EQ(-EINTR, take(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	stop_interrupting(_metadata, &its);
	take(side, 0, MILLISECOND);
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 0, MILLISECOND));
}

/* ---- Once for each --------------------------------------------------------- */

TEST_F(interrupt, before_the_wait)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;

	open_server_side(_metadata, side, NULL, client, variant->place);
	EXPECT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(0, sluice_node_interrupt(side->node));

	/* Calls that do not sleep leave it. */
	EXPECT_EQ(-EAGAIN, take(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	ASSERT_EQ(1, at(client, ask, 0, 4));
	EXPECT_TRUE(EVENTUALLY(wait_node(side, SLUICE_NOWAIT, 0) == 0));
	EXPECT_EQ(0, wait_node(side, SLUICE_FOREVER, 0));
	EXPECT_EQ(4, take(side, 0, SLUICE_FOREVER));
	EXPECT_EQ(-EAGAIN, take(side, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EINTR, take(side, 1, SLUICE_FOREVER));
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 1, MILLISECOND));
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));
	EXPECT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, find_out(side, SLUICE_FOREVER, 0));
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 1, MILLISECOND));
}

/* interrupt_and_ask(node, value): of an end that is a thread; at nearly one time. */
static long interrupt_and_ask(struct side *side, long node, long value)
{
	int result;

	pause_briefly();
	result = sluice_node_interrupt((struct sluice_node *)node);
	return result < 0 ? result : ask(side, 0, value);
}

/* ask_and_interrupt(node, value): the other way round. */
static long ask_and_interrupt(struct side *side, long node, long value)
{
	long result;

	pause_briefly();
	result = ask(side, 0, value);
	return sluice_node_interrupt((struct sluice_node *)node) < 0 ? -EBADMSG : result;
}

/* Whichever comes first, the other one is neither lost nor undone by it. */
TEST_F(interrupt, together_with_a_message)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	long i, first, second;

	open_server_side(_metadata, side, NULL, client, IN_THREAD);
	for (i = 0; i < 200; i++) {
		begin(client, i % 2 ? interrupt_and_ask : ask_and_interrupt,
		      PTR(side->node), i);
		first = take(side, 0, LONG);
		second = take(side, 0, first == -EINTR ? LONG : SECOND);
		ASSERT_EQ(1, finish(client));
		EXPECT_EQ(i, first == -EINTR ? second : first);
		ASSERT_EQ(-EINTR, first == -EINTR ? first : second)
			TH_LOG("in round %ld nobody was told of it", i);
		ASSERT_EQ(0, done(side, 0, 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
}

/* ---- From a signal handler ------------------------------------------------- */

static struct sluice_node *handled_node;
static volatile sig_atomic_t handled, failures;

static void interrupt_handled(int signal)
{
	int saved = errno;

	(void)signal;
	errno = 12345;
	if (sluice_node_interrupt(handled_node) || errno != 12345)
		failures++;
	errno = saved;
	handled++;
}

TEST_F(interrupt, from_a_signal_handler)
{
	struct sigaction action = {
		.sa_handler = interrupt_handled,
		.sa_flags = SA_RESTART,
	};
	struct itimerval soon = { .it_value.tv_usec = 10000 };
	struct side *side = &self->side;
	int i;

	open_server_side(_metadata, side, NULL, &self->end[0], variant->place);
	handled_node = side->node;
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));

	/* Just before the wait, which alone it would not end. */
	ASSERT_EQ(0, raise(SIGALRM));
	EXPECT_EQ(-EINTR, take(side, 0, SLUICE_FOREVER));
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 0, MILLISECOND));

	/* While it sleeps; the handler may run in any thread of the process. */
	for (i = 2; i < 5; i++) {
		ASSERT_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
		EXPECT_EQ(-EINTR, find_out(side, SLUICE_FOREVER, 0));
		EXPECT_EQ(i, handled);
		/* If the signal has ended the wait, the interruption may be left. */
		while (take(side, 0, MILLISECOND) == -EINTR)
			;
	}
	EXPECT_EQ(0, failures);
	ASSERT_EQ(1, at(&self->end[0], ask, 0, 4));
	EXPECT_EQ(4, take(side, 0, LONG));
}

/* ---- A thousand of them, and messages -------------------------------------- */

TEST_F(interrupt, storm_upon_a_server)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	struct interrupter its;
	long i = 0, value;

	open_server_side(_metadata, side, NULL, client, variant->place);
	start_interrupting(_metadata, &its, side->node, 1000);
	begin(client, exchange_pausing, 300, 0);
	while (i < 300) {
		value = i % 2 ? take(side, 0, LONG) : wait_node(side, LONG, 0);
		if (!value)
			value = take(side, 0, SLUICE_NOWAIT);
		if (value == -EINTR || value == -EAGAIN)
			continue;
		ASSERT_EQ(i, value) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, answer_and_done(side, 0, value + 1));
		i++;
	}
	EXPECT_EQ(300, finish(client));
	stop_interrupting(_metadata, &its);
	EXPECT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, take(side, 0, SLUICE_FOREVER));
	EXPECT_TIMES_OUT(MILLISECOND, take(side, 0, MILLISECOND));
}

TEST_F(interrupt, storm_upon_a_client)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	struct interrupter its;
	long i, value;

	start_pair(_metadata, server, variant->place, side, &calls);
	begin(server, serve, 300, 0);
	start_interrupting(_metadata, &its, side->node, 1000);
	for (i = 0; i < 300; i++) {
		pause_briefly();
		value = call(side, LONG, 0);
		while (value == -EINTR)
			value = hear(side, 0, LONG);
		ASSERT_EQ(true, value == 0 || value == 9)
			TH_LOG("%ld: %s", value, sluice_strerror());
		do
			value = hear(side, 0, LONG);
		while (value == -EINTR);
		ASSERT_EQ(-EPIPE, value);
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
	EXPECT_EQ(300, finish(server));
	stop_interrupting(_metadata, &its);
}

/* ---- Who may --------------------------------------------------------------- */

TEST_F(interrupt, misuse)
{
	struct side *side = &self->side;
	int status;
	pid_t pid;

	EXPECT_EQ(-EINVAL, sluice_node_interrupt(NULL));
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_EQ(-EAGAIN, find_out(side, SLUICE_NOWAIT, 0));
	pid = fork();
	ASSERT_LE(0, pid);
	if (pid == 0)
		_exit(sluice_node_interrupt(side->node) == -ECHILD ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TIMES_OUT(MILLISECOND, find_out(side, MILLISECOND, 0));

	/* A node that belongs to nobody yet can be interrupted too. */
	leave(side, 0, 0);
	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_EQ(0, sluice_node_interrupt(side->node));
	EXPECT_EQ(-EINTR, find_out(side, SLUICE_FOREVER, 0));
}

TEST_HARNESS_MAIN
