// SPDX-License-Identifier: MIT
/*
 * The known ports, by their ids.  Events name a port by its id alone.  The rest comes with
 * its creation, or is read from the files that its process holds (processes.c).  Ids are
 * random and never used again, so a port stays known when it is gone, and its last events
 * can still be printed.
 */
#include "ports.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/printable.h"

struct ports {
	void *tree;			/* of struct port_known, as tsearch(3) keeps it */
};

static int compare(const void *a, const void *b)
{
	const struct port_known *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

struct ports *ports_create(void)
{
	return calloc(1, sizeof(struct ports));
}

void ports_destroy(struct ports *ports)
{
	if (!ports)
		return;
	tdestroy(ports->tree, free);
	free(ports);
}

struct port_known *ports_find(const struct ports *ports, uint64_t id)
{
	const struct port_known wanted = { .id = id };
	void *found = tfind(&wanted, &ports->tree, compare);

	return found ? *(struct port_known **)found : NULL;
}

struct port_known *ports_add(struct ports *ports, const struct port_known *port)
{
	struct port_known *known = ports_find(ports, port->id), *fresh;

	if (known)
		return known;
	fresh = malloc(sizeof(*fresh));
	if (!fresh)
		return NULL;
	*fresh = *port;
	/* Text of another process is shown, and must be text and nothing else. */
	text_replace(fresh->service);
	text_replace(fresh->process);
	if (!tsearch(fresh, &ports->tree, compare)) {
		free(fresh);
		return NULL;
	}
	return fresh;
}

const char *ports_service(const struct ports *ports, uint64_t id)
{
	const struct port_known *port = ports_find(ports, id);

	return port ? port->service : "?";
}

struct visit {
	void (*call)(void *context, const struct port_known *port);
	void *context;
};

static void visit_node(const void *node, VISIT which, void *closure)
{
	const struct visit *visit = closure;

	if (which == postorder || which == leaf)
		visit->call(visit->context, *(struct port_known *const *)node);
}

void ports_each(const struct ports *ports, void (*call)(void *context, const struct port_known *),
		void *context)
{
	struct visit visit = { call, context };

	twalk_r(ports->tree, visit_node, &visit);
}
