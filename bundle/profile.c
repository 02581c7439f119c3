/* profile.c - which system calls a container may make unless told otherwise.
 *
 * The list says the same as Docker's default: what programs need, minus what reaches beyond the
 * container (modules, clocks, raw devices, namespaces, the kernel keyring, io_uring), each of which
 * comes back with the capability that governs it.
 */
#include <linux/sched.h>
#include <sys/socket.h>

#include "bundle/profile.h"

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
enum { CLONE_NAMESPACES = 0x7E020000 };
enum { PERSONALITY_UNAME26 = 0x20000, PERSONALITY_LINUX32 = 0x8 };

static const char files[] =
	"access cachestat chdir chmod chown chown32 close close_range copy_file_range creat dup "
	"dup2 dup3 "
	"faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod "
	"fchmodat fchmodat2 "
	"fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fremovexattr "
	"fsetxattr "
	"fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd "
	"getdents "
	"getdents64 getxattr getxattrat inotify_add_watch inotify_init inotify_init1 "
	"inotify_rm_watch ioctl "
	"lchown lchown32 lgetxattr link linkat listmount listxattr listxattrat llistxattr _llseek "
	"lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat name_to_handle_at "
	"newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read "
	"readahead "
	"readlink readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir "
	"sendfile "
	"sendfile64 setxattr setxattrat splice stat stat64 statfs statfs64 statmount statx symlink "
	"symlinkat "
	"sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime utimensat "
	"utimensat_time64 utimes vmsplice write writev";

static const char waiting[] =
	"epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait "
	"epoll_wait_old eventfd eventfd2 io_cancel io_destroy io_getevents io_pgetevents "
	"io_pgetevents_time64 io_setup io_submit _newselect pipe pipe2 poll ppoll ppoll_time64 "
	"pselect6 "
	"pselect6_time64 select signalfd signalfd4 timerfd_create timerfd_gettime "
	"timerfd_gettime64 "
	"timerfd_settime timerfd_settime64";

static const char memory[] = "brk madvise map_shadow_stack membarrier memfd_create memfd_secret "
			     "mincore mlock mlock2 mlockall "
			     "mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap "
			     "pkey_alloc pkey_free pkey_mprotect "
			     "process_mrelease remap_file_pages";

static const char processes[] =
	"capget capset execve execveat exit exit_group fork futex futex_requeue futex_time64 "
	"futex_wait "
	"futex_waitv futex_wake getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 "
	"getgroups "
	"getgroups32 getpgid getpgrp getpid getppid getpriority getresgid getresgid32 getresuid "
	"getresuid32 getrlimit get_robust_list getrusage getsid get_thread_area gettid getuid "
	"getuid32 "
	"ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self "
	"pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq sched_getaffinity "
	"sched_getattr "
	"sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler "
	"sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr "
	"sched_setparam "
	"sched_setscheduler sched_yield seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid "
	"setgid32 "
	"setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 "
	"setresuid "
	"setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid set_thread_area "
	"set_tid_address "
	"setuid setuid32 ugetrlimit uretprobe vfork wait4 waitid waitpid";

static const char signals[] =
	"alarm kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
	"rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack "
	"sigprocmask "
	"sigreturn tgkill tkill";

static const char sockets[] = "accept accept4 bind connect getpeername getsockname getsockopt "
			      "listen recv recvfrom recvmmsg "
			      "recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt "
			      "shutdown socketcall socketpair";

static const char ipc[] =
	"ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
	"mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
	"semtimedop_time64 shmat shmctl shmdt shmget";

/* adjtimex and clock_adjtime only read without CAP_SYS_TIME: the kernel sees to that. */
static const char times[] =
	"adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime "
	"clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer getrandom gettimeofday "
	"nanosleep "
	"setitimer sysinfo time timer_create timer_delete timer_getoverrun timer_gettime "
	"timer_gettime64 "
	"timer_settime timer_settime64 times uname";

/* Looking into processes was a way round seccomp until 4.8 checked again after a tracer's change.
 */
static const char tracing[] = "process_vm_readv process_vm_writev ptrace";

#define PERSONALITY(persona) \
	{ \
		.names = "personality", .arg = { "SCMP_CMP_EQ", 0, persona, 0 } \
	}

