// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server whose client is hostile: random cases, row by row (fuzz/rows.h).  The promises are
 * those of fuzz/server_fuzz.c.
 */
#include "../fuzz/rows.h"

ROW(stamps)
ROW(slices)
ROW(numbers)
ROW(returns)
ROW(bells)
ROW(packets)

TEST_HARNESS_MAIN
