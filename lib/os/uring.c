// SPDX-License-Identifier: MIT
/*
 * A private io_uring that polls sockets and sleeps on futex words.
 *
 * The ring is made with SINGLE_ISSUER and DEFER_TASKRUN: completions run only in this
 * ring's own system calls, so they cause no EINTR in calls of the application.  With
 * TASKRUN_FLAG a thread that only spins sees in shared memory that there are completions to
 * run.  A poll of the ring's own descriptor does not see that; an eventfd that is
 * registered with the ring is signalled.  The ring starts disabled, since the thread that
 * makes a node need not be the one that uses it.
 *
 * Futex waits in a ring came with Linux 6.7, after the headers of Debian 12 and its
 * liburing, hence the numbers here.  The library asks the running kernel once per ring
 * whether it has them.
 *
 * When a ring is closed, the kernel interrupts the thread that made it, a little later: a
 * system call that sleeps then ends with EINTR, as if a signal had come.  A ring of no use
 * must not end a wait of the node that goes on without it.  So uring_init() waits for the
 * interruption before it says that there are no futex waits.  An old kernel is recognised by
 * its release, and no ring is made there, since its nodes would all begin with that delay.
 *
 * A futex wait completes with 0 (woken), -EAGAIN (the word had changed), -ECANCELED (the thread
 * that armed it ended), or -EFAULT.  To the caller they all mean that no wait is queued now.
 *
 * io_uring_enter(2) returns how many entries it took.  If it took any, it does not say that
 * a signal or the timeout ended the wait.  If nothing has completed then, the clock tells
 * the two apart: a timeout never ends before its time.
 *
 * Since completions run in our own system calls only, we know without a look at the ring
 * whether there are any: unsettled says whether something was queued, or is left to be
 * taken, since the last system call.  What comes meanwhile, the kernel's flags tell.
 *
 * The completion queue has room for more waits than are commonly armed.  When it overflows
 * the kernel keeps the rest and sets a flag that uring_busy() reads.  No peer can reach a
 * ring: it is not shared, and forked children do not inherit its mappings.
 */
#include "os/uring.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/fd.h"

/* Linux 6.7; <linux/io_uring.h> of Linux 6.1 ends before them. */
#define OP_FUTEX_WAIT		51
#define OP_FUTEX_WAKE		52
#define OPS			(OP_FUTEX_WAKE + 1)

/* The 32-bit, shared flavour of futex2; any bit of the set wakes. */
#define FUTEX_SIZE_U32		2
#define FUTEX_ANY_BIT		0xffffffffu

/* 0 or -ENOSYS, by the release alone. */
static int check_release(void)
{
	unsigned int major, minor;
	struct utsname kernel;

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2 ||
	    major > 6 || (major == 6 && minor >= 7))
		return 0;
	return fail(ENOSYS, "the io_uring of Linux %s has no futex waits (Linux 6.7)",
		    kernel.release);
}

/* 0; -ENOSYS: the kernel has none; or another -errno. */
static int check_futex_waits(struct io_uring *ring)
{
	union {
		struct io_uring_probe probe;
		unsigned char room[sizeof(struct io_uring_probe) +
				   OPS * sizeof(struct io_uring_probe_op)];
	} known;
	int r;

	memset(&known, 0, sizeof(known));
	r = io_uring_register_probe(ring, &known.probe, OPS);
	if (r < 0 && r != -EINVAL)
		return fail(-r, "cannot ask the kernel for the operations of io_uring: %s", strerror(-r));
	if (r < 0 || known.probe.last_op < OP_FUTEX_WAKE ||
	    !(known.probe.ops[OP_FUTEX_WAIT].flags & IO_URING_OP_SUPPORTED))
		return fail(ENOSYS, "the kernel's io_uring has no futex waits (Linux 6.7)");
	return 0;
}

/* Unmaps the ring.  liburing would close the descriptor too, but it is noted as ours. */
static void free_ring(struct uring *uring)
{
	uring->ring.ring_fd = -1;
	uring->ring.enter_ring_fd = -1;
	io_uring_queue_exit(&uring->ring);
}

/*
 * Sleeps until the kernel has interrupted this thread for the ring that it has just closed.
 * sigtimedwait(2) is not begun anew after that, and no signal ends it meanwhile.
 */
static void await_interruption(void)
{
	struct timespec most = clock_timespec(URING_INTERRUPTION_NS);
	sigset_t all, none, before;

	sigfillset(&all);
	sigemptyset(&none);
	if (pthread_sigmask(SIG_BLOCK, &all, &before))
		return;
	sigtimedwait(&none, NULL, &most);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int uring_init(struct uring *uring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
			 IORING_SETUP_CQSIZE,
		.cq_entries = URING_COMPLETIONS,
	};
	int r, fd;

	r = check_release();
	if (r < 0)
		return r;
	uring->enabled = false;
	uring->unsettled = false;
	fd_hold_forks();
	r = io_uring_queue_init_params(URING_ENTRIES, &uring->ring, &params);
	fd = fd_owned(r < 0 ? r : uring->ring.ring_fd);
	if (r < 0) {
		r = r == -EINVAL ? -ENOSYS : r;
		return fail(-r, "cannot make an io_uring: %s", strerror(-r));
	}
	if (fd < 0) {
		free_ring(uring);
		return fd;
	}
	io_uring_ring_dontfork(&uring->ring);
	uring->kernel_flags = uring->ring.sq.kflags;
	r = check_futex_waits(&uring->ring);
	if (r < 0) {
		uring_deinit(uring);
		await_interruption();
		return fail_again(r);
	}
	return 0;
}

