#include <fcntl.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/mem.h"
#include "lib/sock.h"
#include "tests/unit/tap.h"

static void test_long_paths_connect(void)
{
	int top;
	const char *dir = tap_dir(&top);
	_free_ char *name = xmalloc(101);

	memset(name, 'n', 100);
	name[100] = '\0';

	_free_ char *deep = xasprintf("%s/%s", dir, name);
	_free_ char *path = xasprintf("%s/socket", deep);

	expect_int(mkdir(deep, 0755), 0);
	expect(strlen(path) > 108);

	_close_ int listener = sock_listen(path, SOCK_STREAM, 0600, 4);
	_close_ int client = sock_connect(path, SOCK_STREAM);
	struct stat st;

	expect(listener >= 0 && client >= 0);
	expect_int(stat(path, &st), 0);
	expect_int(st.st_mode & 0777, 0600);
	close(top);
}

static void test_listen_replaces_a_dead_socket_only(void)
{
	const char *dir = tap_dir(NULL);
	_free_ char *path = xasprintf("%s/s", dir);
	_close_ int first = sock_listen(path, SOCK_STREAM, 0600, 1);

	expect(first >= 0);
	expect_errno(sock_listen(path, SOCK_STREAM, 0600, 1), EADDRINUSE);
	close(steal_fd(&first));

	_close_ int second = sock_listen(path, SOCK_STREAM, 0600, 1);

	expect(second >= 0);
}

static void test_fds_travel(void)
{
	int pair[2], got[1];
	size_t n = ARRAY_LEN(got);
	char data[8];

	expect_int(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);

	int send[] = { pair[0], pair[1] };

	expect_int(sock_send_fds(pair[0], "hi", 2, send, 2), 0);
	/* Room for one: the second is closed, not leaked. */
	expect_int(sock_recv_fds(pair[1], data, sizeof(data), got, &n), 2);
	expect_int(n, 1);
	expect_int(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	expect(!fd_is_open(got[0] + 1));
	close(got[0]);
	close(pair[0]);
	n = 1;
	expect_int(sock_recv_fds(pair[1], data, sizeof(data), got, &n), 0);
	expect_int(n, 0);
	close(pair[1]);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_long_paths_connect),
		TEST(test_listen_replaces_a_dead_socket_only),
		TEST(test_fds_travel),
		{ 0 },
	};

	return tap_run(tests);
}
