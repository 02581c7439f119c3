#include <fcntl.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "runc/launch.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 0, or the reason why PATH cannot be executed. Whether its contents make sense only the kernel
 * knows. */
static int check(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

static const char *search_path(char *const *env)
{
	for (; env && *env; env++) {
		const char *value = str_after(*env, "PATH=");

		if (value)
			return value;
	}
	return DEFAULT_PATH;
}

/* Engines make exit codes 126 and 127 of these words, so they are those of Go's exec package. */
char *program_find(const char *name, char *const *env)
{
	_strv_ struct strv dirs = { 0 };
	int reason = 0, err;

	if (strchr(name, '/')) {
		err = check(name);
		if (err == EISDIR)
			diex("exec: \"%s\": is a directory", name);
		if (err == EACCES)
			diex("exec: \"%s\": permission denied", name);
		if (err)
			diex("exec: \"%s\": stat %s: %s", name, name,
			     err == ENOENT ? "no such file or directory" : strerror(err));
		return xstrdup(name);
	}
	strv_split(&dirs, search_path(env), ':');
	for (size_t i = 0; i < dirs.n; i++) {
		_free_ char *path = xasprintf("%s/%s", *dirs.v[i] ? dirs.v[i] : ".", name);

		err = check(path);
		if (!err)
			return steal_ptr(&path);
		if (err == EACCES)
			reason = err;
	}
	if (reason == EACCES)
		diex("exec: \"%s\": permission denied", name);
	diex("exec: \"%s\": executable file not found in $PATH", name);
}
