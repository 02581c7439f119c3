#include <signal.h>

#include "imgunpack/report.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"

static struct emit begin(struct buf *b, const char *status)
{
	struct emit e = { .out = b };

	emit_object(&e, NULL);
	emit_str(&e, "status", status);
	return e;
}

static void end(struct emit *e)
{
	emit_end(e);
	buf_addc(e->out, '\n');
	if (!io_write(STDOUT_FILENO, e->out->data, e->out->len))
		return;
	if (errno != EPIPE)
		die("write to standard output");
	/* Ignored, for connections break likewise; the reader has said why it left. */
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

void report_manifest(const struct digest *d, int64_t size, const char *media_type)
{
	_buf_ struct buf b = { 0 };
	struct emit e = begin(&b, "manifest");

	emit_str(&e, "digest", d->text);
	emit_int(&e, "size", size);
	emit_str_if(&e, "mediaType", media_type);
	end(&e);
}

void report_blob(const struct digest *d, int64_t size, const char *file)
{
	_buf_ struct buf b = { 0 };
	struct emit e = begin(&b, "blob");

	emit_str(&e, "digest", d->text);
	emit_int(&e, "size", size);
	emit_str_if(&e, "file", file);
	end(&e);
}

void report_progress(int64_t done, int64_t total)
{
	_buf_ struct buf b = { 0 };
	struct emit e = begin(&b, "progress");

	emit_int(&e, "done", done);
	emit_int(&e, "total", total);
	end(&e);
}

void report_done(const struct digest *d, const char *name)
{
	_buf_ struct buf b = { 0 };
	struct emit e = begin(&b, "done");

	emit_str(&e, "digest", d->text);
	emit_str_if(&e, "name", name);
	end(&e);
}
