#include "support/dns_message.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace logfia::test {
namespace {

constexpr std::size_t kHeader = 12;

std::optional<std::uint8_t> number(std::string_view text, int base) {
    std::uint8_t value = 0;
    const auto [stop, failure] =
        std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failure != std::errc() || stop != text.data() + text.size()) return std::nullopt;
    return value;
}

/// `1.2.0.192.in-addr.arpa` or 32 nibbles and `ip6.arpa`, the last byte first.
std::optional<IpAddress> address_of(std::vector<std::string> labels) {
    const bool v4 = labels.size() == 6 && labels[4] == "in-addr";
    const bool v6 = labels.size() == 34 && labels[32] == "ip6";
    if ((!v4 && !v6) || labels.back() != "arpa") return std::nullopt;
    labels.resize(labels.size() - 2);
    std::reverse(labels.begin(), labels.end());
    IpAddress address;
    address.family = v4 ? IpFamily::v4 : IpFamily::v6;
    for (std::size_t i = 0; i < (v4 ? 4U : 16U); ++i) {
        const auto text = v4 ? labels[i] : labels[2 * i] + labels[2 * i + 1];
        const auto byte = number(text, v4 ? 10 : 16);
        if (!byte) return std::nullopt;
        address.bytes[i] = *byte;
    }
    return address;
}

std::string u16(std::size_t value) {
    return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

std::string encode_name(std::string_view name) {
    std::string out;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        out += static_cast<char>(label.size());
        out += label;
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    return out + '\0';
}

std::string header(const std::string& id, unsigned flags, std::size_t answers) {
    return id + u16(flags) + u16(1) + u16(answers) + u16(0) + u16(0);
}

}  // namespace

std::optional<DnsQuestion> parse_question(std::string_view message) {
    constexpr std::string_view kPtrIn("\0\x0c\0\x01", 4);
    if (message.size() < kHeader) return std::nullopt;
    std::vector<std::string> labels;
    std::size_t at = kHeader;
    for (;;) {
        if (at >= message.size()) return std::nullopt;
        const auto length = static_cast<unsigned char>(message[at++]);
        if (length == 0) break;
        if (length > 63 || at + length > message.size()) return std::nullopt;
        labels.emplace_back(message.substr(at, length));
        at += length;
    }
    if (message.substr(at, 4) != kPtrIn) return std::nullopt;
    const auto address = address_of(std::move(labels));
    if (!address) return std::nullopt;
    return DnsQuestion{std::string(message.substr(0, 2)),
                       std::string(message.substr(kHeader, at + 4 - kHeader)), *address};
}

std::string write_reply(const DnsQuestion& question, const DnsReply& reply) {
    using Kind = DnsReply::Kind;
    constexpr unsigned kResponse = 0x8180;  // recursion desired and available
    const auto empty = [&](unsigned flags) {
        return header(question.id, kResponse | flags, 0) + question.bytes;
    };
    const auto answer = [&](const std::string& id) {
        const std::string name = encode_name(reply.name.empty() ? "host.example" : reply.name);
        // The name in question (a pointer to it), PTR, IN, 60 seconds.
        return header(id, kResponse, 1) + question.bytes + u16(0xc000 + kHeader) + u16(12) +
               u16(1) + u16(0) + u16(60) + u16(name.size()) + name;
    };
    switch (reply.kind) {
        case Kind::name:
            return answer(question.id);
        case Kind::no_such_name:
            return empty(3);
        case Kind::server_failure:
            return empty(2);
        case Kind::silence:
            return {};
        case Kind::garbage:
            return "\x01garbage\xff\xfe\x03";
        case Kind::cut_short: {
            const auto whole = answer(question.id);
            return whole.substr(0, whole.size() - 5);
        }
        case Kind::truncated:
            return empty(0x0200);
        case Kind::wrong_id:
            return answer({static_cast<char>(~question.id[0]), question.id[1]});
    }
    return {};
}

}  // namespace logfia::test
