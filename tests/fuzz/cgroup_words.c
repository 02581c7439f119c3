/* cgroup_words - "key=value" lines into a plan for a v1 and for a v2 host; no step may name a file
 * outside the group. */
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cgroup_res.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/fuzz/fuzz.h"

/* Hosts without directories: what would be read there fails, and is a refusal. */
static void plan_on(bool v2, const struct cgroup_setting *word, size_t n)
{
	struct cgroup_layout l = { .n = 1, .unified = v2 ? 0 : -1 };
	struct cgroup g = { .layout = &l, .path = xstrdup("g") };
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	_buf_ struct buf why = { 0 };

	l.at[0] = (struct cgroup_hierarchy){ .dirfd = -1, .unified = v2, .controllers = ~0u };
	for (int i = 0; i < CGROUP_HIERARCHIES; i++)
		g.dirfd[i] = -1;
	cgroup_plan_words(&plan, &g, word, n, &why);
	for (size_t i = 0; i < plan.n; i++) {
		if (strchr(plan.step[i].file, '/') || strchr(plan.step[i].value, '\n'))
			abort();
	}
	free(g.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_free_ char *text = xmemdup0((const char *)data, len);
	_strv_ struct strv lines = { 0 };
	struct cgroup_setting *word;

	strv_split(&lines, text, '\n');
	word = xcalloc(lines.n, sizeof(*word));
	for (size_t i = 0; i < lines.n; i++) {
		char *eq = strchrnul(lines.v[i], '=');
		bool cut = *eq;

		*eq = '\0';
		word[i] = (struct cgroup_setting){ lines.v[i], eq + cut };
	}
	plan_on(false, word, lines.n);
	plan_on(true, word, lines.n);
	free(word);
	return 0;
}
