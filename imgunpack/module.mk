LIBEXEC  += imgunpack/imgunpack
ARCHIVES += imgunpack/imgunpack
unpack.objs := imgunpack/apply.c imgunpack/aside.c imgunpack/archive.c imgunpack/archive_docker.c imgunpack/archive_images.c \
    imgunpack/archive_open.c imgunpack/archive_parts.c imgunpack/attr.c imgunpack/compare.c imgunpack/entry.c imgunpack/feed.c \
    imgunpack/flat.c imgunpack/ids.c imgunpack/layer.c imgunpack/link.c imgunpack/map.c imgunpack/merge.c imgunpack/modes.c imgunpack/overlay.c \
    imgunpack/parent.c imgunpack/place.c imgunpack/ring.c imgunpack/stack.c imgunpack/store.c imgunpack/store_gc.c \
    imgunpack/tarfile.c imgunpack/times.c imgunpack/trail.c imgunpack/unpack_load.c imgunpack/upper.c imgunpack/uses.c imgunpack/whiteout.c imgunpack/worker.c
imgunpack/imgunpack.objs := $(unpack.objs)
imgunpack/imgunpack.libs = libcrypto $(codec.libs)
# Images: one program a direction, over OCI layouts (lib/layout.h).
LIBEXEC += imgunpack/imgpull
registry.objs := imgunpack/call.c imgunpack/certs.c imgunpack/challenge.c \
    imgunpack/creds.c imgunpack/document.c imgunpack/helper.c imgunpack/http.c imgunpack/http_url.c imgunpack/progress.c imgunpack/registries.c imgunpack/registry.c imgunpack/report.c imgunpack/token.c
# What needs no network: layouts and archives.
transport.objs := imgunpack/archive.c imgunpack/archive_docker.c imgunpack/archive_images.c imgunpack/archive_parts.c imgunpack/docs.c imgunpack/tarfile.c imgunpack/trail.c imgunpack/transport.c
imgunpack/imgpull.objs := imgunpack/fetch.c imgunpack/manifest.c imgunpack/pages.c imgunpack/referrers.c imgunpack/signature.c imgunpack/signed.c $(registry.objs) $(transport.objs)
imgunpack/imgpull.libs = libcrypto libcurl $(codec.libs)
LIBEXEC += imgunpack/imgpush
imgunpack/imgpush.objs := imgunpack/archive_open.c imgunpack/archive_write.c imgunpack/compare.c imgunpack/pages.c imgunpack/referrers.c imgunpack/send.c $(registry.objs) $(transport.objs)
imgunpack/imgpush.libs = libcrypto libcurl $(codec.libs)
LIBEXEC += imgunpack/imgremote
imgunpack/imgremote.objs := imgunpack/pages.c imgunpack/referrers.c $(registry.objs)
imgunpack/imgremote.libs = libcrypto libcurl
LIBEXEC += imgunpack/imgctl
imgunpack/imgctl.objs := imgunpack/ahead.c imgunpack/archive_write.c imgunpack/helper.c imgunpack/sign.c imgunpack/signature.c imgunpack/diff.c imgunpack/digests.c imgunpack/docs.c imgunpack/du.c imgunpack/gc.c imgunpack/history.c \
    imgunpack/images.c imgunpack/inspect.c imgunpack/load.c imgunpack/ls.c imgunpack/mark.c imgunpack/mount.c imgunpack/orphans.c imgunpack/refname.c \
    imgunpack/rm.c imgunpack/save.c imgunpack/sweep.c imgunpack/table.c imgunpack/tag.c imgunpack/transport.c imgunpack/verify.c \
    imgunpack/verify_layers.c $(unpack.objs)
imgunpack/imgctl.libs = libcrypto $(codec.libs)
LIBEXEC += imgunpack/imgpack
imgunpack/imgpack.objs := imgunpack/pack_attr.c imgunpack/pack_config.c imgunpack/pack_image.c imgunpack/pack_index.c \
    imgunpack/pack_options.c imgunpack/pack_tree.c imgunpack/pack_verbs.c imgunpack/pack_write.c imgunpack/since.c \
    imgunpack/sink.c imgunpack/squash.c $(unpack.objs)
imgunpack/imgpack.libs = libcrypto $(codec.libs)
