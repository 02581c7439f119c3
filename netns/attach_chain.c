/* Attachments that a network's plugins make: add, del, check and gc by way of cni_chain.c. */
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "netns/cni.h"

static char *netns_path(const char *space)
{
	return xasprintf("%s/%s", netns_dir(), space);
}

static struct json *port_mappings(const struct ports *ports)
{
	struct json *list = json_new(JSON_ARRAY);

	for (size_t i = 0; i < ports->n; i++) {
		const struct port *p = &ports->v[i];
		struct json *one = json_new(JSON_OBJECT);

		json_set(one, "hostPort", json_new_int(p->hostPort));
		json_set(one, "containerPort", json_new_int(p->containerPort));
		json_set(one, "protocol", json_new_str(p->protocol));
		if (*p->hostIP)
			json_set(one, "hostIP", json_new_str(p->hostIP));
		json_append(list, one);
	}
	return list;
}

/* What the plugins are told that say they can do it. */
static struct json *capabilities(const struct wish *wish)
{
	struct json *can = json_new(JSON_OBJECT);

	if (wish->ports.n)
		json_set(can, "portMappings", port_mappings(&wish->ports));
	if (wish->ip)
		json_append(json_make(can, "ips", JSON_ARRAY), json_new_str(wish->ip));
	if (wish->mac)
		json_set(can, "mac", json_new_str(wish->mac));
	return can;
}

/* The older way, which every plugin reads. */
static char *arguments(const struct wish *wish)
{
	struct buf out = { 0 };

	if (wish->ip || wish->mac)
		buf_adds(&out, "IgnoreUnknown=1");
	if (wish->ip)
		buf_addf(&out, ";IP=%s", wish->ip);
	if (wish->mac)
		buf_addf(&out, ";MAC=%s", wish->mac);
	return buf_steal(&out);
}

/* What ls and others ask about, from the result. */
static void note_result(struct attachment *a, const struct result *r)
{
	a->ips = xcalloc(r->nips + 1, sizeof(*a->ips));
	for (size_t i = 0; i < r->nips; i++) {
		struct ip *ip = &a->ips[a->nips++];

		ip->address = xstrdup(r->ips[i].address);
		ip->gateway = r->ips[i].gateway ? xstrdup(r->ips[i].gateway) : NULL;
	}
	a->routes = xcalloc(r->nroutes + 1, sizeof(*a->routes));
	for (size_t i = 0; i < r->nroutes; i++)
		a->routes[a->nroutes++] = (struct hop){ xstrdup(r->routes[i].dst),
							r->routes[i].gw ? xstrdup(r->routes[i].gw)
									: NULL };
	for (size_t i = 0; i < r->ninterfaces; i++) {
		if (str_eq(r->interfaces[i].name, a->ifName) && r->interfaces[i].mac && !a->mac)
			a->mac = xstrdup(r->interfaces[i].mac);
	}
}

static void raise_loopback(const char *path)
{
	const struct call c = { .netns = path, .netns_fd = nsfile_open(path) };
	_nl_ struct nl nl = { .fd = -1 };

	if (c.netns_fd < 0)
		die("open namespace '%s'", path);
	inside_open(&c, &nl);
	nl_link_up(&nl, "lo");
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	close(c.netns_fd);
}

void attach_chain(const struct space *space, const struct network *net, const struct wish *wish)
{
	_free_ char *path = netns_path(space->name), *args = arguments(wish);
	_json_ struct json *can = capabilities(wish);
	struct attachment a = { .network = xstrdup(net->name),
				.ifName = xstrdup(wish->ifname),
				.chain = true,
				.ports = wish->ports.v,
				.nports = wish->ports.n };
	const struct chain_call c = { .id = space->name,
				      .ifname = wish->ifname,
				      .netns = path,
				      .args = args,
				      .net = net,
				      .capabilities = can };
	struct result r = { 0 };

	if (!cni_is_id(space->name))
		diex("name '%s' is none for a CNI plugin", space->name);
	record_intend(space->dirfd, &a);
	raise_loopback(path);
	chain_add(&c, &r);
	note_result(&a, &r);
	a.shaped = wish->rate_in || wish->rate_out;
	record_intend(space->dirfd, &a);

	_close_ int netns_fd = nsfile_open_own(space->dirfd, space->name);

	attach_shape(space, netns_fd, &a, wish);
	attach_sysctls(netns_fd, wish);
	record_commit(space->dirfd, a.ifName);
	/* The ports are the wish's. */
	a.ports = NULL;
	a.nports = 0;
	attachment_free(&a);
	result_free(&r);
}

/* Only what is still ours is entered. */
static char *own_path(const struct space *space)
{
	_close_ int fd = nsfile_open_own(space->dirfd, space->name);

	return fd < 0 ? xstrdup("") : netns_path(space->name);
}

void detach_chain(const struct space *space, const struct attachment *a)
{
	_free_ char *path = own_path(space);
	struct network net = { .name = a->network };
	const struct chain_call c = {
		.id = space->name, .ifname = a->ifName, .netns = path, .net = &net
	};

	chain_del(&c);
}

void check_chain(const char *space, const struct attachment *a)
{
	_free_ char *path = netns_path(space);
	struct network net = { .name = a->network };
	const struct chain_call c = {
		.id = space, .ifname = a->ifName, .netns = path, .net = &net
	};

	chain_check(&c);
}

/* A plugin that fails ends the program; here it must not end the others' turn. */
static bool apart(void (*fn)(const void *arg), const void *arg)
{
	pid_t pid = xfork();

	if (pid)
		return !proc_wait(pid);
	fn(arg);
	_exit(0);
}

static void del_orphan(const void *arg)
{
	struct chain_call c = *(const struct chain_call *)arg;

	c.netns = "";
	chain_del(&c);
}

static void gc_network(const void *arg)
{
	chain_gc(arg);
}

/* Spaces are made before their caches and removed after them. */
static void sweep_one(void *arg, const struct chain_call *c)
{
	size_t *failed = arg;

	if (!faccessat(state_spaces(), c->id, F_OK, 0))
		return;
	if (!apart(del_orphan, c))
		++*failed;
}

static void gc_one(void *arg, const struct network *net)
{
	size_t *failed = arg;

	if (net->chain && !apart(gc_network, net))
		++*failed;
}

size_t sweep_chains(void)
{
	size_t failed = 0;

	chain_each_cached(sweep_one, &failed);
	network_each(gc_one, &failed);
	return failed;
}
