# bundle: an OCI bundle's config.json from options and an image's configuration.
LIBEXEC    += bundle/bundle
STATICALLY += bundle/bundle
bundle/bundle.objs := bundle/create.c bundle/edit.c bundle/get.c bundle/check.c bundle/spec.c \
	bundle/request.c bundle/config.c bundle/image.c bundle/process.c bundle/user.c \
	bundle/mounts.c bundle/volume.c bundle/namespaces.c bundle/resources.c bundle/devices.c \
	bundle/security.c bundle/caps.c bundle/seccomp.c bundle/profile.c bundle/identity.c
bundle/bundle.libs := libcap libseccomp
