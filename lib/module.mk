# What two or more programs need; one static archive. A line a level (STYLE 2), a module a word.
LIB_C += lib/base64.c lib/buf.c lib/die.c lib/mem.c lib/num.c lib/opt.c lib/str.c
LIB_C += lib/clock.c lib/fd.c lib/io.c lib/path.c lib/path_remove.c lib/proc.c lib/sock.c lib/spawn.c lib/sys.c lib/tty.c lib/utc.c
LIB_C += lib/decode.c lib/emit.c lib/json.c lib/pb.c
LIB_C += lib/cgroup_create.c lib/cgroup_file.c lib/cgroup_freeze.c lib/cgroup_group.c lib/cgroup_join.c
LIB_C += lib/cgroup_kill.c lib/cgroup_layout.c lib/cgroup_oom.c lib/cgroup_procs.c lib/cgroup_remove.c
LIB_C += lib/cgroup_list.c lib/cgroup_self.c lib/cgroup_wait.c lib/cgroup_walk.c lib/cgroup_watch.c
LIB_C += lib/cgroup_device.c lib/cgroup_device_bpf.c lib/cgroup_device_set.c lib/cgroup_device_v1.c
LIB_C += lib/cgroup_plan.c lib/cgroup_res.c lib/cgroup_res_cpu.c lib/cgroup_res_io.c lib/cgroup_res_memory.c
LIB_C += lib/cgroup_delegate.c lib/cgroup_get.c lib/cgroup_stat.c lib/cgroup_word.c
LIB_C += lib/dev.c lib/idmap.c lib/idmap_text.c lib/mnt.c lib/ns.c
LIB_C += lib/spec.c lib/spec_check.c
LIB_C += lib/resources.c
LIB_C += lib/tar_entry.c lib/tar_extension.c lib/tar_header.c lib/tar_name.c lib/tar_pax.c lib/tar_read.c lib/tar_write.c
# gzip by ISA-L where there is one, else by zlib; programs that use codec.h name $(codec.libs).
isal       := $(shell $(PKG_CONFIG) --exists libisal 2>/dev/null && echo libisal)
LIB_C      += lib/codec.c lib/codec_zstd.c $(if $(isal),lib/codec_isal.c,lib/codec_zlib.c)
codec.libs := libzstd $(or $(isal),zlib)
LIB_C += lib/cap.c lib/seccomp.c lib/seccomp_build.c lib/seccomp_cache.c lib/seccomp_shrink.c lib/seccomp_spec.c lib/seccomp_stub.c lib/seccomp_words.c
LIB_C += lib/blob.c lib/digest.c lib/digest_both.c lib/digest_sum.c lib/image.c lib/image_choose.c lib/image_tables.c lib/platform.c lib/ref.c
LIB_C += lib/layout.c lib/layout_index.c lib/layout_load.c
LIB_C += lib/mnl.c lib/mnl_attr.c
LIB_C += lib/nft.c lib/nft_elem.c lib/nft_expr.c lib/nft_flows.c lib/nft_table.c lib/nl.c lib/nl_addr.c lib/nl_diag.c lib/nl_link.c lib/nl_route.c lib/nl_tc.c lib/rtnl.c
