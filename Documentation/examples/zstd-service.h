/* SPDX-License-Identifier: MIT */
/*
 * zstd-service.h - what the client and the server of zstd-service agree on
 *
 * Bytes go in, bytes come out; what is to be done with them, and how it went,
 * stands in the user headers.
 */
#ifndef ZSTD_SERVICE_H
#define ZSTD_SERVICE_H

#include <sluice.h>

enum zstd_operation {
	ZSTD_SERVICE_COMPRESS   = 1,
	ZSTD_SERVICE_DECOMPRESS = 2,
};

struct zstd_job {
	uint32_t operation;
	int32_t  level;		/* of compression */
	uint64_t original_size;	/* what decompression shall come to */
};

struct zstd_outcome {
	uint64_t result;	/* bytes, or what ZSTD_isError() takes for an error */
};

static const struct sluice_contract zstd_service = {
	.name            = "example/zstd",
	.request         = SLUICE_SLICE(uint8_t),
	.response        = SLUICE_SLICE(uint8_t),
	.request_header  = SLUICE_TYPE(struct zstd_job),
	.response_header = SLUICE_TYPE(struct zstd_outcome),
};

#endif /* ZSTD_SERVICE_H */
