#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "lib/die.h"
#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/proc.h"
#include "netns/cni.h"

/* Changes when the fixed part of the table does. */
static const char table_comment[] = "lash 2";

static void replay_network(void *arg, const struct network *net)
{
	table_put_network(arg, net);
}

struct replay {
	struct nft *nft;
	const char *space;
};

static void replay_ports(void *arg, const char *file, const struct attachment *a)
{
	const struct replay *r = arg;

	/* Of what is only intended nobody knows yet that the ports are free. */
	if (!record_is_intent(file) && !a->helper && !a->chain)
		table_put_ports(r->nft, r->space, a);
}

static void replay_spaces(struct nft *nft)
{
	_strv_ struct strv names = { 0 };

	names_of(state_spaces(), &names);
	for (size_t i = 0; i < names.n; i++) {
		struct replay r = { nft, names.v[i] };
		_close_ int dirfd = openat(state_spaces(), names.v[i],
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (dirfd >= 0)
			record_each(dirfd, replay_ports, &r);
		else if (!state_is_absent())
			die("open record of '%s'", names.v[i]);
	}
}

void table_ensure(struct nft *nft)
{
	int there;

	/* Until we end: what we go on to put into the table, gc does not take away with it. */
	if (flock(state_networks(), LOCK_SH))
		die("lock the networks");
	there = nft_has_table_of(nft, table_comment);
	if (there < 0)
		die("ask for nf_tables table '%s'", nft->table);
	if (there == 1)
		return;
	/* One of an older program: replaced in one transaction. */
	if (there)
		nft_del_table(nft);
	nft_add_table(nft, true, table_comment);
	table_rules(nft);
	if (forward_was_off())
		table_guard(nft);
	network_each_up(replay_network, nft);
	replay_spaces(nft);
	mark_replay(nft);
	/* EEXIST: another one of us was faster. */
	if (nft_commit(nft) && errno != EEXIST)
		die("make nf_tables table '%s'", nft->table);
}

static bool is_empty(int dirfd)
{
	_strv_ struct strv names = { 0 };

	names_of(dirfd, &names);
	return !names.n;
}

/* Networks and attachments are on record before the table is asked for. */
void table_drop_idle(struct nft *nft)
{
	if (forward_was_off() || flock(state_networks(), LOCK_EX | LOCK_NB))
		return;
	if (is_empty(state_networks()) && is_empty(state_attachments()) &&
	    nft_has_table_of(nft, table_comment) > 0)
		nft_del_table(nft);
	if (nft_commit(nft) && errno != ENOENT)
		die("remove nf_tables table '%s'", nft->table);
}

struct sweep {
	struct nft *nft;
	struct nft_elem *v;
	size_t n, cap;
};

static void note_elem(void *arg, const struct nft_elem *e)
{
	struct sweep *s = arg;

	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	s->v[s->n++] = *e;
}

struct mention {
	const struct nft_elem *elem;
	const char *space;
	bool found;
};

static void find_mention(void *arg, const char *file _unused_, const struct attachment *a)
{
	struct mention *m = arg;

	m->found = m->found || table_mentions(m->space, a, m->elem);
}

static bool is_mentioned(const struct nft_elem *e)
{
	struct mention m = { e, e->comment, false };
	_close_ int dirfd = -1;

	if (mark_is_owner(e->comment))
		return mark_mentions(e);
	if (!str_is_name(e->comment))
		return false;
	dirfd = openat(state_spaces(), e->comment, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd >= 0)
		record_each(dirfd, find_mention, &m);
	else if (!state_is_absent())
		die("open record of '%s'", e->comment);
	return m.found;
}

void table_sweep(struct nft *nft)
{
	static const char *const maps[] = { "pub4", "pubip4", "pub6",  "pubip6", "door4", "door6",
					    "one4", "one6",   "home4", "home6",	 "snat4", "snat6" };
	struct sweep s = { .nft = nft };

	for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
		if (!nft_each_elem(nft, maps[i], note_elem, &s) || errno == ENOENT)
			continue;
		/* Who may not even look has none there: root of a user namespace. */
		if (errno == EPERM && !s.n)
			return;
		die("list published ports");
	}
	/* Records are written before elements and looked at after them here: what has no record now
	 * is nobody's. */
	for (size_t i = 0; i < s.n; i++) {
		struct nft_elem now = s.v[i];

		if (is_mentioned(&s.v[i]))
			continue;
		if (!nft_get_elem(nft, &now) && str_eq(now.comment, s.v[i].comment))
			nft_del_elem(nft, &s.v[i]);
	}
	free(s.v);
	if (nft_commit(nft) && errno != ENOENT)
		die("remove ports nobody publishes");
}

/* Longer than the kernel takes for the clean-up, so that nobody's commit waits for it. */
static const struct timespec linger = { .tv_nsec = 60000000 };

void table_linger(struct nft *nft)
{
	pid_t pid = nft->fd >= 0 ? fork() : -1;

	/* Where there is no child the wait is ours; that is all. */
	if (pid)
		return;
	if (fd_install(nft->fd, 0) || fd_close_from(1) || chdir("/"))
		_exit(1);
	nanosleep(&linger, NULL);
	_exit(0);
}
