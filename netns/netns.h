/* netns.h - what the files of netns share.
 *
 * Words: a space is a network namespace with a name; an attachment is one interface of it on one
 * network, with its addresses and published ports. State, all below $LASH_RUN/net (state.c):
 *
 *   spaces/NAME/           made by mkdir, locked by flock while anyone changes the space
 *     network-namespace    its cookie (SO_NETNS_COOKIE), so that nobody else's is ever removed
 *     eth0.intent, eth0    the attachment: what is about to be there, what is there
 *   networks/NAME/         locked while addresses are handed out and while the bridge is made
 *     conflist             what the network was made from; counts until the network is taken down
 *     made                 the bridge was not there before
 *     10.87.0.2            lease: a symbolic link to SPACE/INTERFACE, so made and owned in one step
 *     last.N               address of range set N that was handed out last
 *
 * Every record is written before the thing it speaks of is made and removed after it is gone.
 * Functions that do a step of a verb end the program when it fails; those that only ask or parse
 * return -1.
 */
#ifndef NETNS_NETNS_H
#define NETNS_NETNS_H

#include "lib/buf.h"
#include "lib/emit.h"
#include "lib/json.h"
#include "lib/nft.h"
#include "lib/nl.h"
#include "lib/str.h"

/* addr.c: addresses as text and as numbers. */

enum { ADDR_TEXT_MAX = 64 };

/* "10.0.0.1", "fd00::1", with "/PREFIX" or without (then all bits). */
_check_ int addr_parse(const char *s, struct nl_addr *a);
/* Into BUF, with the prefix where WITH_PREFIX. Returns BUF. */
char *addr_text(const struct nl_addr *a, bool with_prefix, char buf[ADDR_TEXT_MAX]);
size_t addr_bytes(const struct nl_addr *a);
bool addr_equal(const struct nl_addr *a, const struct nl_addr *b);
/* Is A within SUBNET, prefixes compared bit by bit? */
bool addr_within(const struct nl_addr *a, const struct nl_addr *subnet);
bool addr_overlaps(const struct nl_addr *a, const struct nl_addr *b);
bool addr_is_any(const struct nl_addr *a);
/* Lowest (host bits 0) and highest (host bits 1) address of A's subnet, with A's prefix. */
struct nl_addr addr_lowest(const struct nl_addr *a);
struct nl_addr addr_highest(const struct nl_addr *a);
/* A plus DELTA (+1 or -1). */
struct nl_addr addr_step(const struct nl_addr *a, int delta);
int addr_compare(const struct nl_addr *a, const struct nl_addr *b);

/* mac.c: names of links' ends. */

void mac_random(uint8_t mac[NL_MAC_BYTES]);
/* Ends the program when it is none, or a group's. */
void mac_parse(const char *text, uint8_t mac[NL_MAC_BYTES]);
/* Both malloc'd. */
char *mac_text(const uint8_t mac[NL_MAC_BYTES]);
char *random_link_name(void);

/* conflist.c: a network, from CNI's configuration list. */

enum {
	RANGES_MAX = 16,
	RANGE_SETS_MAX = 4,
	ROUTES_MAX = 16,
	EXCLUDED_MAX = 64,
	CONFLIST_BYTES_MAX = 65536,
	WHY_MAX = 320
};

/* Addresses FIRST to LAST of SUBNET may be handed out, GATEWAY never. An interface gets one address
 * a set. */
struct range {
	struct nl_addr subnet, first, last, gateway;
	unsigned set;
};

struct route {
	struct nl_addr dst, gateway; /* gateway.family 0: the network's */
};

struct network {
	char *name, *bridge;
	char *driver; /* type of the first plugin */
	bool chain;   /* its plugins are run one by one; else we do what they say ourselves */
	unsigned mtu;
	bool is_gateway; /* the bridge has the gateway's address; without, the network is internal
			  */
	bool default_route; /* interfaces get one */
	bool masquerade;
	bool hairpin;
	bool isolated; /* interfaces of the network do not reach each other */
	bool publishes;
	bool unguarded; /* every port of its members can be reached from outside */
	bool routed;	/* their published ports can, by their own addresses: no NAT */
	bool resolver;	/* members find each other by name */
	struct range ranges[RANGES_MAX];
	size_t nranges, nsets;
	struct nl_addr excluded[EXCLUDED_MAX]; /* never handed out */
	size_t nexcluded;
	struct route routes[ROUTES_MAX];
	size_t nroutes;
	struct buf text; /* the conflist itself */
};

