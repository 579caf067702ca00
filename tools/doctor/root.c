// SPDX-License-Identifier: MIT
/*
 * The doctor's checks of the directories through which processes meet: which they are,
 * whether the library believes them, whether there is room, whether this user can make a
 * node in them, whether they will be deleted, and which entries dead processes have left.
 *
 * Only the node is tried: in the domain that was asked for, since its directory may belong
 * to another user although the root belongs to root.  It has no service, so no process
 * notices it.  It leaves as all nodes do, with the domain if that is empty.  A root that
 * did not exist before is removed too.
 *
 * The library says which processes are dead (sluice_list.h), as for all verbs.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include <sluice.h>

#include "tools/configured.h"
#include "tools/domain/lost_root.h"
#include "tools/domain/snapshot.h"
#include "tools/text/text.h"

#define PATH_SIZE	256
#define SYSTEM_UID_MAX	999u		/* logind spares these */

/* The bytes and inodes of a node with a service and a port; and of some hundred of these. */
#define BYTES_LEAST	(64u << 10)
#define BYTES_WANTED	(4u << 20)
#define INODES_LEAST	16u
#define INODES_WANTED	2000u

/* ---- The root directory ---------------------------------------------------------- */

/* The reason why this is the root. */
static const char *why_root(void)
{
	static char source[CONFIGURED_SIZE];
	char value[CONFIGURED_SIZE];

	return configured("node.root", value, source) ? source : "not known";
}

/* No setting names it, so other programs of this user may have found another one. */
static bool is_default(void)
{
	return strncmp(why_root(), "built in", 8) == 0;
}

static void judge_root(struct doctor_finding *finding, const char *path, const struct stat *st)
{
	unsigned int mode = st->st_mode & 07777;

	if (!S_ISDIR(st->st_mode)) {
		doctor_found(finding, DOCTOR_PROBLEM, "the root directory %s is %s", path,
			     S_ISLNK(st->st_mode) ? "a symbolic link" : "no directory");
		doctor_mend(finding, "make it a directory, or let SLUICE_ROOT name another one");
	} else if (st->st_uid != geteuid() && st->st_uid != 0) {
		doctor_found(finding, DOCTOR_PROBLEM, "the root directory %s belongs to user %u, not to this one, %u, or root",
			     path, st->st_uid, geteuid());
		doctor_mend(finding, "chown %u %s, or let SLUICE_ROOT name another one",
			    geteuid(), path);
	} else if ((mode & (S_IWGRP | S_IWOTH)) && !(mode & S_ISVTX)) {
		doctor_found(finding, DOCTOR_PROBLEM, "the root directory %s can be written by others (mode %04o, not sticky)",
			     path, mode);
		doctor_mend(finding, "chmod go-w %s; or chmod +t, if it is for all users", path);
	} else if (faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) < 0) {
		doctor_found(finding, DOCTOR_PROBLEM, "the root directory %s (user %u, mode %04o) is closed to user %u",
			     path, st->st_uid, mode, geteuid());
		doctor_mend(finding, "let this user into its group, or SLUICE_ROOT name another one; all users may share one of root with mode 1777");
	} else {
		doctor_found(finding, DOCTOR_OK, "%s (%s), user %u, mode %04o", path,
			     why_root(), st->st_uid, mode);
	}
}

/* It is safe; can it be used? */
static void judge_use(struct doctor_finding *finding, const char *path)
{
	struct sluice_list_domains *domains = sluice_list_domains_open(NULL);
	int r = domains ? 0 : -errno;

	sluice_list_domains_close(domains);
	if (!lost_root_is(r))
		return;
	doctor_found(finding, DOCTOR_PROBLEM, "no node can be made below %s: %s", path,
		     lost_root_why(r));
	if (r == -ESTALE)
		doctor_mend(finding, "start what mounts it again (a container keeps the directory that its host has removed), or let SLUICE_ROOT name another one");
	else
		doctor_mend(finding, "let SLUICE_ROOT name a directory on a tmpfs");
}

/* The first node makes it, if its parent exists. */
static void judge_absent(struct doctor_finding *finding, const char *path)
{
	char above[PATH_SIZE];
	char *end;

	snprintf(above, sizeof(above), "%s", path);
	for (end = above + strlen(above); end > above + 1 && end[-1] == '/';)
		*--end = 0;
	end = strrchr(above, '/');
	if (end && end != above)
		*end = 0;
	if (!end || access(above, F_OK) == 0) {
		doctor_found(finding, DOCTOR_OK, "%s (%s) is made by the first node", path,
			     why_root());
		return;
	}
	doctor_found(finding, DOCTOR_PROBLEM, "the root directory %s (%s) cannot be made: there is no %s",
		     path, why_root(), above);
	doctor_mend(finding, "make it, or let SLUICE_ROOT name another one");
}

