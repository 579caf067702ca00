/* SPDX-License-Identifier: MIT */
/*
 * sluice_remarks.h - what the library has to say about its own work
 *
 * The library never prints.  Most of what goes wrong is the result of a call.  Some things are
 * not, since the library deals with them: a peer that broke the protocol loses its channel, an
 * entry of the registry that somebody has removed is written again.  A program that wants to
 * know gives a function to its node:
 *
 *	static void note(const struct sluice_remark *remark, void *context)
 *	{
 *		fprintf(stderr, "%s\n", remark->text);
 *	}
 *
 *	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(.remark = note);
 *
 * The library calls the function within its own calls, in the thread that has made the call,
 * when the thing happens.  It is never called on the path of a message between two running
 * processes.  A node without a function pays nothing.
 *
 * While the function runs, nothing that belongs to a node can be used: each call with a node,
 * and with what is made from it, fails with EBUSY.  sluice_node_interrupt() works.  The function
 * must return; it must not jump or throw out.  errno and sluice_strerror() of the thread are
 * afterwards what they were.  The function should be quick, since peers wait meanwhile.
 *
 * Peers can cause remarks.  At most 4 remarks of a number are told in a second.  The next remark
 * says how many others were left out; if none comes, the node tells it when it is destroyed.
 *
 * Numbers and keys stay as they are in later versions; numbers and fields may be added, and
 * texts may change.
 */
#ifndef SLUICE_REMARKS_H
#define SLUICE_REMARKS_H

#include <sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum sluice_remark_level - how important a remark is, with the numbers of syslog(3)
 * @SLUICE_REMARK_WARNING: somebody should look at it.
 * @SLUICE_REMARK_NOTICE: it may be of interest.
 */
enum sluice_remark_level {
	SLUICE_REMARK_WARNING = 4,
	SLUICE_REMARK_NOTICE = 5,
};

/**
 * enum sluice_remark_number - what a remark is about
 * @SLUICE_REMARK_PEER_DIED: a peer has died.
 * @SLUICE_REMARK_PEER_BROKE_PROTOCOL: a peer has broken the protocol, and its channel was closed.
 * @SLUICE_REMARK_PEER_LOST: the channel to a peer was lost for another reason, see error.
 * @SLUICE_REMARK_SERVER_NOT_REACHED: a client could not connect to a server, see error.
 * @SLUICE_REMARK_CLIENT_LIMIT: a server has refused a client, because max_clients are connected.
 * @SLUICE_REMARK_PEER_HELD_BACK: a process has caused so much work, or has come and gone so
 *	often, that it waits for its turn.
 * @SLUICE_REMARK_BREACHER_HELD_BACK: a connection is left unread, because its process or user
 *	has broken the protocol before.
 * @SLUICE_REMARK_ACCEPT_SHORTAGE: a server takes no connections for a while, see error.
 * @SLUICE_REMARK_LETTERS_HELD_BACK: letters to the node come so fast that they are not read for
 *	a while.
 * @SLUICE_REMARK_REGISTRY_RENEWED: entries that others had removed were written again.
 * @SLUICE_REMARK_REGISTRY_NOT_RENEWED: entries are missing and could not be written, see error.
 * @SLUICE_REMARK_REGISTRY_UNWATCHED: the node looks at its entries now and then, because there
 *	is no inotify instance or watch for it.
 * @SLUICE_REMARK_WATCH_UNTOLD: a watch reads the registry once a second, because there is no
 *	inotify instance for it, or because the registry changes too fast.
 * @SLUICE_REMARK_LEFT_OUT: the node is destroyed, and had left out remarks.
 */
enum sluice_remark_number {
	SLUICE_REMARK_PEER_DIED = 1,
	SLUICE_REMARK_PEER_BROKE_PROTOCOL = 2,
	SLUICE_REMARK_PEER_LOST = 3,
	SLUICE_REMARK_SERVER_NOT_REACHED = 4,
	SLUICE_REMARK_CLIENT_LIMIT = 5,
	SLUICE_REMARK_PEER_HELD_BACK = 6,
	SLUICE_REMARK_BREACHER_HELD_BACK = 7,
	SLUICE_REMARK_ACCEPT_SHORTAGE = 8,
	SLUICE_REMARK_LETTERS_HELD_BACK = 9,
	SLUICE_REMARK_REGISTRY_RENEWED = 10,
	SLUICE_REMARK_REGISTRY_NOT_RENEWED = 11,
	SLUICE_REMARK_REGISTRY_UNWATCHED = 12,
	SLUICE_REMARK_WATCH_UNTOLD = 13,
	SLUICE_REMARK_LEFT_OUT = 14,
};

/**
 * struct sluice_remark_field - a detail of a remark
 * @key: lower-case letters.
 * @value: text; ids are 16 hexadecimal digits, errors are numbers of errno.  The name of a
 *	service may hold any bytes.
 *
 * Documentation/remarks.rst says which remark has which keys.
 */
struct sluice_remark_field {
	const char *key;
	const char *value;
};

/**
 * struct sluice_remark - something that the library has to say
 * @size: sizeof(struct sluice_remark) of the library.
 * @number: an &enum sluice_remark_number.
 * @level: an &enum sluice_remark_level.
 * @text: a sentence, always the same for one number.
 * @fields: details.
 * @field_count: number of @fields.
 * @left_out: number of remarks that were left out since the last one.
 *
 * All of it is valid during the call.
 */
struct sluice_remark {
	size_t size;
	uint32_t number;
	uint32_t level;
	const char *text;
	const struct sluice_remark_field *fields;
	size_t field_count;
	uint64_t left_out;
};

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_REMARKS_H */
