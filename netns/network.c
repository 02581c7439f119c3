#include <dirent.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "lib/sys.h"
#include "netns/netns.h"

/* Counts unless $LASH_ETC/net.d has a network of that name. The subnet is none of those that
 * docker, podman, libvirt or the usual Kubernetes networks pick. */
static const char builtin[] =
	"{\"cniVersion\":\"1.0.0\",\"name\":\"bridge\",\"plugins\":["
	"{\"type\":\"bridge\",\"bridge\":\"lash0\",\"isDefaultGateway\":true,"
	"\"ipMasq\":true,\"hairpinMode\":true,"
	"\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"10.87.0.0/16\"}]]}},"
	"{\"type\":\"portmap\",\"capabilities\":{\"portMappings\":true}}]}";

char *network_dir(void)
{
	return xasprintf("%s/net.d", sys_lash_etc());
}

/* Read a conflist that is ours, or the administrator's; says so and returns -1 when it is none. */
static int read_network(int dirfd, const char *name, const char *shown, struct network *net)
{
	char why[WHY_MAX];
	_buf_ struct buf text = { 0 };

	if (file_read_regular(dirfd, name, CONFLIST_BYTES_MAX, &text)) {
		int saved = errno;

		warn("read '%s'", shown);
		return set_errno(saved);
	}
	if (network_parse(buf_str(&text), text.len, net, why)) {
		warnx("'%s': %s", shown, why);
		network_free(net);
		return set_errno(EINVAL);
	}
	return 0;
}

int network_read_up(const char *name, struct network *net)
{
	_free_ char *path = xasprintf("%s/conflist", name);

	if (faccessat(state_networks(), path, F_OK, 0))
		return -1;
	return read_network(state_networks(), path, path, net);
}

/* FN also gets to know the file, as ARG's business would have it. */
typedef void file_fn(void *arg, const char *path, const struct network *net);
static void each_file(file_fn *fn, void *arg)
{
	_free_ char *dir = network_dir();
	_close_ int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_strv_ struct strv names = { 0 };

	if (dirfd < 0) {
		if (errno != ENOENT)
			die("open '%s'", dir);
		return;
	}
	names_of(dirfd, &names);
	for (size_t i = 0; i < names.n; i++) {
		_free_ char *path = xasprintf("%s/%s", dir, names.v[i]);
		_network_ struct network net = { 0 };

		if (str_ends(names.v[i], ".conflist") &&
		    !read_network(dirfd, names.v[i], path, &net))
			fn(arg, path, &net);
	}
}

struct search {
	const char *name;
	struct buf text;
	char *path;
};

static void note_first(void *arg, const char *path, const struct network *net)
{
	struct search *s = arg;

	if (!str_eq(net->name, s->name) || s->path)
		return;
	s->path = xstrdup(path);
	buf_add(&s->text, net->text.data, net->text.len);
}

/* The conflist of NAME, configured or built in; empty where there is none. */
static void find_text(struct search *s)
{
	each_file(note_first, s);
	if (!s->path && str_eq(s->name, "bridge"))
		buf_adds(&s->text, builtin);
}

static void search_free(struct search *s)
{
	buf_free(&s->text);
	free(s->path);
}

char *network_file(const char *name)
{
	struct search s = { .name = name };

	each_file(note_first, &s);
	buf_free(&s.text);
	return s.path;
}

void network_load(const char *name, struct network *net)
{
	struct search s = { .name = name };
	char why[WHY_MAX];

	if (!str_is_name(name))
		diex("not a network's name: '%s'", name);
	if (!network_read_up(name, net))
		return;
	find_text(&s);
	if (!s.text.len)
		diex("no such network: '%s'", name);
	if (network_parse(s.text.data, s.text.len, net, why))
		diex("network '%s': %s", name, why);
	search_free(&s);
}

struct pass {
	network_fn *fn;
	void *arg;
	bool overridden;
};

static void pass_on(void *arg, const char *path _unused_, const struct network *net)
{
	struct pass *p = arg;

	p->overridden = p->overridden || str_eq(net->name, "bridge");
	p->fn(p->arg, net);
}

void network_each(network_fn *fn, void *arg)
{
	struct pass p = { fn, arg, false };
	_network_ struct network net = { 0 };
	char why[WHY_MAX];

	each_file(pass_on, &p);
	if (!p.overridden && !network_parse(builtin, strlen(builtin), &net, why))
		fn(arg, &net);
}

void network_each_up(network_fn *fn, void *arg)
{
	_strv_ struct strv names = { 0 };

	names_of(state_networks(), &names);
	for (size_t i = 0; i < names.n; i++) {
		_network_ struct network net = { 0 };

		if (!network_read_up(names.v[i], &net))
			fn(arg, &net);
		else if (!state_is_absent())
			die("read network '%s'", names.v[i]);
	}
}

int network_lock(const char *name)
{
	int dirfd;

	do {
		if (mkdirat(state_networks(), name, 0755) && errno != EEXIST)
			die("make record of network '%s'", name);
		dirfd = path_lock_dir(state_networks(), name, true, false);
	} while (dirfd < 0 && errno == ENOENT);
	if (dirfd < 0)
		die("lock network '%s'", name);
	return dirfd;
}

void network_forget(const char *name)
{
	if (path_remove_tree(state_networks(), name))
		die("remove record of network '%s'", name);
}
