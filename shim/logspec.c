/* logspec.c - "DRIVER:TARGET" as a log. */
#include "shim/logspec.h"

static const struct {
	const char *name;
	enum logspec_kind kind;
} no_logs[] = {
	{ "none", LOGSPEC_NONE },
	{ "passthrough", LOGSPEC_PASSTHROUGH },
};

static const struct log_driver *const drivers[] = {
	&log_json_file, &log_k8s_file, &log_journald, &log_syslog, &log_exec,
};

enum logspec_kind logspec_parse(const char *spec, const struct log_opts *o, struct log **log)
{
	for (size_t i = 0; i < ARRAY_LEN(no_logs); i++)
		if (str_eq(spec, no_logs[i].name))
			return no_logs[i].kind;
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		const char *rest = str_after(spec, drivers[i]->name);

		if (!rest || (*rest && *rest != ':'))
			continue;
		*log = drivers[i]->make(*rest ? rest + 1 : NULL, o);
		return *log ? LOGSPEC_LOG : LOGSPEC_BAD;
	}
	return LOGSPEC_BAD;
}
