// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that answers each request with its own fields, of every kind there is.  It is
 * compiled by fields_test.sh, with each compiler, and calls itself ready on standard output.
 *
 * Its second service has slices of a struct, and a user header.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>
#include <sluice_containers.h>

enum color { RED, GREEN = 5, BLUE = 200 };
enum level { LOW = -1, HIGH = 1 };

struct point { double x, y; };

struct every {
	int8_t i8;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
	float f32;
	double f64;
	_Bool yes;
	char tag[4];
	uint8_t raw[3];
	enum color color;
	enum level level;
	struct point at;
	struct point path[2];
	int32_t grid[2][3];
	union { uint32_t whole; uint16_t half[2]; } either;
	struct { uint16_t inner; };
	unsigned int three : 3;
	int five : 5;
	void *pointer;
	SLUICE_STRING(12) name;
	SLUICE_VECTOR(struct point, 2) points;
	SLUICE_OPTIONAL(uint32_t) maybe;
	SLUICE_OPTIONAL(SLUICE_STRING(4)) word;
	SLUICE_VECTOR(SLUICE_STRING(4), 2) words;
};

#ifndef PAIR
#define PAIR	a, b		/* other layouts of the same name */
#endif
#ifndef FINGERPRINT
#define FINGERPRINT	0	/* of struct pair */
#endif

struct pair { uint16_t PAIR; };
struct head { uint32_t number; };

static const struct sluice_contract every = {
	.name = "test/every",
	.request = SLUICE_TYPE(struct every),
	.response = SLUICE_TYPE(struct every),
};

static const struct sluice_contract pairs = {
	.name = "test/pairs",
	.request = { "struct pair", sizeof(struct pair), 2, SLUICE_KIND_SLICE, FINGERPRINT },
	.response = SLUICE_SLICE(struct pair),
	.request_header = SLUICE_TYPE(struct head),
	.response_header = SLUICE_TYPE(struct head),
};

/* clang describes a struct only if a member of it is used. */
static uint64_t sum;

static void look_at(const struct sluice_active_request *request)
{
	if (request->header)
		sum += request->count ? ((const struct pair *)request->data)->a : 0;
	else
		sum += ((const struct every *)request->data)->u8;
	if (request->header)
		sum += ((const struct head *)request->header)->number;
}

/* False: the server is of no use any more. */
static int answer(struct sluice_server *server)
{
	struct sluice_active_request *request = sluice_server_receive(server, SLUICE_NOWAIT);
	struct sluice_reply *reply;

	if (!request)
		return errno == EAGAIN;
	look_at(request);
	reply = sluice_active_request_loan(request, request->count);
	if (reply) {
		memcpy(reply->data, request->data, request->size);
		if (reply->header)
			memcpy(reply->header, request->header, sizeof(struct head));
		if (sluice_reply_send(reply) < 0)
			sluice_reply_release(reply);
	}
	sluice_active_request_release(request);
	return 1;
}

int main(void)
{
	struct sluice_node *node = sluice_node_create("fields", NULL);
	struct sluice_service *first = sluice_service_open(node, &every, NULL);
	struct sluice_service *second = sluice_service_open(node, &pairs, NULL);
	struct sluice_server *one = sluice_server_create(first, NULL);
	struct sluice_server *two = sluice_server_create(second, NULL);
	struct sluice_event event = SLUICE_EVENT();

	if (!one || !two) {
		fprintf(stderr, "%s\n", sluice_strerror());
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (answer(one) && answer(two)) {
		(void)sluice_node_wait(node, SLUICE_FOREVER);
		while (sluice_node_next(node, &event) > 0)
			;
	}
	return 0;
}
