// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How the time of round trips is spent: a histogram for each client port and stage.
 *
 * The client reports a round trip once, when it has ended.  The server has stored its times
 * where the client reads them.  So no events of the two have to be matched here, and
 * nothing is lost with the ring buffer, which carries only slow round trips.
 */
#include "watch.h"

#include "histogram.h"

#define HISTOGRAMS_MAX	16384

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HISTOGRAMS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct histogram_key);
	__type(value, struct histogram);
} histograms SEC(".maps");

/* The initial value of a histogram; too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct histogram);
} empty SEC(".maps");

static __always_inline struct histogram *histogram_of(uint64_t port, enum stage stage)
{
	struct histogram_key key = { .port = port, .stage = stage };
	struct histogram *found = bpf_map_lookup_elem(&histograms, &key);
	uint32_t zero = 0;
	void *fresh;

	if (found)
		return found;
	fresh = bpf_map_lookup_elem(&empty, &zero);
	if (fresh)
		bpf_map_update_elem(&histograms, &key, fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&histograms, &key);
}

static __always_inline void add(uint64_t port, enum stage stage, uint64_t from, uint64_t to)
{
	uint64_t value = to - from;
	struct histogram *histogram;
	uint32_t bucket;

	if (!from || to < from)
		return;
	histogram = histogram_of(port, stage);
	if (!histogram) {
		count(SLUICE_TRACE_round_trip, true);
		return;
	}
	__sync_fetch_and_add(&histogram->count, 1);
	if (value > histogram->most)
		histogram->most = value;
	bucket = histogram_bucket(value);
	if (bucket < HISTOGRAM_BUCKETS)
		__sync_fetch_and_add(&histogram->bucket[bucket], 1);
}

static __always_inline void tell_slow(const struct hit *hit,
				      const struct sluice_trace_stages *stages)
{
	struct slow_record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		count(hit->probe, true);
		return;
	}
	fill_event(&record->event, hit, RECORD_SLOW);
	record->stages = *stages;
	submit(hit, record);
}

/* A round trip without a response took as long as until its end. */
static __always_inline uint64_t time_of(const struct sluice_trace_stages *stages)
{
	return (stages->responded ? stages->responded : stages->ended) - stages->sent;
}

static __always_inline void on_round_trip(const struct hit *hit)
{
	const struct settings *wanted = hit->settings;
	uint64_t port = hit->argument[0];
	struct sluice_trace_stages s;

	if (bpf_probe_read_user(&s, sizeof(s), (const void *)hit->argument[3]) < 0) {
		count(hit->probe, true);
		return;
	}
	if (s.bytes < wanted->least_bytes || time_of(&s) < wanted->least_ns)
		return;
	count(hit->probe, false);
	add(port, STAGE_BUILD, s.loaned, s.sent);
	add(port, STAGE_QUEUE, s.sent, s.received);
	add(port, STAGE_SERVE, s.received, s.replied);
	add(port, STAGE_ROUND_TRIP, s.sent, s.responded);
	add(port, STAGE_HOLD_REQUEST, s.received, s.finished);
	if (wanted->slow_ns && time_of(&s) >= wanted->slow_ns)
		tell_slow(hit, &s);
}

SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	struct hit hit;

	if (!take_hit(ctx, &hit))
		return 0;
	if (hit.probe == SLUICE_TRACE_round_trip) {
		on_round_trip(&hit);
	} else if (hit.probe == SLUICE_TRACE_response_release) {
		count(hit.probe, false);
		if (hit.argument[5])
			add(hit.argument[0], STAGE_HOLD_RESPONSE, 1, 1 + hit.argument[5]);
	} else {
		send_hit(&hit);
	}
	return 0;
}
