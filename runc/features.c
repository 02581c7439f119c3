/* features - what this runc can do, as features.md of the specification wants it told. */
#include "lib/cap.h"
#include "lib/die.h"
#include "lib/emit.h"
#include "lib/io.h"
#include "lib/mnt.h"
#include "lib/ns.h"
#include "lib/seccomp.h"
#include "runc/runc.h"

static const struct opt opts[] = { { 0 } };

static const struct usage usage = {
	.synopsis = "",
	.purpose = "Show what is compiled in, as JSON.",
	.opts = opts,
	.flags = OPT_STOP | OPT_SINGLE,
};

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL
};
static const char *const policy_modes[] = {
	"MPOL_BIND",	  "MPOL_DEFAULT",	 "MPOL_INTERLEAVE",	     "MPOL_LOCAL",
	"MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE", NULL
};
static const char *const policy_flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
					    "MPOL_F_STATIC_NODES", NULL };
/* Set by an engine from an image's labels, these would change what the runtime does. */
static const char *const unsafe_annotations[] = { "bundle", "org.systemd.property.",
						  "org.criu.config", "run.oci.", NULL };

static void emit_words(struct emit *e, const char *key, const char *const *v)
{
	emit_array(e, key);
	for (; *v; v++)
		emit_str(e, NULL, *v);
	emit_end(e);
}

static void emit_table(struct emit *e, const char *key, const char *(*at)(size_t i))
{
	emit_array(e, key);
	for (size_t i = 0; at(i); i++)
		emit_str(e, NULL, at(i));
	emit_end(e);
}

static void emit_enabled(struct emit *e, const char *key, bool on)
{
	emit_object(e, key);
	emit_bool(e, "enabled", on);
	emit_end(e);
}

static void emit_namespaces(struct emit *e)
{
	static const char *const sorted[] = { "cgroup", "ipc",	"mount", "network",
					      "pid",	"time", "user",	 "uts" };

	emit_array(e, "namespaces");
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		if (ns_of_name(sorted[i]))
			emit_str(e, NULL, sorted[i]);
	}
	emit_end(e);
}

static void emit_capabilities(struct emit *e)
{
	char name[CAPS_NAME_MAX];

	emit_array(e, "capabilities");
	for (int n = 0; caps_name(n, name); n++)
		emit_str(e, NULL, name);
	emit_end(e);
}

static void emit_cgroup(struct emit *e)
{
	emit_object(e, "cgroup");
	emit_bool(e, "v1", true);
	emit_bool(e, "v2", true);
	emit_bool(e, "systemd", true);
	emit_bool(e, "systemdUser", true);
	emit_bool(e, "rdma", true);
	emit_end(e);
}

static void emit_seccomp(struct emit *e)
{
	emit_object(e, "seccomp");
	emit_bool(e, "enabled", true);
	emit_table(e, "actions", seccomp_action);
	emit_table(e, "operators", seccomp_operator);
	emit_table(e, "archs", seccomp_arch);
	emit_table(e, "knownFlags", seccomp_flag);
	emit_array(e, "supportedFlags");
	for (size_t i = 0; seccomp_flag(i); i++) {
		if (seccomp_flag_is_supported(seccomp_flag(i)))
			emit_str(e, NULL, seccomp_flag(i));
	}
	emit_end(e);
	emit_end(e);
}

static void emit_linux(struct emit *e)
{
	emit_object(e, "linux");
	emit_namespaces(e);
	emit_capabilities(e);
	emit_cgroup(e);
	emit_seccomp(e);
	emit_enabled(e, "apparmor", true);
	emit_enabled(e, "selinux", true);
	emit_object(e, "intelRdt");
	emit_bool(e, "enabled", true);
	emit_bool(e, "schemata", true);
	emit_bool(e, "monitoring", true);
	emit_end(e);
	emit_object(e, "memoryPolicy");
	emit_words(e, "modes", policy_modes);
	emit_words(e, "flags", policy_flags);
	emit_end(e);
	emit_object(e, "mountExtensions");
	emit_enabled(e, "idmap", true);
	emit_end(e);
	emit_enabled(e, "netDevices", true);
	emit_end(e);
}

static void emit_annotations(struct emit *e)
{
	char version[SECCOMP_VERSION_MAX];

	emit_object(e, "annotations");
	emit_str(e, "io.github.seccomp.libseccomp.version", seccomp_library_version(version));
	emit_str(e, "org.opencontainers.runc.checkpoint.enabled", "true");
	emit_str(e, "org.opencontainers.runc.version", VERSION);
	emit_end(e);
}

int verb_features(int argc, char **argv)
{
	_buf_ struct buf out = { 0 };
	struct emit e = { .out = &out, .indent = 4, .html = true };

	runc_parse(argc, argv, &usage, 0, 0);
	emit_object(&e, NULL);
	emit_str(&e, "ociVersionMin", "1.0.0");
	emit_str(&e, "ociVersionMax", SPEC_VERSION);
	emit_words(&e, "hooks", hooks);
	emit_table(&e, "mountOptions", mnt_opts_word);
	emit_linux(&e);
	emit_annotations(&e);
	emit_words(&e, "potentiallyUnsafeConfigAnnotations", unsafe_annotations);
	emit_end(&e);
	buf_addc(&out, '\n');
	if (io_write(STDOUT_FILENO, out.data, out.len))
		die("cannot write");
	return 0;
}
