// SPDX-License-Identifier: GPL-2.0-only
/*
 * Silence costs nothing: a process with 100 connected peers that sleeps in a receive,
 * or in a wait for its whole node, is not woken once within ten seconds, makes no
 * system call and uses no processor time.  The kernel counts how often each of its
 * threads began or stopped to run, and a thread that does neither does nothing at all.
 * Then one of the 100 speaks, and is heard.
 *
 * That holds for nodes that the kernel tells of changes of their entries (inotify).
 *
 * The sleepers sleep at the same time, each with peers of its own.
 */
#include <sys/resource.h>

#include "steps.h"

#define EACH		20	/* ports of a process */
#define CROWD		5	/* processes with such ports */
#define PEERS		(CROWD * EACH)

#define SILENCE		10	/* seconds, in full */

enum sleeper {
	SERVER_RECEIVES,
	SERVER_WAITS,		/* with its node */
	CLIENT_RECEIVES,
	CLIENT_WAITS,
	SLEEPERS,
};

static const char *const names[] = {
	"a server in receive", "a server in node_wait",
	"a client in receive", "a client in node_wait",
};

#define CONTRACT(sleeper) {						\
	.name = "test/idle/" #sleeper,					\
	.request = SLUICE_TYPE(struct question),			\
	.response = SLUICE_TYPE(struct answer),				\
}

static const struct sluice_contract contracts[SLEEPERS] = {
	CONTRACT(0), CONTRACT(1), CONTRACT(2), CONTRACT(3),
};

static const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
	.max_clients = PEERS,
	.max_servers = 128);

FIXTURE(idle) {
	struct root root;
	struct end sleeper[SLEEPERS];
	struct end crowd[SLEEPERS][CROWD];
};

FIXTURE_SETUP(idle)
{
	struct rlimit files;

	root_make(_metadata, &self->root);
	ends_mix(self->sleeper, SLEEPERS);
	ends_mix(&self->crowd[0][0], SLEEPERS * CROWD);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	files.rlim_cur = files.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
}

FIXTURE_TEARDOWN(idle)
{
	ends_stop(_metadata, self->sleeper, SLEEPERS);
	ends_stop(_metadata, &self->crowd[0][0], SLEEPERS * CROWD);
	TEARDOWN_CHECKS(&self->root);
}

static bool is_server(int sleeper)
{
	return sleeper < CLIENT_RECEIVES;
}

/* ---- The crowd: a process with 20 ports that do nothing ------------------------ */

static struct sluice_client *clients[EACH];
static struct sluice_server *servers[EACH];

static long open_clients(struct side *side, long a, long b)
{
	int i;

	(void)a, (void)b;
	for (i = 0; i < EACH; i++) {
		clients[i] = sluice_client_create(side->service, NULL);
		if (!clients[i] ||
		    sluice_client_wait_servers(clients[i], 1, LONG) != 1)
			return -errno;
	}
	return 0;
}

static long open_servers(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return create_servers(side, servers, EACH);
}

static long close_ports(struct side *side, long a, long b)
{
	int i;

	(void)side, (void)a, (void)b;
	for (i = 0; i < EACH; i++) {
		sluice_client_destroy(clients[i]);
		sluice_server_destroy(servers[i]);
	}
	return 0;
}

/* Steps of steps.h work on one port of a side: this one is it for a while. */
static long use_client(struct side *side, long index, long unused)
{
	(void)unused;
	side->client = index < 0 ? NULL : clients[index];
	return 0;
}

static long use_server(struct side *side, long index, long unused)
{
	(void)unused;
	side->server = index < 0 ? NULL : servers[index];
	return 0;
}

/* ---- The sleeper ---------------------------------------------------------------- */

/* wait_kind(kind): sleeps with the node until this is told; the news on the way. */
static long wait_kind(struct side *side, long kind, long unused)
{
	struct sluice_event event = SLUICE_EVENT();
	long news = 0;
	int r;

	(void)unused;
	for (;;) {
		r = sluice_node_wait(side->node, SLUICE_FOREVER);
		if (r < 0)
			return r;
		while ((r = sluice_node_next(side->node, &event)) > 0)
			if (event.kind == (uint32_t)kind)
				return news;
			else
				news++;
		if (r < 0)
			return r;
	}
}

