#include <fcntl.h>

#include "lib/cgroup_res.h"
#include "lib/io.h"
#include "lib/path.h"
#include "lib/resources.h"
#include "lib/str.h"
#include "tests/unit/tap.h"

/* One fake host with one group "g", and what a plan for it says. */
static int rootfd = -1;
static struct cgroup_layout layout;
static struct cgroup g;
static struct buf shown, why;

static void put(const char *path, const char *text)
{
	char *name = NULL;
	int dirfd = path_open_parent(rootfd, path, &name);
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || io_puts(fd, text) < 0)
		perror(path);
	close(fd);
	close(dirfd);
	free(name);
}

static void host(const char *const *dirs)
{
	cgroup_close(&g);
	cgroup_layout_close(&layout);
	if (rootfd >= 0)
		close(rootfd);
	setenv("LASH_CGROUP", tap_dir(&rootfd), 1);
	for (; *dirs; dirs++) {
		_buf_ struct buf file = { 0 };

		buf_addf(&file, "%s/cgroup.procs", *dirs);
		put(buf_str(&file), "");
		buf_reset(&file);
		buf_addf(&file, "%s/g/cgroup.procs", *dirs);
		put(buf_str(&file), "");
	}
}

static void v1_host(void)
{
	static const char *const dirs[] = { "cpu",     "cpuset",  "memory",   "pids", "blkio",
					    "hugetlb", "net_cls", "net_prio", "rdma", NULL };

	host(dirs);
	put("memory/g/memory.limit_in_bytes", "9223372036854771712\n");
	put("memory/g/memory.memsw.limit_in_bytes", "9223372036854771712\n");
	if (cgroup_layout_open(&layout, NULL) < 0 || cgroup_open(&g, &layout, "g") < 0)
		perror("open v1 host");
}

static void v2_host(void)
{
	static const char *const dirs[] = { ".", NULL };

	host(dirs);
	put("cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc\n");
	put("g/memory.max", "max\n");
	put("g/cpu.max", "20000 100000\n");
	if (cgroup_layout_open(&layout, NULL) < 0 || cgroup_open(&g, &layout, "g") < 0)
		perror("open v2 host");
}

static const char *show(const struct cgroup_plan *plan)
{
	buf_reset(&shown);
	for (size_t i = 0; i < plan->n; i++)
		buf_addf(&shown, "%s%s=%s", i ? "; " : "", plan->step[i].file, plan->step[i].value);
	return buf_str(&shown);
}

/* The plan for OCI resources as JSON, or "!" and the reason. */
static const char *oci(const char *text)
{
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	struct cgroup_resources r = { 0 };
	char bad[JSON_WHY_MAX], member[DECODE_WHY_MAX];
	_json_ struct json *tree = json_parse(text, strlen(text), 0, bad);
	bool failed = !tree || decode(&resources_schema, tree, "", &r, member) < 0;

	buf_reset(&why);
	if (failed)
		buf_addf(&why, "%s", tree ? member : bad);
	else
		failed = cgroup_plan_resources(&plan, &g, &r, &why) < 0;
	if (failed) {
		buf_reset(&shown);
		buf_addf(&shown, "!%s", buf_str(&why));
	} else {
		show(&plan);
	}
	decode_free(&resources_schema, &r);
	return buf_str(&shown);
}

static const char *words(const char *key, const char *value, const char *key2, const char *value2)
{
	_cgroup_plan_ struct cgroup_plan plan = { 0 };
	const struct cgroup_setting w[] = {
		{ (char *)(uintptr_t)key, (char *)(uintptr_t)value },
		{ (char *)(uintptr_t)key2, (char *)(uintptr_t)value2 },
	};

	buf_reset(&why);
	if (cgroup_plan_words(&plan, &g, w, key2 ? 2 : 1, &why) == 0)
		return show(&plan);
	buf_reset(&shown);
	buf_addf(&shown, "!%s", buf_str(&why));
	return buf_str(&shown);
}

static const char *word(const char *key, const char *value)
{
	return words(key, value, NULL, NULL);
}

static const char *get(const char *key)
{
	buf_reset(&shown);
	return cgroup_get_word(&g, key, &shown) < 0 ? strerror(errno) : buf_str(&shown);
}

static void test_shares_follow_the_curve(void)
{
	expect_int(cgroup_shares_to_weight(0), 1);
	expect_int(cgroup_shares_to_weight(2), 1);
	expect_int(cgroup_shares_to_weight(512), 59);
	expect_int(cgroup_shares_to_weight(1024), 100);
	expect_int(cgroup_shares_to_weight(1025), 101);
	expect_int(cgroup_shares_to_weight(2048), 174);
	expect_int(cgroup_shares_to_weight(262144), 10000);
	expect_int(cgroup_shares_to_weight(UINT64_MAX), 10000);
	for (uint64_t s = 3; s < 262144; s++) {
		if (cgroup_shares_to_weight(s) < cgroup_shares_to_weight(s - 1) &&
		    !expect(!"the curve rises"))
			return;
	}
}

