# bash completion for shim-conmon
_shim_conmon()
{
	local options='--help --version'
	options+=' --api-version --bundle --cid --conmon-pidfile --container-pidfile --cuuid --exec'
	options+=' --exec-attach --exec-process-spec --exit-command --exit-command-arg --exit-delay'
	options+=' --exit-dir --full-attach --leave-stdin-open --log-allowlist-dir --log-global-size-max'
	options+=' --log-label --log-level --log-max-files --log-path --log-rotate --log-size-max --log-tag'
	options+=' --name --no-container-partial-message --no-new-keyring --no-pivot --no-sync-log'
	options+=' --persist-dir --replace-listen-pid --restore --runtime --runtime-arg --runtime-opt'
	options+=' --sdnotify-socket --socket-dir-path --stdin --sync --syslog --systemd-cgroup --terminal'
	options+=' --timeout'
	mapfile -t COMPREPLY < <(compgen -W "$options" -f -- "$2")
}
complete -F _shim_conmon shim-conmon
