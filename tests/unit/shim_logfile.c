/* shim_logfile - appending, rotating, a limit on size in place of a full disk. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/io.h"
#include "lib/mem.h"
#include "shim/logfile.h"
#include "tests/unit/tap.h"

static int dirfd = -1;
static struct stamp now;

static struct logfile *fresh(const char *name)
{
	const struct log_opts o = { .max_files = 3 };
	_free_ char *path = xasprintf("%s/%s", tap_dir(&dirfd), name);

	setenv("TZ", "UTC0", 1);
	stamp_set(&now, &(struct timespec){ 0 });
	return logfile_make(path, format_k8s, &o);
}

static void done(struct logfile *lf)
{
	logfile_abandon(lf);
	free(lf->log.target);
	free(lf);
}

static void put(struct logfile *lf, const char *text, bool partial)
{
	struct record rec = { text, strlen(text), STREAM_OUT, partial };

	logfile_put(lf, &rec, &now);
}

static int64_t size_of(const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, 0) < 0 ? -1 : st.st_size;
}

/* A record of "x" takes this many bytes. */
enum { RECORD = 35 + 10 + 1 + 1 };
#define STAMP "1970-01-01T00:00:00.000000000+00:00"

static void test_appends_after_flush(void)
{
	struct logfile *lf = fresh("a");

	expect_int(logfile_open(lf), 0);
	put(lf, "x", false);
	expect_int(size_of("a"), 0);
	logfile_flush(lf);
	expect_int(size_of("a"), RECORD);
	expect_int(lf->size, RECORD);
	done(lf);
}

static void test_goes_on_where_it_was(void)
{
	struct logfile *lf = fresh("b");
	_buf_ struct buf text = { 0 };

	expect_int(file_replace(dirfd, "b", 0644, "torn", 4, false), 0);
	expect_int(logfile_open(lf), 0);
	expect_int(lf->size, 5);
	put(lf, "x", false);
	logfile_flush(lf);
	expect_int(file_read(dirfd, "b", 4096, &text), 0);
	expect(!strncmp(buf_str(&text), "torn\n1970-", 10));
	done(lf);
}

static void test_rotates_between_records(void)
{
	struct logfile *lf = fresh("c");

	lf->max_bytes = 2 * RECORD;
	expect_int(logfile_open(lf), 0);
	for (int i = 0; i < 7; i++)
		put(lf, "x", false);
	logfile_flush(lf);
	expect_int(size_of("c"), RECORD);
	expect_int(size_of("c.1"), 2 * RECORD);
	expect_int(size_of("c.2"), 2 * RECORD);
	expect_int(size_of("c.3"), -1);
	done(lf);
}

static void test_keeps_pieces_together(void)
{
	struct logfile *lf = fresh("d");

	lf->max_bytes = RECORD;
	expect_int(logfile_open(lf), 0);
	put(lf, "x", true);
	put(lf, "x", false);
	put(lf, "x", false);
	logfile_flush(lf);
	expect_int(size_of("d.1"), 2 * RECORD);
	expect_int(size_of("d"), RECORD);
	done(lf);
}

static void test_a_line_without_end_is_rotated_all_the_same(void)
{
	struct logfile *lf = fresh("e");

	lf->max_bytes = RECORD;
	expect_int(logfile_open(lf), 0);
	for (int i = 0; i < 4; i++)
		put(lf, "x", true);
	logfile_flush(lf);
	expect_int(size_of("e.1"), 2 * RECORD);
	done(lf);
}

static void test_what_does_not_fit_is_counted(void)
{
	struct logfile *lf = fresh("f");
	struct rlimit limit = { 2 * RECORD + 10, RLIM_INFINITY };
	_buf_ struct buf text = { 0 };

	expect_int(logfile_open(lf), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 5; i++)
		put(lf, "x", false);
	logfile_flush(lf);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	expect_int(size_of("f"), 2 * RECORD);
	expect_int(lf->log.lost_records, 3);
	expect_int(lf->log.lost_bytes, 3 * RECORD);
	expect_int(lf->log.lost_errno, EFBIG);
	/* What was lost is said first, once; then all goes on. */
	put(lf, "x", false);
	logfile_flush(lf);
	put(lf, "x", false);
	logfile_flush(lf);
	expect_int(file_read(dirfd, "f", 4096, &text), 0);
	expect_str(buf_str(&text) + 2 * RECORD,
		   STAMP " stderr F shim: 3 records (141 bytes) lost: "
			 "File too large\n" STAMP " stdout F x\n" STAMP " stdout F x\n");
	expect_int(lf->log.lost_records, 3);
	done(lf);
}

