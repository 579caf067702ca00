// SPDX-License-Identifier: MIT
/*
 * The layouts of the messages of services in a capture.
 *
 * A capture has the names of services and nothing about their types.  The contract of a service
 * is that in the program that was named; or, without a program or if it has none, that in the
 * registry.  The fields are then found as for sluice call: the fingerprint of the contract, if
 * it has one, is compared with that of the program's type.  But whether the captured messages
 * had this layout can be told by their sizes only.
 *
 * The capture may hold anything:
 *
 *  1. The registry and programs are read once for each service, and for SERVICE_LAYOUTS_MOST
 *     services at most.
 *  2. A message gets a layout only if its sizes are those of the contract.  Then its elements
 *     are a whole number of them, and its user header lies in front of them.
 */
#include "service_layouts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/say.h"

#define NAME	"trace read"

_Static_assert(CONTRACT_WHY == PROGRAM_CONTRACT_WHY, "either has room for a sentence");

/* ---- The layout of a service ----------------------------------------------- */

/* 0; -EINVAL: the program cannot be read; another error: there is none. */
static int find_contract(const struct service_layouts *layouts, struct service_layout *layout,
			 char why[CONTRACT_WHY])
{
	int r = -ENOENT;

	if (layouts->program)
		r = program_contract_read(&layout->compiled, layouts->program, layout->name, why);
	if (r == 0)
		layout->contract = &layout->compiled.contract;
	if (r != -ENOENT)
		return r;
	if (contract_find(&layout->registered, layouts->domain, layout->name, why) < 0)
		return -ENOENT;
	layout->contract = &layout->registered.contract;
	return 0;
}

/* 0, also if it is not known; or -1, and a sentence was printed. */
static int find_layout(const struct service_layouts *layouts, struct service_layout *layout)
{
	char why[CONTRACT_WHY];
	const char *unknown = why;
	int r = find_contract(layouts, layout, why);

	if (r == -EINVAL)
		return say(NAME, "%s", why);
	if (r == 0) {
		r = service_shapes_find(&layout->shapes, layout->contract,
					layout->registered.service, layouts->program);
		unknown = layout->shapes.why;
	}
	if (r < 0)
		say(NAME, "messages of %.200s are shown as bytes: %s", layout->name, unknown);
	return 0;
}

static void free_layout(struct service_layout *layout)
{
	service_shapes_free(&layout->shapes);
	program_contract_free(&layout->compiled);
	contract_free(&layout->registered);
	free(layout->name);
	free(layout);
}

/* 0, and NULL if there are too many services (1); or -1, and a sentence was printed. */
static int find_service(struct service_layouts *layouts, const char *name,
			struct service_layout **ret_layout)
{
	struct service_layout *layout = NULL;

	for (size_t i = 0; i < layouts->count && !layout; i++)
		if (strcmp(layouts->at[i]->name, name) == 0)
			layout = layouts->at[i];
	*ret_layout = layout;
	if (layout || layouts->full)
		return 0;
	if (layouts->count == SERVICE_LAYOUTS_MOST) {
		layouts->full = true;
		say(NAME, "messages of further services than the first %d are shown as bytes",
		    SERVICE_LAYOUTS_MOST);
		return 0;
	}
	layout = calloc(1, sizeof(*layout));
	if (!layout)
		return say(NAME, "no memory");
	layouts->at[layouts->count++] = layout;
	*ret_layout = layout;
	layout->name = strdup(name);
	return layout->name ? find_layout(layouts, layout) : say(NAME, "no memory");
}

/* ---- The layout of a message ----------------------------------------------- */

/* The user header, and padding up to where elements may begin. */
static bool lead_fits(const struct sluice_type *type, const struct sluice_type *header,
		      uint32_t lead)
{
	if (!header->size)
		return lead == 0;
	return lead >= header->size && type->alignment && lead % type->alignment == 0;
}

static bool bytes_fit(const struct sluice_type *type, uint64_t bytes)
{
	if (!type->size)
		return false;
	return type->kind == SLUICE_KIND_SLICE ? bytes % type->size == 0 : bytes == type->size;
}

static void tell_misfit(struct service_layout *layout, const struct sluice_type *type,
			const struct capture_header *header)
{
	if (layout->misfit)
		return;
	layout->misfit = true;
	say(NAME, "%s %" PRIu64 " of %.200s has %" PRIu64 " bytes behind a header of %" PRIu32
	    ", which its contract does not have with %s of %" PRIu64
	    " bytes: such messages are shown as bytes", header->probe ? "a reply to request" :
	    "request", header->request, layout->name, header->bytes, header->lead, type->name,
	    type->size);
}

int service_layouts_find(struct service_layouts *layouts, const struct capture_packet *packet,
			 struct message_layout *ret_layout)
{
	const struct capture_header *header = &packet->header;
	struct service_layout *layout;
	struct message_layout found;
	int r = find_service(layouts, packet->service, &layout);

	*ret_layout = (struct message_layout){ 0 };
	if (r < 0 || !layout || !layout->contract)
		return r;
	if (header->probe)
		found = (struct message_layout){
			&layout->contract->response, &layout->contract->response_header,
			layout->shapes.response, layout->shapes.response_header,
		};
	else
		found = (struct message_layout){
			&layout->contract->request, &layout->contract->request_header,
			layout->shapes.request, layout->shapes.request_header,
		};
	if (lead_fits(found.type, found.header, header->lead) &&
	    bytes_fit(found.type, header->bytes))
		*ret_layout = found;
	else
		tell_misfit(layout, found.type, header);
	return 0;
}

void service_layouts_free(struct service_layouts *layouts)
{
	while (layouts->count)
		free_layout(layouts->at[--layouts->count]);
}