static void test_weights_come_back(void)
{
	for (uint64_t w = 1; w <= 10000; w++) {
		uint64_t back = cgroup_shares_to_weight(cgroup_weight_to_shares(w));

		/* Below 10 shares several weights have no shares of their own. */
		if (back != w && (back < w || back > w + 3) && !expect_int(back, w))
			return;
	}
	expect_int(cgroup_weight_to_shares(100), 1024);
	for (uint64_t w = 10; w <= 1000; w++)
		expect_int(cgroup_io_to_blkio_weight(cgroup_blkio_to_io_weight(w)), w);
	expect_int(cgroup_blkio_to_io_weight(10), 1);
	expect_int(cgroup_blkio_to_io_weight(1000), 10000);
}

static void test_v2_memory(void)
{
	v2_host();
	expect_str(oci("{\"memory\":{\"limit\":1000,\"swap\":3000,\"reservation\":5}}"),
		   "memory.swap.max=2000; memory.max=1000; memory.low=5");
	expect_str(oci("{\"memory\":{\"limit\":1000,\"swap\":1000}}"),
		   "memory.swap.max=0; memory.max=1000");
	expect_str(oci("{\"memory\":{\"limit\":-1}}"), "memory.swap.max=max; memory.max=max");
	expect_str(oci("{\"memory\":{\"limit\":1000,\"swap\":-1}}"),
		   "memory.swap.max=max; memory.max=1000");
	expect_str(oci("{\"memory\":{\"limit\":0,\"swap\":0,\"swappiness\":60}}"), "");
	expect_str(oci("{\"memory\":{\"swap\":1000}}"), "!limit memory and swap, but not memory");
	expect_str(oci("{\"memory\":{\"limit\":1000,\"swap\":999}}"),
		   "!limit memory and swap below memory");
	put("g/memory.max", "600\n");
	expect_str(oci("{\"memory\":{\"swap\":1000}}"), "memory.swap.max=400");
	put("g/memory.current", "2000\n");
	expect_str(oci("{\"memory\":{\"limit\":1000,\"checkBeforeUpdate\":true}}"),
		   "!limit memory to 1000 (usage is 2000)");
}

static void test_v1_memory(void)
{
	v1_host();
	expect_str(oci("{\"memory\":{\"limit\":1000,\"swap\":3000,\"swappiness\":0}}"),
		   "memory.limit_in_bytes=1000; memory.memsw.limit_in_bytes=3000; "
		   "memory.swappiness=0");
	expect_str(oci("{\"memory\":{\"limit\":-1}}"),
		   "memory.limit_in_bytes=-1; memory.memsw.limit_in_bytes=-1");
	expect_str(oci("{\"memory\":{\"disableOOMKiller\":true,\"kernel\":9,\"kernelTCP\":8,"
		       "\"useHierarchy\":false}}"),
		   "memory.kmem.tcp.limit_in_bytes=8; memory.oom_control=1");
	expect_str(oci("{\"memory\":{\"swappiness\":101}}"), "!set swappiness 101");
}

static void test_v2_cpu(void)
{
	v2_host();
	expect_str(oci("{\"cpu\":{\"shares\":1024,\"quota\":5000,\"period\":10000,\"burst\":7}}"),
		   "cpu.weight=100; cpu.max.burst=7; cpu.max=5000 10000");
	expect_str(oci("{\"cpu\":{\"quota\":-1}}"), "cpu.max=max");
	expect_str(oci("{\"cpu\":{\"period\":50000}}"), "cpu.max=20000 50000");
	expect_str(oci("{\"cpu\":{\"quota\":0,\"shares\":0,\"period\":0}}"), "");
	expect_str(oci("{\"cpu\":{\"idle\":1,\"shares\":512,\"realtimeRuntime\":5}}"),
		   "cpu.idle=1");
	expect_str(oci("{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}"),
		   "cpuset.cpus=0-1; cpuset.mems=0");
}

static void test_v1_cpu(void)
{
	v1_host();
	expect_str(oci("{\"cpu\":{\"shares\":512,\"quota\":5000,\"period\":10000,\"burst\":7,"
		       "\"realtimeRuntime\":5,\"realtimePeriod\":6}}"),
		   "cpu.shares=512; cpu.rt_period_us=6; cpu.rt_runtime_us=5; cpu.cfs_burst_us=7; "
		   "cpu.cfs_period_us=10000; cpu.cfs_quota_us=5000");
	expect_str(oci("{\"cpu\":{\"idle\":0,\"shares\":512}}"), "cpu.idle=0; cpu.shares=512");
}

