// SPDX-License-Identifier: GPL-2.0-only
/*
 * One signal ends one wait.  Each call that waits is sent exactly one signal while it
 * sleeps: in its first sleep after messages, which also hands something to the kernel,
 * and when nothing has happened since; with a timeout and without one; with idle peers;
 * and while things arrive that the call does not wait for.  And no wait ends with EINTR
 * when there was no signal.
 *
 * The signal is sent by a thread, when the caller sleeps.  If the call goes on all the
 * same, the thread interrupts the node, so that the test ends and can say so.
 */
#include "room.h"

ENDS_FIXTURE(signal_once);

/* A call that sleeps this long after the signal has overlooked it. */
#define PATIENCE	(3 * SECOND)

#define ROUNDS		20
#define VISITS		5

static const int64_t waits[] = { SLUICE_FOREVER, 10 * SECOND };

/* ---- Who sends the signal -------------------------------------------------- */

static volatile sig_atomic_t handled;

static void count_signal(int signal)
{
	(void)signal;
	handled++;
}

struct sender {
	struct sluice_node *node;
	struct end sleeper;		/* the test's own thread */
	pthread_t thread;
	/* In the call before the signal; some may be for a lock or a page, not in the wait. */
	long sleeps;
	int64_t pause;			/* after those */
	bool over;			/* the call has ended */
	bool rescued;			/* it had to be ended otherwise */
};

/* How often the sleeper has gone to sleep in its life. */
static long count_sleeps(const struct end *sleeper)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096], *line;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", sleeper->tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size < 0 ? 0 : size] = '\0';
	line = strstr(text, key);
	return line ? atol(line + sizeof(key) - 1) : -1;
}

static bool is_over(const struct sender *sender)
{
	return __atomic_load_n(&sender->over, __ATOMIC_ACQUIRE);
}

static void *send_once(void *argument)
{
	struct sender *sender = argument;
	long begun = count_sleeps(&sender->sleeper);
	int64_t end = now() + 3 * SECOND;

	if (!sender->sleeps)
		until_asleep(&sender->sleeper);
	while (count_sleeps(&sender->sleeper) < begun + sender->sleeps && now() < end)
		pause_briefly();
	for (end = now() + sender->pause; now() < end; )
		;
	syscall(SYS_tgkill, getpid(), sender->sleeper.tid, SIGUSR1);
	end = now() + PATIENCE;
	while (!is_over(sender)) {
		if (now() > end) {
			sender->rescued = true;
			sluice_node_interrupt(sender->node);
			end = now() + PATIENCE;
		}
		pause_briefly();
	}
	return NULL;
}

/* SA_RESTART must not make a difference. */
static void start_sender(struct __test_metadata *_metadata, struct sender *sender,
			 struct sluice_node *node, long sleeps)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = SA_RESTART,
	};

	memset(sender, 0, sizeof(*sender));
	sender->node = node;
	sender->sleeps = sleeps;
	sender->pause = sleeps * 70000 % 1000000;
	sender->sleeper._metadata = _metadata;
	sender->sleeper.pid = getpid();
	sender->sleeper.tid = (pid_t)syscall(SYS_gettid);
	handled = 0;
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, pthread_create(&sender->thread, NULL, send_once, sender));
}

static void stop_sender(struct __test_metadata *_metadata, struct sender *sender)
{
	__atomic_store_n(&sender->over, true, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(sender->thread, NULL));
	EXPECT_FALSE(sender->rescued) TH_LOG("the signal was lost");
	EXPECT_EQ(1, handled);
}

/* The call ends with EINTR, for a signal that comes after so many sleeps of it. */
#define EXPECT_ENDED_AFTER(sleeps, node, call)				\
	do {								\
		struct sender sender_;					\
									\
		start_sender(_metadata, &sender_, node, sleeps);	\
		EXPECT_EQ(-EINTR, (call))				\
			TH_LOG("instead: %s", sluice_strerror());	\
		stop_sender(_metadata, &sender_);			\
	} while (0)

#define EXPECT_ENDED(node, call)	EXPECT_ENDED_AFTER(0, node, call)

/* ---- In every call that sleeps --------------------------------------------- */

