#include <fcntl.h>
#include <string.h>

#include "lib/die.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/path.h"
#include "netns/cni.h"

/* A record is named after its owner: "cni:NETWORK:CONTAINER:INTERFACE", and behind a last ':' what
 * it records. The owner is also the comment of the elements. */
static const char prefix[] = "cni:";
static const char *const kinds[] = { ":masq", ":ports", ":bare", ":apart" };

enum { OWNER_BYTES = NFT_COMMENT_BYTES - 1 };

static char *owner_name(const char *network, const char *id, const char *ifname)
{
	_free_ char *full = xasprintf("%s%s:%s:%s", prefix, network, id, ifname);

	if (strlen(full) < OWNER_BYTES)
		return steal_ptr(&full);
	/* Cut, but still its own. */
	return xasprintf("%.*s~%016llx", OWNER_BYTES - 18, full,
			 (unsigned long long)str_hash(STR_HASH, full));
}

static char *owner_of(const struct call *c)
{
	return owner_name(c->name, c->id, c->ifname);
}

bool mark_is_owner(const char *comment)
{
	return str_starts(comment, prefix);
}

/* Which record is this, and whose? -1: none of ours. */
static int parse_file(const char *file, char owner[NFT_COMMENT_BYTES])
{
	const char *last = strrchr(file, ':');

	if (!mark_is_owner(file) || !last || last - file >= NFT_COMMENT_BYTES)
		return -1;
	for (int kind = 0; kind < MARK_KINDS; kind++) {
		if (str_eq(last, kinds[kind])) {
			snprintf(owner, NFT_COMMENT_BYTES, "%.*s", (int)(last - file), file);
			return kind;
		}
	}
	return -1;
}

static struct nft_elem addr_elem(const char *set4, const char *set6, const char *owner,
				 const struct nl_addr *a, const char *ifname)
{
	struct nft_elem e = { .set = a->family == AF_INET ? set4 : set6 };

	e.key_bytes = addr_bytes(a);
	memcpy(e.key, a->bytes, e.key_bytes);
	if (ifname) {
		memcpy(e.key + e.key_bytes, ifname, strnlen(ifname, IF_NAMESIZE - 1));
		e.key_bytes += IF_NAMESIZE;
	}
	snprintf(e.comment, sizeof(e.comment), "%s", owner);
	return e;
}

/* The elements that are the record's alone. */
static void put_own(struct nft *nft, int kind, const char *owner, const struct attachment *a,
		    table_put_fn *put)
{
	struct nft_elem e;
	struct nl_addr addr;

	if (kind == MARK_PORTS || kind == MARK_PORTS_BARE)
		table_each_port(nft, owner, a, put);
	for (size_t i = 0; i < a->nips; i++) {
		if (addr_parse(a->ips[i].address, &addr))
			continue;
		if (kind == MARK_MASQ) {
			e = addr_elem("one4", "one6", owner, &addr, NULL);
			put(nft, &e);
			e = addr_elem("home4", "home6", owner, &addr, a->bridge);
			put(nft, &e);
		} else if (kind == MARK_PORTS) {
			e = addr_elem("snat4", "snat6", owner, &addr, NULL);
			put(nft, &e);
		}
	}
}

/* Those that records of other containers may name too: links and subnets. */
static void put_link(struct nft *nft, int kind, const struct attachment *a, table_put_fn *put)
{
	struct nft_elem guest = table_name_elem("guest", a->bridge, NULL);
	struct nft_elem apart = table_name_elem("apart", a->bridge, NULL);
	struct nft_elem pair = table_name_elem("icc", a->bridge, a->bridge);

	if (kind == MARK_APART) {
		put(nft, &apart);
		put(nft, &pair);
	} else {
		put(nft, &guest);
	}
}

static void put_near(struct nft *nft, const struct attachment *a, size_t i, table_put_fn *put)
{
	struct nl_addr addr;

	if (addr_parse(a->ips[i].address, &addr) || addr.prefix == 8 * addr_bytes(&addr))
		return;
	addr = addr_lowest(&addr);
	table_put_subnet(nft, "near4", "near6", &addr, put);
}

static void put_shared(struct nft *nft, int kind, const struct attachment *a, table_put_fn *put)
{
	if (a->bridge)
		put_link(nft, kind, a, put);
	for (size_t i = 0; kind == MARK_PORTS && i < a->nips; i++)
		put_near(nft, a, i, put);
}

