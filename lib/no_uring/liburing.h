/* SPDX-License-Identifier: MIT */
/*
 * Replaces liburing in a build with URING=no: no ring can be made.  Nodes wait through sockets
 * then, as where the kernel refuses io_uring, so that nothing else of this is ever called.
 */
#ifndef NO_URING_LIBURING_H
#define NO_URING_LIBURING_H

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/io_uring.h>
#include <linux/time_types.h>

struct io_uring {
	struct {
		unsigned int *khead, *kflags, sqe_tail;
	} sq;
	struct {
		unsigned int *khead, *ktail;
	} cq;
	int ring_fd, enter_ring_fd;
};

#define IO_URING_READ_ONCE(word)	(word)
#define io_uring_smp_load_acquire(word)	(*(word))

#define NO_URING(name, ...)	\
	static inline int name(__VA_ARGS__)	\
	{	\
		return -ENOSYS;	\
	}
#define NO_URING_VOID(name, ...)	\
	static inline void name(__VA_ARGS__)	\
	{	\
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

NO_URING(io_uring_queue_init, unsigned int entries, struct io_uring *ring, unsigned int flags)
NO_URING(io_uring_queue_init_params, unsigned int entries, struct io_uring *ring,
	 struct io_uring_params *params)
NO_URING_VOID(io_uring_queue_exit, struct io_uring *ring)
NO_URING(io_uring_ring_dontfork, struct io_uring *ring)
NO_URING(io_uring_register, unsigned int fd, unsigned int what, const void *argument,
	 unsigned int count)
NO_URING(io_uring_register_eventfd, struct io_uring *ring, int fd)
NO_URING(io_uring_register_probe, struct io_uring *ring, struct io_uring_probe *probe,
	 unsigned int count)
NO_URING(io_uring_submit, struct io_uring *ring)
NO_URING(io_uring_submit_and_wait, struct io_uring *ring, unsigned int count)
NO_URING(io_uring_submit_and_get_events, struct io_uring *ring)
NO_URING(io_uring_submit_and_wait_timeout, struct io_uring *ring, struct io_uring_cqe **ret_cqe,
	 unsigned int count, struct __kernel_timespec *timeout, sigset_t *mask)
NO_URING(io_uring_peek_cqe, struct io_uring *ring, struct io_uring_cqe **ret_cqe)
NO_URING_VOID(io_uring_cqe_seen, struct io_uring *ring, struct io_uring_cqe *cqe)
NO_URING_VOID(io_uring_prep_poll_multishot, struct io_uring_sqe *sqe, int fd, unsigned int events)
NO_URING_VOID(io_uring_prep_cancel64, struct io_uring_sqe *sqe, uint64_t tag, int flags)
NO_URING_VOID(io_uring_free_probe, struct io_uring_probe *probe)

static inline unsigned int io_uring_sq_ready(const struct io_uring *ring)
{
	return 0;
}

static inline unsigned int io_uring_cq_ready(const struct io_uring *ring)
{
	return 0;
}

static inline struct io_uring_sqe *io_uring_get_sqe(struct io_uring *ring)
{
	return NULL;
}

static inline struct io_uring_probe *io_uring_get_probe_ring(struct io_uring *ring)
{
	return NULL;
}

#pragma GCC diagnostic pop
#undef NO_URING
#undef NO_URING_VOID

#endif /* NO_URING_LIBURING_H */
