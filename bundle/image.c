/* image.c - what an image's configuration says about its containers. */
#include "bundle/config.h"
#include "lib/die.h"

static const struct json *image_config(const struct json *image)
{
	return json_get(image, "config");
}

static void apply_args(struct json *config, const struct request *r, const struct json *ic)
{
	_strv_ struct strv args = { 0 };

	if (!r->entrypoint)
		tree_get_strv(json_get(ic, "Entrypoint"), &args);
	/* An entrypoint on the command line drops the image's command: it was meant for the other
	 * one. */
	if (!r->entrypoint && !r->command)
		tree_get_strv(json_get(ic, "Cmd"), &args);
	if (r->entrypoint && *r->entrypoint)
		strv_add(&args, r->entrypoint);
	for (char **word = r->command; word && *word; word++)
		strv_add(&args, *word);
	json_set(tree_obj(config, "process"), "args", tree_new_strv(args.v));
}

static void apply_env(struct json *config, const struct json *ic)
{
	_strv_ struct strv env = { 0 };

	tree_get_strv(json_get(ic, "Env"), &env);
	for (size_t i = 0; i < env.n; i++)
		if (strchr(env.v[i], '=') > env.v[i])
			tree_setenv(config, env.v[i]);
}

/* The image specification's conversion: labels become annotations, StopSignal too. */
static void apply_annotations(struct json *config, const struct json *ic)
{
	const struct json *labels = json_get(ic, "Labels");
	const char *signal = json_get_str(ic, "StopSignal");

	for (const struct json *l = labels ? labels->child : NULL; l; l = l->next)
		if (l->key && *l->key && l->type == JSON_STRING)
			tree_set_str(tree_obj(config, "annotations"), l->key, l->text);
	if (signal && *signal)
		tree_set_str(tree_obj(config, "annotations"), "org.opencontainers.image.stopSignal",
			     signal);
}

void apply_image(struct json *config, const struct request *r, const struct json *image)
{
	const struct json *ic = image_config(image);
	const char *cwd = json_get_str(ic, "WorkingDir");

	if (image && image->type != JSON_OBJECT)
		diex("image configuration: not a JSON object");
	if (ic && ic->type != JSON_OBJECT && ic->type != JSON_NULL)
		diex("image configuration: config: object wanted, %s found",
		     json_type_name(ic->type));
	apply_args(config, r, ic);
	apply_env(config, ic);
	apply_annotations(config, ic);
	if (cwd && *cwd == '/')
		tree_set_str(tree_obj(config, "process"), "cwd", cwd);
}

void image_volumes(const struct json *image, struct strv *paths)
{
	const struct json *volumes = json_get(image_config(image), "Volumes");

	if (!volumes || volumes->type != JSON_OBJECT)
		return;
	for (const struct json *v = volumes->child; v; v = v->next)
		strv_add(paths, v->key);
}