bool is_ifname(const char *s);
/* Fill *NET (zeroed by the caller) from LEN bytes of JSON. -1 with the reason in WHY. */
_check_ int network_parse(const char *text, size_t len, struct network *net, char why[WHY_MAX]);
/* The ranges and routes of host-local's configuration alone, with those of runtimeConfig. */
_check_ int network_parse_ipam(const struct json *ipam, const struct json *more,
			       struct network *net, char why[WHY_MAX]);
void network_free(struct network *net);
#define _network_ __attribute__((cleanup(network_free)))

/* portspec.c: what -p takes. */

enum { PORTS_MAX = 65535, PROTOCOL_MAX = 8 };

struct portspec {
	struct nl_addr host_ip;		/* family 0: any */
	uint32_t host_first, host_last; /* 0: any free port */
	uint32_t first, last;		/* in the container */
	char protocol[PROTOCOL_MAX];
};

/* "[[IP:][HOST[-HOST]]:]PORT[-PORT][/PROTOCOL]". -1 with the reason in WHY. */
_check_ int portspec_parse(const char *s, struct portspec *spec, char why[WHY_MAX]);

/* One published port, in the spelling of CNI's portMappings. */
struct port {
	char *hostIP; /* "" = any */
	uint32_t hostPort, containerPort;
	char *protocol;
};

struct ports {
	struct port *v;
	size_t n;
};

int protocol_number(const char *name);
void ports_free(struct ports *p);

/* record.c: attachments on disk. */

struct ip {
	char *address; /* with prefix */
	char *gateway; /* NULL: none */
};

struct hop {
	char *dst, *gw;
};

struct attachment {
	char *network, *ifName;
	bool chain;		       /* made by running plugins */
	bool routed;		       /* its ports are the container's own: no NAT */
	bool shaped;		       /* its traffic is limited */
	bool helper;		       /* pasta or slirp4netns carries it */
	bool named;		       /* the network's name server knows it */
	char *hostName, *bridge, *mac; /* NULL for lo */
	struct ip *ips;
	size_t nips;
	struct hop *routes;
	size_t nroutes;
	struct port *ports;
	size_t nports;
};

void attachment_free(struct attachment *a);
#define _attachment_ __attribute__((cleanup(attachment_free)))

/* Write A as FILE. */
void record_write(int dirfd, const char *file, const struct attachment *a);
/* Write what is about to be made; then, all made, let it count. */
void record_intend(int space_dirfd, const struct attachment *a);
void record_commit(int space_dirfd, const char *ifname);
/* Read the record FILE ("eth0", "eth0.intent"). -1 and errno; EINVAL when it is no record. */
_check_ int record_read(int space_dirfd, const char *file, struct attachment *a);
void record_remove(int space_dirfd, const char *file);
bool attachment_has_port(const struct attachment *a, const struct port *port);
/* Call FN for every record of the space, in the order of their names. */
typedef void record_fn(void *arg, const char *file, const struct attachment *a);
void record_each(int space_dirfd, record_fn *fn, void *arg);
bool record_is_intent(const char *file);
/* The CNI result of an attachment of the space NAME. */
void record_result(struct emit *e, const char *key, const char *name, const struct attachment *a);

/* state.c: directories and locks. */

const char *netns_dir(void); /* $LASH_NETNS_DIR, /run/netns */
/* Descriptors of spaces/ and networks/, made where missing; kept open for the whole run. */
int state_spaces(void);
int state_networks(void);
int state_attachments(void);
int state_devices(void);
/* Make the record of a space that must be new, locked. */
int space_create(const char *name);
/* Lock the record of a space. -1: ENOENT, or EWOULDBLOCK where NOWAIT. */
_check_ int space_lock(const char *name, bool nowait);
/* For verbs: lock the space NAME, undoing what a killed verb left half done. Dies where there is
 * none. */
int space_open(const char *name);
/* Its namespace is mounted, and at least one interface counts. */
bool space_is_alive(int space_dirfd, const char *name);
/* Does errno say that nothing of ours is there? Not to be able to look is another matter: what may
 * be there must not be taken for gone. */
bool state_is_absent(void);
/* Names below DIRFD, sorted, dot files left out. */
void names_of(int dirfd, struct strv *names);

/* nsfile.c: namespace files, as `ip netns` makes them. */

/* Longer than an interface's name can be: those are the other files in a space's record. */
#define SPACE_COOKIE "network-namespace"

