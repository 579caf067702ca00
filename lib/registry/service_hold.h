/* SPDX-License-Identifier: MIT */
/* The directories of a service, for service_dir.c.  Others use service_dir_hold(). */
#ifndef SLUICE_REGISTRY_SERVICE_HOLD_H
#define SLUICE_REGISTRY_SERVICE_HOLD_H

#include "registry/service_dir.h"

/* Closes them, even if they are held. */
void service_hold_close(struct service_dir *dir);

#endif /* SLUICE_REGISTRY_SERVICE_HOLD_H */
