#include <logfia/net/cares_resolver.hpp>

#include <ares.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <iterator>
#include <new>
#include <string>
#include <utility>

namespace logfia {
namespace {

// c-ares calls nearly every failure of a reverse look-up "not found", time-outs too; all other
// failures are replies that came and that c-ares would not accept. Such replies count as answers:
// otherwise a stranger's impossible host names could make good servers look dead.
bool was_answered(int status, int timeouts) {
    switch (status) {
        case ARES_ENODATA:
        case ARES_EFORMERR:
        case ARES_EBADNAME:
        case ARES_EBADRESP:
        case ARES_EBADSTR:
            return true;
        case ARES_ENOTFOUND:
            return timeouts == 0;
        default:
            return false;
    }
}

class CaresLookup final : public ReverseLookup {
  public:
    CaresLookup() = default;
    CaresLookup(const CaresLookup&) = delete;
    CaresLookup& operator=(const CaresLookup&) = delete;
    ~CaresLookup() override;

    /// Returns an ARES_ status. c-ares keeps the address of this object.
    int open(const CaresOptions& options);

    void start(const IpAddress& address) override;
    void fetch_results(std::vector<LookupResult>& results) override;
    void add_pollfds(std::vector<pollfd>& pollfds) const override;
    [[nodiscard]] std::optional<Duration> timeout() const override;
    void process(std::span<const pollfd> ready) override;

  private:
    /// c-ares ends each query with exactly one call of on_host, which frees this.
    struct Query {
        CaresLookup* owner;
        IpAddress address;
    };

    static void on_socket(void* self, ares_socket_t fd, int readable, int writable);
    static void on_host(void* argument, int status, int timeouts, hostent* host);
    void note_socket(ares_socket_t fd, short events);
    void note_result(const Query& query, int status, int timeouts, const hostent* host);
    template <class Note>
    void within_callback(Note note) noexcept;
    void throw_what_was_kept();
    [[nodiscard]] bool owns(int fd) const;

    ares_channel channel_ = nullptr;
    std::vector<pollfd> sockets_;
    std::vector<LookupResult> results_;
    /// While true, a query that fails has not been answered, whatever c-ares says of it.
    bool failing_ = false;
    /// Set within a callback, which returns into C code: no exception may pass through.
    bool out_of_memory_ = false;
};

CaresLookup::~CaresLookup() {
    if (channel_ != nullptr) ares_destroy(channel_);
}

int CaresLookup::open(const CaresOptions& options) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return library;
    char dns_only[] = "b";
    ares_options settings{};
    settings.timeout = static_cast<int>(options.query_timeout.count());
    settings.tries = options.tries;
    settings.sock_state_cb = on_socket;
    settings.sock_state_cb_data = this;
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (!options.servers.empty()) {
        settings.lookups = dns_only;
        mask |= ARES_OPT_LOOKUPS;
    }
#ifdef ARES_OPT_QUERY_CACHE
    // Resolver has its own cache, and an answer from another cache would look like a live server's.
    settings.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    const int status = ares_init_options(&channel_, &settings, mask);
    if (status != ARES_SUCCESS || options.servers.empty()) return status;
    std::string csv;
    for (const Endpoint& server : options.servers) {
        if (server.port == 0) return ARES_EBADSTR;  // c-ares would take it for 53
        if (!csv.empty()) csv += ',';
        append_endpoint(csv, server);
    }
    return ares_set_servers_ports_csv(channel_, csv.c_str());
}

void CaresLookup::start(const IpAddress& address) {
    const bool v4 = address.family == IpFamily::v4;
    auto query = std::make_unique<Query>(Query{this, address});
    // The hosts file can only find a name: a query that fails during the call could not be sent.
    failing_ = true;
    ares_gethostbyaddr(channel_, address.bytes.data(), v4 ? 4 : 16, v4 ? AF_INET : AF_INET6,
                       on_host, query.release());
    failing_ = false;
    throw_what_was_kept();
}

void CaresLookup::fetch_results(std::vector<LookupResult>& results) {
    std::move(results_.begin(), results_.end(), std::back_inserter(results));
    results_.clear();
}

void CaresLookup::add_pollfds(std::vector<pollfd>& pollfds) const {
    pollfds.insert(pollfds.end(), sockets_.begin(), sockets_.end());
}

std::optional<Duration> CaresLookup::timeout() const {
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) return std::nullopt;
    const Duration duration =
        std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
    // c-ares 1.18 rounds down, and a caller that sleeps 0 would spin until the time has come.
    return std::max<Duration>(duration, std::chrono::milliseconds(1));
}

