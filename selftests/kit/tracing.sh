# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034 # those who source this use them
#
# tracing.sh - for the tests of sluice trace: they run alone, need longer than others, and are
# skipped where nothing can be traced.  Comes after tap.sh.

PATIENCE=120
# shellcheck source=selftests/kit/sandbox.sh
. selftests/kit/sandbox.sh
alone

program=$O/selftests/tools/trace_test

needs_tracing
