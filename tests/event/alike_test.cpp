#include "event/event_maker.hpp"
#include "support/event_parts.hpp"
#include <logfia/event/alike.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

namespace logfia {
namespace {

using test::EventMaker;
using test::fd_of;
using test::v4;

Descriptor descriptor_of(FdType type, const std::string& name) {
    return fd_of(EventMaker{1, type, name}.open()).descriptor;
}

Descriptor connection(std::uint16_t own_port, std::uint16_t peer_port) {
    SocketInfo socket;
    socket.state = SocketState::established;
    socket.local = Endpoint{v4(10, 0, 0, 1), own_port};
    socket.remote = Endpoint{v4(192, 0, 2, 7), peer_port};
    Descriptor descriptor = descriptor_of(FdType::tcp, "socket:[1]");
    descriptor.socket = std::make_shared<const SocketInfo>(socket);
    return descriptor;
}

Descriptor listener(std::uint16_t port) {
    SocketInfo socket;
    socket.state = SocketState::listen;
    socket.local = Endpoint{v4(0, 0, 0, 0), port};
    Descriptor descriptor = descriptor_of(FdType::tcp, "socket:[1]");
    descriptor.socket = std::make_shared<const SocketInfo>(socket);
    return descriptor;
}

TEST(AlikeNames, OfFiles) {
    const ServerPorts servers;
    const AlikeName alike = alike_name(descriptor_of(FdType::file, "/tmp/a8f3kq"), servers);
    EXPECT_EQ(alike.name, "/tmp/*");
    EXPECT_EQ(alike.distinct, "/tmp/a*f*kq");
    EXPECT_EQ(alike.wider, "/tmp/*");
    Descriptor deleted = descriptor_of(FdType::file, "/x/word (deleted)");
    EXPECT_EQ(alike_name(deleted, servers).name, "/x/word (deleted)") << "that may be its name";
    deleted.deleted = true;
    EXPECT_EQ(alike_name(deleted, servers).name, "/x/word");
    EXPECT_EQ(alike_name(descriptor_of(FdType::file, "?"), servers).wider, "");
}

TEST(AlikeNames, OfWhatHasNoName) {
    const ServerPorts servers;
    EXPECT_EQ(alike_name(descriptor_of(FdType::pipe, "pipe:[31]"), servers).name, "");
    EXPECT_EQ(alike_name(descriptor_of(FdType::eventfd, "anon_inode:[eventfd]"), servers).name,
              "anon_inode:[eventfd]");
    EXPECT_EQ(alike_name(descriptor_of(FdType::tcp, "socket:[31]"), servers).name, "");
}

TEST(AlikeNames, OfInternetSockets) {
    ServerPorts servers;
    servers.note(listener(50'000));
    struct Case {
        Descriptor descriptor;
        const char* name;
        const char* wider;
    };
    const Case cases[] = {
        {connection(40'000, 443), "192.0.2.7:443", "*:443"},
        {connection(40'000, 41'000), "192.0.2.7:*", "*:*"},
        {connection(80, 40'000), "192.0.2.7:*", "*:* to port 80"},
        {connection(50'000, 40'000), "192.0.2.7:*", "*:* to port 50000"},
        {connection(50'000, 1'023), "192.0.2.7:*", "*:* to port 50000"},
        {listener(80), "0.0.0.0:80 LISTEN", ""},
        {listener(50'000), "0.0.0.0:* LISTEN", ""},
    };
    for (const Case& one : cases) {
        const AlikeName alike = alike_name(one.descriptor, servers);
        EXPECT_EQ(alike.name, one.name);
        EXPECT_EQ(alike.distinct, one.name);
        EXPECT_EQ(alike.wider, one.wider);
    }
}

TEST(AlikeNames, OfOtherSockets) {
    SocketInfo socket;
    socket.path = "/run/user/1000/bus";
    Descriptor descriptor = descriptor_of(FdType::unix_socket, "socket:[1]");
    descriptor.socket = std::make_shared<const SocketInfo>(socket);
    EXPECT_EQ(alike_name(descriptor, ServerPorts()).name, "/run/user/*/bus");
    EXPECT_EQ(alike_name(descriptor, ServerPorts()).wider, "/run/user/*/*");
    socket.path.clear();
    socket.protocol = "route";
    descriptor.socket = std::make_shared<const SocketInfo>(socket);
    EXPECT_EQ(alike_name(descriptor, ServerPorts()).name, "route");
}

/// Counts what was merged.
struct Count {
    int things = 0;
    void merge(Count&& other) { things += other.things; }
};

struct Directory {
    WideningGroups<Count> groups;

    std::size_t add(const std::string& name, const std::string& distinct) {
        const std::size_t slot = groups.slot_of({"/d/" + name, distinct, "/d/*"});
        ++groups[slot].things;
        return slot;
    }
    std::size_t add(const std::string& name) { return add(name, name); }
};

TEST(WideningGroupsTest, TenDifferentNamesAreOneGroup) {
    Directory directory;
    std::size_t first = 0;
    for (char c = 'a'; c < 'j'; ++c) {
        const std::size_t slot = directory.add(std::string(1, c));
        EXPECT_EQ(directory.groups.name(slot), std::string("/d/") + c);
        if (c == 'a') first = slot;
    }
    directory.add("a");
    EXPECT_FALSE(directory.groups.is_wide());
    EXPECT_EQ(directory.groups[first].things, 2);
    directory.add("j");
    EXPECT_TRUE(directory.groups.is_wide());
    EXPECT_EQ(directory.groups[first].things, 11);
    EXPECT_EQ(&directory.groups[directory.add("k")], &directory.groups[first]);
}

/// A guess that takes some made-up names for words must not keep them apart from the others.
TEST(WideningGroupsTest, NamesThatOnlyLookMadeUpAreDifferent) {
    Directory directory;
    for (char c = 'a'; c < 'h'; ++c) directory.add("*", std::string(1, c));
    directory.add("xword");
    directory.add("yword");
    EXPECT_FALSE(directory.groups.is_wide());
    directory.add("zword");
    EXPECT_TRUE(directory.groups.is_wide());
    EXPECT_EQ(directory.groups[0].things, 10);
}

TEST(WideningGroupsTest, NamesThatAreAlikeForSureAreOneName) {
    Directory directory;
    for (int i = 0; i < 20; ++i) directory.add("log.*");
    directory.add("lock");
    EXPECT_FALSE(directory.groups.is_wide());
    for (char c = 'a'; c < 'z'; ++c) directory.groups.slot_of({"*", std::string(1, c), ""});
    EXPECT_FALSE(directory.groups.is_wide()) << "there is nothing wider";
}

}  // namespace
}  // namespace logfia
