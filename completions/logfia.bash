# bash completion for logfia(1). Needs nothing but bash; with bash-completion, a COMMAND after `--` is
# completed with the command's own completion.

_logfia_types='file directory symlink block char tty fifo pipe memfd inet socket tcp tcp6 udp udp6
    udplite udplite6 raw raw6 icmp icmp6 unix netlink packet vsock mptcp sctp eventfd epoll inotify
    fanotify signalfd timerfd pidfd io_uring userfaultfd perf_event bpf namespace anon_inode'
_logfia_events='lost close open rename connect listen hangup start exec exit all'
_logfia_options='-h --help -V --version -p --pid --name --not-name -a --all -u --user -f --follow --proc --no-dup
    -d --interval -X --exact -1 --once --duration --count -r --real-files -t --type -e --event -i --include
    -x --exclude --inherited --no-initial -j --json -o --output -l --long --no-long --time --utc --color
    -c --summary-only -C --summary --leaks --leak-min -q --quiet -n --numeric --dns-wait --dns-server'

_logfia_pids() {
    local dirs=(/proc/[0-9]*)
    printf '%s\n' "${dirs[@]#/proc/}"
}

# The names of running processes, of which the kernel keeps 15 bytes.
_logfia_commands() {
    cat /proc/[0-9]*/comm 2>/dev/null | sort -u
}

# _logfia_word WORDS CUR
_logfia_word() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# _logfia_list WORDS CUR: the last word of a list with commas; words already in the list are not offered.
_logfia_list() {
    local before='' word left=''
    [[ $2 == *,* ]] && before=${2%,*},
    for word in $1; do
        [[ ,$before == *",$word,"* ]] || left+="$word "
    done
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$left" -- "${2##*,}")
    [ ${#COMPREPLY[@]} -eq 0 ] || compopt -o nospace 2>/dev/null
}

# _logfia_value OPTION CUR: completes the value of an option; fails if the option takes none.
_logfia_value() {
    case $1 in
    --pid) _logfia_list "$(_logfia_pids)" "$2" ;;
    --name | --not-name) mapfile -t COMPREPLY < <(compgen -W "$(_logfia_commands)" -- "$2") ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$2") ;;
    --proc)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$2")
        ;;
    --interval) _logfia_word '0 500us 1ms 10ms 100ms 1s' "$2" ;;
    --duration) _logfia_word '10s 1m 10m 1h' "$2" ;;
    --dns-wait) _logfia_word '0 250ms 2s' "$2" ;;
    --type) _logfia_list "$_logfia_types" "$2" ;;
    --event) _logfia_list "$_logfia_events" "$2" ;;
    --output | --include | --exclude)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$2")
        ;;
    --time) _logfia_word 'iso unix start delta' "$2" ;;
    --color) _logfia_word 'auto always never' "$2" ;;
    --count | --leak-min | --dns-server) COMPREPLY=() ;;
    *) return 1 ;;
    esac
    return 0
}

# Prints the long name of an option that takes a value: of `-t`, and of a cluster that ends in it, `-nt`.
_logfia_long_name() {
    case $1 in
    --*) printf '%s\n' "$1" ;;
    -*p) echo --pid ;;
    -*u) echo --user ;;
    -*d) echo --interval ;;
    -*t) echo --type ;;
    -*e) echo --event ;;
    -*i) echo --include ;;
    -*x) echo --exclude ;;
    -*o) echo --output ;;
    esac
}

# The words after `--`, at the word with that number, completed as if only the COMMAND stood there.
_logfia_command() {
    if declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    elif [ "$COMP_CWORD" -eq "$1" ]; then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    else
        compopt -o default 2>/dev/null
    fi
}

_logfia() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; ++at)); do
        if [ "${COMP_WORDS[at]}" = -- ]; then
            _logfia_command $((at + 1))
            return
        fi
    done
    # readline makes three words of --time=iso.
    if [ "$cur" = = ]; then
        cur=
    elif [ "$prev" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    [[ $prev == -* ]] && _logfia_value "$(_logfia_long_name "$prev")" "$cur" && return
    if [[ $cur == -* ]]; then
        _logfia_word "$_logfia_options --" "$cur"
    else
        _logfia_word "$(_logfia_pids)" "$cur"
    fi
}
complete -F _logfia logfia
