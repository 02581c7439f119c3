#include <limits.h>
#include <string.h>

#include "lib/tar.h"

int tar_clean_path(char *path)
{
	char *to = path;

	if (strlen(path) >= PATH_MAX)
		return set_errno(ENAMETOOLONG);
	for (char *from = path; *from;) {
		size_t len = strcspn(from, "/");

		if (len > NAME_MAX)
			return set_errno(ENAMETOOLONG);
		if (len == 2 && !memcmp(from, "..", 2))
			return set_errno(EINVAL);
		if (len && !(len == 1 && *from == '.')) {
			if (to > path)
				*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len + (from[len] == '/');
	}
	*to = '\0';
	return 0;
}
