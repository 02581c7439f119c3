#include "lib/spec.h"
#include "lib/mem.h"
#include "lib/ns.h"
#include "tests/unit/tap.h"

#define PROCESS "\"process\": {\"args\": [\"sh\"], \"cwd\": \"/\"}"
#define ROOT "\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}"

/* Parse a document with LINUX's members in linux, and other MEMBERS, each "" or ended by a comma.
 */
static int parse(struct spec *s, const char *members, const char *lx, char *why)
{
	_free_ char *text = xasprintf("{%s " ROOT ", " PROCESS ", \"linux\": {%s}}", members, lx);

	return spec_parse(s, text, strlen(text), why);
}

static void expect_refused(const char *members, const char *lx, const char *why)
{
	char said[DECODE_WHY_MAX] = "";
	struct spec s;

	expect_errno(parse(&s, members, lx, said), EINVAL);
	expect_str(said, why);
	spec_free(&s);
}

static void test_parse_smallest(void)
{
	char why[DECODE_WHY_MAX];
	struct spec s;

	expect_int(parse(&s, "", "", why), 0);
	expect_str(s.root->path, "r");
	expect_str(s.process->args[0], "sh");
	expect(!s.process->user && !s.process->capabilities && !s.hooks);
	expect(!spec_namespace(&s, CLONE_NEWPID) && !spec_is_new(&s, CLONE_NEWPID));
	spec_free(&s);
}

static void test_parse_namespaces(void)
{
	char why[DECODE_WHY_MAX];
	struct spec s;

	expect_int(parse(&s, "",
			 "\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\", "
			 "\"path\": \"/n\"}, {\"type\": \"ipc\", \"path\": \"\"}]",
			 why),
		   0);
	expect(spec_is_new(&s, CLONE_NEWPID) && spec_is_new(&s, CLONE_NEWIPC));
	expect(!spec_is_new(&s, CLONE_NEWNET));
	expect_str(spec_namespace(&s, CLONE_NEWNET)->path, "/n");
	spec_free(&s);
}

static void test_parse_process(void)
{
	static const char text[] =
		"{\"args\": [\"a\", \"b\"], \"cwd\": \"/x\", \"terminal\": true, \"oomScoreAdj\": "
		"-5,"
		"\"user\": {\"uid\": 1, \"gid\": 2, \"umask\": 18, \"additionalGids\": [3, 4]},"
		"\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1, \"hard\": 2}],"
		"\"capabilities\": {\"bounding\": [\"CAP_KILL\"]}}";
	char why[DECODE_WHY_MAX];
	struct spec_process p;

	expect_int(spec_parse_process(&p, text, strlen(text), why), 0);
	expect(p.terminal && p.has_oomScoreAdj && p.user->has_umask);
	expect_int(p.user->n_additionalGids, 2);
	expect_int(p.user->additionalGids[1], 4);
	expect_int(p.rlimits[0].hard, 2);
	expect_str(spec_rlimit_name(p.rlimits[0].type), "RLIMIT_NOFILE");
	expect_str(p.capabilities->bounding[0], "CAP_KILL");
	decode_free(&spec_process_schema, &p);
}

static void test_refuses_by_member(void)
{
	expect_refused("\"hostname\": \"x\",", "",
		       "hostname: unable to set without a private UTS namespace");
	expect_refused("\"mounts\": [{}],", "", "mounts[0].destination: missing");
	expect_refused("\"mounts\": [{\"destination\": \"/a\", \"uidMappings\": [{}]}],", "",
		       "mounts[0].gidMappings: both maps or none");
	expect_refused("", "\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"pid\"}]",
		       "linux.namespaces[1].type: given twice");
	expect_refused("", "\"namespaces\": [{\"type\": \"pids\"}]",
		       "linux.namespaces[0].type: unknown value 'pids'");
	expect_refused("", "\"namespaces\": [{\"type\": \"user\"}]",
		       "linux.uidMappings: missing for a new user namespace");
	expect_refused("", "\"devices\": [{\"type\": \"x\", \"path\": \"/d\"}]",
		       "linux.devices[0].type: unknown value 'x'");
	expect_refused("", "\"timeOffsets\": {}",
		       "linux.timeOffsets: without a new time namespace");
	expect_refused("", "\"rootfsPropagation\": \"x\"",
		       "linux.rootfsPropagation: unknown value 'x'");
	expect_refused("", "\"intelRdt\": {\"closID\": \"../x\"}",
		       "linux.intelRdt.closID: '../x' is no name");
	expect_refused("", "\"intelRdt\": {\"schemata\": [\"a\\nb\"]}",
		       "linux.intelRdt.schemata[0]: more than one line");
	expect_refused("", "\"netDevices\": {\"eth0\": {}}",
		       "linux.netDevices: without a private network namespace");
	expect_refused("",
		       "\"namespaces\": [{\"type\": \"network\"}], \"netDevices\": "
		       "{\"eth0\": {\"name\": \"a/b\"}}",
		       "linux.netDevices.eth0.name: 'a/b' is no interface name");
	expect_refused("\"annotations\": {\"\": \"x\"},", "", "annotations: a key is empty");
	expect_refused("\"mounts\": [{\"destination\": \"/a\"}],", "",
		       "mounts: without a private mount namespace");
	expect_refused("\"hooks\": {\"poststop\": [{\"path\": \"x\"}]},", "",
		       "hooks.poststop[0].path: not an absolute path");
}

static void test_refuses_processes(void)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "{\"cwd\": \"/\"}", "process.args: args must not be empty" },
		{ "{\"args\": [\"x\"], \"cwd\": \"a\"}",
		  "process.cwd: Cwd must be an absolute path" },
		{ "{\"args\": [\"x\"], \"cwd\": \"/\", \"env\": [\"=x\"]}",
		  "process.env[0]: not NAME=VALUE" },
		{ "{\"args\": [\"x\"], \"cwd\": \"/\", \"rlimits\": [{\"type\": \"RLIMIT_CPU\", "
		  "\"soft\": 2, \"hard\": 1}]}",
		  "process.rlimits[0]: soft is above hard" },
		{ "{\"args\": [\"x\"], \"cwd\": \"/\", \"user\": {\"uid\": -1}}",
		  "user.uid: not a whole number in range" },
	};
	char why[DECODE_WHY_MAX];
	struct spec_process p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		expect_errno(spec_parse_process(&p, bad[i].text, strlen(bad[i].text), why), EINVAL);
		expect_str(why, bad[i].why);
		decode_free(&spec_process_schema, &p);
	}
}

static void test_last_of_duplicate_keys_counts(void)
{
	static const char text[] = "{\"args\": [\"a\"], \"args\": [\"b\"], \"cwd\": \"/\"}";
	char why[DECODE_WHY_MAX];
	struct spec_process p;

	expect_int(spec_parse_process(&p, text, strlen(text), why), 0);
	expect_str(p.args[0], "b");
	decode_free(&spec_process_schema, &p);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_parse_smallest),
		TEST(test_parse_namespaces),
		TEST(test_parse_process),
		TEST(test_refuses_by_member),
		TEST(test_refuses_processes),
		TEST(test_last_of_duplicate_keys_counts),
		{ 0 },
	};

	return tap_run(tests);
}
