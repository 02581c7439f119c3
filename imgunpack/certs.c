#include <dirent.h>
#include <string.h>

#include "imgunpack/registry.h"
#include "lib/mem.h"
#include "lib/sys.h"

/* Where docker and podman look, after our own directory. */
static const char *const system_dirs[] = { "/etc/docker", "/etc/containers" };

/* Remember DIR/NAME in *WHERE, for as long as the program runs, if it is the first one. */
static void keep(const char **where, const char *dir, const char *name)
{
	if (!*where)
		*where = xasprintf("%s/%s", dir, name);
}

static bool scan(const char *dir, struct http_options *o)
{
	DIR *d = opendir(dir);

	if (!d)
		return false;
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (str_ends(e->d_name, ".crt"))
			keep(&o->ca_file, dir, e->d_name);
		else if (str_ends(e->d_name, ".cert"))
			keep(&o->client_cert, dir, e->d_name);
		else if (str_ends(e->d_name, ".key"))
			keep(&o->client_key, dir, e->d_name);
	}
	closedir(d);
	return o->ca_file || o->client_cert;
}

bool certs_find(const char *host, struct http_options *o)
{
	_free_ char *own = xasprintf("%s/certs.d/%s", sys_lash_etc(), host);

	if (scan(own, o))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++) {
		_free_ char *dir = xasprintf("%s/certs.d/%s", system_dirs[i], host);

		if (scan(dir, o))
			return true;
	}
	return false;
}
