// SPDX-License-Identifier: MIT
/*
 * The public listing of the domains below a root directory (sluice_list.h).  Their names
 * are read once (registry/listing_domains.c), and then handed out one by one.
 */
#include <errno.h>
#include <stdlib.h>

#include <sluice_list.h>

#include "api/list_root.h"
#include "base/error.h"
#include "base/opts.h"
#include "os/fd.h"
#include "registry/listing.h"

struct sluice_list_domains {
	struct listing_domains listing;
	size_t next;
};

/* Reads the domains of a root directory that is there and can be used. */
static int read_domains(struct listing_domains *ret_listing, const struct list_root *root)
{
	struct root_found found;
	int r, fd = root_find(&found, root->path);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = root_check_use(&found, fd);
	if (!r)
		r = listing_domains_read(ret_listing, fd);
	fd_close(fd);
	return r;
}

static int open_domains(struct sluice_list_domains *domains, const struct sluice_list_opts *opts)
{
	struct list_root root;
	int r = list_root_choose(&root, opts);

	if (r < 0)
		return r;
	r = read_domains(&domains->listing, &root);
	list_root_free(&root);
	return r;
}

struct sluice_list_domains *sluice_list_domains_open(const struct sluice_list_opts *opts)
{
	struct sluice_list_domains *domains = calloc(1, sizeof(*domains));
	int r;

	if (!domains)
		return made(fail_null(ENOMEM, "no memory for a list"));
	r = open_domains(domains, opts);
	if (r >= 0)
		return made(domains);
	free(domains);
	return made(fail_again_null(r));
}

int sluice_list_domains_next(struct sluice_list_domains *domains,
			     struct sluice_list_domain *domain)
{
	struct sluice_list_domain known = { .size = sizeof(known) };
	int r;

	if (!domains)
		return fail_parent("domains");
	if (domains->next == domains->listing.count)
		return 0;
	known.name = domains->listing.name[domains->next];
	r = opts_answer(domain, &known, sizeof(known), "domain");
	if (r < 0)
		return r;
	domains->next++;
	return 1;
}

void sluice_list_domains_close(struct sluice_list_domains *domains)
{
	if (!domains)
		return;
	listing_domains_free(&domains->listing);
	free(domains);
}
