/* logspec.c - "DRIVER:PATH" as a log. */
#include <limits.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "shim/logspec.h"

static const struct {
	const char *name;
	enum logspec_kind kind;
	log_format *format;
} drivers[] = {
	{ "json-file", LOGSPEC_FILE, format_json },
	{ "k8s-file", LOGSPEC_FILE, format_k8s },
	{ "none", LOGSPEC_NONE, NULL },
	{ "passthrough", LOGSPEC_PASSTHROUGH, NULL },
};

static char *absolute(const char *path)
{
	_free_ char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

	return cwd ? xasprintf("%s/%s", cwd, path) : xstrdup(path);
}

enum logspec_kind logspec_parse(const char *spec, struct logfile *lf)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		const char *rest = str_after(spec, drivers[i].name);

		if (!rest || (*rest && *rest != ':'))
			continue;
		if (drivers[i].kind != LOGSPEC_FILE)
			return *rest ? LOGSPEC_BAD : drivers[i].kind;
		if (!*rest || !rest[1] || str_ends(rest, "/"))
			return LOGSPEC_BAD;
		lf->format = drivers[i].format;
		lf->path = absolute(rest + 1);
		return LOGSPEC_FILE;
	}
	return LOGSPEC_BAD;
}

const char *logspec_name(log_format *format)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		if (drivers[i].format == format)
			return drivers[i].name;
	return "none";
}
