/* plugin.h - the verbs of the built-in CNI plugins; cni_plugin.c has the table.
 */
#ifndef NETNS_PLUGIN_H
#define NETNS_PLUGIN_H

#include "netns/cni.h"

plugin_fn bandwidth_add, bandwidth_del, bandwidth_check;
plugin_fn bridge_add, bridge_del, bridge_check, bridge_gc, bridge_status;
plugin_fn dhcp_add, dhcp_del, dhcp_check, dhcp_status;
plugin_fn firewall_add, firewall_del, firewall_check, firewall_gc;
plugin_fn hostdevice_add, hostdevice_del;
plugin_fn hostlocal_add, hostlocal_del, hostlocal_check, hostlocal_gc, hostlocal_status;
/* macvlan, ipvlan, vlan, dummy: a link that is made in the namespace. */
plugin_fn link_add, link_del, link_check;
plugin_fn loopback_add, loopback_del, loopback_check;
plugin_fn portmap_add, portmap_del, portmap_check, portmap_gc;
plugin_fn ptp_add, ptp_del, ptp_gc;
plugin_fn static_add, static_check;
plugin_fn tuning_add, tuning_del, tuning_check;
/* Can our table be made? */
plugin_fn table_status;

#endif
