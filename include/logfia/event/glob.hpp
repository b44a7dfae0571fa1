#pragma once

#include <logfia/event/event.hpp>

#include <string>
#include <string_view>

namespace logfia {

/// A shell pattern of `--include` or `--exclude` (fnmatch(3); `*` crosses `/`).
///
/// The pattern is compared with the old and the new name of a record and, if the pattern has no
/// `/`, with the last component of the name. ` (deleted)` need not be written. For sockets, the
/// pattern is also compared with the address and port that the text shows, the bare address, and
/// the path of a unix socket.
class Glob {
  public:
    explicit Glob(std::string pattern);

    /// Compares everything but the peer's host name.
    [[nodiscard]] bool matches(const Event& event) const;
    /// Compares the peer's host name, whose last dot need not be written. Empty: none is known.
    [[nodiscard]] bool matches_host(std::string_view host) const;

    /// False when no host name can match.
    [[nodiscard]] bool may_match_host() const { return for_hosts_; }

  private:
    [[nodiscard]] bool matches_name(const std::string& name) const;
    [[nodiscard]] bool matches_file(const std::string& name) const;
    [[nodiscard]] bool matches_socket(const SocketInfo& socket) const;
    [[nodiscard]] bool fits(const char* text, int flags = 0) const;

    std::string pattern_;
    bool has_slash_;
    bool for_hosts_;
};

}  // namespace logfia
