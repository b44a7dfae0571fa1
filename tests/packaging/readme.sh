#!/bin/sh
# What the README, the recipes and the manual page tell people to type can be typed. Shell blocks say who runs
# them (.ci/run does), or why nobody does; every other logfia command runs here, with a sleeping process for
# the PIDs and with empty programs for the others that are named.
# Usage: readme.sh LOGFIA SOURCE_DIR
logfia=$1
source=$2
. "$source/tests/packaging/options.sh"
readme=$source/README.md
recipes=$source/doc/recipes.md

# --- Shell blocks

awk '/^```sh$/ && before !~ /^<!-- (runs: [a-z_]+ of \.ci\/run|does not run: .+) -->$/ {print NR} {before = $0}' \
    "$readme" >"$work/unmarked"
[ ! -s "$work/unmarked" ] || fail "README.md: shell blocks without a mark, in lines $(tr '\n' ' ' <"$work/unmarked")"
sed -n 's/^<!-- runs: \([a-z_]*\) of .*/\1/p' "$readme" | sort -u >"$work/steps"
[ -s "$work/steps" ] || fail "README.md: no shell block runs"
while read -r step; do
    [ -n "$("$source/scripts/readme-blocks" "$step")" ] || fail "README.md: no block runs in $step"
    grep -q "readme $step" "$source/.ci/run" || fail "README.md: .ci/run does not run $step"
    sed -n '/^steps=(/,/)/p' "$source/.ci/run" | grep -q -w "$step" || fail ".ci/run: $step is no step"
done <"$work/steps"

# --- Commands

# In prose and tables: what stands between backticks, without synopses.
spans() { sed 's/\\|/|/g' "$@" | grep -v '^```' | grep -o '`[^`]*`' | tr -d '`' | grep -v '\['; }
# After a prompt, in blocks.
prompts() { sed -n 's/^\$ //p' "$@" | grep -E '(^|do |[|;] *)logfia '; }
{
    spans "$readme" "$recipes" | grep '^logfia '
    # An option alone is to be added to a command; a PID does, or all processes.
    sed -n '/^## Usage/,/^All options/p' "$readme" | grep '^|' | spans | grep '^-' |
        sed 's/^-u .*/logfia & -a/; s/^-.*/logfia & 4711/'
    prompts "$readme" "$recipes"
    sed -n '/^\.SH EXAMPLES/,/^\.SH CAVEATS/s/^\.B \(logfia .*\)/\1/p' "$source/doc/logfia.1" |
        sed "s/\\\\-/-/g; s/\\\\(aq/'/g"
} | sort -u >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 50 ] || fail "only $(wc -l <"$work/commands") commands were found"

# The programs that the examples start or feed do nothing here.
mkdir "$work/bin"
for program in make nginx python3 strace test; do
    printf '#!/bin/sh\n' >"$work/bin/$program"
done
for program in jq journalctl sqlite3 systemd-cat; do
    printf '#!/bin/sh\n[ -t 0 ] || cat >/dev/null\n' >"$work/bin/$program"
done
# logfia itself, with its statuses kept. What would run for ever is told to stop; who was not even ready to be
# told so (143, on a machine with other work) gets more time.
cat >"$work/bin/logfia" <<'EOT'
#!/bin/sh
for patience in 2 10 40; do
    status=0
    timeout --preserve-status "$patience" "$LOGFIA" "$@" 2>>errors || status=$?
    [ "$status" = 143 ] || break
done
echo "$status" >>statuses
exit "$status"
EOT
chmod +x "$work/bin"/*

sleep 600 </dev/null >/dev/null 2>&1 &
pid=$!
trap 'kill "$pid"; rm -rf "$work"' EXIT
at=0
running=
while IFS= read -r command; do
    at=$((at + 1))
    mkdir "$work/$at"
    cp "$work/bin/test" "$work/$at/test"
    printf '%s\n' "$command" | sed "s/4711\|4712\|8027\|PID/$pid/g; s/www-data/root/; s,/host/proc,/proc," \
        >"$work/$at/command"
    (cd "$work/$at" && LOGFIA=$logfia PATH=$work/bin:$PATH exec bash ./command </dev/null >output 2>&1) &
    running="$running $!"
done <"$work/commands"
# shellcheck disable=SC2086 # words, on purpose
wait $running

at=0
while IFS= read -r command; do
    at=$((at + 1))
    # 0: content; 3: leaks.
    if ! [ -s "$work/$at/statuses" ]; then
        fail "$command: logfia did not run"
    elif grep -q -v -x -e 0 -e 3 "$work/$at/statuses"; then
        fail "$command: status $(sort -u "$work/$at/statuses" | tr '\n' ' '): $(cat "$work/$at/errors")"
    fi
done <"$work/commands"

exit "$failed"
