#include <fcntl.h>

#include "lib/cgroup_device_private.h"
#include "lib/cgroup_private.h"

/* bpf(2) takes no O_PATH descriptor. */
static int v2_set(int path_dirfd, const struct device_set *want, struct buf *why)
{
	_device_program_ struct device_program p = { 0 };
	_close_ int dirfd = openat(path_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_close_ int progfd = -1;

	if (dirfd < 0) {
		buf_adds(why, "open the group's directory");
		return -1;
	}
	device_program_make(&p, want);
	progfd = device_program_load(&p);
	if (progfd < 0) {
		buf_adds(why, "load the program of the device rules");
		return -1;
	}
	if (device_program_attach(dirfd, progfd) == 0)
		return 0;
	buf_adds(why, "attach the program of the device rules");
	return -1;
}

int cgroup_set_devices(const struct cgroup *g, const struct cgroup_device_rule *rule, size_t n,
		       struct buf *why)
{
	/* A group starts with what its parent has: on v2, with no program, that is everything. */
	_device_set_ struct device_set want = { .allow_all = true };
	int dirfd = cgroup_dirfd(g, CGROUP_DEVICES);

	for (size_t i = 0; i < n; i++) {
		if (device_set_rule(&want, &rule[i]) < 0) {
			buf_addf(why, "apply device rule %zu (%s)", i,
				 errno == EINVAL ? "malformed, or a hole in a wider one"
						 : "numbers out of range");
			return -1;
		}
	}
	if (dirfd < 0) {
		buf_adds(why, "find the devices controller");
		return -1;
	}
	return cgroup_on_v2(g, CGROUP_DEVICES) ? v2_set(dirfd, &want, why)
					       : device_v1_set(dirfd, &want, why);
}
