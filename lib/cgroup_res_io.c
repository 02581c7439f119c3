#include "lib/cgroup_res_private.h"

const struct cgroup_throttle cgroup_throttles[] = {
	{ "rbps", "blkio.throttle.read_bps_device" },
	{ "wbps", "blkio.throttle.write_bps_device" },
	{ "riops", "blkio.throttle.read_iops_device" },
	{ "wiops", "blkio.throttle.write_iops_device" },
};
const size_t cgroup_throttles_n = ARRAY_LEN(cgroup_throttles);

/* 10..1000 to 1..10000, and back; the ends meet. */
uint64_t cgroup_blkio_to_io_weight(uint64_t weight)
{
	return weight < 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

uint64_t cgroup_io_to_blkio_weight(uint64_t weight)
{
	uint64_t blkio = weight < 1 ? 10 : 10 + ((weight - 1) * 990 + 9998) / 9999;

	return blkio > 1000 ? 1000 : blkio;
}

static void plan_weight(struct cgroup_plan *plan, const struct cgroup *g, bool v2, uint64_t weight)
{
	const char *bfq = v2 ? "io.bfq.weight" : "blkio.bfq.weight";

	if (cgroup_has_file(g, CGROUP_IO, bfq))
		cgroup_plan_add(plan, CGROUP_IO, bfq, "%llu", (unsigned long long)weight);
	else if (v2)
		cgroup_plan_add(plan, CGROUP_IO, "io.weight", "%llu",
				(unsigned long long)cgroup_blkio_to_io_weight(weight));
	else
		cgroup_plan_add(plan, CGROUP_IO, "blkio.weight", "%llu",
				(unsigned long long)weight);
}

static void plan_weight_device(struct cgroup_plan *plan, const struct cgroup *g, bool v2,
			       const struct cgroup_weight_device *d)
{
	const char *file = v2 ? "io.bfq.weight" : "blkio.bfq.weight_device";
	bool bfq = cgroup_has_file(g, CGROUP_IO, file);
	uint64_t weight = v2 && !bfq ? cgroup_blkio_to_io_weight(d->weight) : d->weight;

	if (!bfq)
		file = v2 ? "io.weight" : "blkio.weight_device";
	if (d->has_weight && d->weight)
		cgroup_plan_add(plan, CGROUP_IO, file, "%lld:%lld %llu", (long long)d->major,
				(long long)d->minor, (unsigned long long)weight);
	if (!v2 && d->has_leafWeight && d->leafWeight)
		cgroup_plan_add(plan, CGROUP_IO, "blkio.leaf_weight_device", "%lld:%lld %llu",
				(long long)d->major, (long long)d->minor,
				(unsigned long long)d->leafWeight);
}

/* The kernel takes one device a write; no limit is 0 on v1 and "max" on v2. */
static void plan_throttle(struct cgroup_plan *plan, bool v2, const struct cgroup_throttle *t,
			  const struct cgroup_throttle_device *d, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		long long major = d[i].major, minor = d[i].minor;
		unsigned long long rate = d[i].rate;

		if (!v2)
			cgroup_plan_add(plan, CGROUP_IO, t->v1_file, "%lld:%lld %llu", major, minor,
					rate);
		else if (rate)
			cgroup_plan_add(plan, CGROUP_IO, "io.max", "%lld:%lld %s=%llu", major,
					minor, t->key, rate);
		else
			cgroup_plan_add(plan, CGROUP_IO, "io.max", "%lld:%lld %s=max", major, minor,
					t->key);
	}
}

static int check_weight(uint64_t weight, struct buf *why)
{
	if (weight >= 10 && weight <= 1000)
		return 0;
	return cgroup_refuse(why, ERANGE, "set block I/O weight %llu (10 to 1000)",
			     (unsigned long long)weight);
}

int cgroup_plan_io(struct cgroup_plan *plan, const struct cgroup *g,
		   const struct cgroup_blockio *io, struct buf *why)
{
	bool v2 = cgroup_on_v2(g, CGROUP_IO);

	if (io->has_weight && io->weight) {
		if (check_weight(io->weight, why) < 0)
			return -1;
		plan_weight(plan, g, v2, io->weight);
	}
	if (!v2 && io->has_leafWeight && io->leafWeight)
		cgroup_plan_add(plan, CGROUP_IO, "blkio.leaf_weight", "%llu",
				(unsigned long long)io->leafWeight);
	for (size_t i = 0; i < io->n_weightDevice; i++)
		plan_weight_device(plan, g, v2, &io->weightDevice[i]);
	plan_throttle(plan, v2, &cgroup_throttles[0], io->throttleReadBpsDevice,
		      io->n_throttleReadBpsDevice);
	plan_throttle(plan, v2, &cgroup_throttles[1], io->throttleWriteBpsDevice,
		      io->n_throttleWriteBpsDevice);
	plan_throttle(plan, v2, &cgroup_throttles[2], io->throttleReadIOPSDevice,
		      io->n_throttleReadIOPSDevice);
	plan_throttle(plan, v2, &cgroup_throttles[3], io->throttleWriteIOPSDevice,
		      io->n_throttleWriteIOPSDevice);
	return 0;
}
