#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "lib/cap.h"

enum { NBITS = 64 };

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

int caps_number(const char *name)
{
	char same[CAPS_NAME_MAX];
	cap_value_t n;

	/* libcap also takes "cap_kill" and "5"; the spec has one spelling. */
	if (strncmp(name, "CAP_", 4) || cap_from_name(name, &n) || !caps_name(n, same) ||
	    strcmp(name, same))
		return set_errno(ENOENT);
	return n;
}

const char *caps_name(int number, char buf[static CAPS_NAME_MAX])
{
	char *name = cap_to_name(number);
	size_t i;

	/* Without a name libcap answers the number in digits. */
	if (!name || strncmp(name, "cap_", 4) || strlen(name) >= CAPS_NAME_MAX) {
		cap_free(name);
		return NULL;
	}
	for (i = 0; name[i]; i++)
		buf[i] = name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i];
	buf[i] = '\0';
	cap_free(name);
	return buf;
}

/* Every kernel we run on has what this build knows by name; only beyond that it must be asked. */
static bool kernel_has(int n)
{
	return n <= CAP_LAST_CAP || CAP_IS_SUPPORTED(n);
}

uint64_t caps_of_kernel(void)
{
	uint64_t set = 0;

	for (int n = 0; n < NBITS && kernel_has(n); n++)
		set |= bit(n);
	return set;
}

static int get(struct __user_cap_data_struct data[static _LINUX_CAPABILITY_U32S_3])
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return capget(&head, data);
}

uint64_t caps_permitted(void)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (get(data))
		return 0;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

int caps_add_names(uint64_t *set, char *const *names, void (*unknown)(const char *name))
{
	int left_out = 0;

	for (; names && *names; names++) {
		int n = caps_number(*names);

		if (n >= 0 && kernel_has(n)) {
			*set |= bit(n);
			continue;
		}
		left_out++;
		if (unknown)
			unknown(*names);
	}
	return left_out;
}

int caps_drop_bounding(uint64_t keep)
{
	for (int n = 0; n < NBITS; n++) {
		int failed;

		if (keep & bit(n) || !cap_drop_bound(n))
			continue;
		failed = errno;
		if (failed == EINVAL && n > CAP_LAST_CAP) /* past the kernel's last */
			return 0;
		/* Who may not drop need not, where it is not there. */
		if (cap_get_bound(n))
			return set_errno(failed);
	}
	return 0;
}

int caps_keep(void)
{
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

static int set_three(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(effective >> 32 * i);
		data[i].permitted = (uint32_t)(permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
	}
	return capset(&head, data);
}

int caps_apply(const struct caps *c)
{
	uint64_t has = caps_permitted();
	uint64_t permitted = c->permitted & has;
	uint64_t ambient = c->ambient & c->inheritable & permitted;

	if (set_three(c->effective & permitted, permitted, c->inheritable & has))
		return -1;
	/* Not cap_reset_ambient, which asks for each one first. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -1;
	for (int n = 0; n < NBITS; n++) {
		if (ambient & bit(n) && cap_set_ambient(n, CAP_SET))
			return -1;
	}
	return 0;
}
