/* What add and connect do with an attachment besides: traffic limits and sysctls, by the plugins
 * that do these. */
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/plugin.h"

/* Long enough a burst that the limit, not the bucket, is what is felt. */
static int64_t burst_of(int64_t rate)
{
	int64_t burst = rate / 50;

	return burst < 65536 ? 65536 : burst;
}

static void put_rate(struct json *conf, const char *rate, const char *burst, int64_t bytes)
{
	if (bytes <= 0)
		return;
	json_set(conf, rate, json_new_int(bytes * 8));
	json_set(conf, burst, json_new_int(burst_of(bytes) * 8));
}

static struct call make_call(const struct space *space, const struct attachment *a,
			     struct json *conf)
{
	return (struct call){ .id = space->name,
			      .name = a->network,
			      .ifname = a->ifName,
			      .netns = space->name,
			      .netns_fd = -1,
			      .conf = conf };
}

/* All that matters of a result here: which interfaces of the host there are. */
static void note_host_end(const struct attachment *a, struct call *c)
{
	_buf_ struct buf version = { 0 };
	struct network net = { .name = a->network };
	struct chain_call chain = { .id = c->id, .ifname = a->ifName, .net = &net };

	if (a->hostName)
		result_add_interface(&c->prev, a->hostName, NULL, NULL);
	else if (!chain_result(&chain, &c->prev, &version))
		diex("network '%s' says nothing of its links", a->network);
}

void attach_shape(const struct space *space, int netns_fd, const struct attachment *a,
		  const struct wish *wish)
{
	_json_ struct json *conf = json_new(JSON_OBJECT);
	struct call c = make_call(space, a, conf);
	struct result r = { 0 };

	if (!a->shaped)
		return;
	put_rate(conf, "ingressRate", "ingressBurst", wish->rate_in);
	put_rate(conf, "egressRate", "egressBurst", wish->rate_out);
	c.netns_fd = netns_fd;
	note_host_end(a, &c);
	bandwidth_add(&c, &r);
	result_free(&r);
	result_free(&c.prev);
}

void detach_shape(const struct space *space, const struct attachment *a)
{
	_json_ struct json *conf = json_new(JSON_OBJECT);
	struct call c = make_call(space, a, conf);
	struct result r = { 0 };

	bandwidth_del(&c, &r);
}

void attach_sysctls(int netns_fd, const struct wish *wish)
{
	_json_ struct json *conf = json_new(JSON_OBJECT);
	struct json *map = json_make(conf, "sysctl", JSON_OBJECT);
	struct call c = { .ifname = wish->ifname, .netns = "", .netns_fd = netns_fd, .conf = conf };
	struct result r = { 0 };

	if (!wish->sysctls.n)
		return;
	for (size_t i = 0; i < wish->sysctls.n; i++) {
		size_t len = strcspn(wish->sysctls.v[i], "=");
		_free_ char *key = xmemdup0(wish->sysctls.v[i], len);

		if (!wish->sysctls.v[i][len])
			diex("not KEY=VALUE: '%s'", wish->sysctls.v[i]);
		json_set(map, key, json_new_str(wish->sysctls.v[i] + len + 1));
	}
	tuning_add(&c, &r);
}
