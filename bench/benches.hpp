#pragma once

namespace logfia::bench {

/// Brief: what takes minutes measures less of it.
enum class Length { full, brief };

void bench_look(Length length);
void bench_idle(Length length);
void bench_capture(Length length);
void bench_sockets(Length length);
void bench_many(Length length);

}  // namespace logfia::bench
