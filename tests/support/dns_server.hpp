#pragma once

#include <logfia/base/unique_fd.hpp>
#include <logfia/event/address.hpp>

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace logfia::test {

/// A DnsServer's way to deal with one question.
struct DnsReply {
    enum class Kind : std::uint8_t {
        name,
        no_such_name,    ///< NXDOMAIN
        server_failure,  ///< SERVFAIL
        silence,
        garbage,    ///< bytes that are no DNS message
        cut_short,  ///< a reply that ends in the middle of its answer
        truncated,  ///< says "ask again by TCP", where nobody listens
        wrong_id,   ///< a good reply to another question
    };
    Kind kind = Kind::no_such_name;
    std::string name;  ///< `name`: labels of any bytes, dots between them
    std::chrono::milliseconds delay{0};
};

/// A DNS server for reverse look-ups on UDP 127.0.0.1, at a port of its own, in a thread of its
/// own. What it says is scripted for each address, and may be changed while it serves.
class DnsServer {
  public:
    DnsServer();
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    [[nodiscard]] Endpoint endpoint() const;
    [[nodiscard]] std::string text() const;  ///< as `--dns-server` takes it: `127.0.0.1:40000`

    void reply(const IpAddress& address, DnsReply reply);
    void name(const IpAddress& address, const std::string& name);
    void reply(const IpAddress& address, DnsReply::Kind kind);
    /// The rule for all addresses that are not scripted; NXDOMAIN by default.
    void otherwise(std::function<DnsReply(const IpAddress&)> rule);

    /// PTR questions that arrived, repeated ones included.
    [[nodiscard]] std::size_t queries() const;
    [[nodiscard]] std::size_t queries(const IpAddress& address) const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Packet {
        std::string bytes;
        sockaddr_in to{};
    };

    void serve();
    void receive();
    void send_due();
    [[nodiscard]] int poll_timeout() const;
    DnsReply decide(const IpAddress& address);

    UniqueFd socket_;
    UniqueFd stop_;
    std::multimap<Clock::time_point, Packet> delayed_;  // the thread's own

    mutable std::mutex mutex_;  // guards what follows
    std::map<IpAddress, DnsReply> script_;
    std::function<DnsReply(const IpAddress&)> rule_;
    std::map<IpAddress, std::size_t> queries_;
    std::size_t total_ = 0;

    std::thread thread_;
};

}  // namespace logfia::test
