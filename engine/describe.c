/* describe.c - a container read whole, and the row docker ps shows of it. */
#include <fcntl.h>
#include <time.h>

#include "engine/describe.h"
#include "engine/format.h"
#include "engine/store.h"
#include "lib/image.h"
#include "lib/io.h"
#include "lib/mem.h"
#include "lib/num.h"

enum { FILE_MAX_BYTES = 4 << 20, COMMAND_SHOWN = 20 };

static struct json *read_json(int dirfd, const char *name)
{
	_buf_ struct buf b = { 0 };
	char why[JSON_WHY_MAX];

	if (file_read(dirfd, name, FILE_MAX_BYTES, &b))
		return NULL;
	return json_parse(buf_str(&b), b.len, JSON_LAST_WINS, why);
}

int container_read(struct container *c, const struct cgroup_layout *l, const char *id)
{
	*c = (struct container){ .dirfd = store_open(id) };
	if (c->dirfd < 0)
		return -1;
	c->id = xstrdup(id);
	c->name = store_get(c->dirfd, "name");
	c->image = store_get(c->dirfd, "image");
	c->ref = store_get(c->dirfd, "ref");
	c->created = store_get(c->dirfd, "created");
	if (!c->name || !c->image || !c->ref || !c->created) {
		container_free(c);
		return set_errno(ENOENT);
	}
	state_read(&c->state, l, id, c->dirfd);
	c->config = read_json(c->dirfd, "config.json");
	c->net = read_json(c->dirfd, "net.json");
	return 0;
}

void container_free(struct container *c)
{
	free(c->id);
	free(c->name);
	free(c->image);
	free(c->ref);
	free(c->created);
	if (c->dirfd >= 0)
		close(c->dirfd);
	state_free(&c->state);
	json_free(c->config);
	json_free(c->net);
	json_free(c->image_config);
}

/* Seconds since a time of ours; fractions are of no interest. */
static int64_t seconds_since(const char *rfc3339)
{
	struct tm tm = { 0 };

	if (!rfc3339 || !strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	return (int64_t)(time(NULL) - timegm(&tm));
}

static void add_ago(struct buf *b, const char *when)
{
	format_duration(seconds_since(when), b);
}

static void put(struct json *row, const char *key, const char *value)
{
	json_set(row, key, json_new_str(value ? value : ""));
}

static void put_status(struct json *row, const struct state *s)
{
	_buf_ struct buf b = { 0 };

	switch (s->status) {
	case STATUS_CREATED:
		buf_adds(&b, "Created");
		break;
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		buf_adds(&b, "Up ");
		add_ago(&b, s->started_at);
		if (s->status == STATUS_PAUSED)
			buf_adds(&b, " (Paused)");
		break;
	case STATUS_EXITED:
		buf_addf(&b, "Exited (%d) ", s->exit_code);
		add_ago(&b, s->finished_at ? s->finished_at : s->started_at);
		buf_adds(&b, " ago");
		break;
	}
	put(row, "Status", buf_str(&b));
}

static void put_command(struct json *row, const struct json *config, bool whole)
{
	const struct json *args = json_find(config, "process.args");
	_buf_ struct buf text = { 0 }, shown = { 0 };
	size_t len;

	for (const struct json *a = args ? args->child : NULL; a; a = a->next)
		if (a->type == JSON_STRING)
			buf_addf(&text, "%s%s", text.len ? " " : "", a->text);
	len = text.len;
	if (!whole && len > COMMAND_SHOWN)
		len = COMMAND_SHOWN - 1;
	buf_addc(&shown, '"');
	buf_add(&shown, buf_str(&text), len);
	buf_adds(&shown, len < text.len ? "\xe2\x80\xa6\"" : "\"");
	/* Control bytes would reach a terminal. */
	for (size_t i = 0; i < shown.len; i++)
		if ((unsigned char)shown.data[i] < ' ' || shown.data[i] == 127)
			shown.data[i] = '?';
	put(row, "Command", buf_str(&shown));
}

static void put_labels(struct json *row, const struct json *config)
{
	const struct json *labels = json_get(config, "annotations");
	_buf_ struct buf b = { 0 };

	for (const struct json *l = labels ? labels->child : NULL; l; l = l->next)
		if (l->type == JSON_STRING)
			buf_addf(&b, "%s%s=%s", b.len ? "," : "", l->key, l->text);
	put(row, "Labels", buf_str(&b));
}

/* "0.0.0.0:8080->80/tcp", from the port mappings in the network's result. */
static void put_ports(struct json *row, const struct container *c)
{
	const struct json *ports = json_get(c->net, "portMappings");
	_buf_ struct buf b = { 0 };

	if (c->state.status == STATUS_CREATED || c->state.status == STATUS_EXITED)
		ports = NULL;
	for (const struct json *p = ports ? ports->child : NULL; p; p = p->next) {
		const struct json *host = json_get(p, "hostPort"),
				  *inner = json_get(p, "containerPort");
		const char *ip = json_get_str(p, "hostIP"), *protocol = json_get_str(p, "protocol");

		if (host && inner && host->text && inner->text)
			buf_addf(&b, "%s%s:%s->%s/%s", b.len ? ", " : "",
				 ip && *ip ? ip : "0.0.0.0", host->text, inner->text,
				 protocol ? protocol : "tcp");
	}
	put(row, "Ports", buf_str(&b));
}

static void put_networks(struct json *row, const struct container *c)
{
	_free_ char *network = store_get(c->dirfd, "network");

	put(row, "Networks", network);
}

struct json *container_row(const struct container *c, bool whole)
{
	struct json *row = json_new(JSON_OBJECT);
	_free_ char *short_id = xmemdup0(c->id, STORE_SHORT_LEN),
		    *code = xasprintf("%d", c->state.exit_code);
	_buf_ struct buf ago = { 0 };

	add_ago(&ago, c->created);
	buf_adds(&ago, " ago");
	put(row, "ID", whole ? c->id : short_id);
	put(row, "Image", c->image);
	put_command(row, c->config, whole);
	put(row, "CreatedAgo", buf_str(&ago));
	put(row, "RunningFor", buf_str(&ago));
	put(row, "CreatedAt", c->created);
	put_status(row, &c->state);
	put_ports(row, c);
	put(row, "Names", c->name);
	put(row, "State", status_name(c->state.status));
	put_labels(row, c->config);
	put_networks(row, c);
	put(row, "Ref", c->ref);
	put(row, "FullID", c->id);
	put(row, "ExitCode", code);
	return row;
}
