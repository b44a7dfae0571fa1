#!/bin/sh
# What the README, the other documents and the manual page tell people to type can be typed. Shell blocks say who
# runs them (.ci/run does), or why nobody does; every other logfia command runs here, with a sleeping process for
# the PIDs and with empty programs for the others that are named.
# Usage: readme.sh LOGFIA SOURCE_DIR
logfia=$1
source=$2
. "$source/tests/packaging/options.sh"
cd "$source" || exit

# --- Shell blocks

awk '/^```(sh|bash|shell)$/ && before !~ /^<!-- (runs: [a-z_]+ of \.ci\/run|does not run: .+) -->$/ {
        print FILENAME ":" FNR
    }
    {before = $0}' README.md doc/*.md >"$work/unmarked"
[ ! -s "$work/unmarked" ] || fail "shell blocks without a mark: $(tr '\n' ' ' <"$work/unmarked")"
# What a newcomer types first.
for step in readme_demo readme_test; do
    grep -q -x -F -e "<!-- runs: $step of .ci/run -->" README.md || fail "README.md: no block runs in $step"
done
sed -n 's/^<!-- runs: \([a-z_]*\) of .*/\1/p' README.md doc/*.md | sort -u >"$work/steps"
while read -r step; do
    [ -n "$(scripts/readme-blocks "$step")" ] || fail "no block runs in $step"
    grep -q "readme $step" .ci/run || fail ".ci/run does not run $step"
    sed -n '/^steps=(/,/)/p' .ci/run | grep -q -w "$step" || fail ".ci/run: $step is no step"
done <"$work/steps"

# --- Commands

# In prose and tables: what stands between backticks, without synopses. A span that goes on in the next line would
# not be found.
awk '/^```/ {inside = !inside; next} !inside && gsub(/`/, "") % 2 {print FILENAME ":" FNR}' README.md doc/*.md \
    >"$work/broken"
[ ! -s "$work/broken" ] || fail "a span between backticks goes on in the next line: $(tr '\n' ' ' <"$work/broken")"
spans() {
    awk '/^```/ {inside = !inside; next} !inside' "$@" | sed 's/\\|/|/g' | grep -o '`[^`]*`' | tr -d '`' | grep -v '\['
}
# After a prompt, in blocks.
prompts() { sed -n 's/^\$ //p' "$@" | grep -E '(^|do |[|;] *)logfia '; }
{
    spans README.md doc/*.md | grep '^logfia '
    # An option alone is to be added to a command; a PID does, or all processes.
    awk '!/^\|/ {inside = 0} inside; $0 == "| you want to | write |" {inside = 1}' README.md doc/*.md |
        spans | grep '^-' | sed 's/^-u .*/logfia & -a/; s/^-.*/logfia & 4711/'
    prompts README.md doc/*.md
    sed -n '/^\.SH EXAMPLES/,/^\.SH CAVEATS/s/^\.B \(logfia .*\)/\1/p' doc/logfia.1 |
        sed "s/\\\\-/-/g; s/\\\\(aq/'/g"
} | sort -u >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 60 ] || fail "only $(wc -l <"$work/commands") commands were found"
# An old kernel, or a sandbox, has no exact watches, and says so.
if ! "$logfia" -X -q -o "$work/exact" -- true 2>"$work/refusal" && grep -q -e ': -X \|; -X ' "$work/refusal"; then
    echo "commands with -X do not run here: $(cat "$work/refusal")"
    grep -v -e '-X ' "$work/commands" >"$work/others"
    mv "$work/others" "$work/commands"
fi

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
