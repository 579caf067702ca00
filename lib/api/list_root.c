// SPDX-License-Identifier: MIT
/*
 * The root directory and the domain that are listed.  The options name them, or else the
 * configuration, as for nodes of this process.  A wrong configuration is a failure, because
 * otherwise a program would look into another directory than its nodes use.
 */
#include "api/list_root.h"

#include "base/limits.h"
#include "base/opts.h"
#include "registry/root.h"

int list_root_choose(struct list_root *ret_root, const struct sluice_list_opts *opts)
{
	struct sluice_list_opts known;
	int r;

	r = opts_read(&known, sizeof(known), opts, "list_opts");
	if (!r && known.domain)
		r = root_check_domain(known.domain);
	if (!r)
		r = config_load(&ret_root->config, NULL);
	if (r < 0)
		return r;
	ret_root->path = known.root ? known.root : ret_root->config.text[SETTING_node_root];
	ret_root->domain = known.domain ? known.domain :
			   ret_root->config.text[SETTING_node_domain];
	if (!ret_root->domain || !*ret_root->domain)
		ret_root->domain = DOMAIN_DEFAULT;
	return 0;
}

void list_root_free(struct list_root *root)
{
	config_free(&root->config);
}
