// SPDX-License-Identifier: MIT
/*
 * The domains below a root directory: the directories there whose name is a valid name of a
 * domain.  A domain is made under another name first, so each of them is whole.  The caller
 * finds out whether it may read a domain when it opens it.
 */
#include "registry/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/directory.h"

static bool is_domain(int root_fd, const char *name)
{
	struct stat st;

	return root_is_domain(name) && strlen(name) < LISTING_DOMAIN_SIZE &&
	       !fstatat(root_fd, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static int add(struct listing_domains *domains, const char *name)
{
	void *grown = realloc(domains->name, (domains->count + 1) * sizeof(*domains->name));

	if (!grown)
		return fail(ENOMEM, "no memory to list the domains");
	domains->name = grown;
	strcpy(domains->name[domains->count++], name);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int listing_domains_read(struct listing_domains *ret_domains, int root_fd)
{
	DIR *dir = directory_list(root_fd);
	struct dirent *entry;
	int r = 0;

	*ret_domains = (struct listing_domains){ .count = 0 };
	if (!dir)
		return fail(errno, "cannot read the root directory: %s", strerror(errno));
	while (!r && (errno = 0, entry = readdir(dir)))
		if (is_domain(root_fd, entry->d_name))
			r = add(ret_domains, entry->d_name);
	if (!r && errno && errno != ENOENT)
		r = fail(errno, "cannot read the root directory: %s", strerror(errno));
	directory_close(dir);
	if (r < 0)
		listing_domains_free(ret_domains);
	else if (ret_domains->count)
		qsort(ret_domains->name, ret_domains->count, sizeof(*ret_domains->name), compare);
	return r;
}

void listing_domains_free(struct listing_domains *domains)
{
	free(domains->name);
	*domains = (struct listing_domains){ .count = 0 };
}
