/* cni.h - what the files that speak CNI share: cni_*.c (the protocol) and plugin_*.c (the work).
 *
 * A call is one verb of one plugin, whether a stranger runs us under the plugin's name
 * (cni_main.c) or netns add works through a network's list (cni_chain.c). A plugin is a table of
 * functions; they end the program when they fail, and the face that is on says so as its own
 * protocol wants it. What a plugin leaves in our nf_tables table is recorded below
 * $LASH_RUN/net/attachments (cni_store.c), so that a flushed table is built again with it.
 */
#ifndef NETNS_CNI_H
#define NETNS_CNI_H

#include "lib/decode.h"
#include "netns/netns.h"

/* The specification's error codes; CNI_OTHER is what the reference plugins say. */
enum cni_code {
	CNI_BAD_VERSION = 1,
	CNI_UNSUPPORTED = 2,
	CNI_UNKNOWN_CONTAINER = 3,
	CNI_BAD_ENV = 4,
	CNI_IO = 5,
	CNI_DECODE = 6,
	CNI_BAD_CONFIG = 7,
	CNI_SAME_NETNS = 8,
	CNI_TRY_LATER = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_OTHER = 999,
};

enum cni_verb { CNI_ADD, CNI_DEL, CNI_CHECK, CNI_STATUS, CNI_GC, CNI_VERSION };

enum { CNI_STDIN_MAX = 4 << 20 };

/* cni_result.c: results, of any version of the specification. */

struct result_interface {
	char *name, *mac, *sandbox;
	uint32_t mtu;
};

struct result_ip {
	char *address, *gateway;
	int64_t interface;
	bool has_interface;
};

struct result_route {
	char *dst, *gw;
	uint32_t mtu, advmss, priority, table;
};

struct result {
	struct result_interface *interfaces;
	size_t ninterfaces;
	struct result_ip *ips;
	size_t nips;
	struct result_route *routes;
	size_t nroutes;
	struct json *dns;
};

/* Is VERSION one we speak? */
bool cni_version_known(const char *version);
/* "0.4.0" against "1.0.0": below 0, 0, above 0. */
int cni_version_compare(const char *a, const char *b);
void cni_emit_versions(struct emit *e, const char *version);
/* The highest of a list's versions that is known; NULL: none. */
const char *cni_version_of(const struct json *conflist);
/* Fill *R (zeroed) from a result of any version. -1 with the reason in WHY. */
_check_ int result_parse(const struct json *j, struct result *r, char why[WHY_MAX]);
void result_emit(struct emit *e, const char *key, const char *version, const struct result *r);
void result_free(struct result *r);
void result_copy(struct result *to, const struct result *from);
struct result_interface *result_add_interface(struct result *r, const char *name, const char *mac,
					      const char *sandbox);
void result_add_ip(struct result *r, const struct nl_addr *address, const struct nl_addr *gateway);
void result_add_route(struct result *r, const char *dst, const char *gw);

/* cni_call.c: one verb of one plugin. */

struct call {
	enum cni_verb verb;
	const char *id, *ifname, *netns, *args, *path;
	const char *name, *type, *version; /* the network's, the plugin's, the result's; CONF's */
	struct json *conf, *written;	   /* as we spell it; as it came, for plugins of others */
	struct result prev;
	bool has_prev;
	int netns_fd;	 /* -1: none, or gone */
	bool ours_first; /* plugins of ours, whatever PATH has */
	bool lenient;	 /* DEL of what was never whole: a plugin that is not there made nothing */
};

/* Its own text for an error code, on top of die's. */
_noreturn_ void cni_fail(enum cni_code code, const char *fmt, ...) _printf_(2, 3);
/* What die and diex mean from now on. */
void cni_set_code(enum cni_code code);
enum cni_code cni_get_code(void);
/* From here on the call has made something, which a failure takes back. */
void cni_begin(void);
bool cni_has_begun(void);
const char *cni_verb_name(enum cni_verb verb);
/* Spell all members as the specification does, whatever case they came in. */
void cni_fold(struct json *j);
/* The same for J's own members, none below. */
void cni_fold_members(struct json *j);
/* Take name, type, version and prevResult out of C->conf; ends the program when they are no good.
 */
void cni_open_conf(struct call *c);
bool cni_is_ifname(const char *s);
/* The same for the namespace: opened, and not our own. For ADD and CHECK it must be there. */
void cni_open_netns(struct call *c);
/* Is what the environment says fit for file names? */
bool cni_is_id(const char *s);
/* decode() of C->conf, or of its member SUB; refusing is CNI_BAD_CONFIG. */
void cni_conf(const struct call *c, const char *sub, const struct schema *schema, void *out);
/* A value of CNI_ARGS, malloc'd; NULL: not said. */
char *cni_arg(const struct call *c, const char *key);
/* runtimeConfig.KEY, or args.cni.KEY; NULL: not said. */
const struct json *cni_runtime(const struct call *c, const char *key);
/* The MAC address asked for, by whichever way; malloc'd. */
char *cni_wanted_mac(const struct call *c, const char *configured);
/* The addresses asked for, as text. */
void cni_wanted_ips(const struct call *c, struct strv *ips);

