// SPDX-License-Identifier: GPL-2.0-only
/*
 * Documentation/settings.rst is true: settings_test.sh names the page, and each row of
 * its tables is tried.  What nobody sets is what the page says; the least and the most
 * are taken, and are there afterwards; one more than the most is the errno of the page,
 * and the sentence names the field.  Limits that can be used up are 1, and used up.
 *
 * The page also says what the table of the library says (config/settings.def): each row of
 * each table, cell by cell.
 *
 * A row says of which struct it is by the heading above it.  A row that this program has
 * nothing for fails; so does what it has no row for.
 */
#include "settings.h"

#include <limits.h>

static const struct sluice_service_opts of_1 = SLUICE_SERVICE_OPTS(
	LIMITS_OF(1), .max_nodes = 1, .max_fds_per_message = 1);

FIXTURE(settings)
{
	struct root root;
	struct page page;
	struct seat seat;
};

FIXTURE_SETUP(settings)
{
	const char *path = getenv("SETTINGS");

	if (!path)
		SKIP(return, "settings_test.sh says where the page is");
	root_make(_metadata, &self->root);
	ASSERT_TRUE(page_read(&self->page, path));
	ASSERT_LT(0, self->page.ranges);
	ASSERT_LT(0, self->page.uses);
}

FIXTURE_TEARDOWN(settings)
{
	leave(&self->seat, 0, 0);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- Ranges -------------------------------------------------------------- */

/* Each row is of a field, and each field has one row. */
TEST_F(settings, each_field_has_a_row)
{
	size_t i, j, rows;

	for (i = 0; i < self->page.ranges; i++) {
		EXPECT_NE(NULL, field_of(&self->page.range[i]))
			TH_LOG("no field: %s", self->page.range[i].name);
	}
	for (i = 0; i < FIELDS; i++) {
		for (j = 0, rows = 0; j < self->page.ranges; j++)
			rows += field_of(&self->page.range[j]) == &fields[i];
		EXPECT_EQ(1, rows) TH_LOG("%s.%s", fields[i].owner, fields[i].name);
	}
}

/* ---- The table of the library ---- */

/* As the page should have it; what is NULL comes from the numbers. */
struct row {
	const char *owner, *name, *kind;
	uint64_t preset_number, least_number, most_number;
	const char *preset, *least, *most, *unit, *error;
};

static const struct row table[] = {
#define SETTING(section, field, kind_, words, preset_, least_, most_, unit_, ...)	\
	{ .owner = #section, .name = #field, .kind = #kind_, .preset_number = preset_,	\
	  .least_number = least_, .most_number = most_, .unit = unit_ },
#define TEXT(section, name_, kind_, words, preset_, least_, most_, unit_, ...)	\
	{ .owner = #section, .name = #name_, .kind = #kind_, .preset = preset_,	\
	  .preset_number = 1, .least_number = least_, .most_number = most_, .unit = unit_ },
#define FIELD(section, field, preset_, least_, most_, unit_, error_)		\
	{ .owner = #section, .name = #field, .kind = "FIELD", .preset = preset_,	\
	  .least = least_, .most = most_, .unit = unit_, .error = error_ },
#include "config/settings.def"
};

/* What the page says of an option where the configuration has something else. */
static const struct row differs[] = {
#define PAGE(section, field, preset_, least_, most_, error_)			\
	{ .owner = #section, .name = #field, .preset = preset_, .least = least_,	\
	  .most = most_, .error = error_ },
#include "config/settings.def"
};

/* Words if there are any, else the number with its unit. */
static void write_cell(char cell[CELL], const struct row *row, const char *words, uint64_t number)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB", " TiB" };
	bool octal = !strcmp(row->unit, "permissions");
	size_t unit = 0;

	while (!strcmp(row->kind, "BYTES") && number && number % 1024 == 0) {
		number /= 1024;
		unit++;
	}
	if (words)
		snprintf(cell, CELL, "%s", words);
	else
		snprintf(cell, CELL, octal ? "0%llo%s" : "%llu%s", (unsigned long long)number,
			 units[unit]);
}

