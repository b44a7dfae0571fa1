#include <logfia/process/name_flood.hpp>

namespace logfia {

bool NameFlood::may_hear(std::size_t names, SteadyTime now) {
    if (now >= until_) {
        hears_ = true;
        heard_ = 0;
        until_ = now + std::chrono::seconds(1);
    }
    heard_ += names;
    if (hears_ && heard_ > kMostInASecond) {
        hears_ = false;
        until_ = now + kRest;
    }
    return hears_;
}

}  // namespace logfia
