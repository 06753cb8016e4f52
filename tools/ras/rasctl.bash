# SPDX-License-Identifier: GPL-2.0
# Completion of rasctl(8) for bash.

# The names in a directory of the framework.
_rasctl_names()
{
	local path
	for path in "$1"/*/; do
		[ -d "$path" ] && basename "$path"
	done
}

# The files of policy, by their paths; with an argument, only those that can be written.
_rasctl_files()
{
	(cd "$1" 2>/dev/null && find . -type f ${2:+-perm -200} 2>/dev/null | sed 's:^\./::')
}

# What may stand behind the words of the command.
_rasctl_words()
{
	local directory=$1
	shift
	case $#:${1-} in
	0:*)	echo "status plan rehearse enable disable get set dump netdump hibernate"
		echo "--json --sysfs --proc --help --version" ;;
	1:plan)	_rasctl_names "$directory/triggers" ;;
	1:enable|1:disable)
		echo "handler trigger framework"
		_rasctl_names "$directory/handlers"
		_rasctl_names "$directory/triggers" ;;
	2:enable|2:disable)
		case $2 in
		handler) _rasctl_names "$directory/handlers" ;;
		trigger) _rasctl_names "$directory/triggers" ;;
		esac ;;
	1:get)	_rasctl_files "$directory" ;;
	1:set)	_rasctl_files "$directory" writable ;;
	1:dump)	echo "setup test --live" ;;
	1:netdump) echo "setup" ;;
	1:hibernate) echo "setup save rehearse status abort load snapshot take initrd" ;;
	*:netdump) echo "--interface --port --server-key" ;;
	*:hibernate) case $2 in
		setup)	echo "--kernel --initrd --memory --append --compress --program"
			echo "--update --remove --dry-run --help" ;;
		esac ;;
	*:dump)	case $2 in
		setup)	echo "--create --wipe --yes memory none" ;;
		test)	echo "--config" ;;
		esac ;;
	esac
}

_rasctl_paths()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_rasctl()
{
	local directory=/sys/kernel/ras current=${COMP_WORDS[COMP_CWORD]} words=() at
	COMPREPLY=()
	for ((at = 1; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
		--sysfs)	directory=${COMP_WORDS[++at]} ;;
		--proc)		((at++)) ;;
		--json)		;;
		*)		words+=("${COMP_WORDS[at]}") ;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--sysfs|--proc)	_rasctl_paths -d "$current"; return ;;
	--config|--server-key) _rasctl_paths -f "$current"; return ;;
	--create|--interface|--port) return ;;
	esac
	if [[ ${words[0]-} = dump && ${words[1]-} = --live ]] ||
	   [[ ${words[0]-} = dump && ${words[1]-} = setup && $current = /* ]]; then
		_rasctl_paths -f "$current"
		return
	fi
	if [[ ${words[0]-} = hibernate && $current = /* ]]; then
		_rasctl_paths -f "$current"
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$(_rasctl_words "$directory" "${words[@]}")" -- "$current")
}

complete -F _rasctl rasctl