static void test_pids(void)
{
	v2_host();
	expect_str(oci("{\"pids\":{\"limit\":0}}"), "pids.max=1");
	expect_str(oci("{\"pids\":{\"limit\":-1}}"), "pids.max=max");
	expect_str(oci("{\"pids\":{\"limit\":77}}"), "pids.max=77");
	expect_str(oci("{\"pids\":{}}"), "");
}

static void test_v2_io(void)
{
	v2_host();
	expect_str(oci("{\"blockIO\":{\"weight\":500,\"leafWeight\":9,"
		       "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
		       "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}}"),
		   "io.weight=4950; io.max=8:0 rbps=5; io.max=8:16 wiops=max");
	expect_str(
		oci("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1000}]}}"),
		"io.weight=8:0 10000");
	expect_str(oci("{\"blockIO\":{\"weight\":9}}"), "!set block I/O weight 9 (10 to 1000)");
	put("g/io.bfq.weight", "");
	expect_str(oci("{\"blockIO\":{\"weight\":500,\"weightDevice\":"
		       "[{\"major\":8,\"minor\":0,\"weight\":20}]}}"),
		   "io.bfq.weight=500; io.bfq.weight=8:0 20");
}

static void test_v1_io(void)
{
	v1_host();
	expect_str(oci("{\"blockIO\":{\"weight\":500,\"leafWeight\":9,"
		       "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
		       "\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":20}]}}"),
		   "blkio.weight=500; blkio.leaf_weight=9; blkio.leaf_weight_device=8:0 20; "
		   "blkio.throttle.read_bps_device=8:0 5");
}

static void test_v2_rest(void)
{
	v2_host();
	expect_str(oci("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9}],"
		       "\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3},\"b\":{\"hcaObjects\":4}}}"),
		   "hugetlb.2MB.max=9; hugetlb.2MB.rsvd.max=9; "
		   "rdma.max=mlx5_1 hca_handle=3; rdma.max=b hca_object=4");
	expect_str(oci("{\"unified\":{\"memory.high\":\"1\",\"io.max\":\"8:0 rbps=1\\n8:16 "
		       "rbps=2\\n\",\"cgroup.max.depth\":\"3\"}}"),
		   "memory.high=1; io.max=8:0 rbps=1; io.max=8:16 rbps=2; cgroup.max.depth=3");
	expect_str(oci("{\"unified\":{\"../x.y\":\"1\"}}"), "!set unified '../x.y'");
	expect_str(oci("{\"unified\":{\"cgroup.procs\":\"1\"}}"), "!set unified 'cgroup.procs'");
	expect_str(oci("{\"unified\":{\"cgroup.kill\":\"1\"}}"), "!set unified 'cgroup.kill'");
	expect_str(oci("{\"unified\":{\"memory.a/b\":\"1\"}}"), "!set unified 'memory.a/b'");
	expect_str(oci("{\"unified\":{\"bogus.max\":\"1\"}}"), "!set unified 'bogus.max'");
}

static void test_v1_rest(void)
{
	v1_host();
	expect_str(oci("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9}],"
		       "\"network\":{\"classID\":5,\"priorities\":[{\"name\":\"lo\","
		       "\"priority\":3}]}}"),
		   "hugetlb.2MB.limit_in_bytes=9; hugetlb.2MB.rsvd.limit_in_bytes=9; "
		   "net_cls.classid=5; net_prio.ifpriomap=lo 3");
	expect_str(oci("{\"unified\":{\"memory.high\":\"1\"}}"),
		   "!set unified 'memory.high' (its controller is not on cgroup v2)");
}

static void test_decode_names_the_member(void)
{
	v2_host();
	expect_str(oci("{\"memory\":{\"limit\":\"1\"}}"),
		   "!memory.limit: number wanted, string found");
	expect_str(oci("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8}]}}"),
		   "!blockIO.throttleReadBpsDevice[0].minor: missing");
	expect_str(oci("{\"rdma\":{\"a\":5}}"), "!rdma.a: object wanted, number found");
}