static const struct row *option_of(const struct row *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(differs); i++)
		if (!strcmp(differs[i].owner, row->owner) && !strcmp(differs[i].name, row->name))
			return &differs[i];
	return row;
}

/* The row of the page.  If the default is 0, that is also the least. */
static void write_row(struct range *range, const struct row *row)
{
	const struct row *option = option_of(row);
	bool bits = !strcmp(row->kind, "WORDS");

	memset(range, 0, sizeof(*range));
	snprintf(range->owner, CELL, "%s", row->owner);
	snprintf(range->name, CELL, "%s", row->name);
	write_cell(range->preset, row, option->preset, row->preset_number);
	write_cell(range->least, row, option->least,
		   row->preset_number ? row->least_number : 0);
	write_cell(range->most, row, bits ? "bits" : option->most, row->most_number);
	snprintf(range->unit, CELL, "%s", row->unit);
	snprintf(range->error, CELL, "%s", option->error ? option->error : "EINVAL");
}

TEST_F(settings, ranges_are_those_of_the_table)
{
	struct range range;
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].kind, "PATH"))
			continue;
		write_row(&range, &table[i]);
		EXPECT_EQ(0, memcmp(&range, &self->page.range[count++], sizeof(range)))
			TH_LOG("of %s: %s  %s  %s  %s  %s  %s", range.owner, range.name, range.preset,
			       range.least, range.most, range.unit, range.error);
	}
	EXPECT_EQ(count, self->page.ranges);
}

/* What sluice show calls a setting, where it has another name there; and the flags. */
static const struct pair pairs[] = {
#define CONTRACT(record, field, ...)	{ #field, #record },
#include "config/settings.def"
#define FLAG(flag, name, meaning)	{ #name, meaning },
#include "config/settings.def"
};

TEST_F(settings, names_are_those_of_the_table)
{
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!strcmp(pairs[i].first, pairs[i].second))
			continue;
		EXPECT_STREQ(pairs[i].first, self->page.pair[count].first);
		EXPECT_STREQ(pairs[i].second, self->page.pair[count].second);
		count++;
	}
	EXPECT_EQ(count, self->page.pairs);
}

TEST_F(settings, defaults)
{
	struct sluice_service_opts found = { .size = sizeof(found) };
	uint64_t expected, value = 0;
	const struct field *field;
	size_t i;

	ASSERT_EQ(0, open_service(&self->seat, PTR(&blobs), 0));
	ASSERT_EQ(0, sluice_service_settings(self->seat.service, &found));
	for (i = 0; i < self->page.ranges; i++) {
		field = field_of(&self->page.range[i]);
		if (!field || strcmp(field->owner, "service") || field->kind != NUMBER_FIELD ||
		    !number_of(self->page.range[i].preset, &expected))
			continue;
		memcpy(&value, (char *)&found + field->offset, field->width);
		EXPECT_EQ(expected, value) TH_LOG("%s", field->name);
	}
}

/* With this value the object is made; of a service it is also found. */
#define EXPECT_TAKEN(row, field, value)					\
	do {								\
		uint64_t found_ = value;				\
									\
		EXPECT_EQ(0, try_value(field, value, &found_)) \
			TH_LOG("%s.%s %llu: %s", (row)->owner, (row)->name, \
			       (unsigned long long)(value), sluice_strerror()); \
		EXPECT_EQ(value, found_)				\
			TH_LOG("%s.%s", (row)->owner, (row)->name);	\
	} while (0)

TEST_F(settings, the_least_and_the_most_are_taken)
{
	const struct range *row;
	const struct field *field;
	uint64_t least, most;
	size_t i;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || field->kind == POINTER_FIELD)
			continue;
		if (number_of(row->least, &least)) {
			EXPECT_TAKEN(row, field, least);
		}
		if (most_of(row, field, &most)) {
			EXPECT_TAKEN(row, field, most);
		}
	}
}

