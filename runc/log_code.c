#include <errno.h>
#include <string.h>

#include "lib/base.h"
#include "runc/log.h"

/* By the phrases that engines match as well, which are therefore kept: the first that is found. */
static const struct {
	const char *phrase, *code;
} codes[] = {
	{ "; see '", "misuse" },
	{ "container does not exist", "container-not-found" },
	{ "container with given ID already exists", "container-exists" },
	{ "invalid container ID format", "invalid-id" },
	{ "container id cannot be empty", "invalid-id" },
	{ "was never finished", "container-broken" },
	{ "OOM-killed", "out-of-memory" },
	{ "cannot exec in a paused container", "container-paused" },
	{ "cannot start an already running container", "container-running" },
	{ "that is not stopped", "container-running" },
	{ "container not paused", "container-not-paused" },
	{ "container not running", "container-not-running" },
	{ "is not running", "container-not-running" },
	{ "container that has stopped", "container-not-running" },
	{ "in a stopped container", "container-not-running" },
	{ "cgroup is not empty", "cgroup-busy" },
	{ "cgroup unexpectedly frozen", "cgroup-busy" },
	{ "cgroup not exist", "cgroup-not-found" },
	{ "JSON specification file", "bundle-not-found" },
	{ "executable file not found", "program-not-found" },
	{ "no such file or directory", "program-not-found" },
	{ "permission denied", "program-not-executable" },
	{ " hook #", "hook-failed" },
	{ "config.json: ", "invalid-config" },
	{ "invalid rootfs", "invalid-rootfs" },
	{ "unknown signal", "misuse" },
	{ "console socket", "console-socket" },
	{ "not supported", "unsupported" },
	{ "criu", "criu-failed" },
};

static const struct {
	int err;
	const char *code;
} reasons[] = {
	{ EACCES, "permission-denied" },
	{ EPERM, "permission-denied" },
	{ ENOENT, "file-not-found" },
	{ ENOSPC, "no-space" },
	{ ENOMEM, "out-of-memory" },
	{ ENOSYS, "unsupported" },
	{ EOPNOTSUPP, "unsupported" },
	{ ETIMEDOUT, "timeout" },
	{ EBUSY, "busy" },
};

const char *log_code(const char *msg, int err)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strstr(msg, codes[i].phrase))
			return codes[i].code;
	}
	for (size_t i = 0; err && i < ARRAY_LEN(reasons); i++) {
		if (err == reasons[i].err)
			return reasons[i].code;
	}
	return "failed";
}