/* A descriptor of a new network namespace. */
int nsfile_make(void);
/* Call FN within a network namespace (-1: a new one); returns what it returns, with its errno, or
 * -1. Nothing in there may end the program: its clean-up would happen in there. */
typedef int nsfile_fn(void *arg);
_check_ int nsfile_visit(int netns_fd, nsfile_fn *fn, void *arg);
/* Record the namespace, then bind it to $LASH_NETNS_DIR/NAME. Dies where that is somebody else's.
 */
void nsfile_bind(int space_dirfd, const char *name, int netns_fd);
/* Open a namespace by NAME or, with a slash, path. -1: ENOENT; EINVAL when it is no network
 * namespace. */
_check_ int nsfile_open(const char *name);
/* The same, only if it is the one recorded. */
_check_ int nsfile_open_own(int space_dirfd, const char *name);
/* Unmount and unlink it, if it is the one recorded. */
void nsfile_unbind(int space_dirfd, const char *name);
/* Is there a file of that name that is not an empty leftover? */
bool nsfile_is_taken(const char *name);

/* lease.c: addresses. */

enum { OWNER_MAX = 280 };

/* "SPACE/INTERFACE" into its parts; -1 unless it has that form. */
_check_ int lease_parse(const char *owner, char space[256], char ifname[IF_NAMESIZE]);
/* Range set SET of a network, whose directory is locked. */
struct pool {
	int dirfd;
	const struct network *net;
	unsigned set;
	bool files; /* as host-local keeps them: a file that says "ID CR LF INTERFACE" */
};

/* Take the next free address of POOL (NULL WANTED) or WANTED itself. -1: EADDRNOTAVAIL
 * none left or not in the set; EADDRINUSE WANTED has an owner. */
_check_ int lease_take(const struct pool *pool, const char *owner, const struct nl_addr *wanted,
		       struct ip *ip);
/* The range of POOL's set that A is in; NULL: none. */
const struct range *lease_range(const struct pool *pool, const struct nl_addr *a);
/* Give back, if OWNER has it. */
void lease_drop(int network_dirfd, const char *address, const char *owner);
/* Give back all that belong to SPACE, in all networks. */
void lease_drop_space(const char *space);
/* Give back those whose space, or whose mention in it, is gone. Only for gc. */
void lease_sweep(void);
/* May an address of this network have been somebody else's? */
bool lease_are_recycled(int network_dirfd);
bool lease_any(int network_dirfd);
bool lease_is_of(int network_dirfd, const char *address, const char *owner);

/* attach.c: how we talk to the kernel. */

/* Sockets of the host's namespace; either may be closed (fd -1) where nothing needs it. */
struct host {
	struct nl nl;
	struct nft nft;
};

void host_open(struct host *host);
void host_close(struct host *host);
#define _host_ __attribute__((cleanup(host_close)))

/* network.c: finding networks, bringing them up. */

/* By name: one that is up, one of $LASH_ETC/net.d, or the built-in. Dies when there is none. */
void network_load(const char *name, struct network *net);
/* $LASH_ETC/net.d, and the file there that makes the network NAME, or NULL; both malloc'd. */
char *network_dir(void);
char *network_file(const char *name);
/* Call FN for every network known. */
typedef void network_fn(void *arg, const struct network *net);
void network_each(network_fn *fn, void *arg);
/* Lock networks/NAME; made where missing. */
int network_lock(const char *name);
/* Make bridge and rules where they are missing. Returns the bridge's index. NETWORK_DIRFD is
 * locked. */
unsigned network_up(int network_dirfd, const struct network *net, struct host *host);
/* Take bridge and rules of a network down, if it has no leases. */
void network_down_idle(const char *name);
/* Remove its record. */
void network_forget(const char *name);
/* A network as it was when it came up. -1 when it is not up. */
_check_ int network_read_up(const char *name, struct network *net);
/* Those that are up. */
void network_each_up(network_fn *fn, void *arg);

/* network_rm.c */

/* Does anybody have an address of it, or an attachment that plugins made? */
bool network_is_used(const char *name);
/* Dies where it is used, or built in. */
void network_remove(const char *name);

/* network_filter.c: a network, and what else its list says of it: "created", "labels". */

struct about {
	const struct network *net;
	struct json *j;
};

struct about about_of(const struct network *net);
void about_free(struct about *about);
#define _about_ __attribute__((cleanup(about_free)))
/* Does it match all of docker's filters, "KEY=VALUE"? One that is none is misuse; ask before
 * anything is done. */
bool network_matches(const struct about *about, const struct strv *filters);
void network_check_filters(const struct strv *filters);

