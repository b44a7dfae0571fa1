#!/bin/sh
# doc/overhead.md, its chart and the table in the README are what bench/draw makes of doc/overhead.json, and no path is
# in that.
# Usage: overhead.sh LOGFIA SOURCE_DIR
source=$2
. "$source/tests/packaging/options.sh"
if ! command -v python3 >/dev/null 2>&1; then
    echo "skipped: there is no python3"
    exit 77
fi

cp "$source/doc/overhead.json" "$source/README.md" "$work"
python3 "$source/bench/draw" --readme "$work/README.md" "$work" || fail "bench/draw does not run"
for drawn in doc/overhead.md doc/overhead.svg README.md; do
    cmp "$work/${drawn#doc/}" "$source/$drawn" || fail "$drawn is older than doc/overhead.json: bench/draw"
done
! grep -n '"[^"]*/\(home\|tmp\|root\|build\)/' "$work/overhead.json" || fail "doc/overhead.json has a path in it"
exit "$failed"