/* The second time, nothing has happened since the first. */
TEST_F(signal_once, for_servers)
{
	struct side *side = &self->side;
	size_t i;

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(side, 0, 0));
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		EXPECT_ENDED(side->node, wait_servers(side, 1, waits[i / 2]));
	}
	start_server(_metadata, &self->end[0], variant->place, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		EXPECT_ENDED(side->node, wait_servers(side, 2, waits[i / 2]));
	}
}

TEST_F(signal_once, for_anything)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(1, at(client, ask, 0, 1));
		ASSERT_EQ(REQUEST, find_out(side, LONG, 0));
		ASSERT_EQ(1, take(side, 0, SLUICE_NOWAIT));
		ASSERT_EQ(0, done(side, 0, 0));
		EXPECT_ENDED(side->node, find_out(side, waits[i / 2], 0));
		EXPECT_ENDED(side->node, find_out(side, waits[i / 2], 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
	}
}

/* A signal stops a server whose clients are idle, or were busy a moment ago. */
TEST_F(signal_once, for_a_request)
{
	struct end *client = self->end;
	struct side *side = &self->side;
	size_t i;

	open_server_side(_metadata, side, NULL, &client[0], variant->place);
	start_client(_metadata, &client[1], variant->place, &calls, 1);
	start_client(_metadata, &client[2], variant->place, &calls, 1);
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		EXPECT_ENDED(side->node, take(side, 0, waits[i / 2]));
		ASSERT_EQ(1, at(&client[i % 3], ask, 0, 8));
		ASSERT_EQ(8, take(side, 0, LONG));
		EXPECT_ENDED(side->node, take(side, 1, waits[i / 2]));
		ASSERT_EQ(0, answer(side, 0, 9));
		ASSERT_EQ(0, done(side, 0, 0));
		EXPECT_ENDED(side->node, take(side, 0, waits[i / 2]));
		EXPECT_EQ(9, at(&client[i % 3], hear, 0, LONG));
		EXPECT_EQ(0, at(&client[i % 3], cancel, 0, 0));
	}
}

/* With the wake of a client that sleeps, in one system call, and without it. */
TEST_F(signal_once, answering_and_receiving)
{
	struct end *client = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		ASSERT_EQ(1, at(client, ask, 0, 8));
		if (i % 2) {
			begin(client, hear, 0, LONG);
			until_asleep(client);
		}
		ASSERT_EQ(8, take(side, 0, LONG));
		EXPECT_ENDED(side->node, next(side, 9, waits[i / 2]));
		EXPECT_EQ(0, last_sent);
		EXPECT_EQ(9, i % 2 ? finish(client) : at(client, hear, 0, LONG));
		EXPECT_EQ(-EPIPE, at(client, hear, 0, LONG));
		EXPECT_EQ(0, at(client, cancel, 0, 0));
	}
}

TEST_F(signal_once, for_a_response)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	size_t i;

	SET_UP_PAIR(NULL);
	for (i = 0; i < 2 * ARRAY_SIZE(waits); i++) {
		if (i % 2) {
			begin(server, take, 0, LONG);
			until_asleep(server);
		}
		EXPECT_ENDED(side->node, call(side, 0, waits[i / 2]));
		EXPECT_ENDED(side->node, hear(side, 0, waits[i / 2]));
		ASSERT_EQ(0, i % 2 ? finish(server) : at(server, take, 0, LONG));
		EXPECT_ENDED(side->node, hear(side, 0, waits[i / 2]));
		ASSERT_EQ(0, at(server, answer, 0, 1));
		ASSERT_EQ(1, hear(side, 0, LONG));
		EXPECT_ENDED(side->node, hear(side, 0, waits[i / 2]));
		ASSERT_EQ(0, at(server, done, 0, 0));
		EXPECT_EQ(-EPIPE, hear(side, 0, LONG));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
}

TEST_F(signal_once, for_room)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;

	SET_UP_PAIR(&no_overflow);
	ASSERT_EQ(ROOM, ask_only(side, 0, ROOM));
	ASSERT_EQ(0, loan_question(side, 0, ROOM));
	EXPECT_ENDED(side->node, send_question(side, 0, 0));
	EXPECT_ENDED(side->node, send_question(side, 0, 0));
	/* In the combined call too it is not sent. */
	EXPECT_ENDED(side->node, call_loaned(side, 0, SLUICE_FOREVER));
	ASSERT_EQ(ROOM, at(server, take_only, 0, ROOM));
	EXPECT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(ROOM, at(server, take, 0, LONG));
}