static void test_v1_words(void)
{
	v1_host();
	expect_str(word("memory.max", "64M"), "memory.limit_in_bytes=67108864; "
					      "memory.memsw.limit_in_bytes=-1");
	expect_str(words("memory.swap.max", "1K", "memory.max", "1M"),
		   "memory.limit_in_bytes=1048576; memory.memsw.limit_in_bytes=1049600");
	expect_str(word("memory.swap.max", "1K"), "!limit swap, but not memory, on cgroup v1");
	expect_str(words("memory.swap.max", "9223372036854775807", "memory.max", "4096"),
		   "memory.limit_in_bytes=4096; memory.memsw.limit_in_bytes=-1");
	expect_str(word("cpu.weight", "100"), "cpu.shares=1024");
	expect_str(word("cpu.max", "max"), "cpu.cfs_quota_us=-1");
	expect_str(word("cpu.max", "5 6"), "cpu.cfs_period_us=6; cpu.cfs_quota_us=5");
	expect_str(word("cpu.max", "5 6 7"), "!set 'cpu.max' to '5 6 7'");
	expect_str(word("cpu.max", "a"), "!set 'cpu.max' to 'a'");
	expect_str(word("cpu.weight", "0"), "!set 'cpu.weight' to '0'");
	expect_str(word("io.max", "8:0 rbps=5 wiops=max"),
		   "blkio.throttle.read_bps_device=8:0 5; blkio.throttle.write_iops_device=8:0 0");
	expect_str(word("io.max", "8:0 rbpsx=5"), "!set 'io.max' to '8:0 rbpsx=5'");
	expect_str(word("io.weight", "8:0 1"), "blkio.weight_device=8:0 10");
	expect_str(word("hugetlb.2MB.rsvd.max", "2M"), "hugetlb.2MB.rsvd.limit_in_bytes=2097152");
	expect_str(word("memory.high", "1"), "!set 'memory.high' on cgroup v1");
	expect_str(word("misc.max", "a 1"), "!set 'misc.max' (no hierarchy has misc)");
	expect_str(word("nonsense", "1"), "!set 'nonsense'");
	put("pids/g/pids.max", "max\n");
	expect_str(word("pids.max", "9"), "pids.max=9");
}

static void test_v2_words(void)
{
	v2_host();
	expect_str(word("memory.max", "1.5g"), "memory.max=1610612736");
	expect_str(word("memory.high", "max"), "memory.high=max");
	expect_str(word("cpu.max", "max 50000"), "cpu.max=max 50000");
	expect_str(word("pids.max", ""), "!set 'pids.max' to ''");
	expect_str(word("cgroup.freeze", "1"), "cgroup.freeze=1");
}

static void test_v1_get(void)
{
	v1_host();
	put("memory/g/memory.limit_in_bytes", "1000\n");
	put("memory/g/memory.memsw.limit_in_bytes", "1500\n");
	put("cpu/g/cpu.shares", "1024\n");
	put("cpu/g/cpu.cfs_quota_us", "-1\n");
	put("cpu/g/cpu.cfs_period_us", "100000\n");
	put("blkio/g/blkio.throttle.read_bps_device", "8:0 5\n8:16 6\n");
	put("blkio/g/blkio.throttle.write_bps_device", "8:16 7\n9:0 1\n");
	put("blkio/g/blkio.throttle.read_iops_device", "");
	put("blkio/g/blkio.throttle.write_iops_device", "");
	expect_str(get("memory.max"), "1000");
	expect_str(get("memory.swap.max"), "500");
	expect_str(get("cpu.weight"), "100");
	expect_str(get("cpu.max"), "max 100000");
	expect_str(get("io.max"), "8:0 rbps=5 wbps=max riops=max wiops=max\n"
				  "8:16 rbps=6 wbps=7 riops=max wiops=max\n"
				  "9:0 rbps=max wbps=1 riops=max wiops=max");
	expect_str(get("misc.max"), "Operation not supported");
	expect_str(get("memory.high"), "No such file or directory");
}

static void test_run_explains_a_missing_file(void)
{
	_cgroup_plan_ struct cgroup_plan plan = { 0 };

	v2_host();
	buf_reset(&why);
	cgroup_plan_add(&plan, CGROUP_PIDS, "pids.max", "%d", 1)->optional = true;
	expect_int(cgroup_plan_run(&plan, &g, &why), 0);
	plan.step[0].optional = false;
	expect_errno(cgroup_plan_run(&plan, &g, &why), ENOENT);
	expect_str(buf_str(&why), "write '1' to 'pids.max' (controller pids does not offer it in "
				  "this group)");
}

static const struct test tests[] = {
	TEST(test_shares_follow_the_curve),
	TEST(test_weights_come_back),
	TEST(test_v2_memory),
	TEST(test_v1_memory),
	TEST(test_v2_cpu),
	TEST(test_v1_cpu),
	TEST(test_pids),
	TEST(test_v2_io),
	TEST(test_v1_io),
	TEST(test_v2_rest),
	TEST(test_v1_rest),
	TEST(test_decode_names_the_member),
	TEST(test_v1_words),
	TEST(test_v2_words),
	TEST(test_v1_get),
	TEST(test_run_explains_a_missing_file),
	{ 0 },
};

int main(void)
{
	int status = tap_run(tests);

	cgroup_close(&g);
	cgroup_layout_close(&layout);
	close(rootfd);
	buf_free(&shown);
	buf_free(&why);
	return status;
}
