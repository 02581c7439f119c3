/* tree.h - the text that `cgctl apply` takes: groups and what is to be set of them.
 *
 *     # a comment
 *     lash/web                      the group is to be there
 *     lash/web<TAB>memory.max=64M   and to have this limit
 *     lash/web<TAB>owner=1000:1000  and this owner (v2)
 */
#ifndef CGCTL_TREE_H
#define CGCTL_TREE_H

#include "lib/cgroup_res.h"

struct tree_group {
	char *path;
	struct cgroup_setting *word; /* strings are the tree's */
	size_t n;
	bool has_owner;
	uint32_t uid, gid;
};

struct tree {
	char *text;		  /* cut up */
	struct tree_group *group; /* in the order in which they were first named */
	size_t n;
};

#define _tree_ __attribute__((cleanup(tree_free)))

/* Cut up TEXT, which is taken over. -1 and EINVAL with "line 3: ..." in WHY. */
_check_ int tree_parse(struct tree *t, char *text, struct buf *why);
void tree_free(struct tree *t);

#endif
