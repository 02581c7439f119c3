#include <dirent.h>
#include <regex.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "runc/ids.h"
#include "runc/runc.h"

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Not every file system says what an entry is. */
static bool is_directory(const struct dirent *e)
{
	_free_ char *path = NULL;
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	path = xasprintf("%s/%s", runc_globals.root, e->d_name);
	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* Names with a leading dot are ours: .cache. */
static int is_container(const struct dirent *e)
{
	return str_is_name(e->d_name) && e->d_name[0] != '.' && is_directory(e);
}

void ids_find(struct strv *ids, const char *regex)
{
	struct dirent **entries;
	regex_t re;
	int n = scandir(runc_globals.root, &entries, is_container, by_name), saved = errno, err;

	err = regex ? regcomp(&re, regex, REG_EXTENDED | REG_NOSUB) : 0;
	if (err) {
		char why[128];

		regerror(err, &re, why, sizeof(why));
		diex("'%s' is no regular expression: %s", regex, why);
	}
	errno = saved;
	if (n < 0 && (errno != ENOENT || runc_globals.root_given))
		die("open '%s'", runc_globals.root);
	for (int i = 0; i < n; i++) {
		if (!regex || !regexec(&re, entries[i]->d_name, 0, NULL, 0))
			strv_add(ids, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	if (regex)
		regfree(&re);
}

int ids_each(const struct strv *ids, void (*fn)(const char *id))
{
	int failed = 0;

	for (size_t i = 0; i < ids->n; i++) {
		pid_t pid = xfork();

		if (!pid) {
			fn(ids->v[i]);
			_exit(0);
		}
		failed |= proc_wait(pid) != 0;
	}
	return failed;
}
