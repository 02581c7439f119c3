/* shim_attach - clients that come, send, stall and go in any order, against the monitor's own code:
 * it never blocks, and the client that behaves has everything, in order.
 *
 * Input: a byte says what happens next (low half) and to which client (high half).
 */
#include <fcntl.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/sock.h"
#include "shim/monitor.h"
#include "tests/fuzz/fuzz.h"

enum { CLIENTS = 8, NAMES = 32 };

static struct monitor m;
static struct plan plan;
static char names[NAMES], text[STREAM_BUF];
static int client[CLIENTS], good, stdin_end;
static uint64_t sent, seen;

/* What would end the loop: the rest of the monitor is not here. */
void monitor_stream_ended(struct monitor *mon _unused_)
{
}

void stdio_pause(struct monitor *mon _unused_, bool pause _unused_)
{
}

void stdio_send(struct monitor *mon _unused_)
{
}

static void stop(struct alarm *a _unused_)
{
	loop_stop(&m.loop);
}

static void turn(void)
{
	static struct alarm end = { .ring = stop };

	end.listed = false;
	m.loop.alarms = NULL;
	m.loop.stopped = false;
	loop_alarm(&m.loop, &end, 0);
	if (loop_run(&m.loop) < 0)
		abort();
	/* A client that stalls has had its time. */
	if (m.fan.from)
		m.fan.stalled.ring(&m.fan.stalled);
}

static int connect_client(void)
{
	char path[FD_LINK_MAX + 32], link[FD_LINK_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fd_link(plan.dirfd, link), names);
	fd = sock_connect(path, SOCK_SEQPACKET);
	if (fd < 0)
		abort();
	turn();
	return fd;
}

static void read_good(void)
{
	char packet[PACKET + 2];
	ssize_t n;

	while ((n = recv(good, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		if (n > PACKET + 1 || packet[0] != 2)
			abort();
		for (ssize_t i = 1; i < n; i++, seen++)
			if ((unsigned char)packet[i] != (unsigned char)(seen % 251))
				abort();
	}
}

static void output(size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(sent++ % 251);
	m.streams[STREAM_OUT].number = STREAM_OUT;
	clients_send(&m, &m.streams[STREAM_OUT], text, len);
	turn();
	read_good();
}

static void act(int what, int who, size_t len)
{
	char buf[1024];

	if (client[who] < 0 && what != 0)
		return;
	switch (what) {
	case 0:
		if (client[who] < 0)
			client[who] = connect_client();
		return;
	case 1:
		(void)!send(client[who], text, len % sizeof(text), MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	case 2:
		shutdown(client[who], SHUT_WR);
		return;
	case 3:
		close(steal_fd(&client[who]));
		return;
	case 4:
		(void)!recv(client[who], buf, sizeof(buf), MSG_DONTWAIT);
		return;
	case 5:
		shutdown(client[who], SHUT_RD);
		return;
	default:
		(void)!read(stdin_end, buf, sizeof(buf));
	}
}

static void begin(void)
{
	static char input[INPUT_BUF];
	int ends[2];

	memset(&m, 0, sizeof(m));
	m.plan = &plan;
	m.input_buf = input;
	for (int i = 0; i < MAX_CLIENTS; i++)
		m.clients[i].src.fd = -1;
	if (loop_open(&m.loop) < 0 || clients_listen(&m) < 0 ||
	    pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		abort();
	stdin_end = ends[0];
	m.input.fd = ends[1];
	for (int i = 0; i < CLIENTS; i++)
		client[i] = -1;
	good = connect_client();
	sent = seen = 0;
}

static void end(void)
{
	clients_close(&m);
	read_good();
	if (seen != sent || m.n_clients)
		abort();
	for (int i = 0; i < CLIENTS; i++)
		if (client[i] >= 0)
			close(client[i]);
	input_close(&m);
	close(stdin_end);
	close(good);
	close(m.loop.epfd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!plan.attach_name) {
		snprintf(names, sizeof(names), "shim-fuzz-%d", getpid());
		plan.attach_name = names;
		plan.dirfd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
		signal(SIGPIPE, SIG_IGN);
	}
	begin();
	for (size_t i = 0; i < len && i < 256; i++) {
		int what = data[i] & 15;

		if (what >= 12)
			output((size_t)(data[i] >> 4) * 4000 + 1);
		else
			act(what % 7, (data[i] >> 4) % CLIENTS, (size_t)data[i] * 300);
		turn();
	}
	end();
	return 0;
}
