#pragma once

#include "support/dns_server.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logfia::test {

/// The one question of a DNS message.
struct DnsQuestion {
    std::string id;     ///< two bytes
    std::string bytes;  ///< name, type and class, as they came
    IpAddress address;  ///< asked for
};

/// Nothing when the message does not ask for the name of an address.
std::optional<DnsQuestion> parse_question(std::string_view message);

/// The message that says `reply`; empty for silence.
std::string write_reply(const DnsQuestion& question, const DnsReply& reply);

}  // namespace logfia::test
