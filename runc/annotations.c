#include "runc/annotations.h"
#include "lib/die.h"
#include "lib/str.h"

const char *annotation(const struct spec *spec, const char *name)
{
	const char *value = decode_map_get(&spec->annotations, name);

	return value && *value ? value : NULL;
}

bool annotation_is_on(const struct spec *spec, const char *name)
{
	const char *value = annotation(spec, name);

	return value && !str_eq(value, "0") && !str_eq(value, "false");
}

const char *annotation_listener(const struct spec *spec, const char *path)
{
	if (!path || !*path)
		path = annotation(spec, ANNOTATION_SECCOMP_RECEIVER);
	if (!path)
		path = getenv("RUN_OCI_SECCOMP_RECEIVER");
	return path && *path ? path : NULL;
}

const char *annotation_refused(size_t i)
{
	static const char *const refused[] = {
		"run.oci.handler",	    "run.oci.seccomp.plugins",
		"run.oci.delegate-cgroup",  "run.oci.systemd.force_cgroup_v1",
		"run.oci.systemd.subgroup",
	};

	return i < ARRAY_LEN(refused) ? refused[i] : NULL;
}

const char *annotation_mount_context(const char *value)
{
	static const char *const types[] = { "context", "fscontext", "defcontext", "rootcontext",
					     NULL };
	int i = value && *value ? strv_index((char *const *)(uintptr_t)types, value) : 0;

	return i < 0 ? NULL : types[i];
}

void annotations_check(const struct spec *spec)
{
	const char *name;

	for (size_t i = 0; (name = annotation_refused(i)); i++) {
		if (annotation(spec, name))
			diex("annotations: '%s' is not supported: '%s'", name,
			     annotation(spec, name));
	}
	if (!annotation_mount_context(annotation(spec, ANNOTATION_MOUNT_CONTEXT)))
		diex("annotations: '" ANNOTATION_MOUNT_CONTEXT "' knows no '%s'",
		     annotation(spec, ANNOTATION_MOUNT_CONTEXT));
}
