#include "output/events.hpp"
#include "support/event_parts.hpp"
#include "support/json_text.hpp"
#include <logfia/base/escape.hpp>
#include <logfia/output/json_writer.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace logfia {
namespace {

using namespace std::chrono_literals;
using test::fd_of;
using test::internet;
using test::loss_of;
using test::make_event;
using test::make_lost;
using test::make_socket;
using test::v4;
using test::v6;

std::string write(const Event& event, std::string_view host = "") {
    std::string out;
    JsonWriter({TimeStyle::start, SteadyTime(1000s)}).append(out, event, host);
    return out;
}

/// The record without the members that all records of these tests begin with.
std::string members(const Event& event, std::string_view host = "") {
    const std::string line = write(event, host);
    const std::string_view begin = "{\"time\":0.000000,";
    EXPECT_EQ(line.substr(0, begin.size()), begin);
    EXPECT_EQ(line.substr(line.size() - 2), "}\n");
    return line.substr(begin.size(), line.size() - begin.size() - 2);
}

/// The members behind the name.
std::string after_name(const Event& event) {
    const std::string line = members(event);
    const std::string name = R"("name":"socket:[7]",)";
    const auto at = line.find(name);
    return at == std::string::npos ? line : line.substr(at + name.size());
}

std::string rfc3339(WallTime time) {
    std::string out;
    Rfc3339().append(out, time);
    return out;
}

TEST(JsonWriter, LeavesOutWhatIsNotKnown) {
    Event event = make_event(EventKind::open, FdType::unknown, "?");
    fd_of(event).descriptor.access = Access::unknown;
    EXPECT_EQ(members(event), R"("event":"open","pid":42,"comm":"cat","fd":7,"name":"?")");
}

TEST(JsonWriter, WritesWhatIsKnownOfAFile) {
    Event event = make_event(EventKind::open, FdType::file, "/tmp/x (deleted)");
    fd_of(event).initial = true;
    fd_of(event).descriptor.flags = O_APPEND | O_CLOEXEC;
    fd_of(event).descriptor.deleted = true;
    fd_of(event).descriptor.inode = 18446744073709551615U;
    fd_of(event).descriptor.device = DeviceNumber{8, 1};
    fd_of(event).descriptor.size = 0;
    fd_of(event).descriptor.pos = 4096;
    EXPECT_EQ(members(event),
              R"("event":"open","initial":true,"pid":42,"comm":"cat","fd":7,"access":"r",)"
              R"~("flags":["append","cloexec"],"type":"file","name":"/tmp/x (deleted)",)~"
              R"("deleted":true,"inode":18446744073709551615,"device":"8:1","size":0,"pos":4096)");
}

TEST(JsonWriter, WritesWhatIsKnownOfASocket) {
    const Event tcp = make_socket(
        FdType::tcp, internet(SocketState::close_wait, v4(10, 0, 0, 2, 4), v4(192, 0, 2, 1, 80)));
    EXPECT_EQ(members(tcp, "a.example."),
              R"("event":"open","pid":42,"comm":"cat","fd":7,"access":"r","type":"tcp",)"
              R"("name":"socket:[7]","state":"close_wait","local_address":"10.0.0.2",)"
              R"("local_port":4,"remote_address":"192.0.2.1","remote_port":80,)"
              R"("remote_host":"a.example.")");
    const Event udp = make_socket(
        FdType::udp6, internet(SocketState::established, Endpoint{{IpFamily::v6, {}}, 0}));
    EXPECT_EQ(members(udp, "a.example."),
              R"("event":"open","pid":42,"comm":"cat","fd":7,"access":"r","type":"udp6",)"
              R"("name":"socket:[7]","state":"unconnected","local_address":"::","local_port":0)");
    EXPECT_NE(members(make_socket(FdType::unix_socket, test::unix_path("/run/bus")))
                  .find(R"("type":"unix","name":"socket:[7]","path":"/run/bus")"),
              std::string::npos);
    EXPECT_NE(members(make_socket(FdType::netlink, test::protocol("route")))
                  .find(R"("type":"netlink","name":"socket:[7]","protocol":"route")"),
              std::string::npos);
}

TEST(JsonWriter, WritesTheStateOfASocketWhenItIsKnown) {
    const auto none = SocketState::unknown;
    const auto state = [](FdType type, SocketInfo socket) {
        const std::string text = members(make_socket(type, std::move(socket)));
        const auto at = text.find("\"state\":\"");
        return at == text.npos ? "" : text.substr(at + 9, text.find('"', at + 9) - at - 9);
    };
    for (const FdType type : {FdType::udp, FdType::udplite6, FdType::icmp}) {
        EXPECT_EQ(state(type, internet(none, {})), "unconnected");
        EXPECT_EQ(state(type, internet(none, v4(0, 0, 0, 0, 53))), "bound");
        EXPECT_EQ(state(type, internet(none, v4(0, 0, 0, 0, 53), v4(10, 0, 0, 1, 0))), "connected");
    }
    EXPECT_EQ(state(FdType::raw, internet(none, v4(0, 0, 0, 0, 17))), "unconnected");
    EXPECT_EQ(state(FdType::raw, internet(none, v4(10, 0, 0, 1, 17))), "bound");
    EXPECT_EQ(state(FdType::tcp, internet(SocketState::close, v4(0, 0, 0, 0, 80))), "close");
    EXPECT_EQ(state(FdType::mptcp, internet(none, {})), "");
    SocketInfo old = internet(SocketState::close, v4(127, 0, 0, 1, 53));
    old.outdated = true;
    EXPECT_EQ(state(FdType::udp, old), "");
    EXPECT_EQ(state(FdType::tcp, old), "");
}

TEST(JsonWriter, WritesWhatIsKnownOfOtherFamilies) {
    SocketInfo socket = test::unix_path("/run/a");
    socket.kind = "stream";
    socket.peer_path = "/run/b\xff";
    socket.peer = PeerProcess{812, "c\xfe"};
    EXPECT_EQ(after_name(make_socket(FdType::unix_socket, socket)),
              R"("socket_type":"stream","path":"/run/a",)"
              "\"peer_path\":\"/run/b\xef\xbf\xbd\",\"peer_path_hex\":\"2f72756e2f62ff\","
              "\"peer_pid\":812,\"peer_comm\":\"c\xef\xbf\xbd\",\"peer_comm_hex\":\"63fe\"");
    SocketInfo netlink = test::protocol("route");
    netlink.port_id = 4242;
    EXPECT_EQ(after_name(make_socket(FdType::netlink, netlink)),
              R"("protocol":"route","port_id":4242)");
    SocketInfo packet = test::protocol("0x0800");
    packet.interface = 2;
    packet.interface_name = "eth0";
    EXPECT_EQ(after_name(make_socket(FdType::packet, packet)),
              R"("protocol":"0x0800","interface":"eth0","interface_index":2)");
    SocketInfo vsock;
    vsock.local_vsock = VsockAddress{3, 4};
    vsock.remote_vsock = VsockAddress{2, 80};
    EXPECT_EQ(after_name(make_socket(FdType::vsock, vsock)),
              R"("local_cid":3,"local_port":4,"remote_cid":2,"remote_port":80)");
    SocketInfo alg;
    alg.family = "alg";
    EXPECT_EQ(after_name(make_socket(FdType::socket, alg)), R"("family":"alg")");
}

TEST(JsonWriter, WritesWhatAConnectionHasCarried) {
    Event event = make_socket(FdType::tcp, {});
    event.kind = EventKind::close;
    fd_of(event).totals = TcpTotals{1200, 34, 1, 2, 567us, TcpTotals::AsOf::end};
    const std::string expected =
        R"("bytes_sent":1200,"bytes_received":34,"retransmits":2,"rtt_us":567)";
    EXPECT_EQ(after_name(event), expected);
    fd_of(event).totals->as_of = TcpTotals::AsOf::last_look;
    EXPECT_EQ(after_name(event), expected + R"(,"bytes_as_of":"last_look")");
}

TEST(JsonWriter, WritesWhatAnObjectTells) {
    ObjectInfo object;
    object.numbers = {{"count", 3}};
    object.expires = 1500us;
    object.period = std::chrono::seconds(1);
    object.targets = {{5, 97, DeviceNumber{0, 9}}, {{}, 2, DeviceNumber{8, 1}}};
    object.targets_cut = true;
    Event event = make_socket(FdType::epoll, {});
    fd_of(event).descriptor.socket = nullptr;
    fd_of(event).descriptor.object = std::make_shared<const ObjectInfo>(object);
    EXPECT_EQ(after_name(event),
              R"("count":3,"expires_ms":1.5,"period_ms":1000,)"
              R"("targets":[{"fd":5,"inode":97,"device":"0:9"},{"inode":2,"device":"8:1"}],)"
              R"("targets_cut":true)");
}

TEST(JsonWriter, WritesRenamesAndBytesThatAreNotUtf8) {
    Event event = make_event(EventKind::rename, FdType::file, "/b\xff");
    fd_of(event).old_name = "/a\xfe\n";
    event.actor.comm = "c\x80";
    EXPECT_EQ(members(event),
              "\"event\":\"rename\",\"pid\":42,\"comm\":\"c\xef\xbf\xbd\",\"comm_hex\":\"6380\","
              "\"fd\":7,\"access\":\"r\",\"type\":\"file\","
              "\"name\":\"/b\xef\xbf\xbd\",\"name_hex\":\"2f62ff\","
              "\"old_name\":\"/a\xef\xbf\xbd\\n\",\"old_name_hex\":\"2f61fe0a\"");
    const std::string line = members(make_socket(FdType::unix_socket, test::unix_path("/\xc3")));
    EXPECT_NE(line.find("\"path\":\"/\xef\xbf\xbd\",\"path_hex\":\"2fc3\""), std::string::npos);
}

TEST(JsonWriter, AbstractNameMayHoldNul) {
    const Event event = make_socket(FdType::unix_socket, test::unix_path(std::string("@a\0b", 4)));
    EXPECT_NE(members(event).find("\"path\":\"@a\\u0000b\""), std::string::npos);
}

TEST(JsonWriter, CloseTellsSinceWhenItWasOpen) {
    Event event = make_event(EventKind::close, FdType::file, "/x");
    fd_of(event).opened = event.at.wall - 2500us;
    struct Case {
        Duration held;
        std::string text;
    };
    const std::vector<Case> cases = {{2500us, "2.5"},       {0ns, "0"},
                                     {999ns, "0"},          {1us, "0.001"},
                                     {10ms, "10"},          {1'234'567us, "1234.567"},
                                     {2400h, "8640000000"}, {100'010us, "100.01"}};
    for (const auto& [held, text] : cases) {
        fd_of(event).held = held;
        EXPECT_EQ(members(event),
                  R"("event":"close","pid":42,"comm":"cat","fd":7,"access":"r","type":"file",)"
                  R"("name":"/x","opened":")" +
                      rfc3339(*fd_of(event).opened) + R"(","held_ms":)" + text);
    }
}

TEST(JsonWriter, CloseTellsThatItsProcessHasEnded) {
    Event event = make_event(EventKind::close, FdType::file, "/x");
    fd_of(event).held = 5ms;
    fd_of(event).at_exit = true;
    EXPECT_EQ(members(event),
              R"("event":"close","pid":42,"comm":"cat","fd":7,"access":"r","type":"file",)"
              R"("name":"/x","held_ms":5,"at_exit":true)");
}

TEST(JsonWriter, AChangeOfAPathTellsWhoseDoingItWas) {
    Event event;
    event.kind = EventKind::rename;
    event.at = test::moment();
    event.actor.pid = 42;
    event.actor.comm = "mv";
    event.change = PathChange{"/srv/new\xff", "/srv/old"};
    event.actor.ppid = 1;
    event.actor.uid = 1000;
    event.actor.user = "ann";
    event.actor.exe = "/usr/bin/mv";
    EXPECT_EQ(members(event),
              R"("event":"rename","pid":42,"comm":"mv","ppid":1,"uid":1000,"user":"ann",)"
              R"("exe":"/usr/bin/mv","name":"/srv/new)"
              "\xef\xbf\xbd"
              R"(","name_hex":"2f7372762f6e6577ff",)"
              R"("old_name":"/srv/old")");
    event.actor = {};
    event.change = PathChange{"/srv/new", {}};
    EXPECT_EQ(members(event), R"("event":"rename","name":"/srv/new")");
}

