#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "netns/cni.h"

/* Of the error that ends the program; one program, one error. */
static enum cni_code code = CNI_OTHER;

void cni_set_code(enum cni_code c)
{
	code = c;
}

static bool begun;

void cni_begin(void)
{
	begun = true;
}

bool cni_has_begun(void)
{
	return begun;
}

enum cni_code cni_get_code(void)
{
	return code;
}

void cni_fail(enum cni_code c, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	code = c;
	diex("%s", text);
}

const char *cni_verb_name(enum cni_verb verb)
{
	static const char *const names[] = { "ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION" };

	return names[verb];
}

/* Every member anyone of us reads. Go's decoders, which all other plugins and runners use, match
 * without regard to case, and containerd sends HostPort for hostPort. */
static const char *const members[] = {
	"address",
	"addresses",
	"advmss",
	"allmulti",
	"args",
	"bandwidth",
	"bridge",
	"capabilities",
	"cni",
	"cniVersion",
	"cniVersions",
	"code",
	"conditionsV4",
	"conditionsV6",
	"containerID",
	"containerPort",
	"dataDir",
	"details",
	"device",
	"deviceID",
	"disableCheck",
	"disableGC",
	"dns",
	"domain",
	"dst",
	"egressBurst",
	"egressRate",
	"forceAddress",
	"gateway",
	"gw",
	"hairpinMode",
	"hostIP",
	"hostPort",
	"hwaddr",
	"ifname",
	"ingressBurst",
	"ingressPolicy",
	"ingressRate",
	"interface",
	"interfaces",
	"ip",
	"ip4",
	"ip6",
	"ipMasq",
	"ipRanges",
	"ipam",
	"ips",
	"isDefaultGateway",
	"isGateway",
	"kernelpath",
	"linkInContainer",
	"mac",
	"master",
	"mode",
	"msg",
	"mtu",
	"name",
	"nameservers",
	"options",
	"pciBusID",
	"plugins",
	"portIsolation",
	"portMappings",
	"prevResult",
	"priority",
	"promisc",
	"promiscMode",
	"protocol",
	"rangeEnd",
	"rangeStart",
	"ranges",
	"resolvConf",
	"routes",
	"runtimeConfig",
	"sandbox",
	"search",
	"searches",
	"servers",
	"snat",
	"subnet",
	"sysctl",
	"table",
	"txQLen",
	"type",
	"vlan",
	"vlanId",
	"vlanTrunk",
};

static const char *spelling_of(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (!strcasecmp(members[i], key))
			return members[i];
	}
	return NULL;
}

static void fold_key(struct json *j)
{
	const char *spelling = j->key ? spelling_of(j->key) : NULL;

	/* As long, so in place. */
	if (spelling)
		memcpy(j->key, spelling, strlen(spelling));
}

void cni_fold_members(struct json *j)
{
	for (struct json *child = j->child; child; child = child->next)
		fold_key(child);
}

void cni_fold(struct json *j)
{
	fold_key(j);
	/* The keys below are names of the kernel's. */
	if (j->key && str_eq(j->key, "sysctl"))
		return;
	for (struct json *child = j->child; child; child = child->next)
		cni_fold(child);
}

bool cni_is_id(const char *s)
{
	return str_is_name(s) && *s != '_' && *s != '.' && *s != '+' && !strchr(s, '+');
}

bool cni_is_ifname(const char *s)
{
	return *s && strlen(s) < IF_NAMESIZE && !str_eq(s, ".") && !str_eq(s, "..") &&
	       !strpbrk(s, "/: \t\n\v\f\r");
}

