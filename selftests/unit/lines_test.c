// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which lines of shared memory a round trip writes, call by call, as the table in
 * Documentation/performance.rst says.
 *
 * Client and server are of one node, so that all memory that they share is mapped here.  After
 * each call everything is compared with what it was before, in lines of 64 bytes.  A line that
 * was written and has the same contents as before is not seen; on the path each write of a
 * shared line changes it.  The pages of counters are left out: they are each port's own.
 */
#include "two_ends.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "exchange/layout.h"

#define LINE		64u
#define PAGE		4096u
#define TRIPS		64u	/* that are counted; the first ones are not */

static const struct sluice_contract contract = {
	.name = "selftest/lines",
	.request = SLUICE_TYPE(uint64_t),
	.response = SLUICE_TYPE(uint64_t),
};

enum part {
	REQUESTS, REPLIES, LOAD, BELLS, CANCELLED, CLOSED, REQUEST_RETURNS, RESPONSE_RETURNS,
	REQUEST_RING, RESPONSE_RINGS, STAGES, PARTS
};

static const char *const part_names[PARTS] = {
	"requests", "replies", "load page", "doorbells", "cancelled", "closed",
	"returns of requests", "returns of responses", "request ring", "response rings", "stages",
};

enum step {
	LOAN, WRITE, SEND, TAKE, REPLY_LOAN, REPLY_WRITE, REPLY, FINISH, RECEIVE, RELEASE, FORGET, STEPS
};

static const char *const step_names[STEPS] = {
	"sluice_client_loan", "the request is written", "sluice_request_send",
	"sluice_server_receive", "sluice_active_request_loan", "the reply is written",
	"sluice_reply_send", "sluice_active_request_release", "sluice_pending_response_receive",
	"sluice_response_release", "sluice_pending_response_release",
};

/* A mapping, and its contents after the last step. */
struct region {
	const char *name;
	unsigned char *base, *before;
	size_t size;
	unsigned long inode;
};

FIXTURE(lines) {
	struct root root;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_client *client;
	struct layout layout;
	struct region regions[8];
	uint32_t count;
	uint32_t written[STEPS][PARTS];
};

static void meet(struct __test_metadata *_metadata, FIXTURE_DATA(lines) *self)
{
	struct sluice_active_request *none;

	while (sluice_client_wait_servers(self->client, 1, SLUICE_NOWAIT) < 0) {
		none = sluice_server_receive(self->server, SLUICE_NOWAIT);
		ASSERT_EQ(NULL, none);
	}
	none = sluice_server_receive(self->server, 1000000);
	ASSERT_EQ(NULL, none);
}

FIXTURE_SETUP(lines)
{
	const struct sluice_registry_settings settings = {
		.max_active_requests = 16, .response_buffer = 8, .max_borrowed = 8,
	};
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.max_active_requests_per_client = settings.max_active_requests,
		.max_response_buffer_size = settings.response_buffer,
		.max_borrowed_responses_per_pending_response = settings.max_borrowed);

	root_make(_metadata, &self->root);
	layout_compute(&self->layout, &settings);
	self->node = sluice_node_create("lines", NULL);
	self->service = sluice_service_open(self->node, &contract, &opts);
	self->server = sluice_server_create(self->service, NULL);
	self->client = sluice_client_create(self->service, NULL);
	ASSERT_NE(NULL, self->client);
	ASSERT_NE(NULL, self->server);
	meet(_metadata, self);
}

FIXTURE_TEARDOWN(lines)
{
	while (self->count)
		free(self->regions[--self->count].before);
	sluice_client_destroy(self->client);
	sluice_server_destroy(self->server);
	sluice_service_close(self->service);
	sluice_node_destroy(self->node);
	TEARDOWN_CHECKS(&self->root);
}

/* Of a window only the first page is looked at: all slices of this test are there. */
static void add_region(struct __test_metadata *_metadata, FIXTURE_DATA(lines) *self,
		       const char *name, unsigned char *base, size_t size, unsigned long inode)
{
	struct region *region = &self->regions[self->count];
	uint32_t i;

	for (i = 0; i < self->count; i++)
		if (self->regions[i].inode == inode)
			return;
	ASSERT_GT(ARRAY_SIZE(self->regions), self->count);
	self->count++;
	*region = (struct region){
		.name = name,
		.base = base,
		.before = malloc(size),
		.size = size,
		.inode = inode,
	};
	ASSERT_NE(NULL, region->before);
	memcpy(region->before, base, size);
}

/* All shared memory that this process may write, but for the pages of counters. */
static void find_regions(struct __test_metadata *_metadata, FIXTURE_DATA(lines) *self)
{
	static const char *const names[] = {
		"sluice-channel", "sluice-requests", "sluice-replies", "sluice-load",
	};
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to, inode;
	char line[512], flags[8];
	size_t i, size;

	ASSERT_NE(NULL, maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu", &from, &to, flags, &inode) != 4 ||
		    strcmp(flags, "rw-s"))
			continue;
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (!strstr(line, names[i]))
				continue;
			size = i ? PAGE : to - from;
			add_region(_metadata, self, names[i], (unsigned char *)from, size, inode);
		}
	}
	fclose(maps);
	ASSERT_EQ(ARRAY_SIZE(names), self->count);
}

/* What lies at an offset of a channel: the part that begins last before it. */
static enum part part_at(const struct layout *layout, uint64_t offset)
{
	const struct {
		uint64_t begin;
		enum part part;
	} parts[] = {
		{ 0, BELLS },
		{ layout->stages, STAGES },
		{ layout->response_rings, RESPONSE_RINGS },
		{ layout->request_ring, REQUEST_RING },
		{ layout->response_returns, RESPONSE_RETURNS },
		{ layout->request_returns, REQUEST_RETURNS },
		{ layout->closed, CLOSED },
		{ layout->cancelled, CANCELLED },
	};
	size_t i, found = 0;

