#include "netns/cni.h"
#include "netns/plugin.h"

static const struct plugin plugins[] = {
	{ "bandwidth", bandwidth_add, bandwidth_del, bandwidth_check, NULL, NULL, true },
	{ "bridge", bridge_add, bridge_del, bridge_check, bridge_gc, bridge_status, false },
	{ "dhcp", dhcp_add, dhcp_del, dhcp_check, NULL, dhcp_status, false },
	{ "dummy", link_add, link_del, link_check, ipam_run, ipam_run, false },
	{ "firewall", firewall_add, firewall_del, firewall_check, firewall_gc, table_status, true },
	{ "host-device", hostdevice_add, hostdevice_del, link_check, ipam_run, ipam_run, false },
	{ "host-local", hostlocal_add, hostlocal_del, hostlocal_check, hostlocal_gc,
	  hostlocal_status, false },
	{ "ipvlan", link_add, link_del, link_check, ipam_run, ipam_run, false },
	{ "loopback", loopback_add, loopback_del, loopback_check, NULL, NULL, false },
	{ "macvlan", link_add, link_del, link_check, ipam_run, ipam_run, false },
	{ "portmap", portmap_add, portmap_del, portmap_check, portmap_gc, table_status, true },
	{ "ptp", ptp_add, ptp_del, link_check, ptp_gc, bridge_status, false },
	{ "static", static_add, NULL, static_check, NULL, NULL, false },
	{ "tuning", tuning_add, tuning_del, tuning_check, NULL, NULL, true },
	{ "vlan", link_add, link_del, link_check, ipam_run, ipam_run, false },
};

const struct plugin *plugin_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(plugins); i++) {
		if (str_eq(plugins[i].name, name))
			return &plugins[i];
	}
	return NULL;
}

const struct plugin *plugin_at(size_t i)
{
	return i < ARRAY_LEN(plugins) ? &plugins[i] : NULL;
}

plugin_fn *plugin_verb(const struct plugin *p, enum cni_verb verb)
{
	switch (verb) {
	case CNI_ADD:
		return p->add;
	case CNI_DEL:
		return p->del;
	case CNI_CHECK:
		return p->check;
	case CNI_GC:
		return p->gc;
	case CNI_STATUS:
		return p->status;
	default:
		return NULL;
	}
}