TEST(JsonWriter, AProcessEndsByItselfOrByASignal) {
    Event event;
    event.kind = EventKind::exit;
    event.at = test::moment();
    event.actor.pid = 42;
    event.actor.comm = "cat";
    event.change = ProcessChange{false, 3, std::nullopt};
    EXPECT_EQ(members(event), R"("event":"exit","pid":42,"comm":"cat","status":3)");
    event.change = ProcessChange{false, std::nullopt, 9};
    EXPECT_EQ(members(event), R"("event":"exit","pid":42,"comm":"cat","signal":9)");
}

TEST(JsonWriter, LostIsAboutOneProcessOrNone) {
    Event lost = make_lost("12 looks came late");
    EXPECT_EQ(members(lost), R"("event":"lost","reason":"12 looks came late")");
    lost.actor.pid = 42;
    lost.actor.comm = "cat";
    loss_of(lost).missed_ticks = 12;
    EXPECT_EQ(members(lost),
              R"("event":"lost","pid":42,"comm":"cat","reason":"12 looks came late",)"
              R"("missed_ticks":12)");
}

TEST(JsonWriter, NamesTheFlags) {
    struct Case {
        int flags;
        std::string text;
    };
    const std::vector<Case> cases = {
        {O_NONBLOCK | O_DIRECT, R"(["nonblock","direct"])"},
        {O_SYNC, R"(["sync"])"},
        {O_DSYNC, R"(["dsync"])"},
        {O_ASYNC | O_NOATIME | O_NOFOLLOW, R"(["async","noatime","nofollow"])"},
        {O_TMPFILE | O_RDWR, R"(["tmpfile"])"},
        {O_DIRECTORY, R"(["directory"])"},
    };
    for (const auto& [flags, text] : cases) {
        Event event = make_event(EventKind::open, FdType::file, "/x");
        fd_of(event).descriptor.flags = static_cast<std::uint32_t>(flags);
        EXPECT_NE(members(event).find(",\"flags\":" + text + ",\"type\""), std::string::npos)
            << members(event);
    }
    for (const int flags : {O_RDONLY, O_RDWR, O_WRONLY, 0100000, O_PATH}) {
        Event event = make_event(EventKind::open, FdType::file, "/x");
        fd_of(event).descriptor.flags = static_cast<std::uint32_t>(flags);
        EXPECT_EQ(members(event).find("flags"), std::string::npos) << flags;
    }
}

