// SPDX-License-Identifier: MIT
/*
 * The output of sluice trace replay on its standard output: a few lines for a person, or
 * one JSON object:
 *
 *	service			that the requests were sent to
 *	recorded_service	that they were recorded from
 *	requests		an object of
 *	  recorded, sent	how many
 *	  answered		all responses have come, or the end without any
 *	  timed_out, failed
 *	responses		how many
 *	request_bytes, response_bytes	of elements; user headers are not counted
 *	time_ns			from the first request to the end
 *	recorded_ns		from the first recorded request to the last
 *	interrupted		whether it was ended early
 *	compared		null, or how many responses were
 *	  same, different
 *	  missing, extra	recorded and did not come, or the other way round
 *
 * It owns nothing.
 */
#include "replay_report.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#define SECOND		1e9

/* Nanoseconds from the first request to the last. */
static uint64_t recorded_time(const struct messages *requests)
{
	return requests->at[requests->count - 1].time - requests->at[0].time;
}

void replay_print(const struct recording *recording, const struct tally *tally)
{
	printf("service    %s, recorded from %s\n", recording->wanted, recording->service);
	printf("requests   %zu recorded, %" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64
	       " timed out, %" PRIu64 " failed\n", recording->requests.count, tally->sent,
	       tally->answered, tally->timed_out, tally->failed);
	printf("responses  %" PRIu64 "\n", tally->responses);
	printf("bytes      %" PRIu64 " sent, %" PRIu64 " received\n", tally->request_bytes,
	       tally->response_bytes);
	printf("time       %.6f s; requests were recorded during %.6f s\n",
	       (double)tally->time / SECOND,
	       (double)recorded_time(&recording->requests) / SECOND);
	if (recording->with_replies)
		printf("compared   %" PRIu64 " the same, %" PRIu64 " different, %" PRIu64
		       " missing, %" PRIu64 " extra\n", tally->same, tally->different,
		       tally->missing, tally->extra);
	if (tally->interrupted)
		printf("interrupted\n");
}

static json_int_t integer(uint64_t value)
{
	return (json_int_t)value;
}

/* NULL, as an argument of json_pack(), makes that fail. */
static json_t *comparison(const struct recording *recording, const struct tally *tally)
{
	if (!recording->with_replies)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I}", "same", integer(tally->same),
			 "different", integer(tally->different), "missing", integer(tally->missing),
			 "extra", integer(tally->extra));
}

int replay_print_json(const struct recording *recording, const struct tally *tally)
{
	json_t *object;
	int r;

	object = json_pack("{s:s, s:s, s:{s:I, s:I, s:I, s:I, s:I}, s:I, s:I, s:I, s:I, s:I, "
			   "s:b, s:o}",
			   "service", recording->wanted, "recorded_service", recording->service,
			   "requests", "recorded", integer(recording->requests.count),
			   "sent", integer(tally->sent), "answered", integer(tally->answered),
			   "timed_out", integer(tally->timed_out), "failed", integer(tally->failed),
			   "responses", integer(tally->responses),
			   "request_bytes", integer(tally->request_bytes),
			   "response_bytes", integer(tally->response_bytes),
			   "time_ns", (json_int_t)tally->time,
			   "recorded_ns", integer(recorded_time(&recording->requests)),
			   "interrupted", tally->interrupted,
			   "compared", comparison(recording, tally));
	if (!object)
		return -1;
	r = json_dumpf(object, stdout, JSON_INDENT(2));
	json_decref(object);
	printf("\n");
	return r;
}
