/* runc.h - what the verbs of runc share: global options, failing, hooks, taking containers apart.
 *
 * Failing is die() from anywhere (die.h): runc's sink writes runc's log formats, prefixed by "runc
 * VERB failed: ". In the child that becomes the container it sends the message to its parent
 * instead, which then reports it.
 */
#ifndef RUNC_RUNC_H
#define RUNC_RUNC_H

#include "lib/cgroup.h"
#include "lib/opt.h"
#include "lib/spec.h"
#include "runc/state.h"

struct globals {
	const char *root; /* absolute; state lives in ROOT/ID */
	bool root_given;  /* by --root: then it must exist for list */
	const char *criu; /* its program */
	bool debug;
	bool rootless;	 /* cgroup failures are tolerated */
	bool no_cgroups; /* --cgroup-manager=disabled */
	bool systemd;	 /* cgroups are made by systemd */
};

/* Set once by main, read-only after. */
extern struct globals runc_globals;

/* A verb is one file, runc/VERB.c. argv[0] is the verb's name; the result is the exit status. */
int verb_check(int argc, char **argv);
int verb_checkpoint(int argc, char **argv);
int verb_create(int argc, char **argv);
int verb_delete(int argc, char **argv);
int verb_events(int argc, char **argv);
int verb_exec(int argc, char **argv);
int verb_features(int argc, char **argv);
int verb_kill(int argc, char **argv);
int verb_list(int argc, char **argv);
int verb_mounts(int argc, char **argv);
int verb_pause(int argc, char **argv);
int verb_ps(int argc, char **argv);
int verb_restore(int argc, char **argv);
int verb_resume(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_spec(int argc, char **argv);
int verb_start(int argc, char **argv);
int verb_state(int argc, char **argv);
int verb_update(int argc, char **argv);
int verb_wait(int argc, char **argv);

/* Usage of a verb: parses with single-dash long options, stops at the first operand, checks the
 * number of operands (MAX < 0: any number) with runc's words. Returns the index of the first
 * operand. */
int runc_parse(int argc, char **argv, const struct usage *u, int min, int max);

/* Check the form of a container id; exits naming it. */
void runc_check_id(const char *id);

/* Run the hooks of LIST in order, STATE_JSON on their stdin, in the caller's namespaces. ENV is
 * theirs where they name none (NULL: the caller's own). 0, or -1 with WHY filled: which hook, how
 * it ended, what it said. */
int hooks_run(const char *kind, const struct spec_hook_list *list, const char *state_json,
	      char *const *env, struct buf *why);
/* Append what hooks say to the files that run.oci.hooks.stdout and .stderr name, from now on; not
 * what startContainer hooks say, which see no host. The strings stay the caller's. */
void hooks_log(const struct decode_map *annotations);
/* The same for a container on disk, reporting failure as a warning: poststop, after the rest is
 * gone. */
void hooks_run_poststop(const struct container *c, const struct spec *spec);

/* runc/destroy.c: kill what is left, remove the cgroup, the state directory, then run poststop
 * hooks. C is locked exclusively. Converges from whatever was left behind: 0, or -1 and errno with
 * the rest done as far as possible. */
int container_destroy(struct container *c);

#endif
