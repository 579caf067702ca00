// SPDX-License-Identifier: MIT
/*
 * Cyclone DDS: two topics, one for requests and one for responses, over loopback.  It is told
 * to use no other interface and no multicast.
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dds/dds.h>

#include "cyclone.h"

#define DOMAINS		200
#define RETRY		DDS_MSECS(200)
#define RETRIES		100

struct ends {
	dds_entity_t writer;
	dds_entity_t reader;
	dds_entity_t waits;
};

static struct ends client;
static dds_domainid_t domain;

static const char configuration[] =
"<CycloneDDS><Domain id='any'><General>"
"<Interfaces><NetworkInterface address='127.0.0.1'/></Interfaces>"
"<AllowMulticast>false</AllowMulticast></General>"
"<Discovery><ParticipantIndex>auto</ParticipantIndex>"
"<Peers><Peer address='127.0.0.1'/></Peers></Discovery></Domain></CycloneDDS>";

static pid_t prepare(void)
{
	domain = (dds_domainid_t)getpid() % DOMAINS;
	return setenv("CYCLONEDDS_URI", configuration, 1);
}

static int make_ends(struct ends *ends, const char *writes, const char *reads)
{
	dds_entity_t participant = dds_create_participant(domain, NULL, NULL);
	dds_entity_t out = dds_create_topic(participant, &bench_Payload_desc, writes, NULL, NULL);
	dds_entity_t in = dds_create_topic(participant, &bench_Payload_desc, reads, NULL, NULL);
	dds_qos_t *qos = dds_create_qos();
	dds_entity_t condition;

	dds_qset_reliability(qos, DDS_RELIABILITY_RELIABLE, DDS_SECS(10));
	dds_qset_history(qos, DDS_HISTORY_KEEP_LAST, 1);
	ends->writer = dds_create_writer(participant, out, qos, NULL);
	ends->reader = dds_create_reader(participant, in, qos, NULL);
	dds_delete_qos(qos);
	ends->waits = dds_create_waitset(participant);
	condition = dds_create_readcondition(ends->reader, DDS_ANY_STATE);
	if (dds_waitset_attach(ends->waits, condition, condition) < 0)
		return peer_complain("cyclone: cannot make a reader and a writer");
	return 0;
}

/* 1; 0 if nothing came in time; or -1. */
static int take(struct ends *ends, bench_Payload *payload, dds_duration_t timeout)
{
	void *samples[] = { payload };
	dds_sample_info_t info;
	int r;

	while ((r = dds_take(ends->reader, samples, &info, 1, 1)) >= 0) {
		if (r > 0 && info.valid_data)
			return 1;
		if (r == 0 && dds_waitset_wait(ends->waits, NULL, 0, timeout) == 0)
			return 0;
	}
	return peer_complain("cyclone: cannot take");
}

static void serve(void (*ready)(void))
{
	bench_Payload payload;
	struct ends server;

	if (make_ends(&server, "response", "request") < 0)
		return;
	ready();
	while (take(&server, &payload, DDS_INFINITY) > 0) {
		message_write(payload.words, message_read(payload.words) + 1);
		if (dds_write(server.writer, &payload) < 0)
			return;
	}
}

/* Takes what does not answer this request for what came too late. */
static int exchange(uint64_t value, uint64_t *ret_answer, dds_duration_t timeout)
{
	bench_Payload payload;
	int r;

	message_write(payload.words, value);
	if (dds_write(client.writer, &payload) < 0)
		return peer_complain("cyclone: cannot write");
	do {
		r = take(&client, &payload, timeout);
		*ret_answer = r > 0 ? message_read(payload.words) : 0;
	} while (r > 0 && *ret_answer != value + 1);
	return r;
}

/* Readers and writers find each other after a while, and what is sent before is lost. */
static int connect_client(void)
{
	uint64_t answer;
	int r = make_ends(&client, "request", "response");

	for (unsigned int i = 1; r == 0 && i <= RETRIES; i++)
		r = exchange(UINT64_MAX / 2 + i, &answer, RETRY);
	return r > 0 ? 0 : peer_complain("cyclone: the server is not found");
}

static int call(uint64_t value, uint64_t *ret_answer)
{
	return exchange(value, ret_answer, DDS_INFINITY) > 0 ? 0 : -1;
}

const struct peer peers[] = {
	{ "Cyclone DDS", "sleeps", prepare, serve, connect_client, call, NULL },
	{ 0 },
};
