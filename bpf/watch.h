/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The common part of all programs that watch the probes: the settings, the filters, the
 * counts, and the ring buffer.
 *
 * A program is attached to many probes.  The cookie of each says which one was hit, and the
 * arguments are in the registers of a function call (lib/trace/probes.c).  Filters are
 * evaluated here, so that an event that no filter wants costs no more than the trap.
 *
 * All data of the traced process is a claim.  It is counted, compared and copied, and it
 * makes no map grow beyond its limit.
 */
#ifndef BPF_WATCH_H
#define BPF_WATCH_H

#include <stdbool.h>

#include <linux/ptrace.h>
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "records.h"

char license_text[] SEC("license") = "Dual BSD/GPL";

/* The sixth argument, of which libbpf does not know. */
#if defined(__TARGET_ARCH_x86)
#define PARAMETER_6(ctx)	((ctx)->r9)
#elif defined(__TARGET_ARCH_arm64)
#define PARAMETER_6(ctx)	(((const struct user_pt_regs *)(ctx))->regs[5])
#endif

#define PORTS_MAX	65536
#define PIDS_MAX	65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PORTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint64_t);
	__type(value, struct port_entry);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PIDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, uint32_t);
	__type(value, uint32_t);
} pids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLUICE_TRACE_COUNT);
	__type(key, uint32_t);
	__type(value, struct counts);
} counts SEC(".maps");

/* The tracer sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

/* One hit of a probe, while a program deals with it. */
struct hit {
	const struct settings *settings;
	uint32_t probe;
	uint32_t pid;
	uint64_t argument[SLUICE_TRACE_ARGUMENTS + 2];	/* the last two are 0 */
};

/* That of no argument is 0. */
static __always_inline uint64_t argument_at(const struct hit *hit, int index)
{
	return hit->argument[(index < 0 ? SLUICE_TRACE_ARGUMENTS : index) & 7];
}

/* The compiler must not know that it is in bounds, or the verifier will not. */
static __always_inline const struct probe_shape *shape_of(const struct hit *hit)
{
	uint64_t index = hit->probe;

	__asm__ volatile("" : "+r"(index));
	return &hit->settings->shape[index & (PROBES_MAX - 1)];
}

static __always_inline void count(uint32_t probe, bool lost)
{
	struct counts *c = bpf_map_lookup_elem(&counts, &probe);

	if (!c)
		return;
	/*
	 * The counts of this processor.  A process that is preempted here must not lose its
	 * count.
	 */
	__sync_fetch_and_add(lost ? &c->lost : &c->seen, 1);
}

/* ---- Filters ---- */

#define NAME_PART	16

/*
 * Is the name of a service in the process the one?  Part by part: the whole is too long
 * for the stack, and the process may be preempted by another that hits a probe too.
 */
static __always_inline bool is_wanted_service(const struct settings *wanted, uint64_t address)
{
	char part[NAME_PART];
	uint32_t i;

	for (i = 0; i < TEXT_SIZE; i++) {
		if (i % NAME_PART == 0 &&
		    bpf_probe_read_user(part, sizeof(part), (const void *)(address + i)) < 0)
			return false;
		if (i >= wanted->service_length)
			return wanted->service_prefix || !part[i % NAME_PART];
		if (part[i % NAME_PART] != wanted->service[i])
			return false;
	}
	return true;
}

/* A port was made: notes what is known of it before its first message. */
static __always_inline void learn_port(const struct hit *hit)
{
	struct port_entry entry = {
		.wanted = !hit->settings->only_services ||
			  is_wanted_service(hit->settings, hit->argument[3]),
		.request_lead = (uint32_t)hit->argument[4],
		.reply_lead = (uint32_t)hit->argument[5],
	};

	bpf_map_update_elem(&ports, &hit->argument[0], &entry, BPF_ANY);
}

static __always_inline bool has_wanted_port(const struct hit *hit, const struct probe_shape *shape)
{
	uint64_t port = argument_at(hit, shape->port), peer = argument_at(hit, shape->peer);
	const struct settings *wanted = hit->settings;
	const struct port_entry *entry;

	if (wanted->port && wanted->port != port && wanted->port != peer)
		return false;
	if (!wanted->only_services)
		return true;
	if (hit->probe == SLUICE_TRACE_service_open || hit->probe == SLUICE_TRACE_service_close)
		return is_wanted_service(wanted, hit->argument[1]);
	entry = bpf_map_lookup_elem(&ports, &port);
	return entry && entry->wanted;
}

