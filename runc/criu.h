/* criu.h - speaking with criu(8), which freezes processes into files and thaws them: `criu swrk`
 * and one request over a socket pair (images/rpc.proto of criu).
 *
 * Numbers of fields and values are rpc.proto's. Functions report with die().
 */
#ifndef RUNC_CRIU_H
#define RUNC_CRIU_H

#include "lib/opt.h"
#include "runc/request.h"
#include "runc/state.h"

enum criu_type {
	CRIU_DUMP = 1,
	CRIU_RESTORE = 2,
	CRIU_PRE_DUMP = 4,
	CRIU_NOTIFY = 6,
	CRIU_FEATURE_CHECK = 9
};

/* Fields of criu_features. */
enum criu_feature { CRIU_MEM_TRACK = 1, CRIU_CAN_LAZY_PAGES = 2 };

/* Fields of criu_opts. */
enum criu_field {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PS = 11,
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_EXT_MNT = 23,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25,
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27,
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38,
	CRIU_JOIN_NS = 39,
	CRIU_FREEZE_CGROUP = 44,
	CRIU_TCP_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_STATUS_FD = 49,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
};

/* What checkpoint and restore are both told. */
struct criu_options {
	const char *image_path, *work_path, *cgroups_mode;
	struct strv empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
};

#define CRIU_OPTIONS(o) \
	{ 0, "image-path", OPT_STR, &(o).image_path, "DIR", "where images are (checkpoint)" }, \
		{ 0, "work-path", OPT_STR, &(o).work_path, "DIR", "where criu's log goes" }, \
		{ 0,	"tcp-established",	    OPT_FLAG, &(o).tcp_established, \
		  NULL, "with open TCP connections" }, \
		{ 0,	    "ext-unix-sk", \
		  OPT_FLAG, &(o).ext_unix_sk, \
		  NULL,	    "with Unix sockets to the outside" }, \
		{ 0, "shell-job", OPT_FLAG, &(o).shell_job, NULL, "with a terminal from outside" }, \
		{ 0, "file-locks", OPT_FLAG, &(o).file_locks, NULL, "with file locks" }, \
		{ 0,	  "manage-cgroups-mode",	 OPT_STR, &(o).cgroups_mode, \
		  "MODE", "soft, full, strict or ignore" }, \
		{ 0,	    "empty-ns", \
		  OPT_STRV, &(o).empty_ns, \
		  "TYPE",   "a namespace without its contents: network" }, \
		{ 0,	    "auto-dedup", \
		  OPT_FLAG, &(o).auto_dedup, \
		  NULL,	    "drop memory that is in a newer image" }, \
	{ \
		0, "lazy-pages", OPT_FLAG, &(o).lazy_pages, NULL, \
			"memory follows when it is touched" \
	}

/* One session. */
struct criu {
	pid_t pid; /* of criu; it is our child */
	int sockfd;
	struct buf opts; /* criu_opts, as far as it has been made */
	int imagesfd, workfd;
	char *log_dir;
	const char *log_file;
	int passfd[8]; /* descriptors that criu gets, from 4 on */
	int npass;
};

#define CRIU_NONE \
	{ \
		.pid = -1, .sockfd = -1, .imagesfd = -1, .workfd = -1 \
	}

/* What criu says on its way; FD is the descriptor that came with it, or -1. */
typedef void criu_notify(const char *script, pid_t pid, int fd, void *arg);

/* Open the directories, made if MAKE, and put what O says into opts. */
void criu_begin(struct criu *c, const struct criu_options *o, const char *log_file, bool make);
/* org.criu.config, or the file that is there for runc. */
void criu_add_config(struct criu *c, const struct decode_map *annotations);
void criu_add_mount(struct criu *c, const char *key, const char *value);
/* Hand FD (kept open) to criu as what KEY was. */
void criu_add_inherited(struct criu *c, const char *key, int fd);
/* The same for what criu has as descriptor NUMBER anyway: 0, 1 or 2. */
void criu_add_stdio(struct criu *c, const char *key, int number);
/* Fork and execute criu. */
void criu_start(struct criu *c);
/* Send the request, hear criu out, wait for its end. */
void criu_run(struct criu *c, enum criu_type type, criu_notify *notify, void *arg);
/* Exits when criu or the kernel lacks it. */
void criu_need_feature(enum criu_feature feature);

#endif
