/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the library's own ring.c, returns.c and doorbell.c through every schedule of
 * two actors: all orders in which their single accesses of shared memory can happen.
 *
 * The sources are compiled once more here, with each access a call of
 * access_word().  An actor does one operation after another.  A step of it performs
 * one access: the operation is run from its beginning, is handed the remembered
 * results of its earlier accesses, performs the next one, and is left by longjmp
 * when it asks for one more.  So the state between two steps is plain data that
 * can be copied, put back and compared, and the search visits each state once.
 *
 * A store goes to its actor's store buffer, as on x86, and from there to memory
 * in a step of its own at any later time.  Exchanges, replacements and system
 * calls empty the buffer first.  That loads may be early too, as on arm, is not
 * tried.  Of the words of a descriptor two are seen and the others read and written
 * on the way, since each further word multiplies the states.
 *
 * Before it includes this file a test defines struct shared (the memory both
 * see) and struct actor (what one has for itself); afterwards act(), may_act()
 * and wrong().
 */
#ifndef SELFTESTS_SCHEDULES_H
#define SELFTESTS_SCHEDULES_H

#include <setjmp.h>

#define ACTORS		2
#define ACCESSES_MAX	160	/* of one operation */
#define STORES_MAX	10	/* in a buffer; a full one lets the oldest go */
#define DEPTH_MAX	400
#define STATES_MAX	(1u << 19)

enum kind { QUIET_LOAD, QUIET_STORE, LOAD, STORE, EXCHANGE, REPLACE, SLEEP, WAKE };

struct store {
	void *where;
	uint64_t value, size;
};

struct world {
	struct shared shared;
	struct actor actors[ACTORS];
	uint64_t asleep[ACTORS];
	struct {
		uint64_t count, results[ACCESSES_MAX];
	} done[ACTORS];			/* accesses of the operation under way */
	struct {
		uint64_t count;
		struct store stores[STORES_MAX];
	} buffers[ACTORS];
};

static struct world state;		/* pointers of actors point into this one */
static struct {
	const char *wrong;		/* the first failure */
	uint64_t states;
	uint64_t (*seen)[2];
	char path[DEPTH_MAX + 1];	/* to it: 0, 1 acted; a store of 0 (2), 1 (3) went */
	/* Deliberate mistakes, to see that they are found. */
	struct {
		const void *from;	/* exchanges by this actor of these words */
		size_t size;
		int by;
	} plain;			/* are plain stores */
	bool blind_replace[ACTORS];
} search;

static int acting;
static uint64_t repeated;
static bool stepped;
static jmp_buf left;

/* One operation of the actor; it begins at the beginning for each step. */
static void act(int who, struct actor *self);
/* Whether it has anything to do; asked between operations. */
static bool may_act(int who, const struct actor *self);
/* What is wrong with this state, if anything; done: nobody has anything to do. */
static const char *wrong(const struct world *world, bool done);

/* Whether it is a word of a descriptor, but neither of the two that are seen. */
static bool is_quiet(const void *where)
{
	const char *slots = (const char *)state.shared.slots;
	ptrdiff_t offset = (const char *)where - slots;

	if (offset < 0 || (size_t)offset >= sizeof(state.shared.slots))
		return false;
	offset %= sizeof(struct sluice_ring_slot);
	return offset != offsetof(struct sluice_ring_slot, stamp) &&
	       offset != offsetof(struct sluice_ring_slot, position) &&
	       offset != offsetof(struct sluice_ring_slot, slice);
}

static void found(const char *what)
{
	if (!search.wrong)
		search.wrong = what;
}

static uint64_t memory_load(const void *where, uint64_t size)
{
	return size == 8 ? *(const uint64_t *)where : *(const uint32_t *)where;
}

static void memory_store(void *where, uint64_t size, uint64_t value)
{
	if (size == 8)
		*(uint64_t *)where = value;
	else
		*(uint32_t *)where = (uint32_t)value;
}

static void let_oldest_go(int who)
{
	struct store *stores = state.buffers[who].stores;
	uint64_t count = --state.buffers[who].count;

	memory_store(stores[0].where, stores[0].size, stores[0].value);
	memmove(&stores[0], &stores[1], count * sizeof(stores[0]));
	memset(&stores[count], 0, sizeof(stores[0]));
}

