/* cgctl_tree - what `cgctl apply` reads: a group once, its words in order, none without a key. */
#include <string.h>

#include "cgctl/tree.h"
#include "lib/mem.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct tree_group *g = &t->group[i];

		if (strpbrk(g->path, "\t\n"))
			abort();
		for (size_t k = 0; k < i; k++) {
			if (!strcmp(t->group[k].path, g->path))
				abort();
		}
		for (size_t k = 0; k < g->n; k++) {
			if (!*g->word[k].key || strchr(g->word[k].key, '=') ||
			    strchr(g->word[k].value, '\n'))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_tree_ struct tree t = { 0 };
	_buf_ struct buf why = { 0 };

	if (tree_parse(&t, xmemdup0((const char *)data, len), &why) == 0)
		check(&t);
	else if (!why.len || t.text)
		abort();
	return 0;
}
