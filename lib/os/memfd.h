/* SPDX-License-Identifier: MIT */
/* Memory that can be passed to another process, and sealed. */
#ifndef SLUICE_OS_MEMFD_H
#define SLUICE_OS_MEMFD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* Bytes that can be allocated while the machine keeps a reserve; or UINT64_MAX. */
uint64_t memory_available(void);

/* A new, empty memfd that can be sealed.  A descriptor or -errno. */
int memfd_create_sealable(const char *name) MUST_CHECK;

/* Gives an empty memfd a size without allocating it; for a static segment. */
int memfd_set_size(int fd, uint64_t size) MUST_CHECK;

/*
 * Allocates the bytes from offset on, growing the file if they lie behind its
 * end.  0, -ENOMEM or another -errno; never a signal.
 */
int memfd_allocate(int fd, uint64_t offset, uint64_t length) MUST_CHECK;

/*
 * Makes the file so long, without allocating it.  A write through a mapping allocates it.
 * This call fails as memfd_allocate() does and raises no signal, since it checks the
 * limits.
 */
int memfd_extend(int fd, uint64_t offset, uint64_t length) MUST_CHECK;

/* Adds seals (SLUICE_SEAL_*). */
int memfd_seal(int fd, unsigned int seals) MUST_CHECK;

/*
 * Is this descriptor, which a peer sent, a memfd with at least these seals?  If
 * so, its size and inode.  0 or -EPROTO.
 */
int memfd_verify(int fd, unsigned int seals, uint64_t *ret_size,
		 uint64_t *ret_inode) MUST_CHECK;

/* Is a received descriptor open for writing too? */
bool memfd_is_writable(int fd);

/* Are all pages from offset to end allocated?  0 or -EPROTO. */
int memfd_verify_populated(int fd, uint64_t offset, uint64_t end) MUST_CHECK;

#endif /* SLUICE_OS_MEMFD_H */