static void buffer_store(int who, struct store store)
{
	if (state.buffers[who].count == STORES_MAX)
		let_oldest_go(who);
	state.buffers[who].stores[state.buffers[who].count++] = store;
}

/* What the actor itself reads there. */
static uint64_t own_load(int who, const void *where, uint64_t size)
{
	uint64_t i = state.buffers[who].count;

	while (i--)
		if (state.buffers[who].stores[i].where == where)
			return state.buffers[who].stores[i].value;
	return memory_load(where, size);
}

static bool is_plain(const void *where)
{
	ptrdiff_t offset = (const char *)where - (const char *)search.plain.from;

	return search.plain.from && search.plain.by == acting && offset >= 0 &&
	       (size_t)offset < search.plain.size;
}

static uint64_t perform(enum kind kind, struct store to, uint64_t expected)
{
	uint64_t old;

	if (kind == STORE || (kind == EXCHANGE && is_plain(to.where))) {
		old = own_load(acting, to.where, to.size);
		buffer_store(acting, to);
		return old;
	}
	if (kind == LOAD)
		return own_load(acting, to.where, to.size);
	if (kind == QUIET_LOAD)
		return memory_load(to.where, to.size);
	if (kind == QUIET_STORE) {
		memory_store(to.where, to.size, to.value);
		return 0;
	}
	while (state.buffers[acting].count)
		let_oldest_go(acting);
	old = memory_load(to.where, to.size);
	switch (kind) {
	case EXCHANGE:
		memory_store(to.where, to.size, to.value);
		return old;
	case REPLACE:
		if (old != expected && !search.blind_replace[acting])
			return false;
		memory_store(to.where, to.size, to.value);
		return true;
	case SLEEP:	/* of a futex: only while the word is still the same */
		state.asleep[acting] = old == expected;
		return 0;
	default:	/* WAKE; of two actors it is the other one */
		state.asleep[!acting] = false;
		return 0;
	}
}

static uint64_t access_word(enum kind kind, struct store to, uint64_t expected)
{
	uint64_t *count = &state.done[acting].count;
	uint64_t *results = state.done[acting].results;

	if (repeated < *count)
		return results[repeated++];
	if (*count == ACCESSES_MAX) {
		found("an operation does not end");
		longjmp(left, 1);
	}
	/* A store into the own buffer is nobody else's business. */
	if (kind != STORE && kind != QUIET_STORE && kind != QUIET_LOAD) {
		if (stepped)
			longjmp(left, 1);
		stepped = true;
	}
	results[*count] = perform(kind, to, expected);
	repeated = ++*count;
	return results[*count - 1];
}

static void take_step(int who)
{
	struct actor before = state.actors[who];

	acting = who;
	repeated = 0;
	stepped = false;
	if (setjmp(left)) {
		state.actors[who] = before;
		return;
	}
	act(who, &state.actors[who]);
	memset(&state.done[who], 0, sizeof(state.done[who]));
}

/* Whether this state is new.  Two with the same 128 bits are taken for one. */
static bool is_new(void)
{
	const uint64_t *words = (const uint64_t *)&state;
	uint64_t a = 1, b = 2, slot;
	size_t i;

	for (i = 0; i < sizeof(state) / sizeof(*words); i++) {
		a = (a ^ words[i]) * UINT64_C(0x9fb21c651e98df25);
		b = (b + words[i]) * UINT64_C(0xd6e8feb86659fd93);
		a ^= a >> 29;
		b ^= b >> 32;
	}
	for (slot = a; search.seen[slot % STATES_MAX][0]; slot++)
		if (search.seen[slot % STATES_MAX][0] == (a | 1) &&
		    search.seen[slot % STATES_MAX][1] == b)
			return false;
	search.seen[slot % STATES_MAX][0] = a | 1;
	search.seen[slot % STATES_MAX][1] = b;
	search.states++;
	return true;
}

