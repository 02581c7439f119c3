#include "lib/image.h"
#include "lib/buf.h"
#include "tests/unit/tap.h"

#define D "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define CONFIG \
	"\"config\":{\"mediaType\":\"" IMAGE_TYPE_CONFIG "\",\"digest\":\"" D "\",\"size\":2}"
#define LAYER "{\"mediaType\":\"" IMAGE_TYPE_LAYER_GZIP "\",\"digest\":\"" D "\",\"size\":3}"
#define MANIFEST "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER "]"

static void refused_manifest(const char *doc, const char *type, const char *reason)
{
	char why[IMAGE_WHY_MAX] = "";
	struct image_manifest m;

	expect_errno(image_manifest_parse(doc, strlen(doc), type, &m, why), EINVAL);
	expect_str(why, reason);
}

static void test_manifest_parse(void)
{
	const char doc[] = MANIFEST ",\"annotations\":{\"a\":\"b\"},\"unknown\":[1]}";
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;

	if (!expect_int(image_manifest_parse(doc, strlen(doc), IMAGE_TYPE_MANIFEST, &m, why), 0))
		return;
	expect_str(m.config->id.text, D);
	expect_int(m.config->size, 2);
	expect_int(m.n_layers, 1);
	expect_int(m.layers[0].size, 3);
	expect_int(image_kind(m.layers[0].mediaType), IMAGE_LAYER);
	expect_str(decode_map_get(&m.annotations, "a"), "b");
	image_manifest_free(&m);
}

static void test_manifest_refuses_what_misleads(void)
{
	refused_manifest("{\"mediaType\":\"" IMAGE_TYPE_INDEX "\",\"schemaVersion\":2," CONFIG "}",
			 NULL, "mediaType: unexpected '" IMAGE_TYPE_INDEX "'");
	refused_manifest("{\"mediaType\":\"" IMAGE_TYPE_MANIFEST "\",\"schemaVersion\":2," CONFIG
			 "}",
			 IMAGE_TYPE_DOCKER_MANIFEST,
			 "mediaType: '" IMAGE_TYPE_MANIFEST
			 "' does not match '" IMAGE_TYPE_DOCKER_MANIFEST "'");
	refused_manifest(MANIFEST "}", IMAGE_TYPE_INDEX,
			 "unexpected media type '" IMAGE_TYPE_INDEX "'");
	refused_manifest(MANIFEST ",\"manifests\":[{}]}", NULL, "a manifest that is an index, too");
	refused_manifest(MANIFEST ",\"Layers\":[]}", NULL,
			 "member 'Layers' differs from 'layers' in case only");
	refused_manifest("{\"schemaVersion\":2,\"config\":{\"digest\":\"" D
			 "\",\"Digest\":\"x\",\"size\":2}}",
			 NULL, "member 'Digest' differs from 'digest' in case only");
	refused_manifest("{\"schemaVersion\":1," CONFIG "}", NULL,
			 "schemaVersion: 1 is not supported");
	refused_manifest("{\"schemaVersion\":2}", NULL, "config: missing");
	refused_manifest("{\"schemaVersion\":1,\"fsLayers\":[1]}", NULL,
			 "Docker's schema 1 is not supported");
	refused_manifest("[]", NULL, "object wanted, array found");
}