void CaresLookup::process(std::span<const pollfd> ready) {
    for (const pollfd& socket : ready) {
        if (socket.revents == 0 || !owns(socket.fd)) continue;
        const bool write = (socket.revents & POLLOUT) != 0;
        const bool read = (socket.revents & ~POLLOUT) != 0;
        // A refused connection ends queries as "not found"; only poll(2) shows that no server has
        // answered.
        failing_ = (socket.revents & POLLERR) != 0 && (socket.revents & POLLIN) == 0;
        ares_process_fd(channel_, read ? socket.fd : ARES_SOCKET_BAD,
                        write ? socket.fd : ARES_SOCKET_BAD);
        failing_ = false;
    }
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // ends those that have timed out
    throw_what_was_kept();
}

// c-ares may close a socket while another one's event is handled.
bool CaresLookup::owns(int fd) const {
    return std::any_of(sockets_.begin(), sockets_.end(),
                       [fd](const pollfd& socket) { return socket.fd == fd; });
}

template <class Note>
void CaresLookup::within_callback(Note note) noexcept {
    try {
        note();
    } catch (const std::bad_alloc&) {
        out_of_memory_ = true;
    }
}

void CaresLookup::throw_what_was_kept() {
    if (std::exchange(out_of_memory_, false)) throw std::bad_alloc();
}

void CaresLookup::on_socket(void* self, ares_socket_t fd, int readable, int writable) {
    auto& lookup = *static_cast<CaresLookup*>(self);
    const auto events =
        static_cast<short>((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0));
    lookup.within_callback([&] { lookup.note_socket(fd, events); });
}

void CaresLookup::note_socket(ares_socket_t fd, short events) {
    const auto known = std::find_if(sockets_.begin(), sockets_.end(),
                                    [fd](const pollfd& socket) { return socket.fd == fd; });
    if (known == sockets_.end()) {
        if (events != 0) sockets_.push_back({fd, events, 0});
    } else if (events != 0) {
        known->events = events;
    } else {
        sockets_.erase(known);
    }
}

void CaresLookup::on_host(void* argument, int status, int timeouts, hostent* host) {
    const std::unique_ptr<Query> query(static_cast<Query*>(argument));
    CaresLookup& self = *query->owner;
    self.within_callback([&] { self.note_result(*query, status, timeouts, host); });
}

void CaresLookup::note_result(const Query& query, int status, int timeouts, const hostent* host) {
    LookupResult result{query.address, LookupOutcome::no_answer, {}};
    if (status == ARES_SUCCESS && host != nullptr && host->h_name != nullptr) {
        result.outcome = LookupOutcome::name;
        result.name = host->h_name;
    } else if (!failing_ && was_answered(status, timeouts)) {
        result.outcome = LookupOutcome::no_name;
    }
    results_.push_back(std::move(result));
}

}  // namespace

Result<std::unique_ptr<ReverseLookup>> make_cares_lookup(const CaresOptions& options) {
    auto lookup = std::make_unique<CaresLookup>();
    if (const int status = lookup->open(options); status != ARES_SUCCESS) {
        return Error{"set up", "the DNS resolver", 0,
                     std::string(ares_strerror(status)) + "; with -n, no names are looked up"};
    }
    return std::unique_ptr<ReverseLookup>(std::move(lookup));
}

}  // namespace logfia
