/* SPDX-License-Identifier: MIT */
/* The page that says how busy a server is: making it, and getting at that of another. */
#ifndef SLUICE_EXCHANGE_LOAD_PAGE_H
#define SLUICE_EXCHANGE_LOAD_PAGE_H

#include <sys/types.h>

#include <sluice/load.h>

#include "os/mapping.h"

struct load_page {
	struct mapping mapping;
	uint64_t inode;		/* of the memfd; 0: there is no page */
};

/*
 * Makes a server's page and maps it.  A descriptor, to be handed to clients, or -errno.
 */
int load_page_make(struct load_page *page, uint64_t server, bool locked) MUST_CHECK;

/*
 * Maps a page that a server has sent, in place of another that was there.  0, -EPROTO (it
 * is none) or another -errno.
 */
int load_page_take(struct load_page *page, int fd, bool locked) MUST_CHECK;

/*
 * Maps the page of a server of this user that has not sent it yet, if it can be found in
 * its process; if not, nothing is said.
 */
void load_page_find(struct load_page *page, pid_t pid, uint64_t server, bool locked);

void load_page_drop(struct load_page *page);

/* NULL if there is none. */
static inline struct sluice_load *load_page_words(const struct load_page *page)
{
	return (struct sluice_load *)(void *)page->mapping.base;
}

#endif /* SLUICE_EXCHANGE_LOAD_PAGE_H */
