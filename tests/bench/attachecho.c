/* attachecho - how long a line takes through an attach socket, the cat in the container, and back.
 *
 * attachecho SOCKET N prints the median and the 99th percentile in microseconds.
 */
#include <string.h>
#include <time.h>

#include "lib/die.h"
#include "lib/mem.h"
#include "lib/num.h"
#include "lib/opt.h"
#include "lib/sock.h"

enum { PACKET_MAX = 8193, TRIES_MAX = 1000000, WARM_UP = 100 };

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t once(int sock)
{
	static const char line[] = "a line of thirty-two characters\n";
	char packet[PACKET_MAX];
	int64_t began = now_ns();
	size_t seen = 0;

	if (send(sock, line, sizeof(line) - 1, MSG_NOSIGNAL) < 0)
		die("send");
	while (seen < sizeof(line) - 1) {
		ssize_t n = recv(sock, packet, sizeof(packet), 0);

		if (n <= 1)
			diex("the other side has closed");
		seen += (size_t)n - 1;
	}
	return now_ns() - began;
}

int main(int argc, char **argv)
{
	const struct usage u = { "SOCKET N", "Time echoes through an attach socket.", NULL,
				 .flags = 0 };
	int n, sock;
	int64_t *ns;

	opt_program(argv[0]);
	if (argc != 3 || num_int(argv[2], 1, TRIES_MAX, &n) < 0)
		opt_misuse("%s", u.synopsis);
	sock = sock_connect(argv[1], SOCK_SEQPACKET);
	if (sock < 0)
		die("connect to '%s'", argv[1]);
	ns = xcalloc((size_t)n, sizeof(*ns));
	for (int i = 0; i < WARM_UP; i++)
		once(sock);
	for (int i = 0; i < n; i++)
		ns[i] = once(sock);
	qsort(ns, (size_t)n, sizeof(*ns), by_size);
	printf("%.1f %.1f\n", (double)ns[n / 2] / 1000, (double)ns[n - 1 - n / 100] / 1000);
	free(ns);
	return 0;
}
