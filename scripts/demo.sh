#!/bin/sh
# Watches a real process open and close a file, a pipe and a TCP connection, and end.
# Usage: scripts/demo.sh LOGFIA FD_MAKER. Status 0 only when every record came.
set -eu

logfia=$1
fd_maker=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/logfia-demo-XXXXXX")
maker_pid=
logfia_pid=

cleanup() {
    for pid in $logfia_pid $maker_pid; do
        kill "$pid" 2>/dev/null || :
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

say() { printf '\n# %s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# ask COMMAND: has the process do it; its answer is in $reply.
ask() {
    printf '%s\n' "$*" >&3
    IFS= read -r reply <&4 || fail "the process ended early"
    case $reply in
    ok*) reply=${reply#ok} && reply=${reply# } ;;
    *) fail "$*: $reply" ;;
    esac
}

# expect COUNT PATTERN: waits (10 s at most) until so many records match.
expect() {
    tries=0
    until [ "$(grep -c -E "$2" "$work/records" || :)" -ge "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ]; then
            cat "$work/errors" >&2
            fail "no record matched: $2"
        fi
        kill -0 "$logfia_pid" 2>/dev/null || tries=$((tries + 20))
        sleep 0.05
    done
    show
}

# Prints the records that came since.
shown=0
show() {
    lines=$(wc -l <"$work/records")
    if [ "$lines" -gt "$shown" ]; then
        sed -n "$((shown + 1)),${lines}p" "$work/records"
        shown=$lines
    fi
}

mkfifo "$work/commands" "$work/answers"
: >"$work/records"
"$fd_maker" <"$work/commands" >"$work/answers" 2>/dev/null &
maker_pid=$!
exec 3>"$work/commands" 4<"$work/answers"

say "A real process, $maker_pid, is watched: logfia -n -d 10 $maker_pid" \
    "(its standard streams come first: what was open already)"
"$logfia" -n -d 10 "$maker_pid" >"$work/records" 2>"$work/errors" 3>&- 4<&- &
logfia_pid=$!
expect 3 ' open '

say "It opens a file"
printf 'made by the demo\n' >"$work/a-file"
ask open "$work/a-file"
file=$reply
expect 1 " open $work/a-file"

say "... and a pipe: two descriptors"
pipes=$(grep -c -E ' open pipe:' "$work/records" || :)
ask pipe
pipe=$reply
expect $((pipes + 2)) ' open pipe:'

say "... and listens on the loopback, connects to itself and accepts: both ends have a peer"
ask tcp-listen 127.0.0.1
listener=${reply% *}
port=${reply#* }
expect 1 ' LISTEN'
ask tcp-connect 127.0.0.1 "$port"
client=${reply% *}
ask tcp-accept "$listener"
server=${reply% *}
expect 1 " (open|connect) socket:.* tcp 127\.0\.0\.1:$port"
expect 3 ' open socket:'

say "It closes them all, one after the other"
ask close "$file"
expect 1 " close $work/a-file"
for fd in $pipe; do
    ask close "$fd"
done
expect 2 ' close pipe:'
for fd in $client $server $listener; do
    ask close "$fd"
done
expect 3 ' close socket:'

say "It ends: what was still open is closed, and logfia ends too, with status 0"
ask exit 0
status=0
wait "$logfia_pid" || status=$?
logfia_pid=
wait "$maker_pid" || fail "the process ended with a status of its own"
maker_pid=
show
[ "$status" = 0 ] || { cat "$work/errors" >&2; fail "logfia ended with status $status"; }
opens=$(grep -c ' open ' "$work/records")
closes=$(grep -c ' close ' "$work/records")
[ "$opens" = "$closes" ] || fail "$opens opens, but $closes closes"
say "$opens descriptors were opened, and $closes closed"
