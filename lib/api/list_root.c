// SPDX-License-Identifier: MIT
/*
 * Which root directory and which domain are listed: what the options say, or else what the
 * configuration says for nodes of this process.  A configuration that is wrong is a
 * failure, so that nobody looks into another directory than nodes would use.
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