/* Call FN for every record but EXCEPT. */
typedef void each_fn(void *arg, int kind, const char *owner, const struct attachment *a);
static void each_mark(const char *except, each_fn *fn, void *arg)
{
	_strv_ struct strv files = { 0 };
	char owner[NFT_COMMENT_BYTES];

	names_of(state_attachments(), &files);
	for (size_t i = 0; i < files.n; i++) {
		_attachment_ struct attachment a = { 0 };
		int kind = parse_file(files.v[i], owner);

		if (kind < 0 || (except && str_eq(files.v[i], except)))
			continue;
		if (!record_read(state_attachments(), files.v[i], &a))
			fn(arg, kind, owner, &a);
		else if (!state_is_absent())
			die("read record '%s'", files.v[i]);
	}
}

static void replay(void *arg, int kind, const char *owner, const struct attachment *a)
{
	put_own(arg, kind, owner, a, nft_add_elem);
	put_shared(arg, kind, a, nft_add_elem);
}

void mark_replay(struct nft *nft)
{
	each_mark(NULL, replay, nft);
}

struct search {
	const struct nft_elem *elem;
	bool found;
};

/* put() has no argument of its own. */
static struct search *search;

static void compare(struct nft *nft _unused_, const struct nft_elem *e)
{
	const struct nft_elem *want = search->elem;

	if (str_eq(e->set, want->set) && e->key_bytes == want->key_bytes &&
	    !memcmp(e->key, want->key, e->key_bytes) && str_eq(e->comment, want->comment))
		search->found = true;
}

bool mark_mentions(const struct nft_elem *elem)
{
	struct search s = { elem, false };

	search = &s;
	for (int kind = 0; kind < MARK_KINDS; kind++) {
		_free_ char *file = xasprintf("%s%s", elem->comment, kinds[kind]);
		_attachment_ struct attachment a = { 0 };

		if (strchr(file, '/'))
			continue;
		if (!record_read(state_attachments(), file, &a))
			put_own(NULL, kind, elem->comment, &a, compare);
		else if (!state_is_absent())
			die("read record '%s'", file);
	}
	search = NULL;
	return s.found;
}

struct attachment mark_attachment(const struct call *c, const struct result *r, const char *link)
{
	struct attachment a = { .network = xstrdup(c->name),
				.ifName = xstrdup(c->ifname),
				.bridge = link ? xstrdup(link) : NULL,
				.ips = xcalloc(r->nips + 1, sizeof(*a.ips)) };

	for (size_t i = 0; i < r->nips; i++)
		a.ips[a.nips++].address = xstrdup(r->ips[i].address);
	return a;
}

/* Everybody's elements: an equal one that is there is no error; an interval that overlaps an
 * unequal one is, but then the larger one does what this would. */
static void add_shared(struct nft *nft, int kind, const struct attachment *a)
{
	if (a->bridge)
		put_link(nft, kind, a, nft_add_elem);
	if (nft_commit(nft))
		die("add rules for '%s'", a->network);
	for (size_t i = 0; kind == MARK_PORTS && i < a->nips; i++) {
		put_near(nft, a, i, nft_add_elem);
		if (nft_commit(nft) && errno != EEXIST)
			die("add rules for '%s'", a->network);
	}
}

int mark_set(const struct call *c, enum mark kind, const struct attachment *a)
{
	_free_ char *owner = owner_of(c), *file = xasprintf("%s%s", owner, kinds[kind]);
	_nft_ struct nft nft = { .fd = -1 };
	int err;

	table_open(&nft);
	/* A new table is built with all that is on record: this must not be, yet, or its ports are
	 * in use, by itself. */
	table_ensure(&nft);
	record_write(state_attachments(), file, a);
	if (kind == MARK_PORTS || kind == MARK_PORTS_BARE) {
		if (table_publish(&nft, owner, a)) {
			err = errno;
			/* Only what is refused for certain is not there: without an answer it may
			 * be. */
			if (err == EEXIST)
				record_remove(state_attachments(), file);
			return set_errno(err);
		}
	}
	cni_begin();
	put_own(&nft, kind, owner, a, nft_add_elem);
	if (nft_commit(&nft))
		die("add rules for '%s'", c->id);
	add_shared(&nft, kind, a);
	return 0;
}

struct others {
	const struct attachment *a;
	int kind;
	bool link;
	bool *near;
};

static void look(void *arg, int kind, const char *owner _unused_, const struct attachment *b)
{
	struct others *o = arg;
	const struct attachment *a = o->a;

	if (a->bridge && b->bridge && str_eq(a->bridge, b->bridge) &&
	    (kind == MARK_APART) == (o->kind == MARK_APART))
		o->link = true;
	for (size_t i = 0; kind == MARK_PORTS && i < a->nips; i++) {
		struct nl_addr x, y;

		for (size_t j = 0; j < b->nips; j++) {
			if (!addr_parse(a->ips[i].address, &x) &&
			    !addr_parse(b->ips[j].address, &y) && addr_overlaps(&x, &y))
				o->near[i] = true;
		}
	}
}