/* cni_plugin.c: the plugins there are. */

typedef void plugin_fn(const struct call *c, struct result *r);

/* ADD fills the result, which starts as prevResult where CHAINED and empty otherwise. Verbs a
 * plugin has nothing to do for are NULL. */
struct plugin {
	const char *name;
	plugin_fn *add, *del, *check, *gc, *status;
	bool chained;
};

/* NULL: none of ours. */
const struct plugin *plugin_find(const char *name);
const struct plugin *plugin_at(size_t i);
plugin_fn *plugin_verb(const struct plugin *p, enum cni_verb verb);

/* cni_exec.c: plugins of others. */

/* The first regular file of that name on the ':' list PATH, malloc'd; NULL: none. */
char *cni_find(const char *type, const char *path);
/* Is PATH this very program? */
bool cni_is_us(const char *path);
/* Run VERB of the plugin TYPE with the call's environment and configuration: a function call where
 * the plugin is ours, else a program. Ends the program when the plugin fails. R as for plugin_fn.
 */
void cni_run(const struct call *c, const char *type, struct result *r);

/* cni_ipam.c */

/* Run the call's verb of the plugin that conf.ipam.type names; none is no error. */
void ipam_run(const struct call *c, struct result *r);
/* ADD: the same, then addresses go to interface INDEX of R, and conf.dns where IPAM has none. R may
 * hold interfaces already. */
void ipam_add(const struct call *c, struct result *r, size_t index);

/* cni_inside.c: an interface inside the namespace. */

/* Name, addresses, up, routes, as R says. BARE: addresses without routes to their subnets. */
void inside_configure(const struct call *c, const struct result *r, bool bare);
/* Delete the link, where namespace and link are there. */
void inside_delete(const struct call *c);
/* Ends the program unless the link is there, up, with the addresses of C->prev. */
void inside_check(const struct call *c);
/* A netlink socket of the call's namespace. */
void inside_open(const struct call *c, struct nl *nl);
/* Index of the interface of R that is in a namespace and has the call's name; the last one
 * otherwise. NULL: none. */
const struct result_interface *result_inside(const struct call *c, const struct result *r);
/* The interface of R that is on the host and whose other end is the container's; NULL: none. */
const struct result_interface *result_outside(const struct call *c, const struct result *r);

/* cni_store.c: what plugins leave in the table, recorded. */

enum mark {
	MARK_MASQ,	 /* addresses to hide behind the host's, but for their own link (bridge) */
	MARK_PORTS,	 /* ports, answered from the host and from the container's own subnet too */
	MARK_PORTS_BARE, /* ports, sources left alone */
	MARK_APART,	 /* a bridge whose containers other such bridges do not reach */
	MARK_KINDS
};

/* Record KIND for the call and put it into the table. EEXIST (-1): a port is somebody else's, and
 * nothing is left. */
_check_ int mark_set(const struct call *c, enum mark kind, const struct attachment *a);
/* Take it out of the table and forget it; nothing there is no error. */
void mark_clear(const struct call *c, enum mark kind);
/* -1: not recorded, or not in the table any more. */
_check_ int mark_check(const struct call *c, enum mark kind);
/* Clear those of the network that are no valid attachment's. */
void mark_gc(const struct call *c, enum mark kind);
/* Of nf_tables: all records into the batch; is this comment such an owner; does its record name
 * the element? */
void mark_replay(struct nft *nft);
bool mark_is_owner(const char *comment);
bool mark_mentions(const struct nft_elem *elem);
/* GC: is ID/IFNAME among the valid attachments? */
bool cni_is_valid(const struct call *c, const char *id, const char *ifname);
/* The attachment a call is about, with the addresses of R and BRIDGE; free with attachment_free. */
struct attachment mark_attachment(const struct call *c, const struct result *r, const char *link);

/* cni_chain.c: a network's list of plugins, as a runner. */

struct chain_call {
	const char *id, *ifname, *netns, *args;
	const struct network *net;
	struct json *capabilities; /* the runtime's wishes: portMappings, ips, mac, ... */
};

/* ADD through the list; R (zeroed) is the last plugin's result. */
void chain_add(const struct chain_call *c, struct result *r);
/* DEL with what was cached, whose file goes last. Nothing cached is no error. */
void chain_del(const struct chain_call *c);
/* CHECK with what was cached. */
void chain_check(const struct chain_call *c);
/* The cached result and its version; false: none. */
bool chain_result(const struct chain_call *c, struct result *r, struct buf *version);
/* Call FN for every attachment that is cached. */
typedef void chain_fn(void *arg, const struct chain_call *c);
void chain_each_cached(chain_fn *fn, void *arg);
/* GC of a network: valid is what is cached. */
void chain_gc(const struct network *net);
/* A cached result's JSON and the network as it was; -1 with the reason in WHY. */
_check_ int chain_parse_cache(const char *text, size_t len, struct json **j, struct network *net,
			      char why[WHY_MAX]);

/* cni_main.c: the face strangers see. Returns the exit status. */
int cni_main(const struct plugin *p);

#endif
