#include "output/events.hpp"
#include "support/event_parts.hpp"
#include <logfia/base/escape.hpp>
#include <logfia/output/text_writer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace logfia {
namespace {

using namespace std::chrono_literals;
using test::fd_of;
using test::internet;
using test::make_event;
using test::make_lost;
using test::make_socket;
using test::v4;
using test::v6;

/// Shows the time since the watch began, so that the expected text does not depend on a time zone.
TextOptions options(Columns columns = Columns::brief) {
    return {columns, Color::off, TimeStyle::start, SteadyTime(1000s)};
}

std::string write(const Event& event, std::string_view host = "", TextOptions with = options()) {
    std::string out;
    TextWriter(with).append(out, event, host);
    return out;
}

std::string write_long(const Event& event) {
    return write(event, "", options(Columns::full));
}

std::string detail(const Event& event, std::string_view host = "") {
    std::string out;
    append_socket_detail(out, fd_of(event).descriptor, host);
    return out;
}

TEST(TextWriter, WritesTimeEventAndName) {
    EXPECT_EQ(write(make_event(EventKind::open, FdType::file, "/var/log/app.log")),
              "0.000000 open /var/log/app.log\n");
    EXPECT_EQ(write(make_event(EventKind::close, FdType::pipe, "pipe:[31039]")),
              "0.000000 close pipe:[31039]\n");
    Event renamed = make_event(EventKind::rename, FdType::file, "/tmp/a b (deleted)");
    fd_of(renamed).old_name = "/tmp/a b";
    EXPECT_EQ(write(renamed), "0.000000 rename /tmp/a b (deleted)\n");
    EXPECT_EQ(write(make_event(EventKind::open, FdType::unknown, "?")), "0.000000 open ?\n");
}

TEST(TextWriter, LongAddsTheProcessAndTheDescriptor) {
    Event event = make_event(EventKind::open, FdType::file, "/tmp/x");
    EXPECT_EQ(write_long(event), "0.000000 open cat[42] 7r /tmp/x\n");
    fd_of(event).descriptor.access = Access::write;
    EXPECT_EQ(write_long(event), "0.000000 open cat[42] 7w /tmp/x\n");
    fd_of(event).descriptor.access = Access::read_write;
    EXPECT_EQ(write_long(event), "0.000000 open cat[42] 7u /tmp/x\n");
    fd_of(event).descriptor.access = Access::path;
    EXPECT_EQ(write_long(event), "0.000000 open cat[42] 7 /tmp/x\n");
    fd_of(event).descriptor.access = Access::unknown;
    event.actor.comm = "Web [1]\n";
    EXPECT_EQ(write_long(event), "0.000000 open Web\\x20\\x5b1\\x5d\\n[42] 7 /tmp/x\n");
}

TEST(TextWriter, LostHasItsReasonWhereTheNameStands) {
    Event lost = make_lost("12 looks came late");
    EXPECT_EQ(write(lost), "0.000000 lost 12 looks came late\n");
    EXPECT_EQ(write_long(lost), "0.000000 lost - - 12 looks came late\n");
    lost.actor.pid = 42;
    lost.actor.comm = "cat";
    EXPECT_EQ(write(lost), "0.000000 lost 12 looks came late\n");
    EXPECT_EQ(write_long(lost), "0.000000 lost cat[42] - 12 looks came late\n");
}

TEST(TextWriter, EscapesEveryTextThatIsNotOurs) {
    EXPECT_EQ(write(make_event(EventKind::open, FdType::file, "/tmp/a\n1 open /etc\x1b[2J\xff")),
              "0.000000 open /tmp/a\\n1 open /etc\\x1b[2J\\xff\n");
    EXPECT_EQ(write(make_lost("a\nb")), "0.000000 lost a\\nb\n");
    EXPECT_EQ(detail(make_socket(FdType::unix_socket, test::unix_path("/run/a\nb \\"))),
              " unix /run/a\\nb \\\\");
    const auto peer = internet(SocketState::established, {}, v4(192, 0, 2, 1, 80));
    EXPECT_EQ(detail(make_socket(FdType::tcp, peer), "evil\x1b[31m."),
              " tcp 192.0.2.1:80 evil\\x1b[31m.");
}

TEST(TextWriter, ShowsThePeerOfAnInternetSocket) {
    const auto connected =
        internet(SocketState::established, v4(10, 0, 0, 2, 40000), v4(52, 84, 139, 212, 80));
    EXPECT_EQ(write(make_socket(FdType::tcp, connected), "server.example.net."),
              "0.000000 open socket:[7] tcp 52.84.139.212:80 server.example.net.\n");
    EXPECT_EQ(detail(make_socket(FdType::tcp6, connected)), " tcp6 52.84.139.212:80 -");
    EXPECT_EQ(detail(make_socket(FdType::tcp6, internet(SocketState::established, {}, v6(7, 443)))),
              " tcp6 [2001:db8::7]:443 -");
    EXPECT_EQ(detail(make_socket(FdType::udp,
                                 internet(SocketState::established, {}, v4(10, 0, 0, 2, 53)))),
              " udp 10.0.0.2:53 -");
    EXPECT_EQ(detail(make_socket(FdType::mptcp, connected)), " mptcp 52.84.139.212:80 -");
}

TEST(TextWriter, LongShowsTheStateOfAConnectionThatIsNotEstablished) {
    const auto in_state = [](FdType type, SocketState state) {
        Event event = make_socket(type, internet(state, v4(10, 0, 0, 2, 4), v4(192, 0, 2, 1, 80)));
        fd_of(event).descriptor.access = Access::read_write;
        return event;
    };
    const std::string start = "0.000000 open cat[42] 7u socket:[7] tcp 192.0.2.1:80 -";
    EXPECT_EQ(write_long(in_state(FdType::tcp, SocketState::close_wait)), start + " CLOSE_WAIT\n");
    EXPECT_EQ(write_long(in_state(FdType::tcp, SocketState::syn_sent)), start + " SYN_SENT\n");
    EXPECT_EQ(write_long(in_state(FdType::tcp, SocketState::fin_wait2)), start + " FIN_WAIT2\n");
    EXPECT_EQ(write_long(in_state(FdType::tcp, SocketState::established)), start + "\n");
    EXPECT_EQ(write_long(in_state(FdType::tcp, SocketState::unknown)), start + "\n");
    EXPECT_EQ(write_long(in_state(FdType::udp, SocketState::close_wait)),
              "0.000000 open cat[42] 7u socket:[7] udp 192.0.2.1:80 -\n");
    EXPECT_EQ(write(in_state(FdType::tcp, SocketState::close_wait)),
              "0.000000 open socket:[7] tcp 192.0.2.1:80 -\n");

    Event close = in_state(FdType::tcp, SocketState::close_wait);
    close.kind = EventKind::close;
    fd_of(close).totals = TcpTotals{};
    EXPECT_EQ(write_long(close),
              "0.000000 close cat[42] 7u socket:[7] tcp 192.0.2.1:80 - CLOSE_WAIT"
              " sent=0 received=0 retransmits=0 rtt_us=0 as_of=last_look\n");
}

/// The socket had no peer when it was last asked, but that may be long ago.
TEST(TextWriter, DoesNotCallASocketUnconnectedThatMayNotBe) {
    const auto old = [](FdType type, SocketInfo socket) {
        socket.outdated = true;
        return detail(make_socket(type, std::move(socket)));
    };
    const auto unknown = SocketState::unknown;
    EXPECT_EQ(old(FdType::tcp, internet(SocketState::close, {})), " tcp - -");
    EXPECT_EQ(old(FdType::tcp, internet(SocketState::close, v4(127, 0, 0, 1, 80))),
              " tcp 127.0.0.1:80 BOUND");
    EXPECT_EQ(old(FdType::udp, internet(unknown, v4(0, 0, 0, 0, 0))), " udp 0.0.0.0:0 -");
    EXPECT_EQ(old(FdType::raw, internet(unknown, v4(0, 0, 0, 0, 17))), " raw 0.0.0.0:17 -");
    EXPECT_EQ(old(FdType::vsock, {}), " vsock - -");
}

TEST(TextWriter, ShowsTheOwnAddressOfASocketWithoutPeer) {
    struct Case {
        FdType type;
        SocketInfo socket;
        std::string detail;
    };
    const std::vector<Case> cases = {
        {FdType::tcp, internet(SocketState::listen, v4(0, 0, 0, 0, 8080)),
         " tcp 0.0.0.0:8080 LISTEN"},
        {FdType::tcp6, internet(SocketState::listen, {}), " tcp6 - LISTEN"},
        {FdType::udp, internet(SocketState::unknown, v4(127, 0, 0, 1, 53)),
         " udp 127.0.0.1:53 BOUND"},
        {FdType::udp, internet(SocketState::unknown, v4(0, 0, 0, 0, 0)),
         " udp 0.0.0.0:0 UNCONNECTED"},
        {FdType::tcp, internet(SocketState::close, {}), " tcp - UNCONNECTED"},
        {FdType::raw, internet(SocketState::unknown, v4(0, 0, 0, 0, 1)),
         " raw 0.0.0.0:1 UNCONNECTED"},
        {FdType::raw6, internet(SocketState::unknown, v6(1, 58)), " raw6 [2001:db8::1]:58 BOUND"},
        {FdType::icmp, internet(SocketState::unknown, v4(0, 0, 0, 0, 9)), " icmp 0.0.0.0:9 BOUND"},
        {FdType::sctp, internet(SocketState::listen, v4(0, 0, 0, 0, 9)), " sctp 0.0.0.0:9 LISTEN"},
        {FdType::mptcp, internet(SocketState::unknown, {}), " mptcp - UNCONNECTED"},
        {FdType::unix_socket, test::unix_path("/run/user/1000/bus"), " unix /run/user/1000/bus"},
        {FdType::unix_socket, test::unix_path("@/tmp/.X11-unix/X0"), " unix @/tmp/.X11-unix/X0"},
        {FdType::unix_socket, {}, " unix -"},
        {FdType::netlink, test::protocol("route"), " netlink route"},
        {FdType::netlink, {}, " netlink -"},
        {FdType::packet, test::protocol("0x0003"), " packet 0x0003"},
        {FdType::vsock, {}, " vsock - UNCONNECTED"},
        {FdType::socket, {}, ""},
        {FdType::file, {}, ""},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(detail(make_socket(one.type, one.socket), "unused.example."), one.detail);
    }
}

TEST(TextWriter, ShowsWhatOtherFamiliesTell) {
    SocketInfo client;
    client.peer_path = "/run/bus";
    client.peer = PeerProcess{812, "dbus daemon"};
    EXPECT_EQ(detail(make_socket(FdType::unix_socket, client)),
              " unix /run/bus dbus\\x20daemon[812]");
    client.peer_path.clear();
    client.peer->comm.clear();
    EXPECT_EQ(detail(make_socket(FdType::unix_socket, client)), " unix - -[812]");

    SocketInfo netlink = test::protocol("route");
    netlink.port_id = 4242;
    EXPECT_EQ(detail(make_socket(FdType::netlink, netlink)), " netlink route 4242");

    SocketInfo packet = test::protocol("0x0800");
    packet.interface = 3;
    EXPECT_EQ(detail(make_socket(FdType::packet, packet)), " packet 0x0800 if3");
    packet.interface_name = "eth 0";
    EXPECT_EQ(detail(make_socket(FdType::packet, packet)), " packet 0x0800 eth\\x200");

    SocketInfo vsock;
    vsock.local_vsock = VsockAddress{0xffffffff, 1024};
    EXPECT_EQ(detail(make_socket(FdType::vsock, vsock)), " vsock *:1024 BOUND");
    vsock.state = SocketState::listen;
    EXPECT_EQ(detail(make_socket(FdType::vsock, vsock)), " vsock *:1024 LISTEN");
    vsock.remote_vsock = VsockAddress{2, 80};
    EXPECT_EQ(detail(make_socket(FdType::vsock, vsock)), " vsock 2:80");

    SocketInfo alg;
    alg.family = "alg";
    EXPECT_EQ(detail(make_socket(FdType::socket, alg)), " socket alg");
}

TEST(TextWriter, ShowsTheZoneOfALinkLocalAddress) {
    Endpoint peer;
    peer.address.family = IpFamily::v6;
    peer.address.bytes = {0xfe, 0x80};
    peer.address.bytes[15] = 7;
    peer.port = 443;
    peer.zone = "eth0";
    EXPECT_EQ(detail(make_socket(FdType::tcp6, internet(SocketState::established, {}, peer))),
              " tcp6 [fe80::7%eth0]:443 -");
}

TEST(TextWriter, SaysNoMoreThanIsKnownOfASocket) {
    const auto unknown = [](FdType type) {
        return detail(make_event(EventKind::open, type, "socket:[7]"));
    };
    EXPECT_EQ(unknown(FdType::tcp), " tcp - -");
    EXPECT_EQ(unknown(FdType::udp6), " udp6 - -");
    EXPECT_EQ(unknown(FdType::unix_socket), " unix -");
    EXPECT_EQ(unknown(FdType::netlink), " netlink -");
    EXPECT_EQ(unknown(FdType::packet), " packet -");
    EXPECT_EQ(unknown(FdType::vsock), " vsock");
    EXPECT_EQ(unknown(FdType::mptcp), " mptcp");
    EXPECT_EQ(write(make_event(EventKind::open, FdType::socket, "socket:[31041]")),
              "0.000000 open socket:[31041]\n");
}

TEST(TextWriter, AChangeOfAPathTellsWhoseDoingItWas) {
    Event event;
    event.kind = EventKind::rename;
    event.at = test::moment();
    event.change = PathChange{"/srv/new\n", "/srv/old"};
    EXPECT_EQ(write(event), "0.000000 rename /srv/new\\n from /srv/old\n");
    EXPECT_EQ(write_long(event), "0.000000 rename - - /srv/new\\n from /srv/old\n");
    event.actor.pid = 42;
    event.actor.comm = "mv";
    event.actor.user = "ann";
    event.change = PathChange{"/srv/new", {}};
    EXPECT_EQ(write_long(event), "0.000000 rename mv[42] ann /srv/new\n");
}

TEST(TextWriter, AProcessEndsByItselfOrByASignal) {
    Event event;
    event.kind = EventKind::exit;
    event.at = test::moment();
    event.actor.pid = 42;
    event.actor.comm = "cat";
    event.change = ProcessChange{false, 3, std::nullopt};
    EXPECT_EQ(write_long(event), "0.000000 exit cat[42] - status 3\n");
    event.change = ProcessChange{false, std::nullopt, 9};
    EXPECT_EQ(write(event), "0.000000 exit signal 9\n");
    event.kind = EventKind::exec;
    event.actor.exe = "/bin/true";
    event.change = ProcessChange{};
    EXPECT_EQ(write(event), "0.000000 exec /bin/true\n");
    event.kind = EventKind::exit;  // nobody could tell how
    EXPECT_EQ(write(event), "0.000000 exit -\n");
}

TEST(TextWriter, ColorsOnlyTheEvent) {
    for (const auto kind : {EventKind::lost, EventKind::close, EventKind::open, EventKind::rename,
                            EventKind::connect, EventKind::listen}) {
        const Event event = kind == EventKind::lost ? make_lost("looks came late")
                                                    : make_event(kind, FdType::file, "/tmp/x");
        TextOptions colored = options(Columns::full);
        colored.color = Color::on;
        std::string line = write(event, "", colored);
        EXPECT_EQ(line.find(" \x1b["), 8U);
        const auto word = line.find('m') + 1;
        EXPECT_EQ(line.substr(word, line.find("\x1b[0m") - word), to_string(kind));
        line.erase(line.find("\x1b[0m"), 4);
        line.erase(9, word - 9);
        EXPECT_EQ(line, write_long(event));
    }
}

TEST(TextWriter, EveryStyleOfTime) {
    const auto three = [](TimeStyle style) {
        TextWriter writer({Columns::brief, Color::off, style, SteadyTime(999s)});
        std::string out;
        for (const auto after : {0us, 1'500us, 2'000'000us}) {
            Event lost = make_lost("x");
            lost.at = test::moment(after);
            writer.append(out, lost, "");
        }
        return out;
    };
    EXPECT_EQ(three(TimeStyle::unix),
              "1494175240.663016 lost x\n1494175240.664516 lost x\n1494175242.663016 lost x\n");
    EXPECT_EQ(three(TimeStyle::start), "1.000000 lost x\n1.001500 lost x\n3.000000 lost x\n");
    EXPECT_EQ(three(TimeStyle::delta), "0.000000 lost x\n0.001500 lost x\n1.998500 lost x\n");
    std::string iso;
    Rfc3339().append(iso, test::moment().wall);
    EXPECT_EQ(three(TimeStyle::iso).substr(0, iso.size() + 1), iso + ' ');
}

TEST(TextWriterProperty, OneRecordIsOneSafeLine) {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> byte(0, 255);
    const auto bytes = [&] {
        std::string text;
        for (int i = byte(random) % 20; i > 0; --i) text += static_cast<char>(byte(random));
        return text;
    };
    std::uniform_int_distribution<int> type(0, static_cast<int>(FdType::anon_inode));
    for (int round = 0; round < 5'000; ++round) {
        Event event = make_event(
            static_cast<EventKind>(static_cast<std::size_t>(byte(random)) % kEventKindCount),
            static_cast<FdType>(type(random)), bytes());
        event.actor.comm = bytes();
        if (Loss* loss = std::get_if<Loss>(&event.change)) loss->reason = bytes();
        if (DescriptorChange* change = event.descriptor_change())
            change->descriptor.socket =
                std::make_shared<const SocketInfo>(test::unix_path(bytes()));
        const std::string line = write(event, bytes(), options(Columns::full));
        ASSERT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
        ASSERT_EQ(line.back(), '\n');
        ASSERT_TRUE(is_valid_utf8(line));
        ASSERT_EQ(line.find('\x1b'), std::string::npos);
    }
}

}  // namespace
}  // namespace logfia
