// A program of its own, since it replaces operator new to count.

#include "support/fd_maker_client.hpp"
#include <logfia/proc/poller.hpp>
#include <logfia/proc/process_set.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

void* count_and_allocate(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) {
    return count_and_allocate(size);
}
void* operator new[](std::size_t size) {
    return count_and_allocate(size);
}
// std::stable_sort asks in this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace logfia {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Counter final : public EventSink {
  public:
    void accept(Event) override { ++events; }
    void notice(std::string_view) override {}
    int events = 0;
};

/// How often memory is asked for in a hundred looks at a process that changes nothing.
std::size_t allocations_of_idle_looks(Duration interval, Duration step) {
    test::FdMaker maker;
    maker.ask("many 500");
    maker.ask("tcp-pairs 20");
    maker.ask("tcp-socket 4");  // in no table: it is asked for again and again
    auto root = ProcRoot::open("/proc");
    const pid_t pids[] = {maker.pid()};
    OpenedProcesses opened = open_processes(*root, pids);
    Poller poller(std::move(*root), {interval, true});
    for (auto& process : opened.processes) poller.add(std::move(process));

    Counter counter;
    Now now = read_clocks();
    const auto look = [&] {
        now.steady += step;
        poller.look(now, counter);
    };
    for (int warm_up = 0; warm_up < 3; ++warm_up) look();
    EXPECT_GE(counter.events, 500);
    const int events = counter.events;
    const std::size_t before = allocations;
    for (int i = 0; i < 100; ++i) look();
    const std::size_t asked = allocations - before;
    EXPECT_EQ(counter.events, events);
    return asked;
}

TEST(Allocations, TheCounterCounts) {
    const std::size_t before = allocations;
    delete new int(1);
    EXPECT_EQ(allocations, before + 1);
}

TEST(Allocations, ALookInWhichNothingChangedMakesNone) {
    EXPECT_EQ(allocations_of_idle_looks(milliseconds(1), milliseconds(1)), 0U);
}

TEST(Allocations, NeitherDoesOneThatTheGateSpares) {
    EXPECT_EQ(allocations_of_idle_looks(milliseconds(100), milliseconds(100)), 0U);
}

TEST(Allocations, NorAFullLook) {
    EXPECT_EQ(allocations_of_idle_looks(milliseconds(100), seconds(10)), 0U);
}

}  // namespace
}  // namespace logfia
