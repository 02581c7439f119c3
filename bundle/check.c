/* bundle check - tell what is wrong with a bundle. */
#include <fcntl.h>
#include <sys/stat.h>

#include "bundle/verbs.h"
#include "lib/cgroup_res.h"
#include "lib/die.h"
#include "lib/opt.h"
#include "lib/resources.h"
#include "lib/seccomp_spec.h"
#include "lib/spec.h"

static const struct opt opts[] = { { 0 } };

static void check_resources(const struct spec *s)
{
	const struct json *j = json_find(s->json, "linux.resources");
	struct cgroup_resources res = { 0 };
	char why[DECODE_WHY_MAX] = "";
	int rc;

	if (!j || j->type == JSON_NULL)
		return;
	rc = decode(&resources_schema, j, "linux.resources", &res, why);
	decode_free(&resources_schema, &res);
	if (rc)
		diex("config.json: %s", why);
}

static void check_seccomp(const struct spec *s)
{
	_seccomp_profile_ struct seccomp_profile profile = { 0 };
	struct seccomp_program program = { 0 };
	char why[DECODE_WHY_MAX] = "";

	if (seccomp_profile_decode(json_find(s->json, "linux.seccomp"), &profile, why))
		diex("config.json: %s", why);
	if (!seccomp_is_wanted(&profile))
		return;
	if (seccomp_compile(&profile, -1, &program, why))
		diex("config.json: linux.seccomp.%s", why);
	seccomp_program_free(&program);
}

static void check_rootfs(const struct spec *s, int bundle_dirfd)
{
	const char *path = s->root ? s->root->path : NULL;
	struct stat st;

	if (!path)
		diex("config.json: root.path: missing");
	if (fstatat(bundle_dirfd, path, &st, 0))
		die("config.json: root.path: stat '%s'", path);
	if (!S_ISDIR(st.st_mode))
		diex("config.json: root.path: '%s' is not a directory", path);
}

int bundle_check(int argc, char **argv)
{
	const struct usage u = { "[DIR]",
				 "Tell what is wrong with a bundle; say nothing if it is right.",
				 opts, 0, NULL };
	int at = opt_parse(argc, argv, &u);
	_close_ int bundle_dirfd = -1;
	_spec_ struct spec spec = { 0 };
	char why[DECODE_WHY_MAX] = "";
	const char *dir;

	opt_operands(argc - at, 0, 1);
	dir = at < argc ? argv[at] : ".";
	bundle_dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle_dirfd < 0)
		die("open '%s'", dir);
	if (spec_load(&spec, bundle_dirfd, "config.json", why)) {
		if (!*why)
			die("read '%s/config.json'", dir);
		diex("config.json: %s", why);
	}
	check_resources(&spec);
	check_seccomp(&spec);
	check_rootfs(&spec, bundle_dirfd);
	return 0;
}
