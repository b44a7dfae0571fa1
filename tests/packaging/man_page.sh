#!/bin/sh
# The manual page and `logfia --help` list the same options, types and events.
# Usage: man_page.sh LOGFIA SOURCE_DIR
logfia=$1
source=$2
. "$source/tests/packaging/options.sh"
page=$source/doc/logfia.1

# section NAME: its text without roff's requests, quotes and fonts.
section() {
    sed -n "/^\.SH $1\$/,/^\.SH /p" "$page" | grep -v '^\.S[HS]' |
        sed 's/\\-/-/g; s/\\f.//g; s/^\.[A-Z]\{1,2\} *//; s/"//g'
}

help_options >"$work/options"
# An option is what the line below .TP begins with, in the section of that name.
sed -n '/^\.SH OPTIONS/,/^\.SH RECORDS/p' "$page" | grep -A 1 '^\.TP' | grep '^\.BR* ' |
    sed 's/\\-/-/g; s/\\f.*//; s/[",]/ /g' | tr ' ' '\n' | grep '^-' | sort -u >"$work/tags"
same "options of the manual page" "$work/options" "$work/tags"

# Nor does it speak of others anywhere, as long options at least.
grep -v '^\.\\"' "$page" | sed 's/\\-/-/g' |
    grep -o -e '--[a-z][-a-z]*' | sort -u >"$work/mentioned"
comm -23 "$work/mentioned" "$work/options" >"$work/unknown"
[ ! -s "$work/unknown" ] || fail "the manual page speaks of $(tr '\n' ' ' <"$work/unknown")"

known_words --type | grep -v -x -e inet >"$work/types"
section TYPES | sed 's/([^)]*)//g' | tr -s ', .' '\n' | grep . | sort -u >"$work/page_types"
same "types of the manual page" "$work/types" "$work/page_types"

known_words --event | grep -v -x -e all >"$work/events"
# Each is what a .TP of that section begins with.
sed -n '/^\.SH RECORDS/,/^\.SH TYPES/p' "$page" | grep -A 1 '^\.TP' | grep '^\.BR* ' |
    sed 's/^\.BR* //; s/[",]/ /g' | tr -s ' ' '\n' | sort -u >"$work/page_events"
same "events of the manual page" "$work/events" "$work/page_events"

exit "$failed"
