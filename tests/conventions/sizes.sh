#!/bin/sh
# scripts/check-sizes refuses what it is there to refuse. Usage: sizes.sh SOURCE_DIR
source=$1
check() { "$source/scripts/check-sizes" "$1"; }
. "$source/tests/conventions/planting.sh"

# lines N: so many, each on a line.
lines() { awk -v count="$1" 'BEGIN { while (count-- > 0) print "    call();" }'; }
# in_a_class LINES: the same further inside.
in_a_class() { printf 'class Planted {\n%s\n};' "$(printf '%s\n' "$1" | sed 's/^/    /')"; }

for signature in 'int planted() {' 'template <class T>
T Planted::operator=(const T& other,
                     int more) const {' 'TEST(Planted, Test) {' 'Planted::Planted(int a)
    : a_(a) {'; do
    # What stands in the first two lines of the signature and the last one counts.
    count=$((45 - $(printf '%s\n' "$signature" | grep -c -v template) - 1))
    short=$(printf '%s\n%s\n}' "$signature" "$(lines "$count")")
    long=$(printf '%s\n%s\n}' "$signature" "$(lines $((count + 1)))")
    for file in include/logfia/base/planted.hpp src/base/planted.cpp tests/base/planted_test.cpp bench/planted.cpp; do
        accepted "$file" "$short"
        accepted "$file" "$(in_a_class "$short")"
        refused "$file" "$long"
        refused "$file" "$(in_a_class "$long")"
    done
done
accepted src/base/planted.cpp "constexpr Row kRows[] = {" "$(lines 60)" "};"
accepted src/base/planted.cpp "namespace planted {" "$(lines 60)" "}  // namespace planted"
accepted src/base/planted.cpp "$(lines 400)"
refused src/base/planted.cpp "$(lines 401)"
accepted doc/planted.md "$(lines 401)"

: >README.md
accepted README.md "$(lines 200)"
refused README.md "$(lines 201)"

exit "$failed"