static void explore(int depth)
{
	struct world before;
	bool moved = false, done = true;
	int i;

	if (!is_new())
		return;
	if (depth == DEPTH_MAX || search.states > STATES_MAX / 4 * 3) {
		found("too much to search");
		return;
	}
	before = state;
	for (i = 0; i < 2 * ACTORS && !search.wrong; i++) {
		int who = i % ACTORS;

		search.path[depth] = (char)('0' + i);
		search.path[depth + 1] = 0;
		if (i < ACTORS) {
			if (!state.done[who].count && !may_act(who, &state.actors[who]))
				continue;
			done = false;
			if (state.asleep[who])
				continue;
			take_step(who);
		} else {
			if (!state.buffers[who].count)
				continue;
			let_oldest_go(who);
		}
		moved = true;
		if (!search.wrong)
			explore(depth + 1);
		if (!search.wrong)
			state = before;
	}
	if (search.wrong)
		return;
	if (!moved && !done)
		found("somebody sleeps for ever");
	else if (wrong(&state, done))
		found(wrong(&state, done));
	if (search.wrong)
		search.path[depth] = 0;
}

/* Tries all schedules from state; NULL, or what goes wrong in the first bad one. */
static const char *search_all(void)
{
	search.wrong = NULL;
	search.states = 0;
	search.seen = calloc(STATES_MAX, sizeof(*search.seen));
	if (!search.seen)
		return "no memory";
	explore(0);
	free(search.seen);
	return search.wrong;
}

_Static_assert(sizeof(struct world) % 8 == 0, "hashed by words");

/* ---- The library, with its accesses seen ---------------------------------- */

#define ACCESS(kind, p, v, e) \
	access_word(kind, (struct store){ (void *)(uintptr_t)(p), (v), sizeof(*(p)) }, (e))

#undef load_relaxed
#undef store_relaxed
#undef load_ordered
#undef exchange_ordered
#undef store_release
#undef replace_u64
#define load_relaxed(p)		ACCESS(is_quiet(p) ? QUIET_LOAD : LOAD, p, 0, 0)
#define store_relaxed(p, v)	((void)ACCESS(is_quiet(p) ? QUIET_STORE : STORE, p, v, 0))
#define store_release(p, v)	((void)ACCESS(STORE, p, v, 0))
#define load_ordered(p)		ACCESS(LOAD, p, 0, 0)
#define exchange_ordered(p, v)	ACCESS(EXCHANGE, p, v, 0)
#define replace_u64(p, e, w)	ACCESS(REPLACE, p, w, e)

/* Two system calls, as far as they matter here. */
#define futex_sleep(p, v)	((void)ACCESS(SLEEP, p, 0, v))
#define futex_wake(p)		((void)ACCESS(WAKE, p, 0, 0))

/* The objects of the library are linked too. */
#define ring_format		seen_ring_format
#define ring_producer_init	seen_ring_producer_init
#define ring_consumer_init	seen_ring_consumer_init
#define ring_room		seen_ring_room
#define ring_has_place		seen_ring_has_place
#define ring_put_at		seen_ring_put_at
#define ring_put		seen_ring_put
#define ring_push		seen_ring_push
#define ring_take_back		seen_ring_take_back
#define ring_withdraw		seen_ring_withdraw
#define ring_pop		seen_ring_pop
#define ring_look		seen_ring_look
#define ring_peek		seen_ring_peek
#define ring_claim		seen_ring_claim
#define ring_claim_at		seen_ring_claim_at
#define ring_ready		seen_ring_ready
#define ring_has_message	seen_ring_has_message
#define ring_full		seen_ring_full
#define ring_depth		seen_ring_depth
#define ring_waiting		seen_ring_waiting
#define returns_init		seen_returns_init
#define returns_push		seen_returns_push
#define returns_push_unrung	seen_returns_push_unrung
#define returns_pop		seen_returns_pop
#define doorbell_arm		seen_doorbell_arm
#define doorbell_disarm		seen_doorbell_disarm
#define doorbell_sleeps		seen_doorbell_sleeps
#define doorbell_ring		seen_doorbell_ring

#include "shm/ring.c"
#include "shm/returns.c"
#include "shm/doorbell.c"

/* No schedule is wrong; if one is, its steps are told. */
#define EXPECT_ALL_RIGHT()						\
	do {								\
		EXPECT_EQ(NULL, search_all())				\
			TH_LOG("%s, after steps %s", search.wrong,	\
			       search.path);				\
		TH_LOG("%llu states",					\
		       (unsigned long long)search.states);		\
	} while (0)

#endif /* SELFTESTS_SCHEDULES_H */
