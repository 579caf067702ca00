/* SPDX-License-Identifier: MIT */
/*
 * sluice bench - what its files share
 *
 *	bench.c		the course of a run
 *	options.c	the command line
 *	things.c	which things are measured
 *	floor.c		what processes that share a page can do without Sluice
 *	floor_file.c	what a socket and pipes can do
 *	port.c		the node, the service, the client and the server of a thing
 *	pair.c		a client and a server, one message at a time
 *	flight.c	a client and a server, many messages at a time
 *	many.c		many clients and servers
 *	payload.c	what each message carries
 *	child.c		the processes, and how the parent commands them
 *	idle.c		clients that are connected and do nothing, and what they cost
 *	setting_up.c	what it costs to begin, in fresh processes
 *	report.c	the figures
 *	table.c		the figures as text
 *	json.c		the same as JSON
 *	plot.c		the same as a picture
 *
 * A *thing* is a way of making round trips.  Each is set up once, in two processes, and
 * then runs for a while in each round, in turn with all others, so that disturbances of the
 * machine affect all alike.
 */
#ifndef BENCH_H
#define BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define LINE		64	/* bytes of a cache line */
#define WORD		8	/* bytes of what a message consists of */
#define SIZE_LIMIT	(UINT64_C(64) << 20)
#define WAIT_LIMIT_NS	(INT64_C(30) * 1000 * 1000 * 1000)
#define THINGS_MAX	200
#define UNAVAILABLE	1	/* of a setup: it is not available on this machine */

/* options.c */

#define NUMBERS_MAX	8

/* A list that was typed. */
struct numbers {
	unsigned int value[NUMBERS_MAX];
	unsigned int count;
};

struct bench_options {
	size_t size;		/* of each message */
	unsigned int rounds;
	unsigned int trips;	/* of each thing, in each round */
	unsigned int depth;	/* requests of a client under way at once */
	unsigned int idle;	/* clients */
	unsigned int idle_processes;
	struct numbers clients;	/* both lists are empty, or none */
	struct numbers servers;
	const char *only;
	const char *plot;	/* name of a file */
	bool sizes;
	bool setting_up;
	bool json;
};

/* 0; another exit status; or -1: help was asked for, and printed. */
int bench_parse(int argc, char **argv, struct bench_options *options);

/* things.c */

enum side { SERVER, CLIENT };

struct thing;

/* One side of a thing.  step() makes one round trip, or answers one. */
struct method {
	int (*setup)(const struct thing *thing, enum side side, void **ret_state);
	int (*step)(void *state, bool last);	/* @last: of this round */
	void (*teardown)(void *state);
	int (*admit)(void *state, unsigned int clients);	/* or NULL */
};

/* Where its results are reported. */
enum part { STANDARD, AT_ONCE, WITH_IDLE, WITH_SIZES, WITH_MANY };

struct thing {
	enum part part;
	char key[32];		/* in JSON, and for --only */
	char name[48];
	const struct method *method;	/* two of them, by side */
	char floor[32];		/* key of the thing it is compared with, or "" */
	size_t size;		/* of each message */
	size_t touched;		/* so much of it is written by one side and read by the other */
	unsigned int warm;	/* steps in each round before the clock runs */
	unsigned int trips;	/* steps that are timed together, for the median */
	unsigned int stamped;	/* steps that are timed one by one, for the percentiles */

	/* Only for a thing of Sluice. */
	unsigned int service;	/* things with the same one share their ports */
	unsigned int clients;	/* that the service has room for, or 0; of many: their number */
	unsigned int servers;	/* of many: their number */
	unsigned int flight;	/* requests of a client under way at once, or 0: one */
	unsigned int stream;	/* responses to a request, or 0: one */
	int64_t spin;		/* option of the nodes */
	int64_t timeout;	/* with which messages are received */
};

struct things {
	struct thing thing[THINGS_MAX];
	unsigned int count;
};

/* Services of their own for the two servers that --idle compares. */
enum { SERVICE_ALONE = 1, SERVICE_CROWDED, SERVICE_FIRST };

extern const size_t bench_sizes[];
extern const unsigned int bench_sizes_count;

void things_list(struct things *things, const struct bench_options *options, bool one_cpu);
void things_without(struct things *things, const char *floor);
bool things_known(const char *list);
const struct thing *things_find(const struct things *things, const char *key);
unsigned int things_messages(const struct thing *thing);	/* that one step receives */
bool things_one_by_one(const struct thing *thing);	/* a step is a round trip */

/* floor.c, floor_file.c */

extern const struct method floor_uring[2];
extern const struct method floor_futex[2];
extern const struct method floor_payload[2];
extern const struct method floor_line[2];
extern const struct method floor_packet[2];
extern const struct method floor_pipe[2];

/* For messages of at most @size; before the processes are started. */
int floor_prepare(size_t size);
int floor_file_prepare(void);

/* pair.c */

extern const struct method pair_separate[2];
extern const struct method pair_combined[2];

/* flight.c, many.c */

