#include <string.h>

#include "imgunpack/pack.h"
#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/proc.h"

struct pack_edits pack_edits;

/* One argument an option, or a JSON array of them, as Dockerfiles have it. */
static struct json *arguments(const char *option, const struct strv *args)
{
	struct json *list = json_new(JSON_ARRAY);
	char why[JSON_WHY_MAX];

	if (args->n != 1 || args->v[0][0] != '[') {
		for (size_t i = 0; i < args->n; i++)
			json_append(list, json_new_str(args->v[i]));
		return list;
	}
	json_free(list);
	list = json_parse(args->v[0], strlen(args->v[0]), 0, why);
	if (!list || list->type != JSON_ARRAY)
		opt_misuse("--%s '%s' is no JSON array", option, args->v[0]);
	for (const struct json *j = list->child; j; j = j->next)
		if (j->type != JSON_STRING)
			opt_misuse("--%s '%s' is no array of strings", option, args->v[0]);
	return list;
}

static void set_text(struct json *run, const char *member, const char *value)
{
	if (value)
		json_set(run, member, json_new_str(value));
}

static void set_env(struct json *run)
{
	_strv_ struct strv all = { 0 };
	struct json *list = pack_edits.env.n ? json_make(run, "Env", JSON_ARRAY) : NULL;

	if (!list)
		return;
	for (const struct json *j = list->child; j; j = j->next)
		if (j->type == JSON_STRING)
			strv_add(&all, j->text);
	for (size_t i = 0; i < pack_edits.env.n; i++) {
		if (!strchr(pack_edits.env.v[i], '=') || pack_edits.env.v[i][0] == '=')
			opt_misuse("--env '%s' is no NAME=VALUE", pack_edits.env.v[i]);
		strv_setenv(&all, pack_edits.env.v[i]);
	}
	list = json_set(run, "Env", json_new(JSON_ARRAY));
	for (size_t i = 0; i < all.n; i++)
		json_append(list, json_new_str(all.v[i]));
}

static void set_labels(struct json *run)
{
	struct json *map = pack_edits.labels.n ? json_make(run, "Labels", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < pack_edits.labels.n; i++) {
		char *equals = strchr(pack_edits.labels.v[i], '=');
		_free_ char *key = xmemdup0(pack_edits.labels.v[i],
					    equals ? (size_t)(equals - pack_edits.labels.v[i])
						   : strlen(pack_edits.labels.v[i]));

		if (!*key)
			opt_misuse("--label '%s' has no key", pack_edits.labels.v[i]);
		json_set(map, key, json_new_str(equals ? equals + 1 : ""));
	}
}

static void set_ports(struct json *run)
{
	struct json *map = pack_edits.ports.n ? json_make(run, "ExposedPorts", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < pack_edits.ports.n; i++) {
		char *slash = strchr(pack_edits.ports.v[i], '/');
		_free_ char *number = xmemdup0(pack_edits.ports.v[i],
					       slash ? (size_t)(slash - pack_edits.ports.v[i])
						     : strlen(pack_edits.ports.v[i]));
		_free_ char *key = xasprintf("%s/%s", number, slash ? slash + 1 : "tcp");
		uint64_t n;

		if (num_u64(number, 65535, &n) < 0 || !n ||
		    (slash && !str_eq(slash, "/tcp") && !str_eq(slash, "/udp") &&
		     !str_eq(slash, "/sctp")))
			opt_misuse("--expose '%s' is no PORT[/PROTO]", pack_edits.ports.v[i]);
		json_set(map, key, json_new(JSON_OBJECT));
	}
}

static void set_volumes(struct json *run)
{
	struct json *map = pack_edits.volumes.n ? json_make(run, "Volumes", JSON_OBJECT) : NULL;

	for (size_t i = 0; i < pack_edits.volumes.n; i++) {
		if (pack_edits.volumes.v[i][0] != '/')
			opt_misuse("--volume '%s' is no absolute path", pack_edits.volumes.v[i]);
		json_set(map, pack_edits.volumes.v[i], json_new(JSON_OBJECT));
	}
}

/* Docker's CMD-SHELL runs the shell, CMD the program itself. */
static struct json *health_test(void)
{
	struct strv one = { 0 };
	struct json *list = json_new(JSON_ARRAY), *words;

