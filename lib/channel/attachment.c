// SPDX-License-Identifier: MIT
/*
 * Descriptors that belong to a message: duplicates of those that a program has attached,
 * on their way out, and those that have come and wait for the message to be taken.
 *
 *	attach --> attachment of a request or reply --> packet FDS, before the descriptor
 *	packet FDS --> the channel's list --> with the message --> taken, or closed
 *
 * Invariant: an attachment of a message has at least one descriptor.
 *
 * A packet can come long before its message is read, and the message may be taken back
 * meanwhile: then its attachment is dropped when a later one of the same key is taken or
 * does not fit, or when the pattern gives the key to another message.
 *
 * A hostile peer can send attachments for messages that never come.  For each key as many
 * are kept as the pattern says: a message that is on its way for each.  With max_fds 0,
 * which is the default, none is kept; else each has at most max_fds descriptors.  What a descriptor stands
 * for is the sender's word; nothing is done with it here.
 */
#include "channel/attachment.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/fd.h"

int attachment_add(struct attachment **attachment, int fd, uint32_t limit)
{
	int copy;

	if (*attachment ? (*attachment)->count >= limit : !limit)
		return fail(ENOBUFS, "max_fds_per_message, %u, are attached", limit);
	copy = fd_duplicate(fd);
	if (copy < 0)
		return copy;
	/* Made with the first: a message that has an attachment announces descriptors. */
	if (!*attachment)
		*attachment = calloc(1, sizeof(**attachment));
	if (!*attachment) {
		fd_close(copy);
		return fail(ENOMEM, "no memory for a descriptor");
	}
	(*attachment)->fds[(*attachment)->count++] = copy;
	return 0;
}

void attachment_free(struct attachment *attachment)
{
	if (!attachment)
		return;
	while (attachment->taken < attachment->count)
		fd_close(attachment->fds[attachment->taken++]);
	free(attachment);
}

int attachment_take_fd(struct attachment *attachment)
{
	if (!attachment || attachment->taken == attachment->count)
		return fail_quietly(ENOENT, "no descriptor is left");
	return fd_disown(attachment->fds[attachment->taken++]);
}

static struct attachment *unlink_at(struct attachment **link)
{
	struct attachment *attachment = *link;

	*link = attachment->next;
	return attachment;
}

int attachment_store(struct attachment **list, const struct attachment *attachment,
		     struct fdpass_extras *extras, uint32_t most)
{
	struct attachment **link, **oldest = NULL, *copy;
	uint32_t same = 0;

	for (link = list; *link; link = &(*link)->next) {
		if ((*link)->key != attachment->key)
			continue;
		if (!oldest)
			oldest = link;
		same++;
	}
	copy = malloc(sizeof(*copy));
	if (!copy)
		return fail(ENOMEM, "no memory for descriptors that came");
	*copy = *attachment;
	fdpass_take(extras, copy->fds);
	copy->next = NULL;
	*link = copy;
	if (same >= most)
		attachment_free(unlink_at(oldest));
	return 0;
}

struct attachment *attachment_find(struct attachment **list, uint32_t key, uint64_t request,
				   uint64_t position)
{
	struct attachment **link = list, *attachment;

	while ((attachment = *link)) {
		if (attachment->key != key ||
		    (attachment->request == request && attachment->position > position)) {
			link = &attachment->next;
			continue;
		}
		unlink_at(link);
		if (attachment->request == request && attachment->position == position)
			return attachment;
		attachment_free(attachment);
	}
	return NULL;
}

bool attachment_is_there(const struct attachment *list, uint32_t key, uint64_t request,
			 uint64_t position)
{
	for (; list; list = list->next)
		if (list->key == key && list->request == request &&
		    list->position == position)
			return true;
	return false;
}

void attachment_drop_key(struct attachment **list, uint32_t key)
{
	struct attachment **link = list;

	while (*link) {
		if ((*link)->key == key)
			attachment_free(unlink_at(link));
		else
			link = &(*link)->next;
	}
}

void attachment_drop_all(struct attachment **list)
{
	while (*list)
		attachment_free(unlink_at(list));
}
