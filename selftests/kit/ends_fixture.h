/* SPDX-License-Identifier: GPL-2.0-only */
/* Fixtures with a root, a side for the test and four ends.  end.h includes this file. */
#ifndef SELFTESTS_ENDS_FIXTURE_H
#define SELFTESTS_ENDS_FIXTURE_H

/*
 * Run as mixed/NAME, every second end waits with sockets: the first one, which in
 * most tests is a server, and not the next, nor the test itself.
 */
helper void ends_mix(struct end *ends, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		ends[i].sockets = getenv("SELFTEST_MIXED") && i % 2 == 0;
}

#define ENDS_FIXTURE_DATA_(name)					\
	FIXTURE(name) {							\
		struct root root;					\
		struct side side;					\
		struct end end[4];					\
	};								\
									\
	FIXTURE_SETUP(name)						\
	{								\
		root_make(_metadata, &self->root);			\
		ends_mix(self->end, ARRAY_SIZE(self->end));		\
	}								\
									\
	FIXTURE_TEARDOWN(name)						\
	{								\
		if (_metadata->exit_code == KSFT_PASS)			\
			leave(&self->side, 0, 0);			\
		ends_stop(_metadata, self->end, ARRAY_SIZE(self->end));	\
		TEARDOWN_CHECKS(&self->root);				\
	}								\
	struct name##_needs_a_semicolon

/*
 * ENDS_FIXTURE() - a fixture with a root, a side for the test's own thread and
 * four ends, whose tests run once with each end in a process and once with each
 * in a thread.
 */
#define ENDS_FIXTURE(name)						\
	FIXTURE_VARIANT(name) {						\
		enum place place;					\
	};								\
									\
	ENDS_FIXTURE_DATA_(name);					\
									\
	FIXTURE_VARIANT_ADD(name, processes) {				\
		.place = IN_PROCESS,					\
	};								\
									\
	FIXTURE_VARIANT_ADD(name, threads) {				\
		.place = IN_THREAD,					\
	}

/* PROCESSES_FIXTURE() - the same for tests that kill: there are no threads. */
#define PROCESSES_FIXTURE(name)		ENDS_FIXTURE_DATA_(name)

#endif /* SELFTESTS_ENDS_FIXTURE_H */
