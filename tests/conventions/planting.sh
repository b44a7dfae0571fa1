# Sourced by the tests of the scripts that check the tree: plants code and text in a copy of it. `source` is the tree,
# `check` a function that prints what is wrong in the tree that it is given, as FILE:LINE: TEXT.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/logfia-conventions-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
(cd "$source" && cp -R include src tests bench doc ./*.md LICENSE "$work")
cd "$work"
failed=0

fail() {
    printf '%s\n' "$*" >&2
    failed=1
}

# at_the_end_of FILE LINE...: what is wrong with FILE, which may be new, once these lines are its end.
at_the_end_of() {
    file=$1
    shift
    mkdir -p "$(dirname "$file")"
    [ ! -e "$file" ] || cp "$file" kept
    printf '%s\n' "$@" >>"$file"
    { check . || :; } | grep "^$file:" || :
    if [ -e kept ]; then
        mv kept "$file"
    else
        rm "$file"
    fi
}
refused() {
    [ -n "$(at_the_end_of "$@")" ] || fail "not refused: $*"
}
accepted() {
    wrong=$(at_the_end_of "$@")
    [ -z "$wrong" ] || fail "refused: $wrong"
}