TEST_F(settings, what_has_no_range_takes_all)
{
	const struct range *row;
	const struct field *field;
	size_t i, tried = 0;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || field->kind != NUMBER_FIELD || strcmp(row->most, "any") ||
		    strcmp(row->error, "none"))
			continue;
		EXPECT_TAKEN(row, field, UINT64_MAX);
		EXPECT_TAKEN(row, field, (uint64_t)INT64_MAX);
		EXPECT_TAKEN(row, field, UINT64_C(1) << 63);
		tried++;
	}
	EXPECT_EQ(1, tried);
}

TEST_F(settings, one_more_is_too_much)
{
	uint64_t value, ignored;
	const struct range *row;
	const struct field *field;
	size_t i;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || !strcmp(row->error, "none"))
			continue;
		ASSERT_TRUE(too_much(row, field, &value)) TH_LOG("%s", row->name);
		EXPECT_EQ(error_of(row->error),
			  try_value(field, value, &ignored))
			TH_LOG("%s.%s: %s", row->owner, row->name, sluice_strerror());
		EXPECT_SAYS(row->name);
	}
}

/* One less than the least is the default elsewhere, or there is none. */
TEST_F(settings, a_key_is_not_empty)
{
	const struct sluice_attribute attribute = { .key = "", .value = "" };
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.attributes = &attribute, .attribute_count = 1);

	EXPECT_EQ(-EINVAL, open_service(&self->seat, PTR(&blobs), PTR(&service)));
	EXPECT_SAYS("key");
}

/* ---- Limits in use --------------------------------------------------------- */

/* Client and server are in one seat: the server takes the client in its own calls. */
static long open_pair(struct seat *seat, const struct sluice_contract *contract,
		      const struct sluice_service_opts *service,
		      const struct sluice_client_opts *client,
		      const struct sluice_server_opts *server)
{
	long r = open_service(seat, PTR(contract), PTR(service));

	if (!r)
		r = open_server(seat, PTR(server), 0);
	if (!r)
		r = open_client(seat, PTR(client), 0);
	while (!r && wait_servers(seat, 1, SLUICE_NOWAIT) < 0)
		if (sluice_server_receive(seat->server, SLUICE_NOWAIT))
			r = -EBADMSG;
	return r;
}

/* A request of 1 is held by the server. */
static long have_request(struct seat *seat)
{
	long r = open_pair(seat, &calls, &of_1, NULL, NULL);

	if (!r)
		r = ask(seat, 0, 1);
	return r == 1 ? take(seat, 0, LONG) : r;
}

static long two_clients(struct seat *seat)
{
	if (open_pair(seat, &calls, &of_1, NULL, NULL))
		return -EBADMSG;
	return sluice_client_create(seat->service, NULL) ? 0 : -errno;
}

static long two_servers(struct seat *seat)
{
	if (open_pair(seat, &calls, &of_1, NULL, NULL))
		return -EBADMSG;
	return sluice_server_create(seat->service, NULL) ? 0 : -errno;
}

static long two_nodes(struct seat *seat)
{
	struct seat other = { .wait = seat->wait };
	long r;

	if (open_service(seat, PTR(&calls), PTR(&of_1)))
		return -EBADMSG;
	r = open_service(&other, PTR(&calls), 0);
	leave(&other, 0, 0);
	return r;
}

static long two_loans(struct seat *seat)
{
	if (open_pair(seat, &calls, &of_1, NULL, NULL) || loan_question(seat, 0, 1))
		return -EBADMSG;
	return loan_question(seat, 1, 1);
}

static long two_requests(struct seat *seat)
{
	if (open_pair(seat, &calls, &of_1, NULL, NULL) || ask(seat, 0, 1) != 1)
		return -EBADMSG;
	return ask(seat, 1, 1);
}

