// SPDX-License-Identifier: MIT
/*
 * A peer's segments, mapped read-only.
 *
 * Everything here comes from the peer and is checked before it is used: that the descriptor
 * is a sealed memfd, that it is as long as announced, that all of it is allocated (else
 * reading it would cost us memory), that the window is not too large.  The whole window is
 * mapped once, beyond the end of the file.  Only the part that was found to be allocated is
 * ever touched, or locked if this process locks its memory.  Since the file cannot shrink,
 * no access to it can fault.  An announcement of growth brings a descriptor again, which
 * must be of the same inode and is checked again.  (Inode numbers of memfds are not used
 * again since Linux 5.9; before that it takes 2^32 memfds to forge one.)
 *
 * Mapping a large segment takes no longer than mapping a small one.  Populating it does,
 * and so does unmapping populated memory.  So both are done in steps, which the peer is
 * charged for (channel/channel_receive.c, wait/unmapping.c).  A message does not wait until
 * its slice is populated: the rest gets its pages when it is read.  There are two
 * exceptions, in which only populated memory may be named: a port that promises that
 * nothing faults (PREFAULT, LOCK), and a process that locks all of its memory.
 *
 * Looking for holes is one system call, which the kernel does not divide.  It takes 6 ms
 * for each GiB that is allocated in small pages.  The peer is charged for it afterwards.
 *
 * Invariants:
 * (1) The first size bytes of a segment are mapped and backed by memory; and populated, if
 *     the view is whole or the mapping locked.
 * (2) A segment is unmapped when it is retired, or the channel is gone, and the
 *     application holds no slice of it.
 * (3) At most SLUICE_SEGMENTS_ALIVE segments of a peer are mapped, and together they
 *     reserve no more than as many times SEGMENT_WINDOW beyond what is populated.
 *
 * The descriptor belongs to the caller, which closes it.
 */
#include "memory/view.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "wait/unmapping.h"
#include "os/memfd.h"
#include "os/page.h"

static struct view_segment *find(struct view *view, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		if (view->segments[i].number == number)
			return &view->segments[i];
	return NULL;
}

static int check_sizes(const struct sluice_wire_segment *packet)
{
	const uint64_t page = page_size();

	if (!packet->number || !packet->size || packet->size % page || packet->window % page ||
	    packet->size > packet->window || packet->window > MEMORY_LIMIT_MAX)
		return fail(EPROTO, "the peer announced segment %u of %llu bytes in a window of %llu",
			    packet->number, (unsigned long long)packet->size,
			    (unsigned long long)packet->window);
	return 0;
}

/* The bytes of a segment that may be named. */
static void set_size(const struct view *view, struct view_segment *segment)
{
	segment->size = view->whole || segment->mapping.locked ? segment->populated :
								 segment->told;
}

/* Makes the new bytes of a segment usable. */
static int extend(const struct view *view, struct view_segment *segment, uint64_t size, int fd)
{
	int r;

	r = memfd_verify_populated(fd, segment->told, size);
	if (r < 0)
		return r;
	segment->told = size;
	set_size(view, segment);
	return 0;
}

static int accept_grown(const struct view *view, struct view_segment *segment,
			const struct sluice_wire_segment *packet, int fd, uint64_t inode)
{
	if (inode != segment->inode || segment->retired ||
	    packet->size <= segment->told || packet->size > segment->mapping.length)
		return fail(EPROTO, "the peer announced segment %u again, with %llu bytes after %llu",
			    packet->number, (unsigned long long)packet->size,
			    (unsigned long long)segment->told);
	return extend(view, segment, packet->size, fd);
}

/* Address space that windows may reserve beyond what is populated. */
static uint64_t address_space_left(const struct view *view)
{
	uint64_t left = SLUICE_SEGMENTS_ALIVE * SEGMENT_WINDOW;
	const struct view_segment *segment;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		segment = &view->segments[i];
		left -= segment->number ? segment->mapping.length - segment->told : 0;
	}
	return left;
}

static int accept_new(struct view *view, const struct sluice_wire_segment *packet, int fd,
		      uint64_t inode)
{
	struct view_segment *segment = find(view, 0);
	int r;

	if (!segment)
		return fail(EPROTO, "the peer has more than %u segments", SLUICE_SEGMENTS_ALIVE);
	if (packet->window > packet->size + address_space_left(view))
		return fail(EPROTO, "the peer announced a window of %llu bytes for a segment of %llu",
			    (unsigned long long)packet->window, (unsigned long long)packet->size);
	*segment = (struct view_segment){ .inode = inode };
	r = mapping_window(&segment->mapping, fd, packet->window, false);
	if (r < 0)
		return r;
	segment->mapping.locked |= view->locked;
	r = extend(view, segment, packet->size, fd);
	if (r < 0) {
		mapping_unmap(&segment->mapping);
		return r;
	}
	segment->number = packet->number;
	return 0;
}

int view_accept(struct view *view, const struct sluice_wire_segment *packet, int fd)
{
	struct view_segment *segment;
	uint64_t size, inode;
	int r;

	r = check_sizes(packet);
	if (r < 0)
		return r;
	r = memfd_verify(fd, SLUICE_SEGMENT_SEALS, &size, &inode);
	if (r < 0)
		return r;
	if (size < packet->size)
		return fail(EPROTO, "the peer announced %llu bytes of a memfd that has %llu",
			    (unsigned long long)packet->size, (unsigned long long)size);
	segment = find(view, packet->number);
	return segment ? accept_grown(view, segment, packet, fd, inode) :
			 accept_new(view, packet, fd, inode);
}

int view_populate(struct view *view)
{
	struct view_segment *segment = view->segments;
	uint64_t step;
	uint32_t i;
	int r;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++, segment++)
		if (segment->number && !segment->retired && segment->populated < segment->told)
			break;
	if (i == SLUICE_SEGMENTS_ALIVE)
		return 0;
	step = min_u64(segment->told - segment->populated, POPULATE_TURN);
	r = mapping_populate(&segment->mapping, segment->populated, step, false);
	if (r < 0)
		return r;
	segment->populated += step;
	set_size(view, segment);
	return 1;
}

static void unmap(const struct view *view, struct view_segment *segment)
{
	unmap_in_turns(view->turns, view->turn, &segment->mapping, segment->told);
	segment->number = 0;
	segment->size = 0;
}

void view_unmap_unused(struct view *view, struct view_segment *segment)
{
	unmap(view, segment);
}

int view_retire(struct view *view, uint32_t number)
{
	struct view_segment *segment = number ? find(view, number) : NULL;

	if (!segment || segment->retired)
		return fail(EPROTO, "the peer retired segment %u, which it does not have", number);
	segment->retired = true;
	segment->size = 0;
	if (!segment->held)
		unmap(view, segment);
	return 0;
}

struct view_segment *view_find(struct view *view, uint32_t number)
{
	struct view_segment *segment = number ? find(view, number) : NULL;

	if (segment)
		view->recent = segment;
	return segment;
}

void view_deinit(struct view *view)
{
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		unmap(view, &view->segments[i]);
}
