/* SPDX-License-Identifier: MIT */
/* Removing what dead processes have left in a domain. */
#ifndef SLUICE_REGISTRY_SWEEP_H
#define SLUICE_REGISTRY_SWEEP_H

#include "registry/root.h"

void sweep_domain(const struct root *root);

#endif /* SLUICE_REGISTRY_SWEEP_H */