static __always_inline bool is_wanted(const struct hit *hit)
{
	const struct settings *wanted = hit->settings;
	const struct probe_shape *shape = shape_of(hit);

	if (!has_wanted_port(hit, shape))
		return false;
	if (wanted->least_bytes && hit->probe != SLUICE_TRACE_round_trip &&
	    argument_at(hit, shape->bytes) < wanted->least_bytes)
		return false;
	/* If an argument is not enough to decide it, the program decides. */
	return !wanted->least_ns || hit->probe == SLUICE_TRACE_round_trip ||
	       argument_at(hit, shape->duration) >= wanted->least_ns;
}

/* ---- The beginning of each program ---- */

/* False if the hit is none that was asked for. */
static __always_inline bool take_hit(struct pt_regs *ctx, struct hit *hit)
{
	uint32_t zero = 0, *admitted;

	hit->settings = bpf_map_lookup_elem(&settings, &zero);
	hit->probe = (uint32_t)bpf_get_attach_cookie(ctx);
	hit->pid = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
	if (!hit->settings || hit->settings->stopped)
		return false;
	hit->argument[0] = PT_REGS_PARM1(ctx);
	hit->argument[1] = PT_REGS_PARM2(ctx);
	hit->argument[2] = PT_REGS_PARM3(ctx);
	hit->argument[3] = PT_REGS_PARM4(ctx);
	hit->argument[4] = PT_REGS_PARM5(ctx);
	hit->argument[5] = PARAMETER_6(ctx);
	hit->argument[6] = 0;
	hit->argument[7] = 0;
	if (hit->settings->only_pids) {
		admitted = bpf_map_lookup_elem(&pids, &hit->pid);
		if (!admitted)
			return false;
		if (*admitted != PID_HIT)
			*admitted = PID_HIT;
	}
	if (hit->probe == SLUICE_TRACE_port_create)
		learn_port(hit);
	return is_wanted(hit);
}

/* ---- Records ---- */

static __always_inline void fill_event(struct event_record *event, const struct hit *hit,
				       uint16_t kind)
{
	int i;

	event->kind = kind;
	event->probe = (uint16_t)hit->probe;
	event->stack = -1;
	event->time = bpf_ktime_get_ns();
	event->pid = hit->pid;
	event->tid = (uint32_t)bpf_get_current_pid_tgid();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	for (i = 0; i < (int)SLUICE_TRACE_ARGUMENTS; i++)
		event->argument[i] = hit->argument[i];
}

/*
 * The tracer looks by itself, and is woken only before the ring buffer may run over; and
 * not by every event then, for a wake costs more than all the rest.
 */
static __always_inline void submit(const struct hit *hit, void *record)
{
	bool much = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > hit->settings->ring_bytes / 4;
	bool wake = much && bpf_get_prandom_u32() % 64 == 0;

	bpf_ringbuf_submit(record, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void send_text(const struct hit *hit, const struct probe_shape *shape)
{
	struct text_record *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		count(hit->probe, true);
		return;
	}
	fill_event(&record->event, hit, RECORD_TEXT);
	if (bpf_probe_read_user_str(record->text, TEXT_SIZE,
				    (const void *)argument_at(hit, shape->text)) < 0)
		record->text[0] = 0;
	submit(hit, record);
}

/* Sends the hit as it is; stack: the key of its stack, or negative. */
static __always_inline void send_event(const struct hit *hit, uint16_t kind, int stack)
{
	struct event_record *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event) {
		count(hit->probe, true);
		return;
	}
	fill_event(event, hit, kind);
	event->stack = stack;
	submit(hit, event);
}

/* As an event, or with its string. */
static __always_inline void send_hit(const struct hit *hit)
{
	const struct probe_shape *shape = shape_of(hit);

	count(hit->probe, false);
	if (hit->settings->totals)
		return;
	if (shape->text >= 0)
		send_text(hit, shape);
	else
		send_event(hit, RECORD_EVENT, -1);
}

/* ---- Children of a traced command ---- */

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	const struct task_struct *child = (const struct task_struct *)ctx->args[1];
	uint32_t parent = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
	uint32_t pid = (uint32_t)BPF_CORE_READ(child, tgid);

	if (bpf_map_lookup_elem(&pids, &parent))
		bpf_map_update_elem(&pids, &pid, &parent, BPF_ANY);
	return 0;
}

#endif /* BPF_WATCH_H */
