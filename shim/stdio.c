/* stdio.c - the container's stdin, stdout and stderr: making them, reading them. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "shim/monitor.h"

enum {
	HOT_PIPE = 1024 * 1024, /* for a container that fills the usual 64 KiB */
	BURST = 8, /* full reads that go to the logs together: file systems like large writes */
	CONSOLE_RETRY_MS = 100,
	IDLE_MS = 1000,
};

static void stream_end(struct stream *s)
{
	struct monitor *m = s->m;

	loop_close(&m->loop, &s->src);
	if (m->state != CREATING)
		logging_take(m, s, true);
	logging_flush(m);
	monitor_stream_ended(m);
}

/* No process has the console open. While the container lives one may open it again. */
static void console_unused(struct stream *s)
{
	struct monitor *m = s->m;

	if (m->state >= ENDED) {
		stream_end(s);
		return;
	}
	loop_watch(&m->loop, &s->src, 0);
	loop_alarm(&m->loop, &s->again, CONSOLE_RETRY_MS);
}

static void stream_again(struct alarm *a)
{
	struct stream *s = container_of(a, struct stream, again);

	if (!s->m->fan.from)
		loop_watch(&s->m->loop, &s->src, EPOLLIN);
}

/* Move the unfinished line to the front; returns the room behind it. */
static size_t make_room(struct stream *s)
{
	memmove(s->buf, s->buf + s->cut, s->used - s->cut);
	s->used -= s->cut;
	s->cut = 0;
	return STREAM_BUF - s->used;
}

void stdio_send(struct monitor *m)
{
	for (int i = 0; i < N_STREAMS && !m->fan.from; i++) {
		struct stream *s = &m->streams[i];
		size_t n = s->unsent;

		s->unsent = 0;
		if (n)
			clients_send(m, s, s->buf + s->used - n, n);
	}
}

static void stream_took(struct stream *s, size_t fresh)
{
	struct monitor *m = s->m;

	s->unsent += fresh;
	/* What the runtime says is for the face if it fails; else it is output like any other. */
	if (m->state == CREATING && s->used < STREAM_BUF / 2)
		return;
	logging_take(m, s, m->plan->flush_pieces);
	stdio_send(m);
}

static void keep_warm(struct monitor *m)
{
	if (!m->idle.due_ms)
		loop_alarm(&m->loop, &m->idle, IDLE_MS);
	m->warm = true;
}

/* Our own code and constants are mapped from the page cache again as they are used; while nothing
 * happens a monitor needs little of them. What is written stands behind __init_array_start. */
static void drop_code(void)
{
	extern const char __executable_start[], __init_array_start[];
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)__executable_start + page - 1) & -page;
	uintptr_t to = (uintptr_t)__init_array_start & -page;

	madvise((void *)from, to - from, MADV_DONTNEED);
}

static void cool_down(struct alarm *a)
{
	struct monitor *m = container_of(a, struct monitor, idle);

	if (m->warm) {
		m->warm = false;
		loop_alarm(&m->loop, &m->idle, IDLE_MS);
		return;
	}
	for (int i = 0; i < N_STREAMS; i++)
		if (m->streams[i].cut == m->streams[i].used && !m->fan.from)
			madvise(m->streams[i].buf, STREAM_BUF, MADV_DONTNEED);
	if (!m->input_len)
		madvise(m->input_buf, INPUT_BUF, MADV_DONTNEED);
	logging_relax(m);
	drop_code();
}

/* Read once, up to CHUNK. Returns the bytes; 0 when there was nothing more for now. */
static size_t stream_read(struct stream *s)
{
	struct monitor *m = s->m;
	size_t room = make_room(s);
	ssize_t n = read(s->src.fd, s->buf + s->used, room < CHUNK ? room : CHUNK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 && m->plan->tty && s->number == STREAM_OUT) {
		console_unused(s);
		return 0;
	}
	if (n <= 0) {
		stream_end(s);
		return 0;
	}
	if (n == CHUNK && !s->hot) {
		s->hot = true;
		fcntl(s->src.fd, F_SETPIPE_SZ, HOT_PIPE);
	}
	keep_warm(m);
	s->used += (size_t)n;
	stream_took(s, (size_t)n);
	return (size_t)n;
}

static void stream_ready(struct source *src, uint32_t events _unused_)
{
	struct stream *s = container_of(src, struct stream, src);

	for (int n = 0; n < BURST && stream_read(s) == CHUNK && !s->m->fan.from; n++)
		;
	logging_flush(s->m);
}

int stdio_watch(struct monitor *m, struct stream *s, int fd)
{
	s->src.fd = fd;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -1;
	return loop_watch(&m->loop, &s->src, EPOLLIN);
}

/* A pipe whose one end is ours and does not block. Returns 0 or -1. */
static int open_pipe(int *ours, int *theirs, bool we_read)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*ours = ends[we_read ? 0 : 1];
	*theirs = ends[we_read ? 1 : 0];
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static void fifo_path(const struct monitor *m, int number, char path[64])
{
	snprintf(path, 64, "%s/%s", m->plan->stdio_name, number == STREAM_ERR ? "err" : "out");
}

/* A pipe that has a name, and a reader besides us: the container, which has its end for reading
 * too. Without us it is then held up instead of being killed, and nothing is lost. Who is in
 * the container may open it again by its own descriptor, whoever they are. */