TEST_F(signal_once, for_room_of_responses)
{
	static const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
		.max_response_buffer_size = 1);
	struct end *client = &self->end[0];
	struct side *side = &self->side;

	open_server_side(_metadata, side, &opts, client, variant->place);
	ASSERT_EQ(1, at(client, ask, 0, 1));
	ASSERT_EQ(1, take(side, 0, LONG));
	ASSERT_EQ(0, answer(side, 0, 1));
	ASSERT_EQ(0, loan_answer(side, 0, 2));
	EXPECT_ENDED(side->node, sluice_reply_send(side->reply[0]));
	EXPECT_ENDED(side->node, sluice_reply_send(side->reply[0]));
	ASSERT_EQ(1, at(client, hear, 0, LONG));
	EXPECT_EQ(0, send_answer(side, 0, 0));
	EXPECT_EQ(2, at(client, hear, 0, LONG));
}

/* ---- While other things arrive --------------------------------------------- */

/* Each response to another request wakes the sleeper, which has not asked for it. */
TEST_F(signal_once, among_other_responses)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(side, 0, 10));
	ASSERT_EQ(1, ask(side, 1, 11));
	ASSERT_EQ(10, at(server, take, 0, LONG));
	ASSERT_EQ(11, at(server, take, 1, LONG));
	for (i = 0; i < ROUNDS; i++) {
		begin(server, answer_slowly, 1, 200);
		EXPECT_ENDED_AFTER(5 + i, side->node, hear(side, 0, waits[i % 2]));
		ASSERT_EQ(200, finish(server));
	}
	ASSERT_EQ(0, at(server, answer, 0, 12));
	EXPECT_EQ(12, hear(side, 0, LONG));
}

/* come_and_go(count): a client that is there for a moment, so many times. */
static long come_and_go(struct side *side, long count, long unused)
{
	long i, result;

	(void)unused;
	for (i = 0; i < count; i++) {
		result = open_client(side, 0, 0);
		if (result < 0)
			return result;
		result = wait_servers(side, 1, LONG);
		close_client(side, 0, 0);
		if (result < 0)
			return result;
	}
	return count;
}

TEST_F(signal_once, among_other_clients)
{
	struct end *client = &self->end[0], *crowd = &self->end[1];
	struct side *side = &self->side;
	long i;

	open_server_side(_metadata, side, NULL, client, variant->place);
	start_service(_metadata, crowd, variant->place, &calls, NULL);
	for (i = 0; i < VISITS; i++) {
		/*
		 * After a wait that was short, the next two sleeps are without protection
		 * (BRIEF_WAIT_NS); and the sleeps of a thread do not tell when these are over, for
		 * it sleeps for locks of its process, too.
		 */
		ASSERT_EQ(-ETIMEDOUT, take(side, 0, 5 * MILLISECOND));
		begin(crowd, come_and_go, VISITS, 0);
		EXPECT_ENDED_AFTER(5 + i, side->node, take(side, 0, waits[i % 2]));
		/* Only a server at work welcomes them. */
		begin(client, ask, 0, i);
		ASSERT_EQ(i, take(side, 0, LONG));
		ASSERT_EQ(1, finish(client));
		ASSERT_EQ(0, done(side, 0, 0));
		ASSERT_EQ(0, at(client, cancel, 0, 0));
		while (!is_readable(crowd->socket, 0))
			ASSERT_EQ(-ETIMEDOUT, take(side, 0, MILLISECOND));
		ASSERT_EQ(VISITS, finish(crowd));
	}
}

