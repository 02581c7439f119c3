#include <string.h>

#include "lib/mem.h"
#include "netns/cni.h"

static const char *ipam_type(const struct call *c)
{
	const char *type = json_get_str(json_get(c->conf, "ipam"), "type");

	return type && *type ? type : NULL;
}

void ipam_run(const struct call *c, struct result *r)
{
	const char *type = ipam_type(c);

	if (type)
		cni_run(c, type, r);
}

/* Has it anything to say? */
static bool dns_says(const struct json *dns)
{
	for (const struct json *m = dns ? dns->child : NULL; m; m = m->next) {
		if (m->type == JSON_STRING ? *m->text != '\0' : m->child != NULL)
			return true;
	}
	return false;
}

void ipam_add(const struct call *c, struct result *r, size_t index)
{
	const struct json *dns = json_get(c->conf, "dns");
	struct result got = { 0 };

	ipam_run(c, &got);
	if (ipam_type(c) && !got.nips)
		cni_fail(CNI_OTHER, "IPAM plugin '%s' gave no address", ipam_type(c));
	r->ips = steal_ptr(&got.ips);
	r->nips = got.nips;
	r->routes = steal_ptr(&got.routes);
	r->nroutes = got.nroutes;
	r->dns = steal_ptr(&got.dns);
	got.nips = got.nroutes = 0;
	result_free(&got);
	for (size_t i = 0; i < r->nips; i++) {
		r->ips[i].interface = index;
		r->ips[i].has_interface = true;
	}
	if (dns_says(dns)) {
		json_free(r->dns);
		r->dns = json_copy(dns);
	}
}
