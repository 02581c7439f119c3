LIBEXEC += imgunpack/imgunpack
imgunpack/imgunpack.objs := imgunpack/apply.c imgunpack/attr.c imgunpack/entry.c imgunpack/feed.c \
                            imgunpack/flat.c imgunpack/layer.c imgunpack/map.c imgunpack/overlay.c \
                            imgunpack/place.c imgunpack/stack.c imgunpack/store.c imgunpack/times.c \
                            imgunpack/whiteout.c imgunpack/worker.c
imgunpack/imgunpack.libs = libcrypto $(codec.libs)
