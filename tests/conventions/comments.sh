#!/bin/sh
# scripts/check-comments finds what it is there to find. Usage: comments.sh SOURCE_DIR
source=$1
check() { "$source/scripts/check-comments" --list "$@"; }
. "$source/tests/conventions/planting.sh"

for word in It it 'The same' Those What. Each "It's" '`That`' Whoever; do
    for comment in "// $word is planted." "    /// $word is planted." "int planted;  ///< $word is planted"; do
        refused src/base/planted.cpp "int more;" "$comment"
    done
done
for word in Thatcher Italy 'A process' Nothing epoll; do
    accepted src/base/planted.cpp "// $word is planted," "// which goes on." "int planted;  // $word"
done
accepted src/base/planted.cpp "}  // namespace one" 'const char* planted = "http://it.is";' \
    'constexpr bool kPlanted = true;  // NOLINT(which)'

# share MAX: whether the share of such comments is below MAX; here it is a half.
rm -r include src tests bench
mkdir include src tests bench
printf '// Its share.\n\n// A share.\n' >src/planted.cpp
share() { check --max "$1" . >/dev/null; }
share 51 || fail "a share of 50 % is below 51 %"
! share 50 || fail "a share of 50 % is not below 50 %"
[ "$(check . | tail -n 1)" = "1 of 2 comments open with a pronoun: 50.0 %" ] || fail "another share: $(check .)"

exit "$failed"