static int open_fifo(const struct monitor *m, int number, int *ours, int *theirs)
{
	int dirfd = m->plan->dirfd;
	char path[64];

	if (mkdirat(dirfd, m->plan->stdio_name, 0700) < 0 && errno != EEXIST)
		return -1;
	fifo_path(m, number, path);
	if ((unlinkat(dirfd, path, 0) < 0 && errno != ENOENT) || mkfifoat(dirfd, path, 0600) < 0 ||
	    fchmodat(dirfd, path, 0666, 0) < 0)
		return -1;
	*ours = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	*theirs = openat(dirfd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	return *ours < 0 || *theirs < 0 ? -1 : 0;
}

static int open_output(struct monitor *m, int number, int *child)
{
	struct stream *s = &m->streams[number];

	if (m->plan->stdio_name)
		return open_fifo(m, number, &s->src.fd, child) < 0 ? -1
								   : stdio_watch(m, s, s->src.fd);
	return open_pipe(&s->src.fd, child, true) < 0 ? -1 : stdio_watch(m, s, s->src.fd);
}

static int open_input(struct monitor *m, int *child)
{
	if (m->plan->stdin_fd >= 0) {
		*child = m->plan->stdin_fd;
		m->input.fd = m->plan->stdin_writer_fd;
	} else if (m->plan->open_stdin && !m->plan->tty) {
		return open_pipe(&m->input.fd, child, false);
	} else {
		*child = open("/dev/null", O_RDWR | O_CLOEXEC);
	}
	return *child < 0 ? -1 : 0;
}

static int open_buffers(struct monitor *m)
{
	char *p = mmap(NULL, N_STREAMS * STREAM_BUF + INPUT_BUF, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *s = &m->streams[i];

		s->m = m;
		s->number = i;
		s->buf = p + (size_t)i * STREAM_BUF;
		s->src = (struct source){ .fd = -1, .ready = stream_ready };
		s->again.ring = stream_again;
	}
	m->input_buf = p + (size_t)N_STREAMS * STREAM_BUF;
	m->idle.ring = cool_down;
	return 0;
}

int stdio_open(struct monitor *m, int child[3])
{
	if (open_buffers(m) < 0)
		return -1;
	if (m->plan->passthrough) {
		for (int i = 0; i < 3; i++)
			child[i] = i;
		return 0;
	}
	if (open_input(m, &child[0]) < 0 || open_output(m, STREAM_ERR, &child[2]) < 0)
		return -1;
	if (!m->plan->tty)
		return open_output(m, STREAM_OUT, &child[1]);
	child[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	return child[1] < 0 ? -1 : 0;
}

int stdio_adopt(struct monitor *m, const int output[N_STREAMS])
{
	if (open_buffers(m) < 0)
		return -1;
	for (int i = 0; i < N_STREAMS; i++)
		if (output[i] >= 0 && stdio_watch(m, &m->streams[i], output[i]) < 0)
			return -1;
	return 0;
}

/* The names go; what is open stays. */
void stdio_close(struct monitor *m)
{
	char path[64];

	if (!m->plan->stdio_name)
		return;
	for (int i = 0; i < N_STREAMS; i++) {
		fifo_path(m, i, path);
		unlinkat(m->plan->dirfd, path, 0);
	}
	unlinkat(m->plan->dirfd, m->plan->stdio_name, AT_REMOVEDIR);
}

void stdio_release(struct monitor *m)
{
	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *s = &m->streams[i];

		if (s->used > s->cut)
			logging_take(m, s, m->plan->flush_pieces || s->src.fd < 0);
	}
	logging_flush(m);
	stdio_send(m);
	keep_warm(m);
}

void stdio_drain(struct monitor *m)
{
	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *s = &m->streams[i];

		/* A bounded number of reads: a survivor may write faster than we read. */
		for (int n = 0; n < 2 * HOT_PIPE / CHUNK && s->src.fd >= 0 && !m->fan.from; n++)
			if (!stream_read(s))
				break;
	}
	logging_flush(m);
}

bool stdio_is_open(const struct monitor *m)
{
	return m->streams[STREAM_OUT].src.fd >= 0 || m->streams[STREAM_ERR].src.fd >= 0;
}

void stdio_pause(struct monitor *m, bool pause)
{
	for (int i = 0; i < N_STREAMS; i++) {
		struct stream *s = &m->streams[i];

		if (!s->again.due_ms)
			loop_watch(&m->loop, &s->src, pause ? 0 : EPOLLIN);
	}
}

static void adopt_master(struct console *c, int fd)
{
	struct monitor *m = container_of(c, struct monitor, console);

	if (m->have_console) {
		close(fd);
		return;
	}
	m->have_console = true;
	/* The same device twice, as epoll knows a descriptor once. */
	m->input.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	(void)!stdio_watch(m, &m->streams[STREAM_OUT], fd);
	clients_watch(m);
}

int stdio_await_console(struct monitor *m)
{
	m->console.adopt = adopt_master;
	if (console_listen(&m->console, &m->loop, m->plan->dirfd, m->plan->console_name) < 0)
		return -1;
	free(*m->plan->console_slot);
	*m->plan->console_slot = m->console.path;
	return 0;
}

void stdio_resize(struct monitor *m, unsigned rows, unsigned cols)
{
	console_set_size(&m->console, rows, cols);
	if (m->have_console && m->streams[STREAM_OUT].src.fd >= 0)
		console_fit(&m->console, m->streams[STREAM_OUT].src.fd);
}
