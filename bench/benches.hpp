#pragma once

namespace logfia::bench {

/// Brief: benchmarks that take minutes measure less.
enum class Length { full, brief };

void bench_first(Length length);
void bench_look(Length length);
void bench_idle(Length length);
void bench_capture(Length length);
void bench_gate(Length length);
void bench_sockets(Length length);
void bench_many(Length length);
void bench_exact(Length length);
void bench_reader(Length length);

}  // namespace logfia::bench
