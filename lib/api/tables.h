/* SPDX-License-Identifier: MIT */
/* Tables of message handles, which are resident if their port asks for that. */
#ifndef SLUICE_API_TABLES_H
#define SLUICE_API_TABLES_H

#include "base/handles.h"
#include "os/residence.h"

/*
 * As handles_init(), or handles_revive() if there is a list of tables that were kept; or as
 * reside(), and then there is a table all the same.
 */
static inline int table_init(struct handles *handles, struct handles_kept **kept, uint32_t limit,
			     uint32_t kinds, size_t size, size_t offset, enum residence residence)
{
	int r = 0;

	if (!kept || !handles_revive(handles, kept, limit))
		r = handles_init(handles, limit, kinds, size, offset);
	return r < 0 ? r : reside(handles->items, handles->count * size, residence);
}

#endif /* SLUICE_API_TABLES_H */