static void start_crowd(struct __test_metadata *_metadata, struct end *crowd, int sleeper)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		end_start(_metadata, &crowd[i], IN_PROCESS);
		ASSERT_EQ(0, at(&crowd[i], open_service, PTR(&contracts[sleeper]),
				PTR(&opts)));
		ASSERT_EQ(0, at(&crowd[i], is_server(sleeper) ? open_clients : open_servers,
				0, 0)) TH_LOG("%s", crowd[i].result.sentence);
	}
}

static void put_server_to_sleep(struct __test_metadata *_metadata, struct end *end,
				struct end *crowd, int sleeper)
{
	start_server(_metadata, end, IN_PROCESS, &contracts[sleeper], &opts, NULL);
	start_crowd(_metadata, crowd, sleeper);
	if (sleeper == SERVER_RECEIVES)
		begin(end, take, 0, SLUICE_FOREVER);
	else
		begin(end, wait_kind, SLUICE_EVENT_REQUEST, 0);
}

static void put_client_to_sleep(struct __test_metadata *_metadata, struct end *end,
				struct end *crowd, int sleeper)
{
	start_crowd(_metadata, crowd, sleeper);
	start_service(_metadata, end, IN_PROCESS, &contracts[sleeper], &opts);
	ASSERT_EQ(0, at(end, open_client, 0, 0));
	ASSERT_EQ(PEERS, at(end, wait_servers, PEERS, LONG));
	ASSERT_EQ(PEERS, at(end, ask, 0, 7)) TH_LOG("%s", end->result.sentence);
	if (sleeper == CLIENT_RECEIVES)
		begin(end, hear, 0, SLUICE_FOREVER);
	else
		begin(end, wait_kind, SLUICE_EVENT_RESPONSE, 0);
}

/* ---- What the kernel has counted ------------------------------------------------ */

/* The thread sanitizer has a thread of its own, which is not idle. */
#ifdef WITH_THREAD_CHECK
#define ONE_THREAD	true
#else
#define ONE_THREAD	false
#endif

struct counts {
	long switches;		/* of all threads, voluntary or not */
	long ticks;		/* of processor time, user's and system's */
	long threads;
};

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	close(fd);
}

static long count_switches(pid_t pid, const char *tid)
{
	char path[320], text[8192], *line;
	long switches = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, tid);
	read_file(path, text, sizeof(text));
	for (line = text; (line = strstr(line, "_ctxt_switches:")); line++)
		switches += atol(strchr(line, ':') + 1);
	return switches;
}

static long count_ticks(pid_t pid, const char *tid)
{
	unsigned long user = 0, system = 0;
	char path[320], text[1024], *end;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, tid);
	read_file(path, text, sizeof(text));
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			   &user, &system) != 2)
		return -1;
	return (long)(user + system);
}

static struct counts count(pid_t pid)
{
	struct counts counts = { .ticks = 0 };
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (ONE_THREAD && atoi(entry->d_name) != pid))
			continue;
		counts.ticks += count_ticks(pid, entry->d_name);
		counts.switches += count_switches(pid, entry->d_name);
		counts.threads++;
	}
	if (dir)
		closedir(dir);
	return counts;
}

static bool is_same(struct counts a, struct counts b)
{
	return a.switches == b.switches && a.ticks == b.ticks && a.threads == b.threads;
}

/* Messages of its peers may still be on their way. */
static bool has_settled(const struct end *end, struct counts *ret_counts)
{
	*ret_counts = count(end->pid);
	nanosleep(&(struct timespec){ .tv_nsec = 300 * MILLISECOND }, NULL);
	return is_same(*ret_counts, count(end->pid));
}

/*
 * Where the kernel has no inotify instance left for this user, a node looks after its
 * entries by itself, once in ten seconds.
 */
