// SPDX-License-Identifier: MIT
/*
 * Descriptors that belong to a message: duplicates of those that a program has attached,
 * on their way out, and those that have come and wait for the message to be taken.
 *
 *	attach --> parcel of a request or reply --> packet FDS, before the descriptor
 *	packet FDS --> the channel's list --> with the message --> taken, or closed
 *
 * Invariant: a parcel of a message has at least one descriptor.
 *
 * A packet can come long before its message is read, and the message may be taken back
 * meanwhile: then its parcel is dropped when a later one of the same delivery is taken or
 * does not fit, or when the delivery is used again.
 *
 * A hostile peer can send parcels for messages that never come.  Of each delivery as many
 * are kept as its ring has messages, so with max_fds 0, which is the default, none, and
 * else at most max_fds for each message that may be on its way.  What a descriptor stands
 * for is the sender's word; nothing is done with it here.
 */
#include "channel/attachment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/fd.h"

int parcel_add(struct parcel **parcel, int fd, uint32_t limit)
{
	int copy;

	if (*parcel ? (*parcel)->count >= limit : !limit)
		return fail(ENOBUFS, "max_fds_per_message, %u, are attached", limit);
	copy = fd_duplicate(fd);
	if (copy < 0)
		return copy;
	/* Made with the first: a message that has a parcel announces descriptors. */
	if (!*parcel)
		*parcel = calloc(1, sizeof(**parcel));
	if (!*parcel) {
		fd_close(copy);
		return fail(ENOMEM, "no memory for a descriptor");
	}
	(*parcel)->fds[(*parcel)->count++] = copy;
	return 0;
}

void parcel_free(struct parcel *parcel)
{
	if (!parcel)
		return;
	while (parcel->taken < parcel->count)
		fd_close(parcel->fds[parcel->taken++]);
	free(parcel);
}

int parcel_take_fd(struct parcel *parcel)
{
	if (!parcel || parcel->taken == parcel->count)
		return fail_quietly(ENOENT, "no descriptor is left");
	return fd_disown(parcel->fds[parcel->taken++]);
}

static struct parcel *unlink_at(struct parcel **link)
{
	struct parcel *parcel = *link;

	*link = parcel->next;
	return parcel;
}

int parcel_store(struct parcel **list, const struct parcel *parcel, struct fdpass_extras *extras,
		 uint32_t most)
{
	struct parcel **link, **oldest = NULL, *copy;
	uint32_t same = 0;

	for (link = list; *link; link = &(*link)->next) {
		if ((*link)->delivery != parcel->delivery)
			continue;
		if (!oldest)
			oldest = link;
		same++;
	}
	copy = malloc(sizeof(*copy));
	if (!copy)
		return fail(ENOMEM, "no memory for descriptors that came");
	*copy = *parcel;
	fdpass_take(extras, copy->fds);
	copy->next = NULL;
	*link = copy;
	if (same >= most)
		parcel_free(unlink_at(oldest));
	return 0;
}

struct parcel *parcel_find(struct parcel **list, uint32_t delivery, uint64_t request,
			   uint64_t position)
{
	struct parcel **link = list, *parcel;

	while ((parcel = *link)) {
		if (parcel->delivery != delivery ||
		    (parcel->request == request && parcel->position > position)) {
			link = &parcel->next;
			continue;
		}
		unlink_at(link);
		if (parcel->request == request && parcel->position == position)
			return parcel;
		parcel_free(parcel);
	}
	return NULL;
}

bool parcel_is_there(const struct parcel *list, uint32_t delivery, uint64_t request,
		     uint64_t position)
{
	for (; list; list = list->next)
		if (list->delivery == delivery && list->request == request &&
		    list->position == position)
			return true;
	return false;
}

void parcel_drop_delivery(struct parcel **list, uint32_t delivery)
{
	struct parcel **link = list;

	while (*link) {
		if ((*link)->delivery == delivery)
			parcel_free(unlink_at(link));
		else
			link = &(*link)->next;
	}
}

void parcel_drop_all(struct parcel **list)
{
	while (*list)
		parcel_free(unlink_at(list));
}
