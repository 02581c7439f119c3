#include <string.h>

#include "cgctl/tree.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/str.h"

enum { GROUPS_MAX = 1 << 16 };

/* Groups are named on neighbouring lines, so the last is looked at first. */
static struct tree_group *find(struct tree *t, const char *path)
{
	for (size_t i = t->n; i-- > 0;) {
		if (str_eq(t->group[i].path, path))
			return &t->group[i];
	}
	if (t->n == GROUPS_MAX)
		return NULL;
	t->group = xreallocarray(t->group, t->n + 1, sizeof(*t->group));
	t->group[t->n] = (struct tree_group){ .path = xstrdup(path) };
	return &t->group[t->n++];
}

static int parse_owner(struct tree_group *g, const char *text)
{
	_free_ char *uid = xmemdup0(text, strcspn(text, ":"));
	const char *colon = strchr(text, ':');

	if (!colon || num_u32(uid, &g->uid) < 0 || num_u32(colon + 1, &g->gid) < 0)
		return -1;
	g->has_owner = true;
	return 0;
}

static int parse_word(struct tree_group *g, char *word, struct buf *why)
{
	char *eq = strchr(word, '=');

	if (!eq || eq == word) {
		buf_addf(why, "'%s' is not KEY=VALUE", word);
		return -1;
	}
	*eq = '\0';
	if (str_eq(word, "owner")) {
		if (parse_owner(g, eq + 1) == 0)
			return 0;
		buf_addf(why, "'%s' is not UID:GID", eq + 1);
		return -1;
	}
	g->word = xreallocarray(g->word, g->n + 1, sizeof(*g->word));
	g->word[g->n++] = (struct cgroup_setting){ word, eq + 1 };
	return 0;
}

static int parse_line(struct tree *t, char *line, struct buf *why)
{
	char *tab = strchr(line, '\t');
	struct tree_group *g;

	if (!*line || *line == '#')
		return 0;
	if (tab)
		*tab = '\0';
	g = find(t, line);
	if (!g) {
		buf_addf(why, "more than %d groups", GROUPS_MAX);
		return -1;
	}
	return tab ? parse_word(g, tab + 1, why) : 0;
}

int tree_parse(struct tree *t, char *text, struct buf *why)
{
	size_t number = 0;

	*t = (struct tree){ .text = text };
	for (char *next, *line = text; line; line = next) {
		_buf_ struct buf what = { 0 };

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if (parse_line(t, line, &what) == 0)
			continue;
		buf_addf(why, "line %zu: %s", number, buf_str(&what));
		tree_free(t);
		return set_errno(EINVAL);
	}
	return 0;
}

void tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->group[i].path);
		free(t->group[i].word);
	}
	free(t->group);
	free(t->text);
	*t = (struct tree){ 0 };
}