void doctor_root(struct doctor *doctor, struct doctor_finding *finding)
{
	char path[PATH_SIZE];
	struct stat st;

	(void)doctor;
	configured_root(path, sizeof(path));
	if (!*path) {
		doctor_found(finding, DOCTOR_PROBLEM, "which root directory it is cannot be told: %s",
			     sluice_strerror());
		doctor_mend(finding, "what mends configuration");
	} else if (lstat(path, &st) == 0) {
		judge_root(finding, path, &st);
		if (finding->status == DOCTOR_OK)
			judge_use(finding, path);
	} else if (errno == ENOENT) {
		judge_absent(finding, path);
	} else {
		doctor_found(finding, DOCTOR_PROBLEM, "cannot look at the root directory %s: %s",
			     path, strerror(errno));
		doctor_mend(finding, "let this user reach it, or SLUICE_ROOT name another one");
	}
	if (finding->status == DOCTOR_OK && is_default())
		doctor_other_roots(finding, path);
}

/* ---- Room ------------------------------------------------------------------------- */

/* The file system of the root, or of its parent.  False: it is not known. */
static bool ask_room(char path[PATH_SIZE], struct statvfs *ret_room, bool *ret_memory)
{
	struct statfs system;

	configured_root(path, PATH_SIZE);
	if (!*path) {
		errno = EINVAL;
		return false;
	}
	if (access(path, F_OK) < 0)
		path = dirname(path);
	if (statvfs(path, ret_room) < 0 || statfs(path, &system) < 0)
		return false;
	*ret_memory = system.f_type == TMPFS_MAGIC;
	return true;
}

void doctor_room(struct doctor *doctor, struct doctor_finding *finding)
{
	char path[PATH_SIZE], bytes[TEXT_NUMBER];
	unsigned long long inodes;
	struct statvfs room;
	uint64_t left;
	bool memory;

	(void)doctor;
	if (!ask_room(path, &room, &memory)) {
		doctor_found(finding, DOCTOR_NOTE, "the room for entries cannot be told: %s",
			     strerror(errno));
		doctor_mend(finding, "what mends root");
		return;
	}
	left = room.f_bavail * room.f_frsize;
	inodes = room.f_files ? room.f_favail : INODES_WANTED;	/* some have no limit */
	doctor_found(finding, DOCTOR_OK, "%s and %llu inodes are free for entries, on %s; messages are not there",
		     text_bytes(bytes, left), inodes, memory ? "a tmpfs" : "a disk");
	if (left < BYTES_WANTED || inodes < INODES_WANTED) {
		finding->status = left < BYTES_LEAST || inodes < INODES_LEAST ?
				  DOCTOR_PROBLEM : DOCTOR_NOTE;
		doctor_mend(finding, "delete what else is there, or make it larger");
	} else if (!memory) {
		finding->status = DOCTOR_NOTE;
		doctor_mend(finding, "a root on a tmpfs: there no entry outlives a reboot, and making one is faster");
	}
}

/* ---- A node ------------------------------------------------------------------------ */

void doctor_node(struct doctor *doctor, struct doctor_finding *finding)
{
	/* How it waits does not matter here. */
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.domain = doctor->domain, .wait = SLUICE_WAIT_SOCKET);
	struct sluice_node *node;
	char path[PATH_SIZE];
	bool was_there;

	configured_root(path, sizeof(path));
	was_there = access(path, F_OK) == 0;
	node = sluice_node_create("sluice doctor", &opts);
	if (node) {
		doctor_found(finding, DOCTOR_OK, "a node can be made in the domain %s",
			     configured_domain(doctor->domain));
	} else {
		doctor_found(finding, DOCTOR_PROBLEM, "no node can be made in the domain %s: %s",
			     configured_domain(doctor->domain), sluice_strerror());
		doctor_mend(finding, "what mends root, room or files; or another domain (SLUICE_DOMAIN), for one belongs to the user who made it, unless the root directory is for several");
	}
	sluice_node_destroy(node);
	if (!was_there)
		rmdir(path);
}

/* ---- Logging out ---------------------------------------------------------------------- */

static bool says_no(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[256], value[16];
	bool no = false;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " RemoveIPC = %15s", value) == 1)
			no = strcmp(value, "no") == 0 || strcmp(value, "false") == 0 ||
			     strcmp(value, "off") == 0 || strcmp(value, "0") == 0;
	if (file)
		fclose(file);
	return no;
}

