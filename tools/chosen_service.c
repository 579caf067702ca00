// SPDX-License-Identifier: MIT
/*
 * The options by which a verb that opens a service chooses it: its domain, the flags that it
 * must have or must not have, and whether it may belong to another user.
 */
#include "chosen_service.h"

#include <sluice.h>

#include "tools/settings.h"

const char chosen_service_require[] =
	"the service must have these flags, with commas between them:"
#define FLAG(flag, name, ...)	" " #name
#include "lib/config/settings.def"
	;

bool chosen_service_take(struct chosen_service *chosen, int option, const char *value)
{
	switch (option) {
	case CHOSEN_REQUIRE:
		return settings_take_flags(value, &chosen->required);
	case CHOSEN_REFUSE:
		return settings_take_flags(value, &chosen->refused);
	case CHOSEN_ANY_USER:
		chosen->any_user = true;
		return true;
	default:
		chosen->domain = value;
		return true;
	}
}

uint64_t chosen_service_flags(const struct chosen_service *chosen)
{
	return chosen->required | (chosen->any_user ? SLUICE_SERVICE_ANY_USER : 0);
}
