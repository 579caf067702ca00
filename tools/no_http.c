// SPDX-License-Identifier: MIT
/* Replaces http.c of tools/metrics/ if there is no libmicrohttpd. */
#include "tools/metrics/metrics.h"

int metrics_listen(const struct look *look, const char *address)
{
	(void)address;
	return look_failed(look, "this command was built without libmicrohttpd, which --listen needs");
}