static long two_requests_of_a_client(struct seat *seat)
{
	static const struct sluice_client_opts one = SLUICE_CLIENT_OPTS(
		.max_active_requests = 1);

	if (open_pair(seat, &calls, NULL, &one, NULL) || ask(seat, 0, 1) != 1)
		return -EBADMSG;
	return ask(seat, 1, 1);
}

static long two_replies(struct seat *seat)
{
	if (have_request(seat) != 1 || loan_answer(seat, 0, 1))
		return -EBADMSG;
	return loan_answer(seat, 0, 2);
}

/* The first of two answers is lost. */
static long two_unread(struct seat *seat)
{
	if (have_request(seat) != 1 || answer_many(seat, 10, 2) != 2)
		return -EBADMSG;
	return hear(seat, 0, LONG) == 11 ? 0 : -EBADMSG;
}

static long two_borrowed(struct seat *seat)
{
	if (have_request(seat) != 1 || answer(seat, 0, 10) || hold(seat, 0, 0) != 10 ||
	    answer(seat, 0, 11))
		return -EBADMSG;
	return hear(seat, 0, SLUICE_NOWAIT);
}

static long two_fds(struct seat *seat)
{
	if (open_pair(seat, &calls, &of_1, NULL, NULL) || loan_question(seat, 0, 1) ||
	    sluice_request_attach_fd(seat->request[0], STDOUT_FILENO))
		return -EBADMSG;
	return sluice_request_attach_fd(seat->request[0], STDOUT_FILENO);
}

/* ---- Memory ---- */

static const struct sluice_client_opts client_of_1_page = SLUICE_CLIENT_OPTS(
	.port = { .memory_limit = 4096 });
static const struct sluice_server_opts server_of_1_page = SLUICE_SERVER_OPTS(
	.port = { .memory_limit = 4096 });
static const struct sluice_server_opts port_of_1_page = SLUICE_SERVER_OPTS(
	.port_memory_limit = 4096);
static const struct sluice_server_opts peers_of_1_page = SLUICE_SERVER_OPTS(
	.peer_memory_limit = 4096);
static const struct sluice_server_opts server_without_other_limits = SLUICE_SERVER_OPTS(
	.port_memory_limit = UINT64_C(1) << 40, .peer_memory_limit = UINT64_C(1) << 40);
static long loan_request(struct seat *seat, long slot, size_t count)
{
	seat->request[slot] = sluice_client_loan(seat->client, count);
	return seat->request[slot] ? 0 : -errno;
}

static long loan_reply(struct seat *seat, long slot, size_t count)
{
	seat->reply[slot] = sluice_active_request_loan(seat->active[0], count);
	return seat->reply[slot] ? 0 : -errno;
}

static long have_blob(struct seat *seat, const struct sluice_server_opts *server)
{
	long r = open_pair(seat, &blobs, NULL, NULL, server);

	if (!r)
		r = ask_blob(seat, 0, 1);
	return r == 1 ? take_blob(seat, 0, LONG) : r;
}

static long a_long_request(struct seat *seat)
{
	if (open_pair(seat, &blobs, NULL, &client_of_1_page, NULL))
		return -EBADMSG;
	return loan_request(seat, 0, 4097);
}

static long a_request_too_many(struct seat *seat)
{
	if (open_pair(seat, &blobs, NULL, &client_of_1_page, NULL) ||
	    loan_request(seat, 0, 4096))
		return -EBADMSG;
	return loan_request(seat, 1, 1);
}

static long a_long_static_request(struct seat *seat)
{
	if (open_pair(seat, &blobs, NULL, &static_client, NULL))
		return -EBADMSG;
	return loan_request(seat, 0, 2);
}

static long a_long_reply(struct seat *seat)
{
	return have_blob(seat, &server_of_1_page) == 1 ? loan_reply(seat, 0, 4097) : -EBADMSG;
}

static long one_too_many(struct seat *seat, const struct sluice_server_opts *server)
{
	if (have_blob(seat, server) != 1 || loan_reply(seat, 0, 4096))
		return -EBADMSG;
	return loan_reply(seat, 1, 1);
}

