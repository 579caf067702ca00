/* SPDX-License-Identifier: MIT */
/*
 * sluice_leftovers.h - finding and removing what dead processes have left in the registry
 *
 * Programs remove leftovers when they open a service.  So this header is for programs that
 * clean a domain in which no other program does that, as sluice gc does.
 *
 *	struct sluice_leftovers *leftovers = sluice_leftovers_open(NULL);
 *	struct sluice_leftover leftover = SLUICE_LEFTOVER();
 *
 *	while (sluice_leftovers_next(leftovers, &leftover) > 0)
 *		printf("%s\n", leftover.entry);
 *	sluice_leftovers_close(leftovers);
 *
 * Structs that are filled in begin with their own size, which the caller sets; the macros
 * do that.  Strings in them are valid until the leftovers are closed.  Strings are terminated,
 * and may hold any other bytes.
 */
#ifndef SLUICE_LEFTOVERS_H
#define SLUICE_LEFTOVERS_H

#include <sluice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct sluice_leftovers;

/** SLUICE_LEFTOVERS_REMOVE - remove what is found */
#define SLUICE_LEFTOVERS_REMOVE		UINT64_C(1)

/**
 * struct sluice_leftovers_opts - where leftovers are looked for
 * @size: sizeof(struct sluice_leftovers_opts).
 * @root: the root directory; NULL: the configured one.
 * @domain: the domain; NULL: the configured one.
 * @flags: SLUICE_LEFTOVERS_REMOVE, or 0: only look.
 */
struct sluice_leftovers_opts {
	size_t size SLUICE_SIZE_(struct sluice_leftovers_opts);
	const char *root SLUICE_ZERO_;
	const char *domain SLUICE_ZERO_;
	uint64_t flags SLUICE_ZERO_;
};

/** SLUICE_LEFTOVERS_OPTS() - options of leftovers, fields named as in an initialiser */
#define SLUICE_LEFTOVERS_OPTS(...)	SLUICE_OPTS_(struct sluice_leftovers_opts, __VA_ARGS__)

/**
 * enum sluice_leftover_kind - what was left behind
 * @SLUICE_LEFTOVER_NODE: a node whose process is dead.
 * @SLUICE_LEFTOVER_PORT: a port whose process is dead.
 * @SLUICE_LEFTOVER_SERVICE: a service that nobody has open.
 * @SLUICE_LEFTOVER_REMAINS: a service whose removal was cut short.
 * @SLUICE_LEFTOVER_DOMAIN: a domain in which nobody is.
 * @SLUICE_LEFTOVER_DIRECTORY: a directory that could not be read.
 */
enum sluice_leftover_kind {
	SLUICE_LEFTOVER_NODE = 1,
	SLUICE_LEFTOVER_PORT = 2,
	SLUICE_LEFTOVER_SERVICE = 3,
	SLUICE_LEFTOVER_REMAINS = 4,
	SLUICE_LEFTOVER_DOMAIN = 5,
	SLUICE_LEFTOVER_DIRECTORY = 6,
};

/**
 * struct sluice_leftover - something that was left behind
 * @size: sizeof(struct sluice_leftover), set by the caller.
 * @entry: name of its file or directory in the registry.
 * @name: of a node or service, its name; else NULL.
 * @service: of a port, and of a node's name in a service, the service; else NULL.
 * @id: of a node or port, its id; of a service, the hash of its name; else 0.
 * @pid: of a node or port, the process that has died; else 0.
 * @kind: an &enum sluice_leftover_kind.
 * @error: an errno: it could not be looked at or removed; 0: it was removed, or would be.
 * @reserved: 0.
 */
struct sluice_leftover {
	size_t size;
	const char *entry;
	const char *name;
	const char *service;
	uint64_t id;
	uint32_t pid;
	uint32_t kind;
	int32_t error;
	uint32_t reserved;
};

/** SLUICE_LEFTOVER() - a leftover to be filled in */
#define SLUICE_LEFTOVER()	{ .size = sizeof(struct sluice_leftover) }

/**
 * sluice_leftovers_open() - find, or remove, what dead processes have left in a domain
 * @opts: where, and whether they are removed; NULL: find those of the configured domain.
 *
 * Entries of live processes are not touched, and other processes may use the domain meanwhile.
 * All is done when the call returns.  Leftovers of other users can be removed by these users,
 * or by root.
 *
 * Context: Any thread.
 * Return: The leftovers, to be given to sluice_leftovers_close(); or NULL with errno EINVAL
 * (the domain's name is no valid name, or the configuration is wrong), E2BIG (an option that
 * this library does not know), EACCES (a directory is closed to this user or not safe to use),
 * ENXIO (the root directory that was named is not there), ENOTDIR (it is a file or a symbolic
 * link), ESTALE (it was removed, and no process can be in it), EOPNOTSUPP (no files can be
 * made in its file system), ENOENT (a file of the configuration that was named is not there),
 * ENOMEM, EMFILE, ENFILE or EIO.
 */
struct sluice_leftovers *sluice_leftovers_open(const struct sluice_leftovers_opts *opts)
	SLUICE_MUST_CHECK;

/**
 * sluice_leftovers_next() - the next leftover
 * @leftovers: the leftovers; NULL passes the failure of sluice_leftovers_open() on.
 * @leftover: filled in.
 *
 * Leftovers come in the order in which they were removed.
 *
 * Context: One thread at a time.
 * Return: 1; 0: there are no more; or -EINVAL or the failure passed on.
 */
int sluice_leftovers_next(struct sluice_leftovers *leftovers, struct sluice_leftover *leftover);

/**
 * sluice_leftovers_close() - give the leftovers back
 * @leftovers: the leftovers, or NULL.
 *
 * Context: Any thread.
 */
void sluice_leftovers_close(struct sluice_leftovers *leftovers);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_LEFTOVERS_H */