TEST(JsonWriter, TimeIsAStringOnlyAsRfc3339) {
    const auto time = [](TimeStyle style) {
        std::string out;
        JsonWriter({style, SteadyTime(999s)}).append(out, make_lost("x"), "");
        return out.substr(0, out.find(",\"event\""));
    };
    EXPECT_EQ(time(TimeStyle::iso), "{\"time\":\"" + rfc3339(test::moment().wall) + '"');
    EXPECT_EQ(time(TimeStyle::unix), "{\"time\":1494175240.663016");
    EXPECT_EQ(time(TimeStyle::start), "{\"time\":1.000000");
    EXPECT_EQ(time(TimeStyle::delta), "{\"time\":0.000000");
}

std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

/// The bytes of `key`, as a reader of the record finds them.
std::string bytes_of(const std::map<std::string, std::string>& record, const std::string& key) {
    const auto exact = record.find(key + "_hex");
    if (exact != record.end()) return from_hex(test::parse_json_string(exact->second).value());
    return test::parse_json_string(record.at(key)).value();
}

TEST(JsonWriterProperty, EveryRecordIsOneObjectThatGivesTheBytesBack) {
    std::mt19937 random(2);
    std::uniform_int_distribution<int> byte(0, 255);
    const auto bytes = [&] {
        std::string text;
        const int ceiling = byte(random) % 2 == 0 ? 0x7f : 0xff;  // half of them plain ASCII
        for (int i = byte(random) % 20; i >= 0; --i) {
            text += static_cast<char>(byte(random) & ceiling);
        }
        return text;
    };
    for (int round = 0; round < 5'000; ++round) {
        Event event = make_socket(FdType::unix_socket, test::unix_path(bytes()));
        event.kind = EventKind::rename;
        fd_of(event).descriptor.name = bytes();
        fd_of(event).old_name = bytes();
        event.actor.comm = bytes();
        const std::string line = write(event, bytes());
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        ASSERT_TRUE(is_valid_utf8(line));
        const auto parsed = test::parse_json_object(line.substr(0, line.size() - 1));
        ASSERT_TRUE(parsed) << line;
        const std::map<std::string, std::string> record(parsed->begin(), parsed->end());
        ASSERT_EQ(record.size(), parsed->size()) << "a key stands twice";
        ASSERT_EQ(bytes_of(record, "name"), fd_of(event).descriptor.name);
        ASSERT_EQ(bytes_of(record, "old_name"), fd_of(event).old_name);
        ASSERT_EQ(bytes_of(record, "comm"), event.actor.comm);
        ASSERT_EQ(bytes_of(record, "path"), fd_of(event).descriptor.socket->path);
    }
}

}  // namespace
}  // namespace logfia
