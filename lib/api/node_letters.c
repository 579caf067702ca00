// SPDX-License-Identifier: MIT
/*
 * The letters in a node's mailbox.  A letter says that some service has changed.  The node
 * answers any number of letters with one look at all its services.
 *
 *	watched		a letter comes		-> it is read; a look if it counts
 *	  | LETTERS_AT_ONCE were read within LETTERS_WINDOW_NS
 *	resting		the mailbox is not watched
 *	  | a pause has passed (wait/retry.c)
 *	watched		the waiting letters are read, and a look is taken in any case
 *
 * A letter counts if its form is right, and if its sender can be a server that a client of
 * this node would connect to: the sender is this user or root, or a client takes servers of
 * any user.  The kernel names the sender.
 *
 * Every user who may enter the root can send letters without end.  Such a sender makes the
 * node read LETTERS_AT_ONCE in a window, whatever their form is and however fast they come.
 * Then the node rests for a pause, which grows up to a second.  The sender can also keep the
 * mailbox full, so that an honest letter does not get in.  So a look is taken after each
 * pause, and also after a pause when letters came that do not count.  An honest letter is
 * late then, but not lost.
 */
#include "api/node_letters.h"

#include <unistd.h>

#include "api/client.h"
#include "base/limits.h"

/* Would a client of this node connect to a server of this user? */
static bool counts(const struct sluice_node *node, const struct node_letter *letter)
{
	const struct port *port;

	if (!letter->in_order)
		return false;
	if (letter->user == geteuid() || letter->user == 0)
		return true;
	for (port = node->ports; port; port = port->next)
		if (port->client && port->client->self.any_user)
			return true;
	return false;
}

static void look(struct sluice_node *node)
{
	struct port *port;

	for (port = node->ports; port; port = port->next)
		port->ops->letter(port);
}

static void begin_window(struct node_letters *letters, int64_t now)
{
	letters->since = now;
	letters->read = 0;
}

/* How many letters may still be read in this window. */
static unsigned int left_to_read(struct node_letters *letters)
{
	int64_t now = clock_now();

	if (now - letters->since >= LETTERS_WINDOW_NS)
		begin_window(letters, now);
	return LETTERS_AT_ONCE - letters->read;
}

static void rest(struct sluice_node *node)
{
	wait_forget(&node->wait, &node->letters.mailbox);
	retry_later(&node->letters.rest);
	remark(node, SLUICE_REMARK_LETTERS_HELD_BACK, NULL, 0);
}

/* Reads letters.  Did one of them count? */
static bool read_some(struct sluice_node *node)
{
	struct node_letters *letters = &node->letters;
	unsigned int left = left_to_read(letters);
	bool news = false, doubt = false;
	struct node_letter letter;
	int r = 1;

	while (left && (r = node_entry_next_letter(&node->entry, &letter)) > 0) {
		letters->read++;
		left--;
		if (counts(node, &letter))
			news = true;
		else
			doubt = true;
	}
	if (!left)
		rest(node);
	else if (doubt || r < 0)
		retry_later(&letters->rest);
	return news;
}

static void letter_came(struct wait_source *mailbox)
{
	struct sluice_node *node = container_of(mailbox, struct sluice_node, letters.mailbox);

	if (read_some(node))
		look(node);
}

int node_letters_watch(struct sluice_node *node)
{
	struct node_letters *letters = &node->letters;

	if (letters->mailbox.watched)
		return 0;
	letters->mailbox.ready = letter_came;
	letters->mailbox.fd = node->entry.mailbox_fd;
	return wait_watch(&node->wait, &letters->mailbox);
}

void node_letters_tend(struct sluice_node *node)
{
	struct node_letters *letters = &node->letters;

	if (!retry_is_due(&letters->rest))
		return;
	retry_stop(&letters->rest);
	begin_window(letters, clock_now());
	if (node_letters_watch(node) < 0)
		retry_later(&letters->rest);
	(void)read_some(node);
	look(node);
}
