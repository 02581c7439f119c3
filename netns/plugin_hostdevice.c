/* host-device: a link of the host, moved in, and back. Which one it was and its name of before are
 * recorded below $LASH_RUN/net/devices: all that the link says of itself is the container's to
 * change. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "netns/plugin.h"

struct conf {
	char *device, *hwaddr, *kernelpath, *pciBusID;
};

static const struct field fields[] = {
	STR(struct conf, device, 0),
	STR(struct conf, hwaddr, 0),
	STR(struct conf, kernelpath, 0),
	STR(struct conf, pciBusID, 0),
	END,
};
static const struct schema schema = { sizeof(struct conf), fields };

/* The first link below DIR/net, as sysfs shows a device's. */
static char *link_below(const char *dir)
{
	_free_ char *path = xasprintf("%s/net", dir);
	_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_strv_ struct strv names = { 0 };

	if (fd < 0)
		die("find a network device in '%s'", dir);
	names_of(fd, &names);
	if (!names.n)
		diex("no network device in '%s'", dir);
	return xstrdup(names.v[0]);
}

static char *link_of_mac(struct nl *nl, const char *text)
{
	_close_ int fd = open("/sys/class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_strv_ struct strv names = { 0 };
	uint8_t mac[NL_MAC_BYTES];
	struct nl_found found;

	mac_parse(text, mac);
	if (fd < 0)
		die("open '/sys/class/net'");
	names_of(fd, &names);
	for (size_t i = 0; i < names.n; i++) {
		if (!nl_link_find(nl, names.v[i], &found) && !memcmp(found.mac, mac, sizeof(mac)))
			return xstrdup(names.v[i]);
	}
	diex("no device with the MAC address '%s'", text);
}

static char *find_device(const struct call *c, const struct conf *conf, struct nl *nl)
{
	const struct json *id = cni_runtime(c, "deviceID");
	const char *pci = id && id->type == JSON_STRING ? id->text : conf->pciBusID;

	if (pci && *pci) {
		_free_ char *dir = xasprintf("/sys/bus/pci/devices/%s", pci);

		if (strchr(pci, '/'))
			cni_fail(CNI_BAD_CONFIG, "pciBusID: not an address: '%s'", pci);
		return link_below(dir);
	}
	if (conf->device && *conf->device)
		return xstrdup(conf->device);
	if (conf->hwaddr && *conf->hwaddr)
		return link_of_mac(nl, conf->hwaddr);
	if (conf->kernelpath && str_starts(conf->kernelpath, "/sys/devices/"))
		return link_below(conf->kernelpath);
	cni_fail(CNI_BAD_CONFIG,
		 "one of device, hwaddr, kernelpath (below /sys/devices) and pciBusID must be set");
}

static char *record_name(const struct call *c)
{
	return xasprintf("%s:%s:%s", c->name, c->id, c->ifname);
}

/* "IFINDEX NAME"; the index is mostly the same on both sides. */
static void record_device(const struct call *c, unsigned ifindex, const char *device)
{
	_free_ char *name = record_name(c), *line = xasprintf("%u %s", ifindex, device);

	if (file_put_line(state_devices(), name, line))
		die("record device '%s'", device);
}

/* The device's name on the host, malloc'd; NULL: none was moved. */
static char *find_record(const struct call *c, unsigned *ifindex)
{
	_free_ char *name = record_name(c), *line = file_read_line_regular(state_devices(), name);
	char *space = line ? strchr(line, ' ') : NULL;

	if (!space)
		return NULL;
	*space++ = '\0';
	return num_u32(line, ifindex) ? NULL : xstrdup(space);
}

static void forget_device(const struct call *c)
{
	_free_ char *name = record_name(c), *draft = xasprintf(".%s.new", name);

	unlinkat(state_devices(), draft, 0);
	if (unlinkat(state_devices(), name, 0) && errno != ENOENT)
		die("forget the device of '%s'", c->ifname);
}

void hostdevice_add(const struct call *c, struct result *r)
{
	_nl_ struct nl nl = { .fd = -1 }, inside = { .fd = -1 };
	_free_ char *device = NULL, *mac = NULL;
	struct conf conf = { 0 };
	struct nl_found found;

	cni_conf(c, NULL, &schema, &conf);
	if (nl_open(&nl))
		die("open a netlink socket");
	device = find_device(c, &conf, &nl);
	if (nl_link_find(&nl, device, &found))
		die("%s", nl_what(&nl));
	record_device(c, found.ifindex, device);
	cni_begin();
	nl_link_down(&nl, device);
	nl_link_move(&nl, found.ifindex, c->ifname, c->netns_fd);
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
	inside_open(c, &inside);
	if (nl_link_find(&inside, c->ifname, &found))
		die("%s", nl_what(&inside));
	record_device(c, found.ifindex, device);
	mac = mac_text(found.mac);
	result_add_interface(r, c->ifname, mac, c->netns)->mtu = found.mtu;
	ipam_add(c, r, 0);
	inside_configure(c, r, false);
	decode_free(&schema, &conf);
}

/* A link that is not there any more is gone, or went home when its namespace ended; one that is
 * still here was never moved. */
static void move_back(const struct call *c, unsigned ifindex, const char *device)
{
	_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	_nl_ struct nl inside = { .fd = -1 }, nl = { .fd = -1 };
	struct nl_found found;

	if (home < 0)
		die("open this network namespace");
	if (nl_open(&nl))
		die("open a netlink socket");
	if (!nl_link_find(&nl, device, &found) && found.ifindex == ifindex)
		return;
	inside_open(c, &inside);
	if (nl_link_find_index(&inside, ifindex, &found))
		return;
	nl_link_down(&inside, found.name);
	nl_link_move(&inside, ifindex, device, home);
	if (nl_commit(&inside))
		die("%s", nl_what(&inside));
	nl_link_up(&nl, device);
	if (nl_commit(&nl))
		die("%s", nl_what(&nl));
}

void hostdevice_del(const struct call *c, struct result *r)
{
	unsigned ifindex = 0;
	_free_ char *device = find_record(c, &ifindex);

	if (device && c->netns_fd >= 0)
		move_back(c, ifindex, device);
	forget_device(c);
	ipam_run(c, r);
}
