/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is told and judged after a scene (scene.h): the round trips of the honest client, what
 * the victim has again, and how the honest ones have ended.
 */
#ifndef SELFTESTS_HOSTILE_JUDGE_H
#define SELFTESTS_HOSTILE_JUDGE_H

#include <sys/wait.h>

#include "audit.h"
#include "honest.h"

/* Memory that comes and goes with an allocator, and is not the attack's. */
#define SHARED_MARGIN	(8 * 1024)	/* KiB */
#define RESIDENT_MARGIN	(32 * 1024)	/* KiB; not with a sanitizer, which keeps what was freed */

/* Fewer descriptors are no loss: a port that looks at a directory has it open for a moment. */
helper bool is_back(const struct audit *before, const struct audit *after, int more_mappings)
{
	return after->fds <= before->fds && after->mappings >= before->mappings &&
	       after->mappings <= before->mappings + more_mappings &&
#if !defined(WITH_LEAK_CHECK) && !defined(WITH_THREAD_CHECK)
	       after->resident <= before->resident + RESIDENT_MARGIN &&
#endif
	       after->shared <= before->shared + SHARED_MARGIN;
}

helper int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

helper uint32_t median(struct figures *figures)
{
	size_t n = figures->count < SAMPLES ? figures->count : SAMPLES;

	qsort(figures->samples, n, sizeof(uint32_t), by_value);
	return n ? figures->samples[n / 2] : 0;
}

/* One line of a table of all scenes. */
helper void tell_ratio(struct __test_metadata *_metadata, struct figures *figures, bool as_server)
{
	uint32_t quiet = median(&figures[QUIET]), busy = median(&figures[BUSY]);
	uint32_t attack = median(&figures[ATTACK]);

	TH_LOG("ratio attack/quiet %.1f, attack/busy %.1f, longest %u us: hostile %s, medians %u / %u / %u us",
	       (double)attack / (quiet ? quiet : 1), (double)attack / (busy ? busy : 1),
	       figures[ATTACK].longest, as_server ? "server" : "client", quiet, busy,
	       attack);
}

helper void tell_rounds(struct __test_metadata *_metadata, struct figures *figures, bool as_server)
{
	static const char *const names[] = { "", "quiet", "beside a busy process", "under attack",
					     "afterwards" };
	int phase;

	for (phase = QUIET; phase < PHASES; phase++)
		TH_LOG("round trips %s: %llu, median %u us, longest %u us", names[phase],
		       (unsigned long long)figures[phase].count, median(&figures[phase]),
		       figures[phase].longest);
	tell_ratio(_metadata, figures, as_server);
}

helper void tell_audits(struct __test_metadata *_metadata, const struct audit *before,
			const struct audit *most, const struct audit *after)
{
	TH_LOG("descriptors %d, at most %d, %d afterwards; mappings %d, %d, %d; shared KiB %ld, %ld, %ld; resident KiB %ld, %ld afterwards",
	       before->fds, most->fds, after->fds, before->mappings, most->mappings,
	       after->mappings, before->shared, most->shared, after->shared, before->resident,
	       after->resident);
}

/* What the victim has afterwards may take a while to come down to what it had. */
helper struct audit judge_audit(struct __test_metadata *_metadata, pid_t victim,
				const struct audit *before, int more_mappings)
{
	int64_t until = now() + 2 * LONG;
	struct audit after;

	do {
		pause_briefly();
		after = audit(victim);
	} while (!is_back(before, &after, more_mappings) && now() < until);
	EXPECT_TRUE(is_back(before, &after, more_mappings))
		TH_LOG("the victim does not have again what it had before");
	return after;
}

helper void end_honest(struct __test_metadata *_metadata, pid_t *pid, const char *who)
{
	int status = 0;

	EXPECT_EQ(*pid, waitpid(*pid, &status, 0));
	EXPECT_EQ(0, status) TH_LOG("the %s ended with status 0x%x", who, status);
	*pid = 0;
}

helper void judge_honest(struct __test_metadata *_metadata, const struct stage *stage)
{
	int phase;

	for (phase = QUIET; phase < PHASES; phase++) {
		EXPECT_LT(0, stage->figures[phase].count) TH_LOG("in phase %d", phase);
		EXPECT_GT(LIMIT / 1000, stage->figures[phase].longest) TH_LOG("in phase %d", phase);
	}
	EXPECT_EQ(0, stage->failures) TH_LOG("the first: %s", stage->failure);
}

#endif /* SELFTESTS_HOSTILE_JUDGE_H */
