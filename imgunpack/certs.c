#include <dirent.h>
#include <string.h>

#include "imgunpack/registry.h"
#include "lib/mem.h"
#include "lib/sys.h"

/* Where docker and podman look, after our own directory. */
static const char *const system_dirs[] = { "/etc/docker", "/etc/containers" };

/* Remember DIR/NAME in *WHERE if it is the first one; R owns it. */
static void keep(struct registry *r, const char **where, const char *dir, const char *name)
{
	if (*where)
		return;
	strv_take(&r->cert_files, xasprintf("%s/%s", dir, name));
	*where = r->cert_files.v[r->cert_files.n - 1];
}

static bool scan(struct registry *r, const char *dir)
{
	struct http_options *o = &r->http_options;
	DIR *d = opendir(dir);

	if (!d)
		return false;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (str_ends(e->d_name, ".crt"))
			keep(r, &o->ca_file, dir, e->d_name);
		else if (str_ends(e->d_name, ".cert"))
			keep(r, &o->client_cert, dir, e->d_name);
		else if (str_ends(e->d_name, ".key"))
			keep(r, &o->client_key, dir, e->d_name);
	}
	closedir(d);
	return o->ca_file || o->client_cert;
}

bool certs_find(struct registry *r)
{
	const char *host = r->ref->domain;
	_free_ char *own = xasprintf("%s/certs.d/%s", sys_lash_etc(), host);

	if (scan(r, own))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++) {
		_free_ char *dir = xasprintf("%s/certs.d/%s", system_dirs[i], host);

		if (scan(r, dir))
			return true;
	}
	return false;
}
