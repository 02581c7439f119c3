#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "lib/layout.h"
#include "lib/mem.h"
#include "lib/path.h"

static const char marker[] = "oci-layout";
static const char marker_text[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
static const char empty_index[] = "{\"schemaVersion\":2,\"mediaType\":\"" IMAGE_TYPE_INDEX
				  "\",\"manifests\":[]}";

/* What a layout under construction may hold; the marker, when another process is quicker. */
static const char *const own_names[] = { "blobs",	    "tmp", "index.json", ".index.json.new",
					 ".oci-layout.new", marker };

int layout_refuse(int err, char why[LAYOUT_WHY_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, LAYOUT_WHY_MAX, fmt, ap);
	va_end(ap);
	return set_errno(err);
}

static bool is_layout(const char *dir)
{
	_free_ char *path = xasprintf("%s/%s", dir, marker);

	return !access(path, F_OK);
}

/* Where in NAME the layout ends, going by layouts that exist. 0: none does. */
static size_t existing_end(const char *name)
{
	_free_ char *prefix = xstrdup(name);
	size_t end = strlen(name);

	while (end) {
		prefix[end] = '\0';
		if (is_layout(prefix))
			return end;
		do
			end--;
		while (end && name[end] != ':' && name[end] != '@');
	}
	return 0;
}

/* Where it would end if it is still to be made: behind the directories that exist. */
static size_t future_end(const char *name)
{
	_free_ char *prefix = xstrdup(name);
	size_t start = 0;

	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		struct stat st;

		prefix[p - name] = '\0';
		if (*prefix && (stat(prefix, &st) || !S_ISDIR(st.st_mode)))
			break;
		prefix[p - name] = '/';
		start = (size_t)(p - name) + 1;
	}
	return start + strcspn(name + start, ":@");
}

int layout_name_parse(const char *name, struct layout_name *out)
{
	size_t end = existing_end(name);

	memset(out, 0, sizeof(*out));
	if (!end)
		end = future_end(name);
	if (!end || (name[end] && !name[end + 1]))
		return set_errno(EINVAL);
	if (name[end] == '@' && digest_parse(name + end + 1, &out->digest))
		return -1;
	if (name[end] == ':')
		out->tag = xstrdup(name + end + 1);
	out->dir = xmemdup0(name, end);
	return 0;
}

void layout_name_free(struct layout_name *n)
{
	free(n->dir);
	free(n->tag);
	memset(n, 0, sizeof(*n));
}

static int check_marker(int layout_dirfd)
{
	_buf_ struct buf b = { 0 };
	char why[JSON_WHY_MAX];
	_json_ struct json *j = NULL;
	const char *version;

	if (file_read(layout_dirfd, marker, IMAGE_JSON_MAX, &b))
		return set_errno(errno == ENOENT ? EINVAL : errno);
	j = json_parse(buf_str(&b), b.len, 0, why);
	version = json_get_str(j, "imageLayoutVersion");
	return version && !strcmp(version, "1.0.0") ? 0 : set_errno(EINVAL);
}

int layout_open(const char *dir)
{
	_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || check_marker(fd) ? -1 : steal_fd(&fd);
}

static bool is_own_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(own_names); i++) {
		if (!strcmp(name, own_names[i]))
			return true;
	}
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* Nothing in it, or nothing but an attempt of ours to make a layout here. */
static bool is_free(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool only_ours = d;

	if (!d) {
		close_fd(&fd);
		return false;
	}
	for (struct dirent *e = readdir(d); e && only_ours; e = readdir(d))
		only_ours = is_own_name(e->d_name);
	closedir(d);
	return only_ours;
}

static int make_file(int dirfd, const char *name, const char *text)
{
	if (!faccessat(dirfd, name, F_OK, 0))
		return 0;
	return file_replace(dirfd, name, 0644, text, strlen(text), true);
}

static int make_layout(int dirfd)
{
	_close_ int lock = -1;

	if (!is_free(dirfd))
		return set_errno(ENOTEMPTY);
	if (mkdirat(dirfd, "blobs", 0755) && errno != EEXIST)
		return -1;
	lock = path_lock_dir(dirfd, "blobs", true, false);
	/* The marker comes last: with it the layout is whole. */
	return lock < 0 || make_file(dirfd, "index.json", empty_index) ||
			       make_file(dirfd, marker, marker_text)
		       ? -1
		       : 0;
}

int layout_open_new(const char *dir)
{
	_close_ int fd = path_open_dir(dir, 0755);

	if (fd < 0 || (faccessat(fd, marker, F_OK, 0) && make_layout(fd)))
		return -1;
	return check_marker(fd) ? -1 : steal_fd(&fd);
}

int layout_lock(int layout_dirfd, bool exclusive, bool nowait)
{
	return path_lock_dir(layout_dirfd, ".", exclusive, nowait);
}