/* table.c, rules.c, table_state.c: our nf_tables table, $LASH_NFT_TABLE. */

void table_open(struct nft *nft);
/* Is it there? Where somebody flushed it (or it never was), build it with all networks and ports on
 * record. */
void table_ensure(struct nft *nft);
/* The table's chains, sets and rules, into the batch; and the rule for hosts that did not forward.
 */
void table_rules(struct nft *nft);
void table_guard(struct nft *nft);
/* Elements: of a name or two, of a subnet, of an attachment's ports; PUT adds or deletes each. */
typedef void table_put_fn(struct nft *nft, const struct nft_elem *e);
struct nft_elem table_name_elem(const char *set, const char *first, const char *second);
void table_put_subnet(struct nft *nft, const char *set4, const char *set6,
		      const struct nl_addr *subnet, table_put_fn *put);
void table_each_port(struct nft *nft, const char *space, const struct attachment *a,
		     table_put_fn *put);
/* Into the batch: delete E if its owner is still SPACE. */
void table_del_owned(struct nft *nft, const struct nft_elem *e);
/* The elements of a network and of an attachment's ports, into the batch. */
void table_put_network(struct nft *nft, const struct network *net);
void table_put_ports(struct nft *nft, const char *space, const struct attachment *a);
/* Is ELEM one of A's ports? */
bool table_mentions(const char *space, const struct attachment *a, const struct nft_elem *elem);
/* Add or remove the elements that stand for a network. */
void table_add_network(struct nft *nft, const struct network *net);
void table_del_network(struct nft *nft, const struct network *net);
/* Publish the ports of an attachment for SPACE. -1: EEXIST, and nothing changed. */
_check_ int table_publish(struct nft *nft, const char *space, const struct attachment *a);
/* Take back those that SPACE owns. */
void table_unpublish(struct nft *nft, const char *space, const struct attachment *a);
/* Tracked flows to A's ports, forgotten: UDP, which would never end by itself; or all. */
void table_forget_udp(struct nft *nft, const struct attachment *a);
void table_forget_flows(struct nft *nft, const struct attachment *a);
/* Who has this port of the host, for that family? False: nobody. */
bool table_owner(struct nft *nft, const struct port *port, int family,
		 char space[NFT_COMMENT_BYTES]);
/* Take back ports whose space does not list them. Only for gc. */
void table_sweep(struct nft *nft);
/* Remove the table where no network is up and no plugin's record needs it; not where it keeps a
 * host that did not forward from doing so for others. Only for gc, at its end. */
void table_drop_idle(struct nft *nft);
/* Leave the socket to a child that outlives the kernel's clean-up; see nft.h. */
void table_linger(struct nft *nft);

/* forward.c: does this host forward? */

/* Turn it on where it is off, with the guard in the table; FAMILY is AF_INET or AF_INET6. */
void forward_on(struct nft *nft, int family);
bool forward_is_off(int family);
/* Did we turn it on? Then a new table needs the guard too. */
bool forward_was_off(void);

/* portpick.c: host ports. */

/* Turn specs into ports: ranges laid out, free ports chosen, every port tried with bind(2). Dies
 * when one is in use. NFT may be closed: then there are no other namespaces' ports. */
void ports_choose(struct nft *nft, char *const *specs, bool with_ipv6, struct ports *ports);
/* Does a program of the host have PORT? */
bool port_is_bound(const struct port *p);
/* Say who has a port that could not be published. */
_noreturn_ void ports_refused(struct nft *nft, const struct attachment *a);

/* attach.c, remove.c: the work of add, connect, del, disconnect. */

struct wish {
	const char *ifname;
	const char *ip; /* NULL: any */
	const char *mac;
	bool default_route;
	struct ports ports;
	int64_t rate_in, rate_out; /* bytes a second; 0: no limit */
	struct strv sysctls;	   /* KEY=VALUE */
	struct strv aliases;	   /* names besides the space's own */
};

/* A space that is locked. */
struct space {
	const char *name;
	int dirfd;
};

/* Lease, record, rules, link, addresses, routes. */
void attach(const struct space *space, int netns_fd, const struct network *net,
	    const struct wish *wish, struct host *host);
/* Sysctls of WISH, in the namespace. */
void attach_sysctls(int netns_fd, const struct wish *wish);
/* Limits of WISH on what goes through A; and back. */
void attach_shape(const struct space *space, int netns_fd, const struct attachment *a,
		  const struct wish *wish);
