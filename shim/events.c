/* events.c - events as JSON lines. */
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/events.h"
#include "shim/record.h"

int events_open(const char *path)
{
	int flags = O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	_close_ int fd = open(path, O_WRONLY | flags, 0640);
	struct stat st;

	/* Held open for reading too, a fifo waits for readers, and outlives them. */
	if (fd < 0 && errno != ENXIO)
		return -1;
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode)))
		return steal_fd(&fd);
	return open(path, O_RDWR | flags, 0640);
}

void event_begin(struct event *e, const char *id, const char *name)
{
	struct timespec now;
	struct stamp st;

	clock_gettime(CLOCK_REALTIME, &now);
	stamp_set(&st, &now);
	*e = (struct event){ 0 };
	e->j.out = &e->text;
	emit_object(&e->j, NULL);
	emit_strn(&e->j, "time", st.utc, st.utc_len);
	emit_str(&e->j, "id", id);
	emit_str(&e->j, "event", name);
}

void event_end(struct event *e, int fd)
{
	emit_end(&e->j);
	buf_addc(&e->text, '\n');
	if (fd >= 0)
		(void)!write(fd, e->text.data, e->text.len);
	buf_free(&e->text);
}
