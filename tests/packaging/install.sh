#!/bin/sh
# `cmake --install` puts everything where the system looks for it, and the version is the same everywhere.
# Usage: install.sh LOGFIA SOURCE_DIR BUILD_DIR
logfia=$1
source=$2
build=$3
. "$source/tests/packaging/options.sh"

cmake --install "$build" --prefix "$work/usr" >"$work/log" || fail "$(cat "$work/log")"
(cd "$work/usr" && find . -type f | sort) >"$work/files"
sort >"$work/wanted" <<'EOT'
./bin/logfia
./share/bash-completion/completions/logfia
./share/doc/logfia/LICENSE
./share/fish/vendor_completions.d/logfia.fish
./share/man/man1/logfia.1
./share/zsh/site-functions/_logfia
EOT
same "what is installed" "$work/wanted" "$work/files"
[ "$("$work/usr/bin/logfia" --version)" = "$("$logfia" --version)" ] || fail "another program was installed"

# The version stands in CMakeLists.txt, and the newest one that CHANGELOG.md tells of is that one.
version=$(sed -n 's/^project(logfia VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
[ "$("$logfia" --version)" = "logfia $version" ] || fail "--version does not print $version"
newest=$(sed -n 's/^## \[\([0-9.]*\)\] - [0-9-]*$/\1/p' "$source/CHANGELOG.md" | head -n 1)
[ "$newest" = "$version" ] || fail "CHANGELOG.md: the newest version is '$newest', not $version"

exit "$failed"