void detach_shape(const struct space *space, const struct attachment *a);
/* The same by running the network's plugins; and back. */
void attach_chain(const struct space *space, const struct network *net, const struct wish *wish);
void detach_chain(const struct space *space, const struct attachment *a);
void check_chain(const char *space, const struct attachment *a);
/* DEL what is cached for spaces that are gone, and every network's GC. Returns how many of them
 * failed. */
size_t sweep_chains(void);
/* Record and set up loopback alone. */
void attach_loopback(int space_dirfd, int netns_fd);
/* Undo an attachment, whatever there is of it, its record FILE last. */
void detach(const struct space *space, const char *file, const struct attachment *a,
	    struct host *host);
/* The same, and delete the link now instead of leaving that to the end of the namespace. */
void detach_fully(const struct space *space, const char *file, const struct attachment *a,
		  struct host *host);
/* Undo what is only intended. */
void space_heal(const char *name, int space_dirfd);
/* Remove a space, whatever there is of it. WAIT: also for the kernel's clean-up. */
void space_remove(const char *name, int space_dirfd, bool wait);

/* resolver.c: names on a network. NETWORK_DIRFD is its record. */

/* Misuse unless the aliases are names. */
void check_names(const struct wish *wish);
/* Start the network's name server where it does not run. False: it has none. */
bool resolver_up(int network_dirfd, const struct network *net);
void resolver_down(int network_dirfd, const struct network *net);
/* The names of A in SPACE; and none any more. */
void resolver_add(int network_dirfd, const char *space, const struct attachment *a,
		  const struct wish *wish);
void resolver_drop(int network_dirfd, const char *space, const char *ifname);

/* resolver_jail.c: become ARGV, which sees the files of NAMES_DIRFD as RESOLVER_NAMES. */
#define RESOLVER_NAMES "/tmp"
_noreturn_ void resolver_become(int names_dirfd, char *const argv[]);

/* helper.c: programs that go on running when we have ended. */

/* fork, but the child waits for helper_go(*GATE), and ends when we do before that: so that it can
 * be recorded before it does anything. */
pid_t helper_fork(int *gate);
void helper_go(int gate);
/* PID, as the file NAME below DIRFD. */
_check_ int helper_record(int dirfd, const char *name, pid_t pid);
/* The child's end: ARGV in a session of its own, with nothing of ours but PASS (-1: nothing); what
 * it says goes to the file LOG_NAME below DIRFD, or to nobody where that is NULL. */
_noreturn_ void helper_become(int dirfd, const char *log_name, char *const argv[], int pass);
/* A pidfd of what is recorded there, and its PID (or NULL), if it still lives; -1: none. */
int helper_find(int dirfd, const char *name, pid_t *pid);

/* relay.c: ports of [::1], which no rule can send on. */

bool relay_is_for(const struct port *p);
/* Start what does not run for A's ports; they take connections when it returns. */
void relay_up(int space_dirfd, const struct attachment *a);
void relay_down(int space_dirfd, const struct attachment *a);
bool relay_is_alive(int space_dirfd, const struct attachment *a);

/* rootless.c: pasta and slirp4netns, as networks of these names. */

bool rootless_is(const char *network);
void rootless_attach(const struct space *space, int netns_fd, const char *network,
		     const struct wish *wish);
bool rootless_is_alive(int space_dirfd);
void rootless_stop(int space_dirfd);
/* Where the helper of NETWORK forwards questions for names. */
const char *rootless_server(const char *network);

/* show.c: print the CNI result of interface IFNAME (NULL: the first). */
void show_result(const char *name, int space_dirfd, const char *ifname);

bool network_has_ipv4(const struct network *net);
bool network_has_ipv6(const struct network *net);

/* A verb a file; each prints its own help. */
int add_main(int argc, char **argv);
int check_main(int argc, char **argv);
int connect_main(int argc, char **argv);
int del_main(int argc, char **argv);
int disconnect_main(int argc, char **argv);
int exec_main(int argc, char **argv);
int gc_main(int argc, char **argv);
/* For udhcpc, which runs us with its event as the verb. */
int lease_main(int argc, char **argv);
int ls_main(int argc, char **argv);
int network_main(int argc, char **argv);
int publish_main(int argc, char **argv);
int show_main(int argc, char **argv);
int unpublish_main(int argc, char **argv);

/* netns network VERB */
int network_create_main(int argc, char **argv);
int network_inspect_main(int argc, char **argv);
int network_ls_main(int argc, char **argv);
int network_prune_main(int argc, char **argv);
int network_rm_main(int argc, char **argv);

#endif
