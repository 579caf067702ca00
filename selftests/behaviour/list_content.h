/* SPDX-License-Identifier: GPL-2.0-only */
/* How many nodes, services and ports a list has. */
#ifndef SELFTESTS_LIST_CONTENT_H
#define SELFTESTS_LIST_CONTENT_H

#include "steps.h"

#include <sluice_list.h>

/* What is in a list. */
struct content {
	int nodes, services, ports, nodes_alive, services_alive, ports_alive;
	uint64_t unreadable, other_versions;
};

helper struct content content_of(struct __test_metadata *_metadata, struct sluice_list *list)
{
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_place place = SLUICE_LIST_PLACE();
	struct sluice_list_node node = SLUICE_LIST_NODE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct content content = { 0 };

	ASSERT_NE(NULL, list) TH_LOG("%s", sluice_strerror());
	while (sluice_list_next_node(list, &node) > 0) {
		content.nodes++;
		content.nodes_alive += node.flags & SLUICE_LIST_ALIVE;
	}
	while (sluice_list_next_service(list, &service) > 0) {
		content.services++;
		content.services_alive += service.flags & SLUICE_LIST_ALIVE;
		while (sluice_list_next_port(list, &port) > 0) {
			content.ports++;
			content.ports_alive += port.flags & SLUICE_LIST_ALIVE;
		}
	}
	EXPECT_EQ(0, sluice_list_next_node(list, &node));
	EXPECT_EQ(0, sluice_list_next_service(list, &service));
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	EXPECT_EQ(0, sluice_list_where(list, &place));
	content.unreadable = place.unreadable;
	content.other_versions = place.other_versions;
	return content;
}

helper struct content look(struct __test_metadata *_metadata)
{
	struct sluice_list *list = sluice_list_open(NULL);
	struct content content = content_of(_metadata, list);

	sluice_list_close(list);
	return content;
}

#endif /* SELFTESTS_LIST_CONTENT_H */
