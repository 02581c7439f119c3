# shellcheck shell=sh
# cgctl.sh - a group's life by cgctl and by cgroup-tools: made, limited, joined, removed.
#
# cgroup-tools get the hierarchies they can use on this host: without the cpuset, which they do not fill, and
# without v2. cgdelete removes only the first of several controllers, so it is told each. The pause before
# each round is what a machine has that is not in a benchmark: a join through cgroup.procs then waits for
# an RCU grace period.
group=lash-test-bench-$$
list=cpu,cpuacct,memory,pids,devices,freezer,blkio
each=
for controller in cpu cpuacct memory pids devices freezer blkio; do
	each="$each -g $controller:$group-tools"
done

[ -d /sys/fs/cgroup/memory ] || {
	echo "cgctl: cgroup-tools are compared on v1 only"
	exit 0
}
# shellcheck disable=SC2064 # now
trap "cgctl rm -k $group $group-tools $group-floor" EXIT

bench() {
	interleave -n "$ROUNDS" -j "$BENCH_JSON" "$@"
}

bench -b "cgctl: create, set five limits, exec true, remove" -p 'sleep 0.15' \
    cgctl="cgctl create $group &&
	cgctl set $group memory.max=64M memory.low=16M pids.max=100 cpu.weight=50 cpu.max='50000 100000' &&
	cgctl exec $group true && cgctl rm $group" \
    one-command="cgctl exec -c -r -s memory.max=64M -s memory.low=16M -s pids.max=100 -s cpu.weight=50 \
	-s cpu.max='50000 100000' $group true" \
    cgroup-tools="cgcreate -g $list:$group-tools &&
	cgset -r memory.limit_in_bytes=64M -r memory.soft_limit_in_bytes=16M -r pids.max=100 -r cpu.shares=512 \
	    -r cpu.cfs_quota_us=50000 $group-tools &&
	cgexec -g $list:$group-tools true && cgdelete $each"

cgctl create "$group"
cgcreate -g "$list:$group-tools"
bench -b "cgctl: exec true in a group" -p 'sleep 0.15' \
    cgctl="cgctl exec $group true" \
    same-pid="cgctl exec --same-pid $group true" \
    cgexec="cgexec -g $list:$group-tools true" \
    floor="true"
bench -b "cgctl: set three limits" \
    cgctl="cgctl set $group memory.max=64M pids.max=100 cpu.weight=50" \
    cgset="cgset -r memory.limit_in_bytes=64M -r pids.max=100 -r cpu.shares=512 $group-tools"
bench -b "cgctl: read usage" \
    cgctl="cgctl stat $group" \
    cgget="cgget -g memory -g cpu -g cpuacct -g pids $group-tools"
