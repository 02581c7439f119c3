/* annotations.h - run.oci.*: what crun can be told beside config.json, and Podman and Buildah tell.
 *
 * run.oci.systemd.* and org.systemd.property.* are the systemd driver's.
 */
#ifndef RUNC_ANNOTATIONS_H
#define RUNC_ANNOTATIONS_H

#include "lib/spec.h"

#define ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"
#define ANNOTATION_MOUNT_CONTEXT "run.oci.mount_context_type"
#define ANNOTATION_PIDFD_RECEIVER "run.oci.pidfd_receiver"
#define ANNOTATION_SECCOMP_BPF "run.oci.seccomp_bpf_data"
#define ANNOTATION_SECCOMP_RECEIVER "run.oci.seccomp.receiver"
#define ANNOTATION_SECCOMP_STRICT "run.oci.seccomp_fail_unknown_syscall"
#define ANNOTATION_HOOKS_STDOUT "run.oci.hooks.stdout"
#define ANNOTATION_HOOKS_STDERR "run.oci.hooks.stderr"

/* The value, or NULL where there is none or an empty one. */
const char *annotation(const struct spec *spec, const char *name);
/* Given, and neither "0" nor "false". */
bool annotation_is_on(const struct spec *spec, const char *name);
/* Who answers for system calls: linux.seccomp.listenerPath (PATH) says it, or an annotation, or the
 * environment; NULL: nobody. */
const char *annotation_listener(const struct spec *spec, const char *path);
/* The I-th of those that ask for what is not here; NULL behind the last. */
const char *annotation_refused(size_t i);
/* The mount option that linux.mountLabel is given by, from the annotation's VALUE; NULL: it names
 * none there is. */
const char *annotation_mount_context(const char *value);
/* Exits for those that ask for what is not here: silence would be worse. */
void annotations_check(const struct spec *spec);

#endif
