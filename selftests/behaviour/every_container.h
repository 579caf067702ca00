/* SPDX-License-Identifier: GPL-2.0-only */
/* Containers of each kind, and what is expected of the functions of sluice_containers.h. */
#ifndef SELFTESTS_EVERY_CONTAINER_H
#define SELFTESTS_EVERY_CONTAINER_H

#include <sluice_containers.h>

/* Not the library's: these have no sentence. */
#define EXPECT_ERRNO(error, call)					\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-(error), (call));				\
		EXPECT_EQ(error, errno);				\
	} while (0)

#define EXPECT_NONE(error, call)					\
	do {								\
		errno = 0;						\
		EXPECT_EQ(NULL, (const void *)(call));			\
		EXPECT_EQ(error, errno);				\
	} while (0)

struct item {
	SLUICE_STRING(8) name;
	uint32_t number;
};

struct string {
	SLUICE_STRING(8) text;
};

struct vector {
	SLUICE_VECTOR(uint16_t, 4) numbers;
};

struct every {
	SLUICE_STRING(12) text;
	SLUICE_VECTOR(struct item, 3) items;
	SLUICE_OPTIONAL(uint64_t) value;
	SLUICE_OPTIONAL(SLUICE_STRING(8)) word;
	SLUICE_VECTOR(SLUICE_STRING(4), 2) words;
};

#endif /* SELFTESTS_EVERY_CONTAINER_H */
