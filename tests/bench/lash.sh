#!/bin/sh
# lash - a container of busybox's `true`, made, run and removed: against podman run and docker run from apt on the
# same root file system, without a network and on each one's own bridge.
set -eu

# shellcheck disable=SC2154 # set by tests/bench/run
export LASH_ROOT="$work/lash" LASH_ETC="$work/etc"

# A root file system, and the image each one makes of it.
mkdir -p "$work/rootfs/bin" "$work/rootfs/etc"
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
ln -s busybox "$work/rootfs/bin/true"
ln -s busybox "$work/rootfs/bin/sleep"
tar -C "$work/rootfs" -cf "$work/rootfs.tar" .
lash import "$work/rootfs.tar" bench >/dev/null

# podman: cgroupfs, since there is no systemd here; limits a machine without CAP_SYS_RESOURCE allows.
cat >"$work/containers.conf" <<'CONF'
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
export CONTAINERS_CONF="$work/containers.conf"
cat >"$work/podman" <<SCRIPT
#!/bin/sh
exec podman --root "$work/podman-root" --runroot "$work/podman-run" --storage-driver overlay --runtime /usr/sbin/runc "\$@"
SCRIPT
chmod +x "$work/podman"
"$work/podman" import "$work/rootfs.tar" bench >/dev/null 2>&1

# docker: a daemon of its own below our directory; it ends with the sandbox, and by us before.
PATH=/usr/sbin:$PATH dockerd --data-root "$work/docker" --exec-root /run/docker -H "unix://$work/docker.sock" \
	-p /run/dockerd.pid --add-runtime debian=/usr/sbin/runc --default-runtime debian >"$work/dockerd.log" 2>&1 &
dockerd=$!
export DOCKER_HOST="unix://$work/docker.sock"
tries=100
until docker version >/dev/null 2>&1; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || {
		tail -n 5 "$work/dockerd.log" >&2
		exit 1
	}
	sleep 0.2
done
docker import "$work/rootfs.tar" bench >/dev/null

interleave -n "$ROUNDS" -b 'run --rm --network none true' -j "$BENCH_JSON" \
	"lash=lash run --rm --network none bench true" \
	"podman=$work/podman run --rm --network none bench true" \
	"docker=docker run --rm --network none bench true"
interleave -n "$ROUNDS" -b 'run --rm true, on a bridge' -j "$BENCH_JSON" \
	"lash=lash run --rm bench true" \
	"podman=$work/podman run --rm bench true" \
	"docker=docker run --rm bench true"

lash run -d --name bench bench sleep 600 >/dev/null
"$work/podman" run -d --name bench bench sleep 600 >/dev/null
docker run -d --name bench bench sleep 600 >/dev/null
interleave -n "$ROUNDS" -b 'exec true' -j "$BENCH_JSON" \
	"lash=lash exec bench true" \
	"podman=$work/podman exec bench true" \
	"docker=docker exec bench true"
interleave -n "$ROUNDS" -b 'ps' -j "$BENCH_JSON" \
	"lash=lash ps" "podman=$work/podman ps" "docker=docker ps"

lash rm -f bench >/dev/null
"$work/podman" rm -f -t 0 bench >/dev/null
docker rm -f bench >/dev/null
kill "$dockerd"
wait "$dockerd" || :
umount "$work/podman-root/overlay" 2>/dev/null || :