static void test_manifest_refuses_bad_descriptors(void)
{
	static const struct {
		const char *layer, *why;
	} bad[] = {
		{ "{\"digest\":\"" D "\",\"size\":-1}", "layers[1].size: negative" },
		{ "{\"digest\":\"" D "\"}", "layers[1].size: missing" },
		{ "{\"size\":1}", "layers[1].digest: missing" },
		{ "{\"digest\":\"sha256:x\",\"size\":1}", "layers[1].digest: malformed" },
		{ "{\"digest\":\"sha512:x\",\"size\":1}",
		  "layers[1].digest: unsupported algorithm" },
		{ "[]", "layers[1]: object wanted, array found" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		_buf_ struct buf doc = { 0 };

		buf_addf(&doc, "{\"schemaVersion\":2,%s,\"layers\":[%s,%s]}", CONFIG, LAYER,
			 bad[i].layer);
		refused_manifest(buf_str(&doc), NULL, bad[i].why);
	}
}

static void test_index_carries_what_it_does_not_know(void)
{
	const char doc[] = "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x/"
			   "y\",\"digest\":\"sha512:00\",\"size\":1}]}";
	char why[IMAGE_WHY_MAX];
	struct image_index x;

	expect_int(image_index_parse(doc, strlen(doc), NULL, &x, why), 0);
	expect_str(x.manifests[0].digest, "sha512:00");
	expect_str(x.manifests[0].id.text, "");
	image_index_free(&x);
}

static void test_config_parse(void)
{
	const char doc[] = "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Cmd\":["
			   "\"a\"],\"Env\":null,"
			   "\"Labels\":{\"k\":\"v\"},\"Volumes\":{\"/v\":{}}},"
			   "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" D
			   "\"]},\"history\":null}";
	const char bad[] = "{\"rootfs\":{\"diff_ids\":[\"sha256:1\"]}}";
	char why[IMAGE_WHY_MAX];
	struct image_config c;

	if (expect_int(image_config_parse(doc, strlen(doc), &c, why), 0)) {
		expect_str(c.config->Cmd[0], "a");
		expect(!c.config->Env);
		expect(json_get(c.config->Volumes, "/v"));
		expect_str(decode_map_get(&c.config->Labels, "k"), "v");
		expect_int(c.rootfs->n_diff_ids, 1);
		image_config_free(&c);
	}
	expect_errno(image_config_parse(bad, strlen(bad), &c, why), EINVAL);
	expect_str(why, "rootfs.diff_ids[0]: malformed or unsupported digest");
}

static void test_image_check_counts_layers(void)
{
	const char manifest[] = MANIFEST "}";
	const char none[] = "{\"rootfs\":{\"diff_ids\":[]}}",
		   one[] = "{\"rootfs\":{\"diff_ids\":[\"" D "\"]}}";
	char why[IMAGE_WHY_MAX];
	struct image_manifest m;
	struct image_config c;

	expect_int(image_manifest_parse(manifest, strlen(manifest), NULL, &m, why), 0);
	expect_int(image_config_parse(none, strlen(none), &c, why), 0);
	expect_errno(image_check(&m, &c, why), EINVAL);
	expect_str(why, "1 layers, but 0 diff_ids");
	image_config_free(&c);
	expect_int(image_config_parse(one, strlen(one), &c, why), 0);
	expect_int(image_check(&m, &c, why), 0);
	image_config_free(&c);
	image_manifest_free(&m);
}

static void test_platform_rank_order(void)
{
	/* Each suits the first better than the next does; "-" does not suit at all. */
	static const char *const orders[][8] = {
		{ "linux/arm64/v9.1", "linux/arm64/v9.1", "linux/arm64/v9", "linux/arm64/v8.6",
		  "linux/arm64", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6" },
		{ "linux/amd64/v3", "linux/amd64/v3", "linux/amd64/v2", "linux/amd64",
		  "linux/386" },
		{ "linux/arm", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5" },
	};
	static const char *const unfit[][2] = {
		{ "linux/amd64", "linux/amd64/v3" }, { "linux/arm/v6", "linux/arm/v7" },
		{ "linux/amd64", "windows/amd64" },  { "linux/386", "linux/amd64" },
		{ "linux/amd64", "linux/arm64" },    { "linux/arm64/v9.1", "linux/arm64/v8.7" },
		{ "linux/arm64", "linux/arm64/vx" }, { "linux/riscv64", "linux/riscv64/rva23" },
	};
	struct platform want, have;

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		int last = -1;

		expect_int(platform_parse(orders[i][0], &want), 0);
		for (size_t j = 1; j < 8 && orders[i][j]; j++) {
			expect_int(platform_parse(orders[i][j], &have), 0);
			if (!expect(platform_rank(&want, &have) > last))
				printf("# %s on %s\n", orders[i][j], orders[i][0]);
			last = platform_rank(&want, &have);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(unfit); i++) {
		expect_int(platform_parse(unfit[i][0], &want), 0);
		expect_int(platform_parse(unfit[i][1], &have), 0);
		expect_int(platform_rank(&want, &have), -1);
	}
}

static void test_platform_names(void)
{
	static const char *const pairs[][2] = {
		{ "linux/x86_64", "linux/amd64" },	    { "linux/aarch64", "linux/arm64" },
		{ "linux/arm64/v8", "linux/arm64" },	    { "linux/amd64/v1", "linux/amd64" },
		{ "linux/armhf", "linux/arm/v7" },	    { "linux/arm", "linux/arm/v7" },
		{ "linux/armel", "linux/arm/v6" },	    { "linux/i386", "linux/386" },
		{ "linux/arm64/v8.2", "linux/arm64/v8.2" },
	};
	static const char *const bad[] = { "",	      "linux", "linux/", "/amd64",
					   "a/b/c/d", "a/b c", "a/b\n" };
	char text[PLATFORM_TEXT_MAX + 1];
	struct platform p;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		expect_int(platform_parse(pairs[i][0], &p), 0);
		expect_str(platform_text(&p, text), pairs[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_errno(platform_parse(bad[i], &p), EINVAL);
}

/* clang-format off */
#define ENTRY(arch, more) \
	"{\"mediaType\":\"" IMAGE_TYPE_MANIFEST "\",\"digest\":\"" D "\",\"size\":1" more \
	",\"platform\":{\"os\":\"linux\",\"architecture\":\"" arch "\"}}"

static void test_image_choose(void)
{
	const char doc[] =
		"{\"schemaVersion\":2,\"manifests\":["
		"{\"mediaType\":\"" IMAGE_TYPE_MANIFEST "\",\"digest\":\"" D
		"\",\"size\":0}," ENTRY("amd64", ",\"annotations\":{\"vnd.docker.reference.type\":"
						 "\"attestation-manifest\"}") "," ENTRY(
			"386", "") "," ENTRY("amd64", "") "," ENTRY("amd64", "") "]}";
	/* clang-format on */
	char why[IMAGE_WHY_MAX];
	struct platform want;
	struct image_index x;

	expect_int(image_index_parse(doc, strlen(doc), NULL, &x, why), 0);
	expect_int(platform_parse("linux/amd64", &want), 0);
	expect_int(image_choose(x.manifests, x.n_manifests, &want) - x.manifests, 3);
	expect_int(platform_parse("linux/386", &want), 0);
	expect_int(image_choose(x.manifests, x.n_manifests, &want) - x.manifests, 2);
	expect_int(platform_parse("linux/s390x", &want), 0);
	expect_int(image_choose(x.manifests, x.n_manifests, &want) - x.manifests, 0);
	expect(!image_choose(x.manifests + 1, x.n_manifests - 1, &want));

	_free_ char *offered = image_platforms(x.manifests, x.n_manifests);

	expect_str(offered, "linux/amd64, linux/386, linux/amd64, linux/amd64");
	image_index_free(&x);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_manifest_parse),
		TEST(test_manifest_refuses_what_misleads),
		TEST(test_manifest_refuses_bad_descriptors),
		TEST(test_index_carries_what_it_does_not_know),
		TEST(test_config_parse),
		TEST(test_image_check_counts_layers),
		TEST(test_platform_rank_order),
		TEST(test_platform_names),
		TEST(test_image_choose),
		{ 0 },
	};

	return tap_run(tests);
}
