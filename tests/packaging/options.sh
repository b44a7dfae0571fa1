# Sourced by the tests of what a user reads. Every list has one word a line, sorted.
set -eu
LC_ALL=C
export LC_ALL

work=$(mktemp -d "${TMPDIR:-/tmp}/logfia-packaging-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

fail() {
    printf '%s\n' "$*" >&2
    failed=1
}

# The options that `logfia --help` lists. CLI11's versions indent them differently, but never as far
# as the texts beside them.
help_options() {
    "$logfia" --help |
        sed -n 's/^ \{2,20\}\(-[^ ].*\)$/\1/p' |
        sed 's/^\(-[0-9A-Za-z]\), */\1\n/; ' |
        sed -n 's/^\(--\{0,1\}[0-9A-Za-z][-0-9a-z]*\).*/\1/p' | sort -u
}

# The types and the events that exist are told to whom asks for another one.
known_words() {
    { "$logfia" "$1" no-such-word 1 2>&1 || :; } |
        sed -n 's/.*; write //p' | sed 's/ or /, /; s/, */\n/g' | sort -u
}

# same WHAT EXPECTED ACTUAL: two files that must hold the same words.
same() {
    [ -s "$2" ] || fail "$1: nothing to compare with"
    missing=$(comm -23 "$2" "$3" | tr '\n' ' ')
    invented=$(comm -13 "$2" "$3" | tr '\n' ' ')
    [ -z "$missing" ] || fail "$1: missing: $missing"
    [ -z "$invented" ] || fail "$1: not known to logfia: $invented"
}
