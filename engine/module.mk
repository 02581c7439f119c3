# engine: lash and its verbs, and the small programs that keep the shell out of loops and argv.
BIN     += engine/lash.sh
LIBEXEC += engine/args engine/record engine/etcfiles engine/volume engine/rows
STATICALLY += engine/args engine/record engine/etcfiles engine/volume engine/rows
SHLIB   += $(filter-out engine/lash.sh,$(wildcard engine/*.sh))
engine/args.objs := engine/names.c
engine/record.objs := engine/record_new.c engine/record_lock.c engine/record_await.c engine/record_ls.c engine/record_rm.c \
	engine/inspect.c engine/network_show.c engine/describe.c engine/status.c engine/stamp.c engine/store.c engine/format.c
engine/volume.objs := engine/stamp.c
engine/rows.objs := engine/format.c
engine/record.libs := libcrypto
