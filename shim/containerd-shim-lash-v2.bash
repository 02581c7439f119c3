# bash completion for containerd-shim-lash-v2
_containerd_shim_lash_v2()
{
	local options='--help --version --namespace --id --bundle --address --publish-binary --socket --debug --info'
	mapfile -t COMPREPLY < <(compgen -W "$options start delete" -f -- "$2")
}
complete -F _containerd_shim_lash_v2 containerd-shim-lash-v2
