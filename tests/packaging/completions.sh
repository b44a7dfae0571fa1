#!/bin/sh
# The completions and `logfia --help` list the same options, types and events. What a shell's file says
# is read here without the shell; where the shell is installed, it is asked as well.
# Usage: completions.sh LOGFIA SOURCE_DIR
logfia=$1
source=$2
. "$source/tests/packaging/options.sh"
cd "$source/completions"

words() { tr -s ' ,=+\\' '\n' | grep . | sort -u; }

# assigned FILE START END: the words between two patterns.
assigned() { sed -n "/$2/,/$3/p" "$1" | sed "s/$2//; s/['()]//g" | words; }

help_options >"$work/options"
known_words --type >"$work/types"
known_words --event >"$work/events"

assigned logfia.bash '^_logfia_options=' "'\$" >"$work/bash_options"
assigned logfia.bash '^_logfia_types=' "[^=]'\$" >"$work/bash_types"
sed -n "s/^_logfia_events='\(.*\)'/\1/p" logfia.bash | words >"$work/bash_events"

# Of zsh's specifications: {-x,--long} or one option between the list of what it excludes and [.
sed -n "/^_arguments/,\$p" _logfia | sed -n "s/^ *['\"]//p" |
    sed "s/^\*//; s/^(.*)'{/{/; s/^([^)]*)//; s/^\$alone\"//; s/^\**'{/{/; s/^'{/{/; s/\[.*//; s/[{}']//g; s/^:.*//" |
    words | grep '^-' >"$work/zsh_options"
sed -n '/local -a types=(/,/^    )/p' _logfia | sed 's/.*types=//; s/[()]//g' | words >"$work/zsh_types"
sed -n '/^_logfia_events/,/^}/p' _logfia | sed -n "s/^ *'\([a-z]*\)\[.*/\1/p" | sort -u >"$work/zsh_events"

{
    grep '^complete -c logfia' logfia.fish | sed -n 's/.* -s \([^ ]\)\( .*\)*/-\1/p'
    grep '^complete -c logfia' logfia.fish | sed -n 's/.* -l \([^ ]*\)\( .*\)*/--\1/p'
} | sort -u >"$work/fish_options"
sed -n '/^set -g __logfia_types/,/[^\\]$/p' logfia.fish | sed 's/^set -g __logfia_types//' | words >"$work/fish_types"
sed -n 's/^set -g __logfia_events//p' logfia.fish | words >"$work/fish_events"

for shell in bash zsh fish; do
    for list in options types events; do
        same "$list of $shell's completion" "$work/$list" "$work/${shell}_$list"
    done
done

# asked SHELL WHAT: the words on standard input are those that it offers.
asked() { sort -u >"$work/asked" && same "$2 that $1 offers" "$work/$3" "$work/asked"; }

if command -v bash >/dev/null 2>&1; then
    bash_offers() {
        # shellcheck disable=SC2016 # bash's
        bash -c '. ./logfia.bash; COMP_WORDS=(logfia "$@"); COMP_CWORD=$#; _logfia; printf "%s\n" "${COMPREPLY[@]}"' \
            bash "$@"
    }
    bash_offers - | grep -v -x -e -- | asked bash options options
    bash_offers -t '' | asked bash types types
    bash_offers --event = '' | asked bash events events
    [ "$(bash_offers -nt file,mem)" = file,memfd ] || fail "bash: not the last one of a list"
    bash_offers '' | grep -q -x $$ || fail "bash: this process is not offered"
    [ "$(bash_offers --user roo)" = root ] || fail "bash: root is not offered as a user"
    bash_offers -n -- tes | grep -q -x test || fail "bash: no command is offered"
fi
if command -v zsh >/dev/null 2>&1; then
    zsh -f -n _logfia || fail "zsh: its file is no program"
fi
if command -v fish >/dev/null 2>&1; then
    fish_offers() {
        HOME=$work fish --no-config -c ". ./logfia.fish; complete -C 'logfia $*'" | cut -f 1
    }
    fish_offers -- | grep -v -x -e -- >"$work/long"
    grep '^--' "$work/options" >"$work/long_options"
    sort "$work/long" | asked fish options long_options
    fish_offers --type= | sed 's/^--type=//' | asked fish types types
    [ "$(fish_offers -t file,mem)" = file,memfd ] || fail "fish: not the last one of a list"
fi

exit "$failed"
