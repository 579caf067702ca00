// SPDX-License-Identifier: MIT
/*
 * The public API for leftovers of dead processes (sluice_leftovers.h).  registry/leftovers.c
 * does all of the work when leftovers are opened.  Its findings are kept here, and handed out
 * one by one.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_leftovers.h>

#include "api/list_root.h"
#include "base/error.h"
#include "base/opts.h"
#include "os/fd.h"
#include "registry/leftovers.h"

#define KIND(name)	\
	_Static_assert((int)LEFTOVER_##name == (int)SLUICE_LEFTOVER_##name, "the same")
KIND(NODE);
KIND(PORT);
KIND(SERVICE);
KIND(REMAINS);
KIND(DOMAIN);
KIND(DIRECTORY);

struct kept {
	struct leftover leftover;	/* its strings are these */
	char entry[NAME_MAX + 1];
	char name[SLUICE_SERVICE_NAME_SIZE];
	char service[SLUICE_SERVICE_NAME_SIZE];
};

struct sluice_leftovers {
	struct kept **kept;
	size_t count, next;
	bool any;		/* something was removed */
};

static int keep(void *context, const struct leftover *leftover)
{
	struct sluice_leftovers *leftovers = context;
	struct kept **grown, *kept = calloc(1, sizeof(*kept));

	grown = realloc(leftovers->kept, (leftovers->count + 1) * sizeof(*grown));
	if (grown)
		leftovers->kept = grown;
	if (!grown || !kept) {
		free(kept);
		return fail(ENOMEM, "no memory for the leftovers");
	}
	kept->leftover = *leftover;
	snprintf(kept->entry, sizeof(kept->entry), "%s", leftover->entry);
	snprintf(kept->name, sizeof(kept->name), "%s", leftover->name ? leftover->name : "");
	snprintf(kept->service, sizeof(kept->service), "%s",
		 leftover->service ? leftover->service : "");
	leftovers->kept[leftovers->count++] = kept;
	leftovers->any |= !leftover->error;
	return 0;
}

/* The domain itself is removed last, if the root directory is of one user. */
static int remove_domain(const struct leftovers *walk, const struct list_root *root, int domain_fd)
{
	struct root_found found;
	int r = 0, fd = root_find(&found, root->path);

	if (fd >= 0 && !found.shared)
		r = leftovers_remove_domain(walk, fd, domain_fd, root->domain);
	if (fd >= 0)
		fd_close(fd);
	return r;
}

static int walk(struct sluice_leftovers *leftovers, const struct list_root *root, bool remove)
{
	struct leftovers walk = { .keep = !remove, .found = keep, .context = leftovers };
	struct root_found found;
	int r, fd = root_find_domain(&found, root->path, root->domain);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	walk.anybody = found.anybody;
	r = leftovers_walk(&walk, fd);
	if (!r && remove && leftovers->any)
		r = remove_domain(&walk, root, fd);
	fd_close(fd);
	return r;
}

static int open_leftovers(struct sluice_leftovers *leftovers,
			  const struct sluice_leftovers_opts *opts)
{
	struct sluice_list_opts place = { .size = sizeof(place) };
	struct sluice_leftovers_opts known;
	struct list_root root;
	int r;

	r = opts_read(&known, sizeof(known), opts, "leftovers_opts");
	if (r < 0)
		return r;
	if (known.flags & ~SLUICE_LEFTOVERS_REMOVE)
		return fail(EINVAL, "leftovers_opts.flags is 0x%llx, of which 0x%llx is unknown",
			    (unsigned long long)known.flags,
			    (unsigned long long)(known.flags & ~SLUICE_LEFTOVERS_REMOVE));
	place.root = known.root;
	place.domain = known.domain;
	r = list_root_choose(&root, &place);
	if (r < 0)
		return r;
	r = walk(leftovers, &root, known.flags & SLUICE_LEFTOVERS_REMOVE);
	list_root_free(&root);
	return r;
}

struct sluice_leftovers *sluice_leftovers_open(const struct sluice_leftovers_opts *opts)
{
	struct sluice_leftovers *leftovers = calloc(1, sizeof(*leftovers));
	int r;

	if (!leftovers)
		return made(fail_null(ENOMEM, "no memory for what is found"));
	r = open_leftovers(leftovers, opts);
	if (r >= 0)
		return made(leftovers);
	sluice_leftovers_close(leftovers);
	return made(fail_again_null(r));
}

int sluice_leftovers_next(struct sluice_leftovers *leftovers, struct sluice_leftover *leftover)
{
	struct sluice_leftover known = { .size = sizeof(known) };
	const struct kept *next;
	int r;

	if (!leftovers)
		return fail_parent("leftovers");
	if (leftovers->next == leftovers->count)
		return 0;
	next = leftovers->kept[leftovers->next];
	known.entry = next->entry;
	known.name = next->leftover.name ? next->name : NULL;
	known.service = next->leftover.service ? next->service : NULL;
	known.id = next->leftover.id;
	known.pid = next->leftover.pid;
	known.kind = next->leftover.kind;
	known.error = -next->leftover.error;
	r = opts_answer(leftover, &known, sizeof(known), "leftover");
	if (r < 0)
		return r;
	leftovers->next++;
	return 1;
}

void sluice_leftovers_close(struct sluice_leftovers *leftovers)
{
	if (!leftovers)
		return;
	while (leftovers->count)
		free(leftovers->kept[--leftovers->count]);
	free(leftovers->kept);
	free(leftovers);
}
