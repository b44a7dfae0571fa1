#pragma once

#include <logfia/event/event.hpp>

#include <variant>

namespace logfia::test {

/// The change of a descriptor, or the loss, that the event is about; an exception where it is about
/// something else.
inline const DescriptorChange& fd_of(const Event& event) {
    return std::get<DescriptorChange>(event.change);
}
inline DescriptorChange& fd_of(Event& event) {
    return std::get<DescriptorChange>(event.change);
}
inline const Loss& loss_of(const Event& event) {
    return std::get<Loss>(event.change);
}
inline Loss& loss_of(Event& event) {
    return std::get<Loss>(event.change);
}

}  // namespace logfia::test