/* Is logind told to keep the files of users?  By default it is not. */
static bool is_told_to_spare(void)
{
	static const char *const patterns[] = {
		"/usr/lib/systemd/logind.conf", "/usr/lib/systemd/logind.conf.d/*.conf",
		"/etc/systemd/logind.conf", "/etc/systemd/logind.conf.d/*.conf",
		"/run/systemd/logind.conf.d/*.conf",
	};
	bool spared = false;
	glob_t files;

	for (unsigned int i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (glob(patterns[i], 0, NULL, &files) != 0)
			continue;
		for (size_t n = 0; n < files.gl_pathc; n++)
			spared |= says_no(files.gl_pathv[n]);
		globfree(&files);
	}
	return spared;
}

static bool lingers(void)
{
	const struct passwd *user = getpwuid(geteuid());
	char path[PATH_SIZE];

	if (!user)
		return false;
	snprintf(path, sizeof(path), "/var/lib/systemd/linger/%s", user->pw_name);
	return access(path, F_OK) == 0;
}

void doctor_logout(struct doctor *doctor, struct doctor_finding *finding)
{
	char path[PATH_SIZE];

	(void)doctor;
	configured_root(path, sizeof(path));
	if (strncmp(path, "/run/user/", 10) == 0 && !lingers()) {
		doctor_found(finding, DOCTOR_NOTE, "the runtime directory, and the root directory in it, are deleted when this user's last session ends, of running programs too");
		doctor_mend(finding, "loginctl enable-linger, or let SLUICE_ROOT name a directory elsewhere");
	} else if (strncmp(path, "/dev/shm/", 9) != 0 || geteuid() <= SYSTEM_UID_MAX ||
		   access("/run/systemd/seats", F_OK) < 0) {
		doctor_found(finding, DOCTOR_OK, "nobody deletes the root directory when this user logs out");
	} else if (lingers() || is_told_to_spare()) {
		doctor_found(finding, DOCTOR_OK, "systemd-logind keeps what this user has in /dev/shm (lingering, or RemoveIPC=no)");
	} else {
		doctor_found(finding, DOCTOR_NOTE, "systemd-logind deletes the root directory, of running programs too, when this user's last session ends (RemoveIPC)");
		doctor_mend(finding, "loginctl enable-linger, or RemoveIPC=no in /etc/systemd/logind.conf, or let SLUICE_ROOT name a directory elsewhere");
	}
}

/* ---- The dead -------------------------------------------------------------------------- */

struct leavings {
	size_t nodes, ports, services;
};

static struct leavings count_leavings(const struct snapshot *snapshot)
{
	struct leavings left = { 0 };

	for (size_t i = 0; i < snapshot->nodes; i++)
		left.nodes += !snapshot->node[i].alive;
	for (size_t i = 0; i < snapshot->services; i++) {
		const struct snapshot_service *service = &snapshot->service[i];

		left.ports += service->ports - service->clients - service->servers;
		left.services += !service->alive;
	}
	return left;
}

static void tell_leavings(const struct snapshot *snapshot, struct doctor_finding *finding)
{
	struct leavings left = count_leavings(snapshot);

	if (left.nodes || left.ports || left.services) {
		doctor_found(finding, DOCTOR_NOTE, "dead processes have left in the domain %s: nodes %zu, ports %zu, services %zu",
			     snapshot->domain, left.nodes, left.ports, left.services);
		doctor_mend(finding, "sluice gc --domain %s; or the next program that opens a service",
			    snapshot->domain);
	} else if (snapshot->unreadable) {
		doctor_found(finding, DOCTOR_NOTE, "in the domain %s entries cannot be read, being of another version, or closed to this user: %zu",
			     snapshot->domain, snapshot->unreadable);
		doctor_mend(finding, "leave them, if they are other users'; else end the programs of another version, and delete the domain's directory");
	} else {
		doctor_found(finding, DOCTOR_OK, "dead processes have left nothing in the domain %s; nodes that live: %zu",
			     snapshot->domain, snapshot->nodes);
	}
}

void doctor_leftovers(struct doctor *doctor, struct doctor_finding *finding)
{
	struct snapshot snapshot;
	int r = snapshot_take(&snapshot, doctor->domain);

	if (r == -ENXIO) {
		doctor_found(finding, DOCTOR_OK, "there is no root directory yet, and nothing in it");
		return;
	}
	if (r < 0) {
		doctor_found(finding, DOCTOR_NOTE, "what dead processes have left cannot be told: %s",
			     lost_root_why(r));
		doctor_mend(finding, "what mends root and node");
		return;
	}
	tell_leavings(&snapshot, finding);
	snapshot_free(&snapshot);
}
