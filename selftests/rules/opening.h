/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of opening a service share. */
#ifndef SELFTESTS_OPENING_H
#define SELFTESTS_OPENING_H

#include "rules.h"

/* An end has created the service with these options; the test opens it with others. */
#define EXPECT_OPENS(error, contract, created, demanded)		\
	do {								\
		end_start(_metadata, &self->end[0], variant->place);	\
		ASSERT_EQ(0, at(&self->end[0], open_service,		\
				PTR(contract), PTR(created)))		\
			TH_LOG("%s", self->end[0].result.sentence);	\
		EXPECT_EQ(-(error), open_service(&self->side,		\
				PTR(contract), PTR(demanded)))		\
			TH_LOG("instead: %s", sluice_strerror());	\
		leave(&self->side, 0, 0);				\
		end_stop(&self->end[0]);				\
	} while (0)

#endif /* SELFTESTS_OPENING_H */
