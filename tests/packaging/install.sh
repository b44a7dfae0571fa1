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
./share/doc/logfia/CHANGELOG.md
./share/doc/logfia/LICENSE
./share/doc/logfia/README.md
./share/doc/logfia/doc/caveats.md
./share/doc/logfia/doc/development.md
./share/doc/logfia/doc/how-it-works.md
./share/doc/logfia/doc/output.md
./share/doc/logfia/doc/overhead.md
./share/doc/logfia/doc/overhead.svg
./share/doc/logfia/doc/recipes.md
./share/doc/logfia/doc/usage.md
./share/fish/vendor_completions.d/logfia.fish
./share/man/man1/logfia.1
./share/zsh/site-functions/_logfia
EOT
same "what is installed" "$work/wanted" "$work/files"
# The manual page is elsewhere; all else that the documents link to came with them.
"$source/scripts/check-links" "$work/usr/share/doc/logfia" | grep -v 'there is no doc/logfia\.1$' >"$work/dead" || :
[ ! -s "$work/dead" ] || fail "$(cat "$work/dead")"
[ "$("$work/usr/bin/logfia" --version)" = "$("$logfia" --version)" ] || fail "another program was installed"

# The version stands in CMakeLists.txt, and the newest one that CHANGELOG.md tells of is that one.
version=$(sed -n 's/^project(logfia VERSION \([0-9.]*\).*/\1/p' "$source/CMakeLists.txt")
[ "$("$logfia" --version)" = "logfia $version" ] || fail "--version does not print $version"
newest=$(sed -n 's/^## \[\([0-9.]*\)\] - [0-9-]*$/\1/p' "$source/CHANGELOG.md" | head -n 1)
[ "$newest" = "$version" ] || fail "CHANGELOG.md: the newest version is '$newest', not $version"

exit "$failed"
