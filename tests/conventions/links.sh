#!/bin/sh
# scripts/check-links refuses what it is there to refuse. Usage: links.sh SOURCE_DIR
source=$1
check() { "$source/scripts/check-links" "$1"; }
. "$source/tests/conventions/planting.sh"

printf '# Planted\n\n## One `two`: three, four?\n\n```\n## Not a heading\n```\n\n## Twice\n\n## Twice\n' >doc/planted.md
[ "$(check . || :)" = "doc/planted.md:0: README.md does not link to it" ] || fail "a document passes without a link"
printf '\n[planted](doc/planted.md)\n' >>README.md
[ -z "$(check .)" ] || fail "refused: $(check .)"

for link in doc/no_such.md no_such '#no-such' doc/planted.md#no-such doc/planted.md#not-a-heading \
    doc/planted.md#twice-2 ../README.md /etc/passwd doc/../../README.md; do
    refused README.md "a [text]($link)"
    refused README.md "a [fine link](LICENSE), ![and]($link) another one"
    accepted README.md "\`[text]($link)\`" '```' "[text]($link)" '```'
done
for link in usage.md 'planted.md#one-two-three-four' ../README.md ../README.md#usage '#twice' '#twice-1' logfia.1 \
    https://example.org/#planted mailto:planted@example.org; do
    accepted doc/planted.md "a [text]($link)"
done
for link in doc/usage.md ../doc/no_such.md README.md '#usage' ../../README.md; do
    refused doc/planted.md "a [text]($link)"
done

exit "$failed"
