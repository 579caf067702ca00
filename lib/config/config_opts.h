/* SPDX-License-Identifier: MIT */
/* The configuration fills in the options that a program has left open. */
#ifndef SLUICE_CONFIG_CONFIG_OPTS_H
#define SLUICE_CONFIG_CONFIG_OPTS_H

#include "config/config.h"

/* 0, or -EPERM: the program has asked for more than a ceiling allows. */
int config_fill_service(const struct config *config,
			struct sluice_service_opts *opts) MUST_CHECK;

/*
 * The same for ports.  slices: the messages of the port are slices; requests: the
 * max_active_requests of the service.
 */
int config_fill_client(const struct config *config, struct sluice_client_opts *opts,
		       uint32_t requests, bool slices) MUST_CHECK;
int config_fill_server(const struct config *config, struct sluice_server_opts *opts,
		       bool slices) MUST_CHECK;

#endif /* SLUICE_CONFIG_CONFIG_OPTS_H */
