/* SPDX-License-Identifier: MIT */
/* The process that a record of the registry stands for: does it live? */
#ifndef TOOLS_OWNER_H
#define TOOLS_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/* A process, by what no other one has as long as the system runs; 0: not known. */
struct owner {
	uint32_t pid;
	uint64_t pidfd_inode;
	uint64_t pid_namespace;
};

/* Of any record that names a process. */
#define OWNER(record)	\
	((struct owner){ (record)->pid, (record)->pidfd_inode, (record)->pid_namespace })

/* Does the record say that it is dead?  In doubt it does not. */
bool owner_is_dead(const struct owner *owner);

/* Is it known to be in another pid namespace?  There its pid is somebody else's here. */
bool owner_is_elsewhere(const struct owner *owner);

/* Does anybody hold the lock of this file?  In doubt somebody does. */
bool owner_holds(int at, const char *name);

#endif /* TOOLS_OWNER_H */
