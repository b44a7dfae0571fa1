#include "support/dns_server.hpp"

#include "support/dns_message.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace logfia::test {
namespace {

sockaddr* generic(sockaddr_in& address) {
    return static_cast<sockaddr*>(static_cast<void*>(&address));
}

UniqueFd bind_to_loopback() {
    UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd.get(), generic(address), sizeof address) != 0)
        throw std::runtime_error("a DNS server for the tests cannot bind to 127.0.0.1");
    return fd;
}

}  // namespace

DnsServer::DnsServer()
    : socket_(bind_to_loopback()),
      stop_(eventfd(0, EFD_CLOEXEC)),
      rule_([](const IpAddress&) { return DnsReply{}; }),
      thread_([this] { serve(); }) {}

DnsServer::~DnsServer() {
    eventfd_write(stop_.get(), 1);
    thread_.join();
}

Endpoint DnsServer::endpoint() const {
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    getsockname(socket_.get(), generic(bound), &size);
    return {{IpFamily::v4, {127, 0, 0, 1}}, ntohs(bound.sin_port)};
}

std::string DnsServer::text() const {
    return fmt::format("127.0.0.1:{}", endpoint().port);
}

void DnsServer::reply(const IpAddress& address, DnsReply reply) {
    const std::lock_guard lock(mutex_);
    script_[address] = std::move(reply);
}

void DnsServer::name(const IpAddress& address, const std::string& name) {
    reply(address, DnsReply{DnsReply::Kind::name, name});
}

void DnsServer::reply(const IpAddress& address, DnsReply::Kind kind) {
    reply(address, DnsReply{kind, {}});
}

void DnsServer::otherwise(std::function<DnsReply(const IpAddress&)> rule) {
    const std::lock_guard lock(mutex_);
    rule_ = std::move(rule);
}

std::size_t DnsServer::queries() const {
    const std::lock_guard lock(mutex_);
    return total_;
}

std::size_t DnsServer::queries(const IpAddress& address) const {
    const std::lock_guard lock(mutex_);
    const auto known = queries_.find(address);
    return known == queries_.end() ? 0 : known->second;
}

void DnsServer::serve() {
    for (;;) {
        pollfd fds[] = {{socket_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
        poll(fds, 2, poll_timeout());
        if (fds[1].revents != 0) return;
        if (fds[0].revents != 0) receive();
        send_due();
    }
}

int DnsServer::poll_timeout() const {
    if (delayed_.empty()) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(delayed_.begin()->first - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

void DnsServer::receive() {
    char buffer[1500];
    for (;;) {
        Packet packet;
        socklen_t size = sizeof packet.to;
        const ssize_t length =
            recvfrom(socket_.get(), buffer, sizeof buffer, 0, generic(packet.to), &size);
        if (length < 0) return;
        const auto question = parse_question({buffer, static_cast<std::size_t>(length)});
        if (!question) continue;
        const DnsReply reply = decide(question->address);
        packet.bytes = write_reply(*question, reply);
        if (!packet.bytes.empty()) delayed_.emplace(Clock::now() + reply.delay, std::move(packet));
        send_due();
    }
}

DnsReply DnsServer::decide(const IpAddress& address) {
    const std::lock_guard lock(mutex_);
    ++total_;
    ++queries_[address];
    const auto scripted = script_.find(address);
    return scripted != script_.end() ? scripted->second : rule_(address);
}

void DnsServer::send_due() {
    const auto now = Clock::now();
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        Packet& packet = delayed_.begin()->second;
        sendto(socket_.get(), packet.bytes.data(), packet.bytes.size(), 0, generic(packet.to),
               sizeof packet.to);
        delayed_.erase(delayed_.begin());
    }
}

}  // namespace logfia::test
