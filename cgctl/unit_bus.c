#include <signal.h>

#include "cgctl/unit_bus_private.h"
#include "lib/clock.h"
#include "lib/mem.h"

#define MANAGER \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
#define PRIVATE_SOCKET "/run/systemd/private"

enum { SECOND_US = 1000000, TRIES_MAX = 32 };

struct unit_bus {
	sd_bus *bus;
	int timeout_s;
	char *job;    /* the one being waited for */
	char *result; /* its end: "done", "failed", ... */
};

static int fail(struct buf *why, int r, const char *what, const char *unit,
		const sd_bus_error *error)
{
	buf_addf(why, "%s '%s'%s%s", what, unit, error && error->message ? ": " : "",
		 error && error->message ? error->message : "");
	return set_errno(-r);
}

static int on_job_removed(sd_bus_message *m, void *arg, _unused_ sd_bus_error *error)
{
	struct unit_bus *b = arg;
	const char *job, *result;

	if (sd_bus_message_read(m, "uoss", NULL, &job, NULL, &result) < 0)
		return 0;
	if (b->job && str_eq(job, b->job) && !b->result)
		b->result = xstrdup(result);
	return 0;
}

static int connect_address(sd_bus **bus, const char *address, bool is_bus)
{
	int r = sd_bus_new(bus);

	if (r >= 0)
		r = sd_bus_set_address(*bus, address);
	if (r >= 0 && is_bus)
		r = sd_bus_set_bus_client(*bus, true);
	if (r >= 0)
		r = sd_bus_start(*bus);
	if (r < 0)
		*bus = sd_bus_unref(*bus);
	return r;
}

/* No daemon between, and no policy to ask: root's socket of process 1. */
static int connect_private(sd_bus **bus)
{
	if (geteuid() || getenv("DBUS_SYSTEM_BUS_ADDRESS") || access(PRIVATE_SOCKET, W_OK) < 0)
		return -ENOENT;
	return connect_address(bus, "unix:path=" PRIVATE_SOCKET, false);
}

static int connect_user(sd_bus **bus)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	_free_ char *address = runtime ? xasprintf("unix:path=%s/systemd/private", runtime) : NULL;
	int r = sd_bus_open_user(bus);

	/* A user's manager without a bus has this, like the system's. */
	return r < 0 && address ? connect_address(bus, address, false) : r;
}

/* JobRemoved is sent to those who subscribed; that answer need not be awaited. */
static int listen_to_jobs(struct unit_bus *b)
{
	int r = sd_bus_match_signal(b->bus, NULL, NULL, "/org/freedesktop/systemd1",
				    "org.freedesktop.systemd1.Manager", "JobRemoved",
				    on_job_removed, b);

	if (r < 0)
		return r;
	return sd_bus_call_method_async(b->bus, NULL, MANAGER, "Subscribe", NULL, NULL, NULL);
}

struct unit_bus *unit_bus_open(bool user, int timeout_s, struct buf *why)
{
	struct unit_bus *b = xcalloc(1, sizeof(*b));
	int r = user ? connect_user(&b->bus) : connect_private(&b->bus);