static bool is_told(pid_t pid)
{
	char path[64], target[64];
	bool told = false;
	ssize_t length;
	int fd;

	for (fd = 0; fd < 1024 && !told; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		length = readlink(path, target, sizeof(target));
		told = length == (ssize_t)strlen("anon_inode:inotify") &&
		       !memcmp(target, "anon_inode:inotify", (size_t)length);
	}
	return told;
}

static void expect_silence(struct __test_metadata *_metadata, struct end *sleepers)
{
	struct counts before[SLEEPERS], after;
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		until_asleep(&sleepers[i]);
		EXPECT_TRUE(EVENTUALLY(has_settled(&sleepers[i], &before[i])))
			TH_LOG("%s does not come to rest", names[i]);
	}
	nanosleep(&(struct timespec){ .tv_sec = in_full() ? SILENCE : 2 }, NULL);
	for (i = 0; i < SLEEPERS; i++) {
		after = count(sleepers[i].pid);
		if (!is_told(sleepers[i].pid)) {
			TH_LOG("%s has got no inotify instance", names[i]);
			continue;
		}
		EXPECT_LT(0, after.switches);
		EXPECT_TRUE(is_same(before[i], after))
			TH_LOG("%s: %ld switches, %ld ticks, %ld threads, and %ld, %ld, %ld later",
			       names[i], before[i].switches, before[i].ticks,
			       before[i].threads, after.switches, after.ticks,
			       after.threads);
	}
}

/* ---- Afterwards ------------------------------------------------------------------- */

/* The end has slept in this step, or in another one and receives the number now. */
static void expect_woken(struct __test_metadata *_metadata, struct end *end, bool in_receive,
			 step *receive, long number)
{
	if (in_receive) {
		ASSERT_EQ(number, finish(end)) TH_LOG("%s", end->result.sentence);
	} else {
		ASSERT_LE(0, finish(end)) TH_LOG("%s", end->result.sentence);
		ASSERT_EQ(number, at(end, receive, 0, SLUICE_NOWAIT));
	}
}

/* One client of many asks, and the server that slept answers. */
static void wake_server(struct __test_metadata *_metadata, struct end *end,
			struct end *client, int sleeper)
{
	ASSERT_EQ(0, at(client, use_client, EACH / 2, 0));
	ASSERT_EQ(1, at(client, ask, 0, 40));
	expect_woken(_metadata, end, sleeper == SERVER_RECEIVES, take, 40);
	ASSERT_EQ(0, at(end, answer, 0, 41));
	ASSERT_EQ(41, at(client, hear, 0, LONG));
	ASSERT_EQ(0, at(client, cancel, 0, 0));
	ASSERT_EQ(0, at(end, done, 0, 0));
	ASSERT_EQ(0, at(client, use_client, -1, 0));
}

/* One server of many answers the client that slept. */
static void wake_client(struct __test_metadata *_metadata, struct end *end,
			struct end *server, int sleeper)
{
	ASSERT_EQ(0, at(server, use_server, EACH / 2, 0));
	ASSERT_EQ(7, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer, 0, 8));
	expect_woken(_metadata, end, sleeper == CLIENT_RECEIVES, hear, 8);
	ASSERT_EQ(0, at(end, cancel, 0, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, at(server, use_server, -1, 0));
}

static void close_crowd(struct __test_metadata *_metadata, struct end *crowd)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, at(&crowd[i], close_ports, 0, 0));
	}
}

TEST_F_TIMEOUT(idle, costs_nothing, 120)
{
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		if (is_server(i))
			put_server_to_sleep(_metadata, &self->sleeper[i],
					    self->crowd[i], i);
		else
			put_client_to_sleep(_metadata, &self->sleeper[i],
					    self->crowd[i], i);
	}
	expect_silence(_metadata, self->sleeper);
	for (i = 0; i < SLEEPERS; i++) {
		if (is_server(i))
			wake_server(_metadata, &self->sleeper[i],
				    &self->crowd[i][CROWD / 2], i);
		else
			wake_client(_metadata, &self->sleeper[i],
				    &self->crowd[i][CROWD / 2], i);
		close_crowd(_metadata, self->crowd[i]);
	}
}

TEST_HARNESS_MAIN
