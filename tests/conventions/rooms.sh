#!/bin/sh
# scripts/check-rooms refuses what it is there to refuse. Usage: rooms.sh SOURCE_DIR
source=$1
check() { "$source/scripts/check-rooms" "$1"; }
. "$source/tests/conventions/planting.sh"

for room in base event procfs process socket descriptor source/poll source/other net report output app elsewhere; do
    mkdir -p "include/logfia/$room"
    : >"include/logfia/$room/planted.hpp"
done

# ROOM OTHER: each kind of file of a room that includes a header of another one.
for pair in base:event event:procfs procfs:process process:socket socket:descriptor descriptor:source/poll \
    source/poll:net source/poll:source/other net:source/poll net:report report:procfs report:source/poll \
    report:output output:procfs output:source/poll output:app base:elsewhere; do
    room=${pair%%:*}
    include="#include <logfia/${pair#*:}/planted.hpp>"
    refused "include/logfia/$room/planted_too.hpp" "$include"
    refused "src/$room/planted.cpp" "#include <logfia/$room/planted.hpp>" "$include"
    refused "tests/$room/planted_test.cpp" " # ${include#\#}"
done
for pair in event:base source/poll:process source/other:descriptor net:event report:net output:report app:output; do
    room=${pair%%:*}
    accepted "src/$room/planted_part.cpp" "#include <logfia/$room/planted.hpp>" \
        "#include <logfia/${pair#*:}/planted.hpp>"
done

refused src/net/host_name.cpp '#include <ares.h>'
refused tests/net/resolver_test.cpp '#include <ares_dns.h>' '#include <ares.h>'
refused src/app/exit_status.cpp '#include <CLI/App.hpp>'
refused bench/main.cpp '#include <CLI/CLI.hpp>'
refused src/event/planted.cpp '#include <logfia/event/planted.hpp>' '#include <sys/stat.h>'
refused src/event/planted.cpp '#include <logfia/event/planted.hpp>' '#include "logfia/base/error.hpp"'
refused src/event/planted.cpp '#include <logfia/event/planted.hpp>' '#include <logfia/event/../base/error.hpp>'
refused src/event/planted.cpp '#include <logfia/event/planted.hpp>' '#include <logfia/event/no_such.hpp>'
refused src/event/other.cpp '#include <logfia/event/planted.hpp>'
refused src/planted.cpp 'int planted();'
refused src/source/planted.cpp 'int planted();'
refused include/logfia/elsewhere/planted_too.hpp 'int planted();'

exit "$failed"