	b->timeout_s = timeout_s;
	if (r < 0 && !user)
		r = sd_bus_open_system(&b->bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(b->bus, (uint64_t)timeout_s * SECOND_US);
	if (r >= 0)
		r = listen_to_jobs(b);
	if (r >= 0)
		return b;
	buf_addf(why, "connect to systemd of the %s", user ? "user" : "system");
	unit_bus_close(&b);
	errno = -r;
	return NULL;
}

void unit_bus_close(struct unit_bus **b)
{
	int saved = errno;

	if (!*b)
		return;
	sd_bus_flush_close_unref((*b)->bus);
	free((*b)->job);
	free((*b)->result);
	free(*b);
	*b = NULL;
	errno = saved;
}

/* The reply to a call names the job; its end is told by a signal that may already be queued. */
static int wait_job(struct unit_bus *b, sd_bus_message *reply)
{
	uint64_t end = (uint64_t)clock_us() + (uint64_t)b->timeout_s * SECOND_US, now;
	const char *job;
	int r = sd_bus_message_read(reply, "o", &job);

	if (r < 0)
		return r;
	free(b->job);
	free_ptr(&b->result);
	b->result = NULL;
	b->job = xstrdup(job);
	while (!b->result) {
		r = sd_bus_process(b->bus, NULL);
		if (r == 0) {
			now = (uint64_t)clock_us();
			if (now >= end)
				return -ETIMEDOUT;
			r = sd_bus_wait(b->bus, end - now);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* "Cannot set property AllowedCPUs, or unknown property.", "Value specified in CPUWeight is out of
 * range": an older systemd. Since 247 the words are the same. */
static bool drop_refused(struct unit_props *props, const sd_bus_error *error)
{
	static const char *const fronts[] = { "Cannot set property ", "Value specified in ",
					      "Unknown property " };
	const char *name = NULL;

	for (size_t i = 0; i < ARRAY_LEN(fronts) && !name && error->message; i++)
		name = str_after(error->message, fronts[i]);
	for (size_t i = 0; i < props->n && name; i++) {
		size_t len = strlen(props->v[i].name);

		if (props->v[i].ours && !strncmp(name, props->v[i].name, len) &&
		    strchr(" ,.", name[len])) {
			unit_props_drop(props, i);
			return true;
		}
	}
	return false;
}

/* One call; REPLY is the caller's. */
static int call_start(struct unit_bus *b, const char *unit, const struct unit_props *props,
		      sd_bus_error *error, sd_bus_message **reply)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(b->bus, &m, MANAGER, "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "fail");
	if (r >= 0)
		r = unit_bus_append(m, props);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (r >= 0)
		r = sd_bus_call(b->bus, m, 0, error, reply);
	sd_bus_message_unref(m);
	return r;
}

static int call_set(struct unit_bus *b, const char *unit, const struct unit_props *props,
		    sd_bus_error *error, _unused_ sd_bus_message **reply)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(b->bus, &m, MANAGER, "SetUnitProperties");

	/* Runtime: not on disk. */
	if (r >= 0)
		r = sd_bus_message_append(m, "sb", unit, 1);
	if (r >= 0)
		r = unit_bus_append(m, props);
	if (r >= 0)
		r = sd_bus_call(b->bus, m, 0, error, NULL);
	sd_bus_message_unref(m);
	return r;
}

static void reset_failed(struct unit_bus *b, const char *unit)
{
	sd_bus_call_method(b->bus, MANAGER, "ResetFailedUnit", NULL, NULL, "s", unit);
}

typedef int props_call(struct unit_bus *b, const char *unit, const struct unit_props *props,
		       sd_bus_error *error, sd_bus_message **reply);

/* Again without what this systemd does not know, and once more after forgetting a failed unit. */
static int call_patiently(struct unit_bus *b, props_call *call, const char *unit,
			  struct unit_props *props, sd_bus_error *error, sd_bus_message **reply)
{
	bool forgotten = false;
	int r;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		sd_bus_error_free(error);
		r = call(b, unit, props, error, reply);
		if (r >= 0)
			return r;
		if (drop_refused(props, error))
			continue;
		if (r != -EEXIST || forgotten)
			return r;
		reset_failed(b, unit);
		forgotten = true;
	}
	return r;
}

static int finish_job(struct unit_bus *b, sd_bus_message *reply, const char *what, const char *unit,
		      struct buf *why)
{
	int r = wait_job(b, reply);

	if (r < 0)
		return fail(why, r, what, unit, NULL);
	if (str_eq(b->result, "done"))
		return 0;
	buf_addf(why, "%s '%s': the job ended as '%s'", what, unit, b->result);
	return set_errno(0);
}

int unit_bus_start(struct unit_bus *b, const char *unit, struct unit_props *props, struct buf *why)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = call_patiently(b, call_start, unit, props, &error, &reply);

	r = r < 0 ? fail(why, r, "start unit", unit, &error)
		  : finish_job(b, reply, "start unit", unit, why);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}

int unit_bus_set(struct unit_bus *b, const char *unit, struct unit_props *props, struct buf *why)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	if (!props->n)
		return 0;
	r = call_patiently(b, call_set, unit, props, &error, NULL);
	if (r < 0)
		r = fail(why, r, "set properties of unit", unit, &error);
	sd_bus_error_free(&error);
	return r;
}

/* Which of its interfaces the group is a property of. */
static const char *interface_of(const char *unit)
{
	return str_ends(unit, ".slice") ? "org.freedesktop.systemd1.Slice"
					: "org.freedesktop.systemd1.Scope";
}

char *unit_bus_group(struct unit_bus *b, const char *unit, struct buf *why)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *path = NULL, *group = NULL;
	int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);

	if (r >= 0)
		r = sd_bus_get_property_string(b->bus, "org.freedesktop.systemd1", path,
					       interface_of(unit), "ControlGroup", &error, &group);
	free(path);
	if (r < 0)
		fail(why, r, "ask for the group of unit", unit, &error);
	else if (!*group)
		buf_addf(why, "unit '%s' has no group", unit);
	sd_bus_error_free(&error);
	if (r >= 0 && *group)
		return group;
	free(group);
	return NULL;
}

static bool is_gone(const sd_bus_error *error)
{
	return sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit");
}

int unit_bus_kill(struct unit_bus *b, const char *unit, struct buf *why)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(b->bus, MANAGER, "KillUnit", &error, NULL, "ssi", unit, "all",
				   SIGKILL);

	/* ESRCH: it has no processes. */
	r = r < 0 && r != -ESRCH && !is_gone(&error) ? fail(why, r, "kill unit", unit, &error) : 0;
	sd_bus_error_free(&error);
	return r;
}

int unit_bus_stop(struct unit_bus *b, const char *unit, struct buf *why)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = sd_bus_call_method(b->bus, MANAGER, "StopUnit", &error, &reply, "ss", unit,
				   "replace");

	if (r >= 0)
		r = finish_job(b, reply, "stop unit", unit, why);
	else
		r = is_gone(&error) ? 0 : fail(why, r, "stop unit", unit, &error);
	if (r == 0)
		reset_failed(b, unit);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return r;
}