	for (i = 1; i < ARRAY_SIZE(parts); i++)
		if (parts[i].begin <= offset && parts[i].begin >= parts[found].begin)
			found = i;
	return parts[found].part;
}

static enum part part_of(const FIXTURE_DATA(lines) *self, const struct region *region,
			 uint64_t offset)
{
	if (!strcmp(region->name, "sluice-channel"))
		return part_at(&self->layout, offset);
	if (!strcmp(region->name, "sluice-load"))
		return LOAD;
	return strcmp(region->name, "sluice-requests") ? REPLIES : REQUESTS;
}

/* Counts the lines that a step has changed. */
static void stepped(FIXTURE_DATA(lines) *self, enum step step)
{
	struct region *region;
	uint64_t offset;

	for (region = self->regions; region < self->regions + self->count; region++)
		for (offset = 0; offset < region->size; offset += LINE) {
			if (!memcmp(region->before + offset, region->base + offset, LINE))
				continue;
			self->written[step][part_of(self, region, offset)]++;
			memcpy(region->before + offset, region->base + offset, LINE);
		}
}

static void round_trip(struct __test_metadata *_metadata, FIXTURE_DATA(lines) *self,
		       uint64_t number, bool last)
{
	struct sluice_pending_response *pending;
	struct sluice_active_request *active;
	struct sluice_response *response;
	struct sluice_request *request;
	struct sluice_reply *reply;

	request = sluice_client_loan(self->client, 1);
	ASSERT_NE(NULL, request);
	stepped(self, LOAN);
	*(uint64_t *)request->data = number;
	stepped(self, WRITE);
	pending = sluice_request_send(request);
	ASSERT_NE(NULL, pending);
	stepped(self, SEND);
	active = sluice_server_receive(self->server, SLUICE_NOWAIT);
	ASSERT_NE(NULL, active);
	stepped(self, TAKE);
	reply = sluice_active_request_loan(active, 1);
	ASSERT_NE(NULL, reply);
	stepped(self, REPLY_LOAN);
	*(uint64_t *)reply->data = number;
	stepped(self, REPLY_WRITE);
	if (last) {
		ASSERT_EQ(0, sluice_reply_set_last(reply));
	}
	ASSERT_EQ(0, sluice_reply_send(reply));
	stepped(self, REPLY);
	sluice_active_request_release(active);
	stepped(self, FINISH);
	response = sluice_pending_response_receive(pending, SLUICE_NOWAIT);
	ASSERT_NE(NULL, response);
	ASSERT_EQ(number, *(const uint64_t *)response->data);
	stepped(self, RECEIVE);
	sluice_response_release(response);
	stepped(self, RELEASE);
	sluice_pending_response_release(pending);
	stepped(self, FORGET);
}

static void count_trips(struct __test_metadata *_metadata, FIXTURE_DATA(lines) *self, bool last)
{
	uint64_t number = 0;

	/* All memory is there after the first ones. */
	round_trip(_metadata, self, ++number, last);
	find_regions(_metadata, self);
	while (number < TRIPS)
		round_trip(_metadata, self, ++number, last);
	memset(self->written, 0, sizeof(self->written));
	while (number < 2 * TRIPS)
		round_trip(_metadata, self, ++number, last);
}

/* One line each time in each of these parts, and none in any other. */
static void expect(struct __test_metadata *_metadata, const FIXTURE_DATA(lines) *self,
		   const uint32_t parts[STEPS])
{
	uint32_t step, part, wanted;

	for (step = 0; step < STEPS; step++)
		for (part = 0; part < PARTS; part++) {
			wanted = parts[step] & 1u << part ? TRIPS : 0;
			EXPECT_EQ(wanted, self->written[step][part]) {
				TH_LOG("%s wrote %u lines of %s in %u round trips",
				       step_names[step], self->written[step][part],
				       part_names[part], TRIPS);
			}
		}
}

/* What the round trip of a stream that ends with its last reply writes. */
static const uint32_t least[STEPS] = {
	[WRITE] = 1u << REQUESTS,
	[SEND] = 1u << REQUEST_RING,
	[TAKE] = 1u << REQUEST_RING | 1u << LOAD,
	[REPLY_WRITE] = 1u << REPLIES,
	[REPLY] = 1u << RESPONSE_RINGS,
	[FINISH] = 1u << REQUEST_RETURNS | 1u << LOAD,
	[RECEIVE] = 1u << RESPONSE_RINGS,
	[RELEASE] = 1u << RESPONSE_RETURNS,
};

TEST_F(lines, each_call_writes_what_is_said_of_it)
{
	count_trips(_metadata, self, true);
	expect(_metadata, self, least);
}

/* The client gives up a stream whose end it has not been told. */
TEST_F(lines, an_end_that_is_told_by_its_own_word_costs_two_more)
{
	uint32_t parts[STEPS];

	memcpy(parts, least, sizeof(parts));
	parts[FINISH] |= 1u << CLOSED;
	parts[FORGET] |= 1u << CANCELLED;
	count_trips(_metadata, self, false);
	expect(_metadata, self, parts);
}

/* A receive that finds nothing writes no line that the other end polls. */
TEST_F(lines, looking_writes_nothing)
{
	static const uint32_t nothing[STEPS];
	uint32_t i;

	count_trips(_metadata, self, true);
	memset(self->written, 0, sizeof(self->written));
	for (i = 0; i < TRIPS; i++) {
		ASSERT_EQ(NULL, sluice_server_receive(self->server, SLUICE_NOWAIT));
		stepped(self, TAKE);
	}
	expect(_metadata, self, nothing);
}

TEST_HARNESS_MAIN
