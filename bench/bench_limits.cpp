// The limits of one core of this machine for the instruction set compiled for: multiply-adds per
// second by the number of independent chains, bytes read per second by the number of streams. The
// best of each is the limit that other programs are compared with.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <utility>

#include "limits.hpp"
#include "machine.hpp"

namespace {

using bench::index;

constexpr const char* help =
    R"(The limits of one core, for the instruction set compiled for:
  limits/fma/<f32, f64 or bf16>/chains:<n>   GFLOPS of multiply-adds in n independent chains, over registers
  limits/read/streams:<n>                    GB/s read from memory, from n places at once
plus the best of each. Each number is the best of many samples. Pin it to a core (taskset -c 1).
Flags of Google Benchmark:

)";

// Each iteration is one sample; the counter is the best of them.
template <class Sample>
void add(const std::string& name, const char* unit, Sample sample) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    double best = 0;
    for (auto _ : state) best = std::max(best, sample());
    state.counters[unit] = best;
  })->Unit(benchmark::kMicrosecond);
}

// Samples of about 2 ms: the best of thousands of shorter ones would be a rate that the core cannot
// sustain.
template <class T, int... Chains>
void add_multiply_add(const std::string& dtype, std::integer_sequence<int, Chains...>) {
  constexpr index steps = 1 << 24;
  (add("limits/fma/" + dtype + "/chains:" + std::to_string(Chains), "GFLOPS",
       [] { return bench::multiply_add_rate<T, Chains>(steps); }),
   ...);
  add("limits/fma/" + dtype + "/best", "GFLOPS",
      [] { return std::max({bench::multiply_add_rate<T, Chains>(steps)...}); });
}

template <int... Streams>
void add_read(const bench::big_buffer& memory, std::integer_sequence<int, Streams...>) {
  (add("limits/read/streams:" + std::to_string(Streams), "GBps",
       [&memory] { return memory.read_rate<Streams>(); }),
   ...);
  add("limits/read/best", "GBps", [&memory] { return std::max({memory.read_rate<Streams>()...}); });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv, [] {
    std::fputs(help, stdout);
    benchmark::PrintDefaultHelp();
  });
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  bench::add_machine_context();
  const bench::big_buffer memory;
  add_multiply_add<float>("f32", bench::chain_counts{});
  add_multiply_add<double>("f64", bench::chain_counts{});
  add_multiply_add<skipmax::bf16>("bf16", bench::chain_counts{});
  add_read(memory, bench::stream_counts{});
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
}