static long a_reply_too_many(struct seat *seat)
{
	return one_too_many(seat, &server_of_1_page);
}

static long a_reply_too_many_for_all(struct seat *seat)
{
	return one_too_many(seat, &port_of_1_page);
}

static long a_reply_too_many_for_a_process(struct seat *seat)
{
	return one_too_many(seat, &peers_of_1_page);
}

static long a_long_static_reply(struct seat *seat)
{
	return have_blob(seat, &static_server) == 1 ? loan_reply(seat, 0, 2) : -EBADMSG;
}

/* How each limit is used up; 0 or -errno, of the call that is one too many. */
static const struct {
	const char *owner, *name, *error;
	long (*use_up)(struct seat *seat);
} limits[] = {
	{ "service", "max_clients", "EUSERS", two_clients },
	{ "service", "max_servers", "EUSERS", two_servers },
	{ "service", "max_nodes", "EUSERS", two_nodes },
	{ "service", "max_active_requests_per_client", "EBUSY", two_requests },
	{ "service", "max_loaned_requests", "ENOBUFS", two_loans },
	{ "service", "max_loaned_replies_per_request", "ENOBUFS", two_replies },
	{ "service", "max_response_buffer_size", "none", two_unread },
	{ "service", "max_borrowed_responses_per_pending_response", "ENOBUFS", two_borrowed },
	{ "service", "max_fds_per_message", "ENOBUFS", two_fds },
	{ "client", "initial_max_slice_len", "EMSGSIZE", a_long_static_request },
	{ "client", "memory_limit", "EMSGSIZE", a_long_request },
	{ "client", "memory_limit", "ENOMEM", a_request_too_many },
	{ "client", "max_active_requests", "EBUSY", two_requests_of_a_client },
	{ "server", "initial_max_slice_len", "EMSGSIZE", a_long_static_reply },
	{ "server", "memory_limit", "EMSGSIZE", a_long_reply },
	{ "server", "memory_limit", "ENOMEM", a_reply_too_many },
	{ "server", "port_memory_limit", "ENOMEM", a_reply_too_many_for_all },
	{ "server", "peer_memory_limit", "ENOMEM", a_reply_too_many_for_a_process },
};

static bool is_row(const struct use *row, size_t limit)
{
	return !strcmp(row->owner, limits[limit].owner) && !strcmp(row->name, limits[limit].name) &&
	       !strcmp(row->error, limits[limit].error);
}

TEST_F(settings, limits_are_used_up)
{
	size_t i, j, rows;

	EXPECT_EQ(ARRAY_SIZE(limits), self->page.uses);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (j = 0, rows = 0; j < self->page.uses; j++)
			rows += is_row(&self->page.use[j], i);
		EXPECT_EQ(1, rows)
			TH_LOG("%s.%s: %s", limits[i].owner, limits[i].name, limits[i].error);
		EXPECT_EQ(-error_of(limits[i].error), limits[i].use_up(&self->seat))
			TH_LOG("%s.%s: %s", limits[i].owner, limits[i].name, sluice_strerror());
		leave(&self->seat, 0, 0);
	}
}

/* Of ports nobody tells the defaults; but a sentence does, once they are exceeded. */
TEST_F(settings, defaults_of_memory)
{
	uint64_t limit;
	size_t i;

	ASSERT_EQ(1, have_blob(&self->seat, &server_without_other_limits));
	for (i = 0; i < self->page.ranges; i++) {
		const struct range *row = &self->page.range[i];
		bool server = !strcmp(row->owner, "server");
		char number[32];

		if (strcmp(row->name, "memory_limit"))
			continue;
		ASSERT_TRUE(number_of(row->preset, &limit));
		snprintf(number, sizeof(number), " %llu ", (unsigned long long)limit);
		EXPECT_EQ(-EMSGSIZE, (server ? loan_reply : loan_request)(&self->seat, 1,
									  limit + 1));
		EXPECT_SAYS(number);
	}
}

TEST_HARNESS_MAIN