void cni_open_conf(struct call *c)
{
	const struct json *prev = json_get(c->conf, "prevResult");
	char why[WHY_MAX];

	c->version = json_get_str(c->conf, "cniVersion");
	c->name = json_get_str(c->conf, "name");
	c->type = json_get_str(c->conf, "type");
	if (!c->version || !*c->version)
		c->version = "0.2.0";
	if (!cni_version_known(c->version))
		cni_fail(CNI_BAD_VERSION, "cniVersion '%s' is not supported", c->version);
	if (!c->name || !cni_is_id(c->name))
		cni_fail(CNI_BAD_CONFIG, "name: not a name: '%s'", c->name ? c->name : "");
	if (!prev || prev->type == JSON_NULL)
		return;
	if (prev->type != JSON_OBJECT || result_parse(prev, &c->prev, why))
		cni_fail(CNI_DECODE, "prevResult: %s",
			 prev->type == JSON_OBJECT ? why : "not an object");
	c->has_prev = true;
}

static bool is_our_own(int fd)
{
	struct stat theirs, ours;

	return !fstat(fd, &theirs) && !stat("/proc/thread-self/ns/net", &ours) &&
	       theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

void cni_open_netns(struct call *c)
{
	const char *override = getenv("CNI_NETNS_OVERRIDE");
	_free_ char *path = NULL;

	c->netns_fd = -1;
	if (c->netns && *c->netns) {
		path = strchr(c->netns, '/') ? xstrdup(c->netns) : xasprintf("./%s", c->netns);
		c->netns_fd = nsfile_open(path);
	}
	/* A file that is no namespace was one before a reboot. */
	if (c->netns_fd < 0 && (c->verb == CNI_ADD || c->verb == CNI_CHECK)) {
		cni_set_code(CNI_BAD_ENV);
		die("open network namespace '%s'", c->netns ? c->netns : "");
	}
	if (c->netns_fd >= 0 && is_our_own(c->netns_fd) &&
	    !(override && (str_eq(override, "1") || str_eq(override, "true"))))
		cni_fail(CNI_SAME_NETNS, "CNI_NETNS '%s' is the plugin's own", c->netns);
}

void cni_conf(const struct call *c, const char *sub, const struct schema *schema, void *out)
{
	const struct json *j = sub ? json_get(c->conf, sub) : c->conf;
	char why[DECODE_WHY_MAX];

	if (j && decode(schema, j, sub ? sub : "", out, why))
		cni_fail(CNI_BAD_CONFIG, "%s", why);
}

char *cni_arg(const struct call *c, const char *key)
{
	_strv_ struct strv words = { 0 };
	size_t len = strlen(key);

	if (!c->args || !*c->args)
		return NULL;
	strv_split(&words, c->args, ';');
	for (size_t i = 0; i < words.n; i++) {
		if (!strncmp(words.v[i], key, len) && words.v[i][len] == '=')
			return xstrdup(words.v[i] + len + 1);
	}
	return NULL;
}

const struct json *cni_runtime(const struct call *c, const char *key)
{
	const struct json *j = json_get(json_get(c->conf, "runtimeConfig"), key);

	if (!j || j->type == JSON_NULL)
		j = json_get(json_get(json_get(c->conf, "args"), "cni"), key);
	return j && j->type != JSON_NULL ? j : NULL;
}

char *cni_wanted_mac(const struct call *c, const char *configured)
{
	const struct json *j = cni_runtime(c, "mac");
	char *arg;

	if (j && j->type == JSON_STRING && *j->text)
		return xstrdup(j->text);
	arg = cni_arg(c, "MAC");
	if (arg && *arg)
		return arg;
	free(arg);
	return configured && *configured ? xstrdup(configured) : NULL;
}

void cni_wanted_ips(const struct call *c, struct strv *ips)
{
	const struct json *list = cni_runtime(c, "ips");
	_free_ char *arg = list ? NULL : cni_arg(c, "IP");

	for (const struct json *ip = list ? list->child : NULL; ip; ip = ip->next) {
		if (ip->type == JSON_STRING)
			strv_add(ips, ip->text);
	}
	if (arg && *arg)
		strv_split(ips, arg, ',');
}