void uring_deinit(struct uring *uring)
{
	int fd = uring->ring.ring_fd;

	free_ring(uring);
	fd_close(fd);
}

int uring_enable(struct uring *uring)
{
	int r;

	if (likely(uring->enabled))
		return 0;
	/* io_uring_enable_rings() is declared, but not exported, in liburing 2.3. */
	r = io_uring_register((unsigned int)uring->ring.ring_fd, IORING_REGISTER_ENABLE_RINGS,
			      NULL, 0);
	if (r < 0)
		return fail(-r, "cannot enable an io_uring: %s", strerror(-r));
	uring->enabled = true;
	return 0;
}

/* After a system call, or when a completion was taken. */
static void settle(struct uring *uring)
{
	uring->unsettled = io_uring_sq_ready(&uring->ring) || io_uring_cq_ready(&uring->ring);
}

static struct io_uring_sqe *next_sqe(struct uring *uring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	if (!sqe) {
		io_uring_submit(&uring->ring);
		sqe = io_uring_get_sqe(&uring->ring);
	}
	uring->unsettled = true;
	return sqe;
}

int uring_poll(struct uring *uring, int fd, uint64_t tag)
{
	struct io_uring_sqe *sqe = next_sqe(uring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_multishot(sqe, fd, POLLIN | POLLRDHUP);
	sqe->user_data = tag;
	return 0;
}

/* value is the expected value of the word, or how many to wake. */
static int queue_futex(struct uring *uring, uint8_t opcode, uint32_t *word, uint64_t value,
		       uint64_t tag)
{
	struct io_uring_sqe *sqe = next_sqe(uring);

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->flags = opcode == OP_FUTEX_WAKE ? IOSQE_CQE_SKIP_SUCCESS : 0;
	sqe->fd = FUTEX_SIZE_U32;
	sqe->addr = (uintptr_t)word;
	sqe->off = value;
	sqe->addr3 = FUTEX_ANY_BIT;
	sqe->user_data = tag;
	return 0;
}

int uring_futex_wait(struct uring *uring, uint32_t *word, uint32_t value, uint64_t tag)
{
	return queue_futex(uring, OP_FUTEX_WAIT, word, value, tag);
}

int uring_futex_wake(struct uring *uring, uint32_t *word, uint64_t tag)
{
	return queue_futex(uring, OP_FUTEX_WAKE, word, INT_MAX, tag);
}

int uring_cancel(struct uring *uring, uint64_t tag, uint64_t own_tag)
{
	struct io_uring_sqe *sqe = next_sqe(uring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_cancel64(sqe, tag, 0);
	sqe->user_data = own_tag;
	return 0;
}

int uring_tell(struct uring *uring, int eventfd)
{
	int r = io_uring_register_eventfd(&uring->ring, eventfd);

	return r < 0 ? fail(-r, "cannot make an io_uring signal an eventfd: %s", strerror(-r)) : 0;
}

int uring_flush(struct uring *uring)
{
	int r = io_uring_submit_and_get_events(&uring->ring);

	settle(uring);
	return r;
}

static struct __kernel_timespec time_left(int64_t deadline)
{
	struct timespec ts = { 0 };
	int64_t now;

	if (deadline == CLOCK_NEVER) {
		ts = clock_timespec(URING_WAIT_MOST_NS);
	} else {
		now = clock_now();
		if (deadline > now)
			ts = clock_timespec(min_i64(deadline - now, URING_WAIT_MOST_NS));
	}
	return (struct __kernel_timespec){ .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };
}

/* The kernel took all queued entries, nothing completed, and it does not say why. */
static int why_ended(int64_t deadline)
{
	return deadline != CLOCK_NEVER && clock_now() >= deadline ? -ETIME : -EINTR;
}

int uring_wait(struct uring *uring, int64_t deadline, sigset_t *mask)
{
	struct __kernel_timespec left = time_left(deadline);
	bool submits = io_uring_sq_ready(&uring->ring);
	struct io_uring_cqe *cqe;
	int r;

	/* With a timeout, liburing makes one system call and no second one. */
	r = io_uring_submit_and_wait_timeout(&uring->ring, &cqe, 1, &left, mask);
	settle(uring);
	if (io_uring_cq_ready(&uring->ring))
		return 0;
	if (!submits || (r < 0 && r != -ETIME))
		return r < 0 ? r : 0;
	return io_uring_sq_ready(&uring->ring) ? 0 : why_ended(deadline);
}

bool uring_next(struct uring *uring, struct uring_event *ret_event)
{
	struct io_uring_cqe *cqe;

	if (io_uring_peek_cqe(&uring->ring, &cqe) || !cqe) {
		settle(uring);
		return false;
	}
	ret_event->tag = cqe->user_data;
	ret_event->result = cqe->res;
	ret_event->more = cqe->flags & IORING_CQE_F_MORE;
	io_uring_cqe_seen(&uring->ring, cqe);
	return true;
}
