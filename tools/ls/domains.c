// SPDX-License-Identifier: MIT
/*
 * sluice ls --domains: the domains below the root directory, and their processes.
 *
 * A domain is a directory below the root with a name that a domain may have.  It is made under
 * another name first.  Each is read as sluice ls does (snapshot.c).  A domain that may not be
 * read, or is not safe, is listed without counts.
 *
 * As JSON it is one object:
 *
 *	root		string
 *	domains		by name; each an object of
 *	  name		string
 *	  readable	else all counts are null
 *	  services	how many there are
 *	  nodes, clients, servers	how many of them live
 *	  dead		how many clients and servers have been left behind
 *	  unreadable	how many entries could not be read
 */
#include "domains.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/configured.h"
#include "tools/domain/domain_json.h"
#include "tools/domain/lost_root.h"
#include "tools/text/columns.h"
#include "tools/text/printable.h"

struct domain {
	char *name;
	bool readable;
	size_t services, nodes, clients, servers, dead, unreadable;
};

struct domains {
	struct domain *domain;
	size_t count;
};

static void count(struct domain *domain, const struct snapshot *snapshot)
{
	domain->readable = true;
	domain->services = snapshot->services;
	domain->unreadable = snapshot->unreadable;
	for (size_t i = 0; i < snapshot->nodes; i++)
		domain->nodes += snapshot->node[i].alive;
	for (size_t i = 0; i < snapshot->services; i++) {
		const struct snapshot_service *service = &snapshot->service[i];

		domain->clients += service->clients;
		domain->servers += service->servers;
		domain->dead += service->ports - service->clients - service->servers;
	}
}

static int add(struct domains *domains, const char *name)
{
	struct domain *grown = realloc(domains->domain, (domains->count + 1) * sizeof(*grown));
	char *copy = strdup(name);

	if (grown)
		domains->domain = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	grown[domains->count++] = (struct domain){ .name = copy };
	return 0;
}

/* The names, sorted.  0 or -errno. */
static int read_names(struct domains *domains)
{
	struct sluice_list_domains *list = sluice_list_domains_open(NULL);
	struct sluice_list_domain domain = SLUICE_LIST_DOMAIN();
	int r = 0;

	if (!list)
		return configured_is_wrong() ? CONFIGURED_WRONG : -errno;
	while (!r && sluice_list_domains_next(list, &domain) > 0)
		r = add(domains, domain.name);
	sluice_list_domains_close(list);
	return r;
}

/* 0 or -errno. */
static int read_all(struct domains *domains)
{
	struct snapshot snapshot;
	int r = read_names(domains);

	if (r < 0)
		return r;
	for (size_t i = 0; i < domains->count; i++) {
		r = snapshot_take(&snapshot, domains->domain[i].name);
		if (r == -EACCES)
			continue;
		if (r < 0)
			return r;
		count(&domains->domain[i], &snapshot);
		snapshot_free(&snapshot);
	}
	return 0;
}

static void forget(struct domains *domains)
{
	for (size_t i = 0; i < domains->count; i++)
		free(domains->domain[i].name);
	free(domains->domain);
}

/* ---- For people ---- */

static void add_row(struct columns *columns, const struct domain *domain)
{
	char name[TEXT_CLEAN(NAME_MAX + 1)];

	text_clean(name, sizeof(name), domain->name);
	if (domain->readable)
		columns_add(columns, domain->nodes ? STYLE_PLAIN : STYLE_DIM,
			    "%s\t%zu\t%zu\t%zu\t%zu\t%zu", name, domain->nodes, domain->services,
			    domain->clients, domain->servers, domain->dead);
	else
		columns_add(columns, STYLE_DIM, "%s\t-\t-\t-\t-\t-", name);
}

static int print_text(const struct domains *domains)
{
	struct columns columns = { .alignment = "lrrrrr" };

	if (!domains->count)
		return 0;
	columns_add(&columns, STYLE_BOLD, "DOMAIN\tNODES\tSERVICES\tCLIENTS\tSERVERS\tDEAD");
	for (size_t i = 0; i < domains->count; i++)
		add_row(&columns, &domains->domain[i]);
	return columns_print(&columns);
}

/* ---- JSON ---- */

static json_t *count_json(const struct domain *domain, size_t number)
{
	return domain->readable ? json_integer((json_int_t)number) : json_null();
}

static json_t *domain_json(const struct domain *domain)
{
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "name", domain_json_text(domain->name),
			 "readable", (int)domain->readable,
			 "services", count_json(domain, domain->services),
			 "nodes", count_json(domain, domain->nodes),
			 "clients", count_json(domain, domain->clients),
			 "servers", count_json(domain, domain->servers),
			 "dead", count_json(domain, domain->dead),
			 "unreadable", count_json(domain, domain->unreadable));
}

static int print_json(const struct domains *domains, const char *root)
{
	json_t *array = json_array();

	for (size_t i = 0; i < domains->count; i++)
		json_array_append_new(array, domain_json(&domains->domain[i]));
	return domain_json_print(json_pack("{s:o, s:o}", "root", domain_json_text(root),
					   "domains", array));
}

/* ---- All of it ---- */

static int print(const struct look *look, const struct domains *domains, const char *root)
{
	int r = look->json ? print_json(domains, root) : print_text(domains);

	if (r < 0)
		return look_failed(look, "no memory");
	if (!domains->count)
		look_failed(look, "no domains below %s", root);
	return look_flush(look);
}

int domains_list(const struct look *look)
{
	struct domains domains = { .count = 0 };
	char root[PATH_MAX];
	int r;

	configured_root(root, sizeof(root));
	r = read_all(&domains);
	if (r == -EACCES)
		r = look_failed(look, "the root directory %s cannot be read: it is closed to you, or not safe (of another user, or writable by others)",
				root);
	else if (r < 0)
		r = look_failed(look, "cannot read the root directory %s: %s", root,
				lost_root_why(r));
	else
		r = print(look, &domains, root);
	forget(&domains);
	return r;
}