	json_append(list, json_new_str(pack_edits.health_cmd[0] == '[' ? "CMD" : "CMD-SHELL"));
	strv_add(&one, pack_edits.health_cmd);
	words = arguments("health-cmd", &one);
	for (const struct json *j = words->child; j; j = j->next)
		json_append(list, json_new_str(j->text));
	json_free(words);
	strv_free(&one);
	return list;
}

static void set_time(struct json *health, const char *member, const char *option, const char *value)
{
	int64_t ns;

	if (!value)
		return;
	if (num_duration_ns(value, &ns) < 0 || ns < 0)
		opt_misuse("--%s '%s' is no time", option, value);
	json_set(health, member, json_new_int(ns));
}

static bool set_health(struct json *run)
{
	const struct pack_edits *e = &pack_edits;
	struct json *health;
	uint64_t n;

	if (!e->no_health && !e->health_cmd && !e->health_interval && !e->health_timeout &&
	    !e->health_start && !e->health_retries)
		return false;
	health = json_make(run, "Healthcheck", JSON_OBJECT);
	if (e->no_health) {
		json_set(health, "Test", json_new(JSON_ARRAY));
		json_append(json_make(health, "Test", JSON_ARRAY), json_new_str("NONE"));
		return true;
	}
	if (e->health_cmd)
		json_set(health, "Test", health_test());
	set_time(health, "Interval", "health-interval", e->health_interval);
	set_time(health, "Timeout", "health-timeout", e->health_timeout);
	set_time(health, "StartPeriod", "health-start-period", e->health_start);
	if (e->health_retries) {
		if (num_u64(e->health_retries, INT32_MAX, &n) < 0)
			opt_misuse("--health-retries '%s' is no number", e->health_retries);
		json_set(health, "Retries", json_new_int((int64_t)n));
	}
	return true;
}

static const struct {
	const char *word, *member;
} clearable[] = {
	{ "cmd", "Cmd" },
	{ "entrypoint", "Entrypoint" },
	{ "env", "Env" },
	{ "expose", "ExposedPorts" },
	{ "health", "Healthcheck" },
	{ "label", "Labels" },
	{ "onbuild", "OnBuild" },
	{ "shell", "Shell" },
	{ "stop-signal", "StopSignal" },
	{ "user", "User" },
	{ "volume", "Volumes" },
	{ "workdir", "WorkingDir" },
};

static void clear(struct json *run, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(clearable); i++)
		if (str_eq(word, clearable[i].word)) {
			const struct json *j = json_get(run, clearable[i].member);

			if (j)
				json_remove(run, j);
			return;
		}
	opt_misuse("--clear '%s': nothing of that name", word);
}

static void set_build(struct json *run)
{
	struct strv shell = { 0 };

	for (size_t i = 0; i < pack_edits.onbuild.n; i++)
		json_append(json_make(run, "OnBuild", JSON_ARRAY),
			    json_new_str(pack_edits.onbuild.v[i]));
	if (!pack_edits.shell)
		return;
	if (pack_edits.shell[0] != '[')
		opt_misuse("--shell '%s' is no JSON array", pack_edits.shell);
	strv_add(&shell, pack_edits.shell);
	json_set(run, "Shell", arguments("shell", &shell));
	strv_free(&shell);
}

bool pack_configure(struct json *config)
{
	const struct pack_edits *e = &pack_edits;
	bool any = e->cmd.n || e->entrypoint.n || e->env.n || e->labels.n || e->ports.n ||
		   e->volumes.n || e->user || e->workdir || e->stop_signal || e->author ||
		   e->clear.n || e->onbuild.n || e->shell;
	struct json *run = json_make(config, "config", JSON_OBJECT);

	if (e->workdir && *e->workdir != '/')
		opt_misuse("--workdir '%s' is no absolute path", e->workdir);
	if (e->stop_signal && proc_signal_number(e->stop_signal) < 0)
		opt_misuse("--stop-signal '%s' is no signal", e->stop_signal);
	for (size_t i = 0; i < e->clear.n; i++)
		clear(run, e->clear.v[i]);
	if (e->entrypoint.n)
		json_set(run, "Entrypoint", arguments("entrypoint", &e->entrypoint));
	if (e->cmd.n)
		json_set(run, "Cmd", arguments("cmd", &e->cmd));
	set_env(run);
	set_labels(run);
	set_ports(run);
	set_volumes(run);
	set_build(run);
	set_text(run, "User", e->user);
	set_text(run, "WorkingDir", e->workdir);
	set_text(run, "StopSignal", e->stop_signal);
	set_text(config, "author", e->author);
	return set_health(run) || any;
}
