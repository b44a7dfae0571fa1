#include <logfia/event/event_kind.hpp>
#include <logfia/event/fd_type.hpp>
#include <logfia/event/type_set.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace logfia {
namespace {

TEST(FdTypes, AreEachCalledSomething) {
    std::set<std::string_view> names;
    for (const FdTypeRow& row : fd_types()) {
        EXPECT_EQ(row.name.empty(), row.type == FdType::unknown);
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
}

TEST(FdTypes, ThatAreSocketsHaveADetail) {
    for (const FdTypeRow& row : fd_types())
        EXPECT_EQ(row.detail != FdDetail::none, is_in(row.type, FdGroup::socket)) << row.name;
}

struct LinkCase {
    std::string_view link;
    FdType type;
};

TEST(FdTypes, AreToldByTheirLinks) {
    const LinkCase cases[] = {
        {"socket:[31037]", FdType::socket},
        {"pipe:[7]", FdType::pipe},
        {"net:[4026531840]", FdType::name_space},
        {"uts:[1]", FdType::name_space},
        {"pidfd:[5]", FdType::pidfd},
        {"anon_inode:[pidfd]", FdType::pidfd},
        {"anon_inode:[eventfd]", FdType::eventfd},
        {"anon_inode:inotify", FdType::inotify},
        {"anon_inode:bpf-map", FdType::bpf},
        {"anon_inode:bpf_link", FdType::bpf},
        {"anon_inode:btf", FdType::bpf},
        {"anon_inode:btf2", FdType::anon_inode},
        {"anon_inode:", FdType::anon_inode},
        {"anon_inode:[kvm-vm]", FdType::anon_inode},
        {"anon_inode", FdType::unknown},
        {"socket:31037", FdType::unknown},
        {"sockets:[1]", FdType::unknown},
        {"?", FdType::unknown},
        {"", FdType::unknown},
        {"/memfd:x (deleted)", FdType::unknown},
        {"/etc/socket:[1]", FdType::unknown},
    };
    for (const LinkCase& one : cases) EXPECT_EQ(type_of_link(one.link), one.type) << one.link;
}

TEST(FdTypes, OfPathsOnNoMountAreToldByThem) {
    EXPECT_EQ(type_of_unmounted("/memfd:x (deleted)"), FdType::memfd);
    EXPECT_EQ(type_of_unmounted("/memfd: (deleted)"), FdType::memfd);
    EXPECT_EQ(type_of_unmounted("/secretmem (deleted)"), FdType::memfd);
    EXPECT_EQ(type_of_unmounted("/memfd:x"), FdType::unknown) << "a file of that name";
    EXPECT_EQ(type_of_unmounted("/memfd (deleted)"), FdType::unknown);
    EXPECT_EQ(type_of_unmounted("/tmp/memfd:x (deleted)"), FdType::unknown);
}

TEST(FdTypes, AreToldByTheKernelsNameOfTheProtocol) {
    EXPECT_EQ(type_of_protocol("TCPv6"), FdType::tcp6);
    EXPECT_EQ(type_of_protocol("UNIX-STREAM"), FdType::unix_socket);
    EXPECT_EQ(type_of_protocol("TCP|TCPv6"), FdType::unknown);
    EXPECT_EQ(type_of_protocol(""), FdType::unknown);
}

TEST(EventKinds, AreEachCalledSomething) {
    std::set<std::string_view> names;
    for (const EventKindRow& row : event_kinds()) {
        EXPECT_FALSE(row.name.empty());
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
    }
}

}  // namespace
}  // namespace logfia
