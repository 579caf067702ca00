# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The programs that watch from inside the kernel come with the tracer.
