#pragma once

namespace logfia::bench {

void bench_look();
void bench_idle();
void bench_capture();
void bench_sockets();
void bench_many();

}  // namespace logfia::bench
