/* pack.h - what imgpack's verbs share: layers out of directories, images out of layers. All of it
 * dies on failure.
 *
 * The same input gives the same bytes: names are sorted, owners are numbers, times whole seconds
 * and, with SOURCE_DATE_EPOCH, not later than it.
 */
#ifndef IMGUNPACK_PACK_H
#define IMGUNPACK_PACK_H

#include "lib/codec.h"
#include "lib/layout.h"
#include "lib/opt.h"
#include "lib/tar.h"

enum pack_kind {
	PACK_DIR,   /* a directory as it is */
	PACK_UPPER, /* an overlay's upper directory: its markers are whiteouts */
	PACK_SINCE, /* what a directory has that BESIDE has not */
	PACK_TAR,   /* a tar file, "-" is standard input, which may be compressed: taken as it is */
};

struct pack_source {
	enum pack_kind kind;
	const char *path;
	const char *beside; /* PACK_SINCE: the old tree; PACK_UPPER: the merged one, or NULL */
	bool content;	    /* PACK_SINCE: read files that look the same */
	bool root;	    /* describe the top directory, too */
	bool pretend;	    /* owners are what imgunpack has noted for who is not root */
};

/* Bytes of a tar on their way: hashed, compressed, and handed to PUT (0, or -1 and errno), all of
 * which OUT_HASH has seen at the end (NULL: nobody asks). */
struct sink;
struct sink *sink_open(enum codec codec, tar_put *put, void *ctx, struct digest_state *out_hash);
/* A tar_put. */
int sink_put(void *sink, const void *data, size_t len);
/* The same without a copy: where the next *LEN bytes, one at least, may be put (NULL and errno once
 * it has failed), and how many have been. */
void *sink_room(struct sink *sink, size_t *len);
void sink_filled(struct sink *sink, size_t len);
/* Flush all; the digest of the uncompressed bytes. Frees SINK in any case. */
_check_ int sink_close(struct sink *sink, struct digest *diff_id);

/* Write the tree at SOURCE (not PACK_TAR), end of archive included. Returns the newest time in it.
 */
int64_t pack_tree(struct sink *s, const struct pack_source *source);
/* The same, PACK_TAR included. */
int64_t pack_write(struct sink *s, const struct pack_source *source);

/* SOURCE_DATE_EPOCH, or INT64_MAX. */
int64_t pack_epoch(void);

/* Whatever dies, this directory below the layout (NULL: none) goes. */
void pack_abandon_dir(int layout_dirfd, const char *name);

/* An image being made. */
struct pack {
	int layout_dirfd;
	const char *tag; /* may be NULL */
	struct json *config, *manifest;
	int64_t created; /* -1: leave the configuration's own */
	bool has_history;
};

/* Open the layout in NAME ("LAYOUT:TAG"), locked; MAKE it where there is none. *N owns the tag. */
void pack_open(struct pack *p, const char *name, bool make, struct layout_name *n);
/* Begin with nothing, for PLATFORM ("os/arch", NULL is this machine). */
void pack_scratch(struct pack *p, const char *platform);
/* Begin with the image N of the layout. */
void pack_base(struct pack *p, const struct layout_name *n);
/* Write SOURCE as the topmost layer. */
void pack_layer(struct pack *p, const struct pack_source *source, enum codec codec);
/* Make all layers but the one to be written next vanish, from manifest, config and history. */
void pack_forget_layers(struct pack *p);
/* Write manifest and config and give them their name; prints the digest. */
void pack_put(struct pack *p);
/* Put the layers the command line named on top, then its configuration, and give it its name;
 * prints the digest. */
void pack_finish(struct pack *p);

/* What the command line says of the configuration. */
struct pack_edits {
	const char *author, *health_cmd, *health_interval, *health_retries, *health_start,
		*health_timeout, *shell, *stop_signal, *user, *workdir;
	struct strv clear, cmd, entrypoint, env, labels, onbuild, ports, volumes;
	bool no_health;
};
extern struct pack_edits pack_edits;

/* The options that describe layers and configuration, for the verbs' tables. */
extern const struct opt pack_opts[], pack_layer_opts[], pack_squash_opts[];
/* As if the command line had said --layer PATH. */
void pack_take_dir(const char *path);
/* What the command line asked to be packed. */
const struct pack_source *pack_sources(size_t *n);
/* The compression asked for; CODEC of a base image's last layer, else gzip, when none was. */
enum codec pack_codec(const struct pack *p);
/* Change the configuration as the options say. True when they say anything. */
bool pack_configure(struct json *config);
const char *pack_tag(void), *pack_platform(void), *pack_comment(void), *pack_created_by(void);

int verb_index(int argc, char **argv);
int verb_new(int argc, char **argv);
int verb_add(int argc, char **argv);
int verb_squash(int argc, char **argv);
int verb_layer(int argc, char **argv);

#endif