/* A note that does not fit either is said later, and is no loss itself. */
static void test_a_note_that_does_not_fit_waits(void)
{
	struct logfile *lf = fresh("k");
	struct rlimit limit = { RECORD + 10, RLIM_INFINITY };
	_buf_ struct buf text = { 0 };

	expect_int(logfile_open(lf), 0);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (int i = 0; i < 5; i++) {
		put(lf, "x", false);
		logfile_flush(lf);
	}
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	expect_int(lf->log.lost_records, 4);
	put(lf, "x", false);
	logfile_flush(lf);
	expect_int(lf->log.lost_records, 4);
	expect_int(file_read(dirfd, "k", 4096, &text), 0);
	expect(strstr(buf_str(&text), "shim: 4 records (188 bytes) lost: File too large\n"));
	done(lf);
}

static void test_abandon_leaves_no_empty_file(void)
{
	struct logfile *lf = fresh("g");

	expect_int(logfile_open(lf), 0);
	logfile_abandon(lf);
	expect_int(size_of("g"), -1);
	expect_int(file_replace(dirfd, "g", 0644, "", 0, false), 0);
	expect_int(logfile_open(lf), 0);
	logfile_abandon(lf);
	expect_int(size_of("g"), 0);
	done(lf);
}

static void test_reopen(void)
{
	struct logfile *lf = fresh("i");

	expect_int(logfile_open(lf), 0);
	put(lf, "x", false);
	expect_int(logfile_reopen(lf), 0);
	expect_int(size_of("i"), RECORD);
	expect_int(renameat(dirfd, "i", dirfd, "i.old"), 0);
	expect_int(logfile_reopen(lf), 0);
	expect_int(size_of("i"), 0);
	put(lf, "x", false);
	logfile_flush(lf);
	expect_int(size_of("i"), RECORD);
	expect_int(size_of("i.old"), RECORD);
	done(lf);
}

/* CRI-O waits to see a file of that name appear, also when it was not renamed away. */
static void test_reopen_is_seen(void)
{
	struct logfile *lf = fresh("l");
	_close_ int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	_free_ char *dir = xasprintf("/proc/self/fd/%d", dirfd);
	union {
		struct inotify_event event;
		char space[4096];
	} in = { 0 };

	expect_int(logfile_open(lf), 0);
	put(lf, "x", false);
	expect(inotify_add_watch(watch, dir, IN_MOVED_TO) >= 0);
	expect_int(logfile_reopen(lf), 0);
	expect(read(watch, &in, sizeof(in)) > 0);
	expect_int(size_of("l"), RECORD);
	/* Away, and back. */
	memmove(&in, in.space + sizeof(in.event) + in.event.len,
		sizeof(in) - sizeof(in.event) - in.event.len);
	expect_str(in.event.name, "l");
	done(lf);
}

static void test_refuses_what_is_no_file(void)
{
	struct logfile *lf = fresh("j");

	expect_int(mkfifoat(dirfd, "j", 0600), 0);
	expect_errno(logfile_open(lf), EINVAL);
	done(lf);
}

static const struct test tests[] = {
	TEST(test_appends_after_flush),
	TEST(test_goes_on_where_it_was),
	TEST(test_rotates_between_records),
	TEST(test_keeps_pieces_together),
	TEST(test_a_line_without_end_is_rotated_all_the_same),
	TEST(test_what_does_not_fit_is_counted),
	TEST(test_a_note_that_does_not_fit_waits),
	TEST(test_abandon_leaves_no_empty_file),
	TEST(test_reopen),
	TEST(test_reopen_is_seen),
	TEST(test_refuses_what_is_no_file),
	{ 0 },
};

int main(void)
{
	return tap_run(tests);
}