/* What no other record names goes; each by itself, since some may be gone. */
static void del_shared(struct nft *nft, const char *file, int kind, const struct attachment *a)
{
	struct others o = { a, kind, false, xcalloc(a->nips + 1, sizeof(bool)) };

	each_mark(file, look, &o);
	if (a->bridge && !o.link) {
		put_link(nft, kind, a, nft_del_elem);
		if (nft_commit(nft) && errno != ENOENT)
			die("remove rules of '%s'", a->bridge);
	}
	for (size_t i = 0; kind == MARK_PORTS && i < a->nips; i++) {
		if (!o.near[i])
			put_near(nft, a, i, nft_del_elem);
		if (nft_commit(nft) && errno != ENOENT)
			die("remove rules of '%s'", a->ips[i].address);
	}
	free(o.near);
}

static void clear(const char *owner, int kind)
{
	_free_ char *file = xasprintf("%s%s", owner, kinds[kind]);
	_free_ char *draft = xasprintf(".%s.new", file);
	_attachment_ struct attachment a = { 0 };
	_nft_ struct nft nft = { .fd = -1 };
	int there;

	/* Killed while it was written. */
	unlinkat(state_attachments(), draft, 0);
	if (record_read(state_attachments(), file, &a)) {
		if (!state_is_absent())
			die("read record '%s'", file);
		/* What is no record names no rules; those it may have had are gc's. */
		record_remove(state_attachments(), file);
		return;
	}
	table_open(&nft);
	there = nft_has_table(&nft);
	if (there < 0 && errno != EPERM)
		die("ask for nf_tables table '%s'", nft.table);
	if (there > 0) {
		put_own(&nft, kind, owner, &a, table_del_owned);
		if (nft_commit(&nft) && errno != ENOENT)
			die("remove rules of '%s'", owner);
		if (kind == MARK_PORTS || kind == MARK_PORTS_BARE)
			table_forget_udp(&nft, &a);
		del_shared(&nft, file, kind, &a);
	}
	record_remove(state_attachments(), file);
	table_linger(&nft);
}

void mark_clear(const struct call *c, enum mark kind)
{
	_free_ char *owner = owner_of(c);

	clear(owner, kind);
}

static struct nft_elem *missing;

static void look_up(struct nft *nft, const struct nft_elem *e)
{
	struct nft_elem now = *e;

	if (nft_get_elem(nft, &now) || !str_eq(now.comment, e->comment))
		*missing = *e;
}

int mark_check(const struct call *c, enum mark kind)
{
	_free_ char *owner = owner_of(c), *file = xasprintf("%s%s", owner, kinds[kind]);
	_attachment_ struct attachment a = { 0 };
	_nft_ struct nft nft = { .fd = -1 };
	struct nft_elem lost = { 0 };

	if (record_read(state_attachments(), file, &a))
		return -1;
	table_open(&nft);
	missing = &lost;
	put_own(&nft, kind, owner, &a, look_up);
	missing = NULL;
	return lost.set ? set_errno(ENOENT) : 0;
}

bool cni_is_valid(const struct call *c, const char *id, const char *ifname)
{
	const struct json *list = json_get(c->conf, "cni.dev/valid-attachments");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *vid = json_get_str(v, "containerID"), *vif = json_get_str(v, "ifname");

		if (vid && vif && str_eq(vid, id) && (!ifname || str_eq(vif, ifname)))
			return true;
	}
	return false;
}

/* A long name is only a sum: so the valid ones are spelled as ours are, instead of taking ours
 * apart. */
static bool is_valid_owner(const struct call *c, const char *owner)
{
	const struct json *list = json_get(c->conf, "cni.dev/valid-attachments");

	for (const struct json *v = list ? list->child : NULL; v; v = v->next) {
		const char *id = json_get_str(v, "containerID"),
			   *ifname = json_get_str(v, "ifname");
		_free_ char *valid = id && ifname ? owner_name(c->name, id, ifname) : NULL;

		if (valid && str_eq(valid, owner))
			return true;
	}
	return false;
}

void mark_gc(const struct call *c, enum mark kind)
{
	_strv_ struct strv files = { 0 };
	char owner[NFT_COMMENT_BYTES];

	names_of(state_attachments(), &files);
	for (size_t i = 0; i < files.n; i++) {
		_attachment_ struct attachment a = { 0 };

		if (parse_file(files.v[i], owner) != (int)kind)
			continue;
		if (record_read(state_attachments(), files.v[i], &a)) {
			if (!state_is_absent())
				die("read record '%s'", files.v[i]);
			continue;
		}
		if (str_eq(a.network, c->name) && !is_valid_owner(c, owner))
			clear(owner, kind);
	}
}
