// SPDX-License-Identifier: MIT
/*
 * The doctor's check of the directories that could be the root as well, if no setting names
 * one: processes in another directory do not meet those here.  The library says which of
 * them is the root (sluice_config_read()); this file only knows which ones there can be.
 *
 * A directory of this user that holds directories is one with domains.  The check does not
 * ask whether nodes live there: entries of dead processes make others use it as the root
 * too.
 */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES		4u
#define PATH_SIZE	256

struct place {
	char path[PATH_SIZE];
};

static void list_places(struct place places[PLACES])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	snprintf(places[0].path, PATH_SIZE, "/run/sluice");
	snprintf(places[1].path, PATH_SIZE, "%s/sluice", runtime && *runtime ? runtime : "/run");
	snprintf(places[2].path, PATH_SIZE, "/run/user/%u/sluice", geteuid());
	snprintf(places[3].path, PATH_SIZE, "/dev/shm/sluice-%u", geteuid());
}

static bool has_domains(const char *path, const struct stat *root)
{
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return false;
	if (root && st.st_dev == root->st_dev && st.st_ino == root->st_ino)
		return false;
	return st.st_uid == geteuid() && st.st_nlink > 2;
}

void doctor_other_roots(struct doctor_finding *finding, const char *path)
{
	struct place places[PLACES];
	struct stat root;
	bool there = stat(path, &root) == 0;

	list_places(places);
	for (unsigned int i = 0; i < PLACES; i++) {
		if (!has_domains(places[i].path, there ? &root : NULL))
			continue;
		doctor_found(finding, DOCTOR_NOTE, "the root directory is %s, and this user has domains in %s too: programs in one do not meet those in the other",
			     path, places[i].path);
		doctor_mend(finding, "end the programs that use %s, or set SLUICE_ROOT for all; SLUICE_ROOT=%s sluice gc removes what the dead have left",
			    places[i].path, places[i].path);
		return;
	}
}
