/* SPDX-License-Identifier: MIT */
/* The two ways in which wait/wait.c lets the kernel wait. */
#ifndef SLUICE_WAIT_WAIT_MODES_H
#define SLUICE_WAIT_WAIT_MODES_H

#include "wait/wait.h"

/* The kind of completion, in the two low bits of a tag. */
enum wait_what {
	WAIT_POLL,
	WAIT_FUTEX,
	WAIT_OTHER,		/* nobody wants to know */
};

/* The time when a port must be looked at, whatever the ports wait for; CLOCK_NEVER. */
int64_t wait_next_look(const struct wait *wait);

/* The name of a source in the kernel: the index and the generation of its entry. */
uint64_t wait_tag(const struct wait *wait, const struct wait_source *source,
		  enum wait_what what);
enum wait_what wait_what(uint64_t tag);

/* The source that a tag stands for; NULL if it has been forgotten since. */
struct wait_source *wait_source(const struct wait *wait, uint64_t tag);

/* Through io_uring. */
void wait_uring_forget(struct wait *wait, struct wait_source *source);
void wait_uring_glance(struct wait *wait);
int wait_uring_block(struct wait *wait, int64_t end, bool alarm) MUST_CHECK;
int wait_uring_move(struct wait *wait) MUST_CHECK;
int wait_uring_on_word(struct wait *wait, struct wait_source *source) MUST_CHECK;
void wait_uring_queue_wakes(struct wait *wait);

/* Through epoll.  Both blocks: 0, -ETIMEDOUT (quiet), -EINTR or another -errno. */
int wait_epoll_watch(struct wait *wait, struct wait_source *source) MUST_CHECK;
void wait_epoll_mute(struct wait *wait, struct wait_source *source);
void wait_epoll_unmute(struct wait *wait, struct wait_source *source);
void wait_epoll_glance(struct wait *wait);
void wait_epoll_glance_to_send(struct wait *wait);
int wait_epoll_block(struct wait *wait, int64_t end) MUST_CHECK;

#endif /* SLUICE_WAIT_WAIT_MODES_H */