/* The caller's own mask is as it was, whatever a wait does with it. */
TEST_F(signal_once, mask_is_kept)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	sigset_t mask, after;
	int i;

	SET_UP_PAIR(NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, &mask, NULL));
	ASSERT_EQ(1, ask(side, 0, 10));
	ASSERT_EQ(1, ask(side, 1, 11));
	ASSERT_EQ(10, at(server, take, 0, LONG));
	ASSERT_EQ(11, at(server, take, 1, LONG));
	begin(server, answer_slowly, 1, 50);
	/* One that is blocked waits until the program lets it through. */
	handled = 0;
	signal(SIGUSR2, count_signal);
	ASSERT_EQ(0, raise(SIGUSR2));
	EXPECT_TIMES_OUT(20 * MILLISECOND, hear(side, 0, 20 * MILLISECOND));
	EXPECT_EQ(0, handled);
	EXPECT_EQ(0, pthread_sigmask(SIG_SETMASK, NULL, &after));
	for (i = 1; i < SIGRTMIN; i++) {
		EXPECT_EQ(sigismember(&mask, i), sigismember(&after, i));
	}
	EXPECT_ENDED_AFTER(3, side->node, hear(side, 0, LONG));
	EXPECT_EQ(0, pthread_sigmask(SIG_SETMASK, NULL, &after));
	for (i = 1; i < SIGRTMIN; i++) {
		EXPECT_EQ(sigismember(&mask, i), sigismember(&after, i));
	}
	ASSERT_EQ(50, finish(server));
	sigemptyset(&mask);
	ASSERT_EQ(0, pthread_sigmask(SIG_SETMASK, &mask, NULL));
	EXPECT_EQ(2, handled);
}

/* ---- Stopped and continued ------------------------------------------------- */

TEST_F(signal_once, stopped_and_continued)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	int status;
	long i;

	if (variant->place == IN_THREAD)
		SKIP(return, "a thread cannot be stopped alone");
	SET_UP_PAIR(NULL);
	for (i = 0; i < 4; i++) {
		begin(server, take, 0, waits[i / 2]);
		until_asleep(server);
		ASSERT_EQ(0, kill(server->pid, SIGSTOP));
		ASSERT_EQ(server->pid, waitpid(server->pid, &status, WUNTRACED));
		ASSERT_TRUE(WIFSTOPPED(status));
		ASSERT_EQ(0, kill(server->pid, SIGCONT));
		/* The wait ends as it does for a handler. */
		EXPECT_EQ(-EINTR, finish(server));
	}
	ASSERT_EQ(1, ask(side, 0, 4));
	EXPECT_EQ(4, at(server, take, 0, LONG));
}

/* ---- Without a signal ------------------------------------------------------ */

/* Thousands of sleeps, combined and not, of waits that end by news and by the clock. */
TEST_F(signal_once, never_without_one)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	struct side *side = &self->side;
	long i;

	SET_UP_PAIR(NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	begin(server, serve_on, 1500, 0);
	begin(client, exchange_pausing, 500, 0);
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, call(side, 0, waits[i % 2])) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(-EPIPE, hear(side, 0, LONG));
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
	ASSERT_EQ(500, finish(client));
	ASSERT_EQ(1500, finish(server));
	ASSERT_EQ(1, ask(side, 0, 1));
	ASSERT_LE(0, find_out(side, LONG, 0));
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(-ETIMEDOUT, hear(side, 0, 50000)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(-ETIMEDOUT, wait_servers(side, 2, 50000));
		ASSERT_EQ(-ETIMEDOUT, find_out(side, 50000, 0));
	}
}

/*
 * A signal for which no handler runs is none, also if it comes while the call is awake.  A
 * child that is stopped, continued or ends raises SIGCHLD, a terminal SIGWINCH.
 */
TEST_F(signal_once, never_for_signals_without_a_handler)
{
	static const int idle[] = { SIGCHLD, SIGWINCH, SIGURG };
	struct side *side = &self->side;
	pid_t sender, self_pid = getpid();
	unsigned int i, ended = 0;

	SET_UP_PAIR(NULL);
	ASSERT_EQ(1, ask(side, 0, 1));
	sender = fork();
	ASSERT_LE(0, sender);
	if (!sender) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (i = 0; !kill(self_pid, idle[i % ARRAY_SIZE(idle)]); i++)
			;
		_exit(0);
	}
	for (i = 0; i < 300; i++)
		ended += hear(side, 0, 2 * MILLISECOND) != -ETIMEDOUT;
	EXPECT_EQ(0, ended) TH_LOG("of 300 waits");
	kill(sender, SIGKILL);
	waitpid(sender, NULL, 0);
}

TEST_HARNESS_MAIN
