// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client whose server is hostile: random cases, row by row (fuzz/rows.h).  The promises are
 * those of fuzz/client_fuzz.c.
 */
#include "../fuzz/rows.h"

ROW(stamps)
ROW(slices)
ROW(numbers)
ROW(returns)
ROW(bells)
ROW(packets)
ROW(load)

TEST_HARNESS_MAIN