extern const struct method flight_requests[2];
extern const struct method flight_batch[2];
extern const struct method flight_stream[2];
extern const struct method many[2];

/* payload.c */

void payload_write(void *data, size_t size, uint64_t value);
uint64_t payload_read(const void *data, size_t size);
void spin_pause(void);
void spin_share(bool one_cpu);

/* child.c */

enum order { SETUP, ROUND, ADMIT, CROWD, SETTLE, LEAVE };

/*
 * SETUP and LEAVE a thing, make a ROUND of it; server: ADMIT so many clients of it; for
 * --idle, process of idle clients: make a CROWD of so many, let it SETTLE.
 */
struct command {
	enum order order;
	unsigned int thing;
	unsigned int count;
};

struct answer {
	int status;		/* 0, -1 or UNAVAILABLE */
	int64_t ns;		/* ROUND at the client: of the timed round trips */
	char why[240];		/* the status is not 0 */
};

struct child {
	const char *name;
	pid_t pid;
	int socket;
	bool busy;		/* was told something and has not answered */
};

struct team {
	const struct things *things;
	uint32_t *stamps;	/* shared: the client writes, the parent reads */
	struct child *child;	/* SERVER, CLIENT, and those of idle clients */
	unsigned int count;
	const volatile sig_atomic_t *interrupts;	/* two of them end everything */
};

int team_start(struct team *team, const char *name, int cpu);
int team_tell(struct team *team, unsigned int child, struct command command);
int team_hear(struct team *team, struct answer *answers);
void team_end(struct team *team, bool at_once);

/* In a process that was just forked: ^C concerns its parent, and it dies with that. */
void child_begin(pid_t parent, int cpu);

__attribute__((__format__(__printf__, 1, 2)))
int complain(const char *format, ...);
int because_of_sluice(const char *what);
const char *complaint(void);
int64_t time_now(void);

/* idle.c */

struct idle {
	unsigned int clients;
	unsigned int processes;
	double server_descriptors;	/* all figures are for one client */
	double client_descriptors;
	double pss_bytes;		/* of all these processes */
	double page_table_bytes;
	double kernel_bytes;
	double connect_ns;
	const char *kernel_source;
};

/* Lets this process and its children have descriptors for so many connections, or fewer. */
int idle_descriptors(unsigned int connections);
bool idle_fits(unsigned int connections);
int idle_count_descriptors(pid_t pid, unsigned long *sum);
int idle_connect(struct team *team, unsigned int thing, struct idle *idle);
int idle_crowd(const struct thing *thing, unsigned int clients);
int idle_settle(void);

/* setting_up.c */

enum setting_up_part {
	UP_RING, UP_SERVER_NODE, UP_SERVICE, UP_SERVER, UP_CLIENT_NODE, UP_OPEN, UP_CLIENT,
	UP_CONNECTED, UP_FIRST, UP_SECOND, UP_FIRST_LARGE, UP_SECOND_LARGE, UP_PARTS,
};

extern const char *const setting_up_keys[UP_PARTS];
extern const char *const setting_up_names[UP_PARTS];

struct setting_up {
	unsigned int runs;
	double *ns[UP_PARTS];		/* of each run */
	unsigned int descriptors[2];	/* by side, with one connection */
};

int setting_up_measure(struct setting_up *up, unsigned int runs, const int cpu[2],
		       const volatile sig_atomic_t *interrupts);
double setting_up_median(struct setting_up *up, enum setting_up_part part);
double setting_up_all(struct setting_up *up);	/* node, service, server, connected client */
void setting_up_free(struct setting_up *up);

/* report.c */

struct result {
	double *round_ns;	/* of each round: nanoseconds of a message */
	unsigned int rounds;
	uint32_t *stamps;
	size_t stamped;
	bool sorted;		/* both */
	char unavailable[240];
	double calls;		/* system calls of a round trip, both sides; negative: unknown */
};

struct report {
	const struct bench_options *options;
	const struct things *things;
	struct result result[THINGS_MAX];
	int cpu[2];
	bool interrupted;
	bool counted;		/* system calls */
	const struct idle *idle;	/* or NULL */
	struct setting_up *up;		/* or NULL */
};

int report_prepare(struct report *report);
void report_round(struct report *report, unsigned int thing, int64_t ns,
		  const uint32_t *stamps);
void report_calls(struct report *report, unsigned int thing, uint64_t calls);
void report_free(struct report *report);

/* Each is 0 if it was not measured. */
double report_median(struct report *report, const char *key);
double report_quantile(struct report *report, const char *key, double share);
double report_ratio(struct report *report, const char *key, const char *floor);
double report_rate(struct report *report, const char *key);	/* messages a second */
double report_median_of(double *values, size_t count);

/* table.c, json.c */

void table_print(struct report *report);
void json_print(struct report *report);

/* plot.c */

/* Is there a gnuplot, and can the file be written?  Before a run. */
int plot_prepare(const char *path, FILE **ret_file);
int plot_draw(struct report *report, FILE *file);

#endif /* BENCH_H */
