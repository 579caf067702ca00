/* SPDX-License-Identifier: MIT */
/* Removing what dead processes have left in a domain. */
#ifndef SLUICE_LINK_SWEEP_H
#define SLUICE_LINK_SWEEP_H

#include "link/root.h"

void sweep_domain(const struct root *root);

#endif /* SLUICE_LINK_SWEEP_H */
