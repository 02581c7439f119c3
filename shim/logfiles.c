/* logfiles.c - the drivers that write files. */
#include <unistd.h>

#include "lib/base.h"
#include "shim/logfile.h"
#include "shim/logpack.h"

enum { ATTR_MAX = 1024, ATTRS_MAX = 16 * 1024 };

static struct log *made(struct logfile *lf, const struct log_driver *driver, bool compress)
{
	if (!lf)
		return NULL;
	lf->log.driver = driver;
	lf->rotated = compress ? logpack_rotated : NULL;
	return &lf->log;
}

/* "attrs":{"KEY":"VALUE",...}, for every record. Returns 0, or -1 for what is no attribute. */
static int spell_attrs(const struct strv *attrs, struct buf *out)
{
	for (size_t i = 0; attrs && i < attrs->n; i++) {
		const char *key = attrs->v[i], *value = strchr(key, '=');
		char text[6 * ATTR_MAX];

		if (!value || value == key || strlen(key) > ATTR_MAX)
			return -1;
		buf_adds(out, out->len ? ",\"" : "\"attrs\":{\"");
		buf_add(out, text, format_json_text(text, key, (size_t)(value - key)));
		buf_adds(out, "\":\"");
		buf_add(out, text, format_json_text(text, value + 1, strlen(value + 1)));
		buf_adds(out, "\"");
	}
	if (out->len)
		buf_adds(out, "},");
	return out->len > ATTRS_MAX ? -1 : 0;
}

static struct log *make_json(const char *path, const struct log_opts *o)
{
	struct logfile *lf = logfile_make(path, format_json, o);

	if (lf && spell_attrs(o->attrs, &lf->attrs) < 0) {
		free(lf->log.target);
		buf_free(&lf->attrs);
		free(lf);
		errno = EINVAL;
		return NULL;
	}
	return made(lf, &log_json_file, o->compress);
}

static struct log *make_k8s(const char *path, const struct log_opts *o)
{
	return made(logfile_make(path, format_k8s, o), &log_k8s_file, o->compress);
}

static struct logfile *file_of(struct log *log)
{
	return container_of(log, struct logfile, log);
}

static int file_open(struct log *log)
{
	return logfile_open(file_of(log));
}

static void file_put(struct log *log, const struct record *rec, const struct stamp *st)
{
	logfile_put(file_of(log), rec, st);
}

static void file_flush(struct log *log)
{
	logfile_flush(file_of(log));
}

static int file_reopen(struct log *log)
{
	return logfile_reopen(file_of(log));
}

static void file_relax(struct log *log)
{
	logfile_relax(file_of(log));
}

static void file_start(struct log *log, struct monitor *m)
{
	file_of(log)->pack.m = m;
}

static bool file_reaped(struct log *log, pid_t pid, int wait_status)
{
	return logpack_reaped(file_of(log), pid, wait_status);
}

static void file_finish(struct log *log, bool sync)
{
	logpack_stop(file_of(log));
	if (sync)
		(void)!fdatasync(file_of(log)->fd);
}

static void file_abandon(struct log *log)
{
	logfile_abandon(file_of(log));
}

#define FILE_DRIVER(title, made_by) \
	{ \
		.name = title, .make = made_by, .open = file_open, .start = file_start, \
		.reaped = file_reaped, .put = file_put, .flush = file_flush, \
		.reopen = file_reopen, .relax = file_relax, .finish = file_finish, \
		.abandon = file_abandon, \
	}

const struct log_driver log_json_file = FILE_DRIVER("json-file", make_json);
const struct log_driver log_k8s_file = FILE_DRIVER("k8s-file", make_k8s);
