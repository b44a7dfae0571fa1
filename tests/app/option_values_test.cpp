#include "app/parsed_options.hpp"

#include <gtest/gtest.h>

namespace logfia {
namespace {

TEST(OptionValues, APidIsANumber) {
    test::expect_refused({
        {{"0"}, "'0' is not a PID"},
        {{"99999999999"}, "'99999999999' is not a PID"},
        {{"firefox"}, "'firefox' is neither a PID nor a path"},
        {{""}, "an empty word is not a PID"},
        {{"7", ""}, "an empty word is not a PID"},
        {{"12a"}, "'12a'"},
        {{"/var/log"}, "is a path"},
        {{"."}, "is a path"},
        {{".."}, "is a path"},
        {{"-p", "1,,2"}, "'' is not a PID"},
        {{"-p", "1,"}, "'' is not a PID"},
        {{"-p", "x"}, "'x' is not a PID"},
    });
}

TEST(OptionValues, ATimeIsANumberWithAUnit) {
    test::expect_refused({
        {{"-d", "-0.1", "1"}, "--interval: '-0.1'"},
        {{"-d", "5h", "1"}, "--interval: '5h'"},
        {{"-d", "ten", "1"}, "--interval: 'ten'"},
        {{"-d", "", "1"}, "--interval: ''"},
        {{"-d", "1e3", "1"}, "--interval: '1e3'"},
        {{"-d", "99999999999999999999s", "1"}, "--interval"},
        {{"--duration", "0", "1"}, "--duration: '0'"},
        {{"--duration", "0s", "1"}, "--duration: '0s' must be longer than 0"},
        {{"--duration", "900us", "1"}, "--duration: '900us' is not a time; write 10"},
        {{"--dns-wait", "soon", "1"}, "--dns-wait: 'soon'"},
    });
}

TEST(OptionValues, AreRefusedByNameOfTheirOption) {
    test::expect_refused({
        {{"--count", "0", "1"}, "--count: '0'"},
        {{"--count", "x", "1"}, "--count: 'x'"},
        {{"--time", "utc", "1"}, "--time: 'utc'"},
        {{"--color", "yes", "1"}, "--color: 'yes'"},
        {{"--dns-server", "nowhere", "1"}, "--dns-server"},
        {{"--dns-server", "127.0.0.1:99999", "1"}, "--dns-server"},
        {{"-o", "", "1"}, "--output"},
        {{"-u", "no-such-user", "-a"}, "'no-such-user'"},
        {{"-u", "", "-a"}, "''"},
        {{"--name", ""}, "--name"},
        {{"--name", "/bin/sh"}, "--name: '/bin/sh' has a '/'"},
        {{"-a", "--not-name", "/bin/sh"}, "--not-name: '/bin/sh' has a '/'"},
        {{"-a", "--not-name", ""}, "--not-name: the pattern is empty"},
        {{"--proc", "", "1"}, "--proc: the name of the directory is empty"},
        {{"-t", "files", "7"}, "'files' is not a type"},
        {{"-t", "file,", "7"}, "'' is not a type"},
        {{"-t", "unknown", "7"}, "'unknown'"},
        {{"-e", "opened", "7"}, "there is no event 'opened'; write lost, close, open"},
        {{"-e", "create", "7"}, "there is no event 'create'"},
        {{"-e", "open,+", "7"}, "there is no event '+'"},
        {{"-e", "++open", "7"}, "there is no event '++open'"},
        {{"-e", "", "7"}, "there is no event ''"},
        {{"-i", "", "7"}, "--include"},
        {{"-x", "", "7"}, "--exclude"},
        {{"--leaks", "--leak-min", "0", "7"}, "--leak-min: '0'"},
    });
}

}  // namespace
}  // namespace logfia