const struct profile_rule profile_default[] = {
	{ .names = files },
	{ .names = waiting },
	{ .names = memory },
	{ .names = processes },
	{ .names = signals },
	{ .names = sockets },
	{ .names = ipc },
	{ .names = times },
	{ .names = tracing, .kernel = 408 },

	/* AF_ALG has a history of kernel holes; AF_VSOCK is not namespaced and reaches the
	   hypervisor. */
	{ .names = "socket", .arg = { "SCMP_CMP_LT", 0, AF_ALG, 0 } },
	{ .names = "socket", .arg = { "SCMP_CMP_EQ", 0, AF_ALG + 1, 0 } },
	{ .names = "socket", .arg = { "SCMP_CMP_GT", 0, AF_VSOCK, 0 } },

	PERSONALITY(0),
	PERSONALITY(PERSONALITY_LINUX32),
	PERSONALITY(PERSONALITY_UNAME26),
	PERSONALITY(PERSONALITY_UNAME26 | PERSONALITY_LINUX32),
	PERSONALITY(0xffffffff),

	{ .names = "sync_file_range2 swapcontext", .arches = "ppc64le" },
	{ .names = "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush "
		   "set_tls",
	  .arches = "arm arm64" },
	{ .names = "arch_prctl", .arches = "amd64 x32" },
	{ .names = "modify_ldt", .arches = "amd64 x32 x86" },
	{ .names = "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr",
	  .arches = "s390 s390x" },
	{ .names = "riscv_flush_icache", .arches = "riscv64" },

	{ .names = "clone",
	  .no_cap = "CAP_SYS_ADMIN",
	  .no_arches = "s390 s390x",
	  .arg = { "SCMP_CMP_MASKED_EQ", 0, CLONE_NAMESPACES, 0 } },
	{ .names = "clone",
	  .no_cap = "CAP_SYS_ADMIN",
	  .arches = "s390 s390x",
	  .arg = { "SCMP_CMP_MASKED_EQ", 1, CLONE_NAMESPACES, 0 } },
	/* Its flags are in memory, out of a filter's sight; ENOSYS makes the C library use clone.
	 */
	{ .names = "clone3", .no_cap = "CAP_SYS_ADMIN", .enosys = 38 },
	{ .names = "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie "
		   "lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr "
		   "move_mount "
		   "open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns "
		   "syslog "
		   "umount umount2 unshare",
	  .cap = "CAP_SYS_ADMIN" },

	{ .names = "open_by_handle_at", .cap = "CAP_DAC_READ_SEARCH" },
	{ .names = "reboot", .cap = "CAP_SYS_BOOT" },
	{ .names = "chroot", .cap = "CAP_SYS_CHROOT" },
	{ .names = "delete_module finit_module init_module", .cap = "CAP_SYS_MODULE" },
	{ .names = "acct", .cap = "CAP_SYS_PACCT" },
	{ .names = "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
	  .cap = "CAP_SYS_PTRACE" },
	{ .names = "iopl ioperm", .cap = "CAP_SYS_RAWIO" },
	{ .names = "clock_settime clock_settime64 settimeofday stime", .cap = "CAP_SYS_TIME" },
	{ .names = "vhangup", .cap = "CAP_SYS_TTY_CONFIG" },
	{ .names = "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
	  .cap = "CAP_SYS_NICE" },
	{ .names = "syslog", .cap = "CAP_SYSLOG" },
	{ .names = "bpf", .cap = "CAP_BPF" },
	{ .names = "perf_event_open", .cap = "CAP_PERFMON" },
	{ 0 }
};

const struct profile_arch profile_arches[] = {
	{ "x86_64", "amd64", "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32" },
	{ "aarch64", "arm64", "SCMP_ARCH_AARCH64 SCMP_ARCH_ARM" },
	{ "armv7l", "arm", "SCMP_ARCH_ARM" },
	{ "armv6l", "arm", "SCMP_ARCH_ARM" },
	{ "i686", "x86", "SCMP_ARCH_X86" },
	{ "i386", "x86", "SCMP_ARCH_X86" },
	{ "ppc64le", "ppc64le", "SCMP_ARCH_PPC64LE" },
	{ "riscv64", "riscv64", "SCMP_ARCH_RISCV64" },
	{ "s390x", "s390x", "SCMP_ARCH_S390X SCMP_ARCH_S390" },
	{ "mips64", "mips64", "SCMP_ARCH_MIPS SCMP_ARCH_MIPS64 SCMP_ARCH_MIPS64N32" },
	{ "loongarch64", "loong64", "SCMP_ARCH_LOONGARCH64" },
	{ 0 }
};
