#include <logfia/base/pass_fd.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace logfia {
namespace {

constexpr std::size_t kSpace = CMSG_SPACE(sizeof(int));

/// A message of one byte and one descriptor.
struct Message {
    char byte = 0;
    iovec part{&byte, 1};
    alignas(cmsghdr) char control[kSpace] = {};
    msghdr header{};

    Message() {
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
    }
};

}  // namespace

int send_fd(int socket, int fd) {
    Message message;
    cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    ssize_t sent = 0;
    do {
        sent = sendmsg(socket, &message.header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

UniqueFd receive_fd(int socket) {
    Message message;
    ssize_t got = 0;
    do {
        got = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return {};
    const cmsghdr* rights = got == 0 ? nullptr : CMSG_FIRSTHDR(&message.header);
    if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) {
        errno = ECONNRESET;
        return {};
    }
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    return UniqueFd(fd);
}

}  // namespace logfia
