/* bundle_edit - every option applied to any JSON object; whatever is in it, there must be a result.
 */
#include "bundle/config.h"
#include "lib/emit.h"
#include "tests/fuzz/fuzz.h"

static struct request everything(void)
{
	struct request r = { .workdir = "/w",
			     .hostname = "h",
			     .netns = "none",
			     .pid = "host",
			     .ipc = "host",
			     .memory = "64m",
			     .cpus = "1.5",
			     .pids_limit = "10",
			     .shm_size = "1m",
			     .read_only = true,
			     .terminal = true,
			     .cgroups_path = "/a",
			     .oom_score_adj = "5",
			     .privileged = true };

	strv_add(&r.env, "A=1");
	strv_add(&r.ulimit, "nofile=1:2");
	strv_add(&r.mount, "type=tmpfs,dst=/dev");
	strv_add(&r.cap_drop, "NET_RAW");
	strv_add(&r.security_opt, "seccomp=default");
	strv_add(&r.security_opt, "label=type:t");
	strv_add(&r.sysctl, "kernel.msgmax=1");
	strv_add(&r.label, "a=b");
	strv_add(&r.hook, "poststop=/bin/true");
	return r;
}

static void request_free(struct request *r)
{
	struct strv *lists[] = { &r->env,	   &r->ulimit, &r->mount, &r->cap_drop,
				 &r->security_opt, &r->sysctl, &r->label, &r->hook };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_free(lists[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[JSON_WHY_MAX];
	_json_ struct json *config = json_parse((const char *)data, len, JSON_LAST_WINS, why),
			   *again = NULL;
	const struct strv none = { 0 };
	_buf_ struct buf b = { 0 };
	struct emit e = { .out = &b };
	struct request r;

	if (!config || config->type != JSON_OBJECT)
		return 0;
	r = everything();
	apply_all(config, &r, &none, false);
	request_free(&r);
	emit_json(&e, NULL, config);
	again = json_parse(buf_str(&b), b.len, 0, why);
	if (!again)
		abort();
	return 0;
}
