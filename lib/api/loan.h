/* SPDX-License-Identifier: MIT */
/* The common part of loaned requests and loaned replies. */
#ifndef SLUICE_API_LOAN_H
#define SLUICE_API_LOAN_H

#include <errno.h>

#include "base/error.h"
#include "memory/payload.h"

/* May a loan of count elements be shortened to so many?  0 or -EINVAL. */
static inline int loan_shorten(const struct payload *payload, size_t count, size_t keep)
{
	if (!payload->slice && keep != 1)
		return fail(EINVAL, "a message of fixed size cannot be shortened to %zu elements",
			    keep);
	if (keep > count)
		return fail(EINVAL, "a loan of %zu elements cannot be shortened to %zu", count, keep);
	return 0;
}

#endif /* SLUICE_API_LOAN_H */
