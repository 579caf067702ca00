/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options that several tests give.  Each is named for what it asks; all other values are
 * the defaults.  steps.h includes this file.
 */
#ifndef SELFTESTS_OPTIONS_H
#define SELFTESTS_OPTIONS_H

#define OPTIONS_(kind)	static const struct sluice_##kind##_opts __attribute__((__unused__))

/* ---- Ports ----------------------------------------------------------------- */

/*
 * A static port has memory for exactly what may be loaned and in flight, and for no longer
 * slices.  So a test misses a slice that is lost.
 */
OPTIONS_(client) static_client = SLUICE_CLIENT_OPTS(.port = { .strategy = SLUICE_STATIC });
OPTIONS_(server) static_server = SLUICE_SERVER_OPTS(.port = { .strategy = SLUICE_STATIC });

OPTIONS_(client) static_client_of_4000 = SLUICE_CLIENT_OPTS(
	.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 4000 });
OPTIONS_(server) static_server_of_4000 = SLUICE_SERVER_OPTS(
	.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = 4000 });

OPTIONS_(client) best_fit_client = SLUICE_CLIENT_OPTS(.port = { .strategy = SLUICE_BEST_FIT });
OPTIONS_(server) best_fit_server = SLUICE_SERVER_OPTS(.port = { .strategy = SLUICE_BEST_FIT });

OPTIONS_(client) power_of_two_client = SLUICE_CLIENT_OPTS(
	.port = { .strategy = SLUICE_POWER_OF_TWO });
OPTIONS_(server) power_of_two_server = SLUICE_SERVER_OPTS(
	.port = { .strategy = SLUICE_POWER_OF_TWO });

/* Variants of a fixture, one for each strategy; their member is called strategy. */
#define STRATEGY_VARIANTS(fixture)					\
	FIXTURE_VARIANT_ADD(fixture, power_of_two) { .strategy = SLUICE_POWER_OF_TWO };	\
	FIXTURE_VARIANT_ADD(fixture, best_fit) { .strategy = SLUICE_BEST_FIT };		\
	FIXTURE_VARIANT_ADD(fixture, fixed) { .strategy = SLUICE_STATIC }

/* ---- Services: how many ports, requests and responses ------------------------- */

OPTIONS_(service) one_client = SLUICE_SERVICE_OPTS(.max_clients = 1);
OPTIONS_(service) one_server = SLUICE_SERVICE_OPTS(.max_servers = 1);
OPTIONS_(service) one_of_each = SLUICE_SERVICE_OPTS(.max_clients = 1, .max_servers = 1);

/* The oldest of a client's requests makes way for a second or a third one. */
OPTIONS_(service) one_active = SLUICE_SERVICE_OPTS(.max_active_requests_per_client = 1);
OPTIONS_(service) two_active = SLUICE_SERVICE_OPTS(.max_active_requests_per_client = 2);

/* A client waits with a second or a third request until there is room. */
OPTIONS_(service) room_for_one = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
	.max_active_requests_per_client = 1);
OPTIONS_(service) room_for_two = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
	.max_active_requests_per_client = 2);

/* The oldest of the unread responses makes way for a third one. */
OPTIONS_(service) buffer_of_two = SLUICE_SERVICE_OPTS(.max_response_buffer_size = 2);

/* ---- Services: what is demanded ------------------------------------------------ */

OPTIONS_(service) must_exist = SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_MUST_EXIST);
OPTIONS_(service) must_create = SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_MUST_CREATE);
OPTIONS_(service) no_fire_and_forget = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_FIRE_AND_FORGET);

#endif /* SELFTESTS_OPTIONS_H */
